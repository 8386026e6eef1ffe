"""`car-classifier doctor`: the facts about a machine for a bug report. It reports missing things, and never fails.

TensorFlow is asked in a process of its own: on a processor without AVX it ends the whole process.
"""

import errno
import json
import os
import platform
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any, TypeVar

from car_classifier import __version__
from car_classifier.errors import UserError
from car_classifier.registry.folder import versions
from car_classifier.registry.labels import CONFIG_NAME, STABLE, read_labels
from car_classifier.serving.settings import GRPC_PORT, ServerSettings
from car_classifier.training.precision import processor_flags
from car_classifier.up import UpSettings
from car_classifier.words import counted

PORTS = {
    "dashboard": UpSettings.model_fields["port"].default,
    "REST of the model server": ServerSettings.model_fields["rest_api_port"].default,
    "gRPC of the model server": GRPC_PORT,
}
PACKAGES = ("tensorflow", "keras", "numpy", "pillow", "pydantic", "opencv-python-headless", "dash", "playwright")
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
"""Programs that the browser tests start, the first that is there. The shell draws no window, which saves time."""

INSTRUCTIONS = {"avx2": "AVX2", "avx512f": "AVX-512", "avx512_bf16": "AVX-512 bfloat16", "amx_bf16": "AMX bfloat16"}
VARIABLES = ("DASHBOARD_", "TF_", "KERAS_", "CUDA_", "DATABASE_URL", "HTTP_PROXY", "HTTPS_PROXY")
"""Beginnings of the environment variables that matter. Only names are shown: a value may be a secret."""
OTHERS_VARIABLES = ("TF_CLI_", "TF_VAR_", "TF_CPP_MIN_LOG_LEVEL")
"""Those that begin alike but are Terraform's, and the one that the command line sets itself."""

SOURCE = Path(__file__).parents[1]
"""The checkout, if the package is not installed from a wheel."""


NONE = "none"
MISSING = "not found"
UNKNOWN = "unknown"
_GIGABYTE = 1e9

_ASK_TENSORFLOW = """
import json, tensorflow as tf
from car_classifier.training.precision import dtype_policy
gpus = tf.config.list_physical_devices("GPU")
names = [tf.config.experimental.get_device_details(gpu).get("device_name", gpu.name) for gpu in gpus]
print(json.dumps({"gpus": names, "precision": dtype_policy("auto")}))
"""

Facts = dict[str, dict[str, str]]
T = TypeVar("T")


def examine(model_dir: Path, data_dir: Path) -> Facts:
    """Everything, in sections of names and values; home folders are written `~`."""
    tensorflow = _ask_tensorflow()
    facts = {
        "machine": _machine() | {"GPUs": tensorflow.get("error") or ", ".join(tensorflow["gpus"]) or NONE},
        "versions": _versions(),
        "ports": {f"{port} ({use})": _port(port) for use, port in PORTS.items()},
        "at hand": _at_hand(),
        "folders": _folders(model_dir, data_dir),
        "settings": _settings(tensorflow),
    }
    return {
        title: {_without_home(name): _without_home(value) for name, value in rows.items()}
        for title, rows in facts.items()
    }


def as_text(facts: Facts) -> str:
    """The facts as one pastes them into a bug report."""
    width = max(len(name) for rows in facts.values() for name in rows)
    lines = []
    for title, rows in facts.items():
        lines += [f"{title[0].upper()}{title[1:]}", *(f"  {name:<{width}}  {value}" for name, value in rows.items())]
    return "\n".join(lines)


def _machine() -> dict[str, str]:
    flags = processor_flags()
    instructions = ", ".join(name for flag, name in INSTRUCTIONS.items() if flag in flags)
    return {
        "system": f"{platform.system()} {platform.release()} ({platform.machine()})",
        "processor": _processor(),
        "instructions": instructions or (NONE if flags else UNKNOWN),
        "cores": _cores(),
        "memory": _memory(),
    }


def _processor() -> str:
    for line in _read(Path("/proc/cpuinfo")).splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or UNKNOWN


def _cores() -> str:
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{usable} of {os.cpu_count()}"


def _memory() -> str:
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (OSError, ValueError, AttributeError):
        return UNKNOWN
    limit = _read(Path("/sys/fs/cgroup/memory.max")).strip()
    of_container = f", this container may use {int(limit) / _GIGABYTE:.1f} GB" if limit.isdecimal() else ""
    return f"{total / _GIGABYTE:.1f} GB{of_container}"


def _versions() -> dict[str, str]:
    installed = {"car-classifier": __version__ + _commit(), "Python": f"{platform.python_version()} ({sys.executable})"}
    for package in PACKAGES:
        try:
            installed[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            installed[package] = "not installed"
    return installed


def _commit() -> str:
    """The commit of a checkout, in brackets."""
    if not (SOURCE / ".git").exists():
        return ""
    commit = _output("git", "-C", str(SOURCE), "describe", "--always", "--abbrev=10", "--dirty=, changed")
    return "" if commit is None else f" (commit {commit})"


def _port(port: int) -> str:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return "in use by a running program"
        return f"cannot be used: {os.strerror(error.errno) if error.errno else error}"
    return "free"


def _at_hand() -> dict[str, str]:
    weights = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras") / "models"
    nothing: list[int] = []
    files = _safely(lambda: [file.stat().st_size for file in weights.iterdir() if file.is_file()], nothing)
    held = f"{counted(len(files), 'file')}, {sum(files) / 1e6:.0f} MB"
    return {
        "weights cache": f"{weights}: {held if files else 'empty, so --weights imagenet downloads first'}",
        "Chromium": _chromium(),
        "Docker": _docker(),
        "Docker Compose": _output("docker", "compose", "version") or MISSING,
    }


def find_browser() -> str | None:
    """The program of `BROWSERS` that the browser tests start; None if there is none."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def _chromium() -> str:
    program = find_browser()
    if program is None:
        return f"{MISSING} (only the browser tests need it)"
    return f"{program} ({_output(program, '--version') or 'its version is unknown'})"


def _docker() -> str:
    """The client's version, and whether there is a server that it could ask."""
    client = _output("docker", "--version")
    if client is None:
        return MISSING
    server = _output("docker", "version", "--format", "{{.Server.Version}}")
    return client + ("; its server does not answer" if server is None else f"; its server has version {server}")


def _folders(model_dir: Path, data_dir: Path) -> dict[str, str]:
    existing = next(path for path in (model_dir.absolute(), *model_dir.absolute().parents) if path.exists())
    return {
        f"data ({data_dir})": f"{_folder(data_dir)}; {_manifests(data_dir)}",
        f"model ({model_dir})": f"{_folder(model_dir)}; {_published(model_dir)}",
        "free disk": _safely(lambda: f"{shutil.disk_usage(existing).free / _GIGABYTE:.1f} GB", UNKNOWN),
    }


def _folder(path: Path) -> str:
    if not path.is_dir():
        return "does not exist"
    return "can be written" if os.access(path, os.W_OK | os.X_OK) else "cannot be written"


def _manifests(data_dir: Path) -> str:
    names = [name for name in ("manifest.csv", "demo/manifest.csv") if (data_dir / name).is_file()]
    return ", ".join(names) or "no manifest"


def _published(model_dir: Path) -> str:
    nothing: list[int] = []
    numbers = _safely(lambda: versions(model_dir), nothing)
    if not numbers:
        return "no published version"
    try:
        stable = str(read_labels(model_dir).get(STABLE, NONE))
    except (UserError, ImportError, OSError):
        stable = f"{UNKNOWN}, {CONFIG_NAME} cannot be read"
    return f"versions {', '.join(map(str, numbers))} (stable: {stable})"


def _settings(tensorflow: Mapping[str, Any]) -> dict[str, str]:
    gpus = len(tensorflow.get("gpus", ()))
    names = sorted(
        name for name in os.environ if name.upper().startswith(VARIABLES) and not name.startswith(OTHERS_VARIABLES)
    )
    return {
        "--set precision=auto": str(tensorflow.get("precision", UNKNOWN)).removeprefix("mixed_"),
        "--strategy": f"mirrored would use all {gpus} GPUs" if gpus > 1 else f"{NONE}, there is one device",
        "environment variables that are set": ", ".join(names) or NONE,
    }


def _ask_tensorflow() -> dict[str, Any]:
    """`gpus` and `precision`, or `error` in words."""
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    try:
        done = subprocess.run(  # noqa: S603 (our own code)
            [sys.executable, "-c", _ASK_TENSORFLOW],
            capture_output=True,
            text=True,
            timeout=300,
            env=environment,
            check=False,
        )
        return dict(json.loads(done.stdout.splitlines()[-1]))
    except (OSError, ValueError, IndexError, subprocess.TimeoutExpired) as error:
        if isinstance(error, OSError | subprocess.TimeoutExpired):
            reason = str(error)
        elif done.returncode < 0:
            reason = f"it was ended by {signal.Signals(-done.returncode).name}"
        else:
            reason = (done.stderr.strip().splitlines() or ["it gave no answer"])[-1]
        return {"error": f"{UNKNOWN}, TensorFlow does not start: {reason}"}


def _output(*command: str) -> str | None:
    """The first line that a program prints; None if there is no such program, or it fails."""
    program = shutil.which(command[0])
    if program is None:
        return None
    try:
        done = subprocess.run(  # noqa: S603 (a fixed program)
            [program, *command[1:]], capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    lines = done.stdout.strip().splitlines()
    return lines[0] if lines and done.returncode == 0 else None


def _read(path: Path) -> str:
    return _safely(lambda: path.read_text(encoding="utf-8"), "")


def _safely(call: Callable[[], T], otherwise: T) -> T:
    try:
        return call()
    except OSError:
        return otherwise


def _without_home(text: str) -> str:
    home = str(Path.home())
    return text.replace(home, "~") if home != os.sep else text
