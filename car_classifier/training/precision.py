"""The number format of the arithmetic, chosen for the device."""

from pathlib import Path

from car_classifier.training.config import Precision

_POLICIES = {"float32": "float32", "bfloat16": "mixed_bfloat16", "float16": "mixed_float16"}


def dtype_policy(precision: Precision) -> str:
    """The Keras dtype policy for a precision: arithmetic in that format, weights in float32.

    `auto` is bfloat16 on a GPU of NVIDIA's Ampere generation or newer and on a CPU with matrix instructions for it
    (AMX), float16 on a Volta or Turing GPU, and float32 on all other devices. On a CPU with AVX-512 BF16 alone,
    bfloat16 takes longer than float32: docs/training.md has figures.
    """
    return _POLICIES[precision if precision != "auto" else _native_precision()]


def _native_precision() -> str:
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    if not gpus:
        return "bfloat16" if "amx_bf16" in processor_flags() else "float32"
    capability = min(tf.config.experimental.get_device_details(gpu).get("compute_capability", (0, 0)) for gpu in gpus)
    return "bfloat16" if capability >= (8, 0) else "float16" if capability >= (7, 0) else "float32"


def processor_flags() -> frozenset[str]:
    """Instruction sets of the processor, by their names on Linux; none on other systems."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:  # not Linux
        return frozenset()
    flags = next((line for line in text.splitlines() if line.startswith("flags")), "")
    return frozenset(flags.partition(":")[2].split())
