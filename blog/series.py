"""The code that the parts of the series share: photos, one trained model, its server, and figures of one style.

Environment variables: `BLOG_PHOTOS` (a folder of photos or a manifest, in place of drawn cars), `BLOG_WEIGHTS` (initial
weights), `BLOG_WORK` (folder for photos, models and runs), `BLOG_TINY=1` (tiny sizes, only to show that the parts run).
"""

import hashlib
import io
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import matplotlib as mpl
from IPython.display import Image, Markdown
from matplotlib.figure import Figure

TINY = os.environ.get("BLOG_TINY") == "1"
WORK = Path(os.environ.get("BLOG_WORK") or ("build/blog-tiny" if TINY else "build/blog"))
MODEL_NAME = "car_classifier"
COMMAND = (sys.executable, "-m", "car_classifier")

PHOTOS = os.environ.get("BLOG_PHOTOS", "")
WEIGHTS = os.environ.get("BLOG_WEIGHTS") or ("imagenet" if PHOTOS and not TINY else "none")

# The palette of Okabe and Ito, as in the project's other figures: colour-blind readers can tell the colours apart.
ORANGE, BLUE, GREEN, GREY = "#d55e00", "#0072b2", "#009e73", "#8a8f98"


@dataclass(frozen=True)
class Sizes:
    """How many photos are drawn, and how long the net is trained.

    Attributes:
        classes: Invented models.
        per_class: Photos of each.
        image_size: Height and width of a net's input, in pixels.
        epochs: Epochs of every training.
    """

    classes: int = 6
    per_class: int = 60
    image_size: tuple[int, int] = (96, 144)
    epochs: int = 12


SIZES = Sizes(3, 12, (64, 96), 1) if TINY else Sizes()


def photos() -> Path:
    """The manifest of the photos: drawn and indexed on first use, or made from `BLOG_PHOTOS`.

    Raises:
        RuntimeError: The working folder was made with other photos, weights, sizes or code.
    """
    made_of = WORK / "made_of.json"
    code = hashlib.sha256()
    for file in sorted((Path(__file__).parents[1] / "car_classifier").rglob("*.py")):
        code.update(file.read_bytes())
    chosen = {"photos": PHOTOS or "drawn", "weights": WEIGHTS, **asdict(SIZES), "code": code.hexdigest()}
    text = json.dumps(chosen, indent=1)
    if made_of.is_file() and made_of.read_text(encoding="utf-8") != text:
        raise RuntimeError(
            f"What is in {WORK} was made of other photos, weights or sizes, or by other code: "
            "set BLOG_WORK to another folder, or remove that one."
        )
    WORK.mkdir(parents=True, exist_ok=True)
    made_of.write_text(text, encoding="utf-8")
    if Path(PHOTOS).suffix == ".csv":
        return Path(PHOTOS)
    manifest = WORK / "photos" / "manifest.csv"
    if not manifest.is_file():
        if not PHOTOS:
            size = ("--classes", str(SIZES.classes), "--per-class", str(SIZES.per_class))
            car_classifier("data", "demo", *size, "--out", str(manifest.parent))
        car_classifier("data", "index", PHOTOS or str(manifest.parent / "images"), "--out", str(manifest))
    return manifest


def car_classifier(*arguments: str) -> None:
    """Run the command `car-classifier`, and show its output only if it fails."""
    done = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True)  # noqa: S603
    if done.returncode:
        raise RuntimeError(f"car-classifier {' '.join(arguments)} ended with {done.returncode}:\n{done.stderr}")


def model() -> Path:
    """The model version that all parts use: ResNet50V2, trained on first use."""
    model_dir = WORK / "model"
    if not (model_dir / "1").is_dir():
        car_classifier(*training(photos(), SIZES.image_size, WORK / "runs"), "--model-dir", str(model_dir))
    return model_dir / "1"


def training(manifest: Path, image_size: tuple[int, int], runs_dir: Path) -> list[str]:
    """Arguments of `car-classifier` that train from random weights, as `make up` does, or fine-tune the last block."""
    settings = {
        "--data": manifest,
        "--weights": WEIGHTS,
        "--image-size": "{}x{}".format(*image_size),
        "--output-stride": 16,  # at this size, 32 would leave explanations of 2 by 3 cells
        "--epochs": SIZES.epochs,
        "--runs-dir": runs_dir,
    }
    if WEIGHTS == "none":
        settings["--learning-rate"] = 1e-3
        # Small crops and mixed photos would often leave out the one part that tells two drawn models apart.
        more = {"crop_area": 0.8, "cutmix": 0.0, "patience": SIZES.epochs}
    else:
        settings["--unfreeze"] = "conv5"
        more = {}
    command = ["train", *(str(part) for pair in settings.items() for part in pair)]
    return command + [part for name, value in more.items() for part in ("--set", f"{name}={value}")]


@contextmanager
def model_server(*flags: str, seconds: float = 120) -> Iterator[str]:
    """Run the embedded server with that model, as `car-classifier serve` does, and give its address.

    Raises:
        RuntimeError: The server has ended, or no version answers after that many seconds.
    """
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [*COMMAND, "serve", "--model-base-path", str(model().parent)]
    command += ["--rest-api-port", str(port), "--port", "-1", *flags]
    url = f"http://127.0.0.1:{port}"
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:  # noqa: S603
        deadline = time.monotonic() + seconds
        try:
            while b"AVAILABLE" not in _get(f"{url}/v1/models/{MODEL_NAME}"):
                if process.poll() is not None:
                    raise RuntimeError("The model server has ended.")
                if time.monotonic() > deadline:
                    raise RuntimeError(f"No version of the model answers after {seconds:.0f} seconds.")
                time.sleep(0.2)
            yield url
        finally:
            process.terminate()


def begin() -> None:
    """Change to the repository's folder from wherever the notebook was opened, and set the style of all figures."""
    os.chdir(Path(__file__).parents[1])
    mpl.rcParams.update(
        {
            "figure.figsize": (8, 3.6),
            "figure.dpi": 110,
            "figure.constrained_layout.use": True,
            "font.size": 10,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.titlesize": 11,
            "axes.titlelocation": "left",
            "axes.prop_cycle": mpl.cycler(color=[ORANGE, BLUE, GREEN, GREY]),
            "legend.frameon": False,
            "image.interpolation": "nearest",
        }
    )


def show(figure: Figure) -> Image:
    """Render a figure that was made without pyplot."""
    picture = io.BytesIO()
    figure.savefig(picture, format="png", bbox_inches="tight")
    return Image(picture.getvalue())


def table(rows: Sequence[Mapping[str, object]]) -> Markdown:
    """Rows as a Markdown table; the caller formats numbers."""
    names = list(rows[0])
    lines = ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    lines += ["| " + " | ".join(str(row[name]) for name in names) + " |" for row in rows]
    return Markdown("\n".join(lines))


def _get(url: str) -> bytes:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:  # noqa: S310
            return bytes(response.read())
    except OSError:
        return b""
