"""The FAQ's headings are messages of programs: the test provokes ours, and the page says where others were seen."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import pytest
from PIL import Image

from car_classifier.errors import UserError
from tests.support.ports import free_ports
from tests.support.repository import ROOT

PAGE = (ROOT / "docs" / "faq.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^### `(.+)`\n\n((?:(?!^#).*\n)+)", PAGE, re.MULTILINE))

OTHERS = {
    "ERROR: No matching distribution found",
    "The TensorFlow library was compiled to use AVX",
    "Could not find cuda drivers",
    "WARNING: All log messages before absl",
    "Killed",
    "Shape of tensor",
    "Op type not registered",
    "Could not find variable",
}
"""How the headings begin that are not ours. Each says where it was seen: in an issue, or here."""

Provocation = Callable[[Path], str]
PROVOCATIONS: dict[str, Provocation] = {}
"""By the beginning of the heading; each gives what was printed."""


def provokes(heading: str) -> Callable[[Provocation], Provocation]:
    def keep(provocation: Provocation) -> Provocation:
        assert heading not in PROVOCATIONS
        PROVOCATIONS[heading] = provocation
        return provocation

    return keep


def refused(call: Callable[..., object], *arguments: object, **options: object) -> str:
    """The message of a call that must fail."""
    with pytest.raises(UserError) as caught:
        call(*arguments, **options)
    return str(caught.value)


def photo(path: Path, shade: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.radial_gradient("L").rotate(shade).convert("RGB")
    image.paste((shade, 0, 255 - shade), (shade, 10, shade + 60, 90))
    image.save(path)


def index(source: Path, out: Path, classes: str | None = None):
    from car_classifier.data.indexing import index_photos
    from car_classifier.data.layouts import Classes

    return index_photos(source, out / "manifest.csv", classes=Classes(classes) if classes else None)


def left_out(tmp_path: Path, name: str, content: bytes | None = None) -> str:
    for label, shade in (("A_1", 0), ("A_2", 90)):
        photo(tmp_path / "photos" / f"{label}_{shade}.jpg", shade)
    (tmp_path / "photos" / name).write_bytes(content or (tmp_path / "photos" / "A_1_0.jpg").read_bytes())
    (one,) = index(tmp_path / "photos", tmp_path).left_out
    return f"Left out {one}"


@provokes("There is no folder or CSV file at")
def _(tmp_path):
    return refused(index, tmp_path / "photos", tmp_path)


@provokes("… holds no usable photo.")
def _(tmp_path):
    photo(tmp_path / "photos" / "car.jpg")
    return refused(index, tmp_path / "photos", tmp_path)


@provokes("The photos in … can be read in two ways")
def _(tmp_path):
    for label in ("Audi_A4", "Audi_A5"):
        for shade in (0, 90):
            photo(tmp_path / "photos" / "Audi" / f"{label}_{shade}.jpg", shade)
            photo(tmp_path / "photos" / "Kia" / f"Kia_Rio_{shade}.jpg", shade)
    return refused(index, tmp_path / "photos", tmp_path)


@provokes("Left out …: not a JPEG or PNG file by its name")
def _(tmp_path):
    return left_out(tmp_path, "IMG_0001.CR3")


@provokes("… photos are in formats that the net cannot decode")
def _(tmp_path):
    for label, shade in (("A_1", 0), ("A_2", 90), ("B_1", 180)):
        photo(tmp_path / "photos" / f"{label}_{shade}.jpg", shade)
    (tmp_path / "photos" / "B_1_180.jpg").unlink()
    for number in range(2):
        Image.new("RGB", (32, 32)).save(tmp_path / "photos" / f"B_1_{number}.webp")
    return "\n".join(index(tmp_path / "photos", tmp_path).warnings)


@provokes("Left out …: a HEIC file")
def _(tmp_path):
    from car_classifier.data.conversion import can_read_heif

    can_read_heif.cache_clear()
    with mock.patch.dict(sys.modules, {"pillow_heif": None}):  # as if it were not installed
        sentence = left_out(tmp_path, "A_1_1.heic", b"\0\0\0\x18ftypheic")
    can_read_heif.cache_clear()
    return sentence


@provokes("Left out …: its name says no class")
def _(tmp_path):
    return left_out(tmp_path, "car.jpg")


@provokes("Nearly every photo in …")
def _(tmp_path):
    for number in range(3):
        photo(tmp_path / "photos" / f"cat_00{number}.jpg", 90 * number)
    return refused(index, tmp_path / "photos", tmp_path)


@provokes("Left out …: lies in no class folder")
def _(tmp_path):
    for name in ("pug/1.jpg", "lion/1.jpg", "car.jpg"):
        photo(tmp_path / "photos" / name, len(name))
    (one,) = index(tmp_path / "photos", tmp_path).left_out
    return f"Left out {one}"


@provokes("Left out … in the folder")
def _(tmp_path):
    for folder in ("images/pug", "images/lion", "masks"):
        photo(tmp_path / "photos" / folder / "1.jpg", len(folder))
    return "\n".join(index(tmp_path / "photos", tmp_path).warnings)


@provokes("No makes were read")
def _(tmp_path):
    for folder in ("golden_retriever", "pug"):
        photo(tmp_path / "photos" / folder / "1.jpg", len(folder))
    return "\n".join(index(tmp_path / "photos", tmp_path).warnings)


@provokes("… cannot be read as a list of photos")
def _(tmp_path):
    (tmp_path / "list.csv").write_text("picture,breed\n1.jpg,pug\n")
    return refused(index, tmp_path / "list.csv", tmp_path)


@provokes("… is not in UTF-8")
def _(tmp_path):
    for name, shade in (("1.jpg", 0), ("2.jpg", 90)):
        photo(tmp_path / "photos" / name, shade)
    (tmp_path / "photos" / "list.csv").write_bytes("file,label\n1.jpg,Löwe\n2.jpg,Kuh\n".encode("cp1252"))
    return "\n".join(index(tmp_path / "photos", tmp_path).warnings)


@provokes("All … usable photos in")
def _(tmp_path):
    for shade in (0, 90):
        photo(tmp_path / "Bird_Robin" / f"{shade}.jpg", shade)
    return refused(index, tmp_path / "Bird_Robin", tmp_path) + refused(index, tmp_path, tmp_path)


@provokes("There is no manifest at")
def _(tmp_path):
    from car_classifier.data.manifest import read_manifest

    return refused(read_manifest, tmp_path / "manifest.csv")


@provokes("… has no photos for validation")
def _(tmp_path):
    from rich.console import Console

    from car_classifier.training.config import TrainingConfig
    from car_classifier.training.run import TrainingRun

    for number in range(8):  # named as a camera names them, and split into eight classes
        photo(tmp_path / "robin" / f"IMG_000{number}.jpg", 20 * number)
    index(tmp_path / "robin", tmp_path, "names")
    config = TrainingConfig(manifest=str(tmp_path / "manifest.csv"), weights="none")
    return refused(TrainingRun, config, tmp_path / "runs", Console())


@provokes("The ImageNet weights of")
def _(tmp_path):
    code = (
        "from car_classifier.network.backbones import BACKBONES, build_backbone\n"
        "build_backbone(BACKBONES['MobileNetV2'], (32, 48), 'imagenet')"
    )
    nobody = "http://127.0.0.1:9"
    environment = os.environ | {"KERAS_HOME": str(tmp_path), "https_proxy": nobody, "HTTPS_PROXY": nobody}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=300)
    return done.stderr


@provokes("… does not hold the weights of")
def _(tmp_path):
    from car_classifier.network.backbones import BACKBONES, build_backbone

    weights = tmp_path / "broken.weights.h5"
    weights.write_bytes(b"<html>404</html>")
    return refused(build_backbone, BACKBONES["MobileNetV2"], (32, 48), str(weights))


@provokes("With --weights none all layers are random")
def _(tmp_path):
    from car_classifier.training.config import TrainingConfig

    return refused(TrainingConfig, manifest="m", weights="none", unfreeze=("conv5",))


@provokes("--unfreeze … matches no layer of")
def _(tmp_path):
    from car_classifier.network.surgery import unfreeze
    from tests.support.nets import tiny_classifier

    return refused(unfreeze, tiny_classifier().net, ["conv5"])


@provokes("The features of these photos need")
def _(tmp_path):
    from car_classifier.training.feature_store import check_room

    return refused(check_room, tmp_path, 10**18, "Free some space.")


@provokes("Another process is training this run")
def _(tmp_path):
    from car_classifier.training.run import _lock

    with _lock(tmp_path / "state"):
        return refused(_lock(tmp_path / "state").__enter__)


@provokes("Not published; it is still in")
def _(tmp_path):
    from rich.console import Console

    from car_classifier.publishing.publish import publish
    from car_classifier.registry.assets import write_checksums

    right = {"1": "A_1", "run": "A_2"}
    for name, folder in (("1", tmp_path / "model" / "1"), ("run", tmp_path / "run" / "export")):
        (folder / "assets.extra").mkdir(parents=True)
        (folder / "saved_model.pb").touch()
        rows = "".join(f"{number}.jpg,A_1,{right[name]}\n" for number in range(9)) + "9.jpg,A_2,A_2\n"
        (folder / "assets.extra" / "predictions.csv").write_text(f"file_name,label,label_1\n{rows}")
        write_checksums(folder)
    return refused(publish, tmp_path / "run", tmp_path / "model", Console())


@provokes("A label is made of letters")
def _(tmp_path):
    from car_classifier.publishing.publish import _check_label

    return refused(_check_label, "previous", {"stable": 1})


@provokes("No version has the label canary")
def _(tmp_path):
    from car_classifier.registry.labels import promoted

    return refused(promoted, {"stable": 1})


@provokes("There is no previous version to go back to")
def _(tmp_path):
    from car_classifier.registry.labels import rolled_back

    return refused(rolled_back, {"stable": 1}, "stable")


@provokes("There is no published model in")
def _(tmp_path):
    from car_classifier.registry.published_version import find_version

    return refused(find_version, tmp_path)


@provokes("Cannot listen on 127.0.0.1 port")
def _(tmp_path):
    from car_classifier.up import UpSettings, check_ports

    with socket.create_server(("127.0.0.1", 0)) as taken:
        (free,) = free_ports(1)
        return refused(check_ports, UpSettings(port=taken.getsockname()[1], rest_api_port=free))


@provokes("image_bytes must be the bytes")
def _(tmp_path):
    import tensorflow as tf

    from car_classifier.network.preprocessing import load_photo

    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        load_photo(tf.constant(b"GIF89a" + bytes(100)), (32, 48))
    return str(caught.value)


@provokes("The model server ended with exit code")
def _(tmp_path):
    from car_classifier.up import _check_alive

    with subprocess.Popen([sys.executable, "-c", "raise SystemExit(2)"]) as process:
        process.wait()
    return refused(_check_alive, {"model server": process})


def told_to_the_dashboard(**variables: str) -> str:
    environment = os.environ | variables
    command = [sys.executable, "-m", "dashboard"]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 2
    return done.stderr


@provokes("DASHBOARD_PORT must be a whole number")
def _(tmp_path):
    return told_to_the_dashboard(DASHBOARD_PORT="tcp://10.0.0.1:8050")


@provokes("DATABASE_URL: … cannot be used")
def _(tmp_path):
    (port,) = free_ports(1)
    return told_to_the_dashboard(DASHBOARD_PORT=str(port), DATABASE_URL="postgresql://cars:x@127.0.0.1:9/cars")


@provokes("The model server at")
def _(tmp_path):
    from dashboard.model_server.client import ModelClient
    from dashboard.model_server.errors import ModelServerError

    with ModelClient("http://127.0.0.1:9", "cars") as client, pytest.raises(ModelServerError) as caught:
        client.status()
    return str(caught.value)


IN_THE_SOURCE = {
    "The loss is no longer a number": "car_classifier/training/epochs.py",
    "Unrecognized servable version label": "car_classifier/serving/models/repository.py",
    "Request to assign label": "car_classifier/serving/models/repository.py",
    "Servable not found for request": "car_classifier/serving/models/repository.py",
    "The model server has no model named": "dashboard/model_server/transport.py",
    "no browser here": "tests/conftest.py",
}
"""Where those stand whose provocation would take long, or is made by other tests."""


def heading_that_begins(start: str) -> str:
    (found,) = [heading for heading in SECTIONS if heading.startswith(start)]
    return found


def constant_parts(heading: str) -> list[str]:
    return [part for part in re.split("…", heading) if part.strip(" .'")]


def test_every_heading_is_accounted_for():
    assert len(SECTIONS) >= 20
    starts = [*OTHERS, *PROVOCATIONS, *IN_THE_SOURCE]
    assert sorted(map(heading_that_begins, starts)) == sorted(SECTIONS)
    assert PAGE.count("\n### ") == len(SECTIONS)


@pytest.mark.parametrize("start", sorted(OTHERS))
def test_what_others_say_was_seen_somewhere(start):
    text = " ".join(SECTIONS[heading_that_begins(start)].split())
    assert "Seen here" in text or re.search(r"\]\(https://github\.com/[\w/-]+/issues/\d+\)", text)


@pytest.mark.slow
@pytest.mark.parametrize("start", PROVOCATIONS)
def test_our_own_sentences_are_said(start, tmp_path):
    heading = heading_that_begins(start)
    said = " ".join(PROVOCATIONS[start](tmp_path).split())
    pattern = ".*?".join(re.escape(part) for part in heading.split("…"))
    assert re.search(pattern, said), said


@pytest.mark.parametrize("start", IN_THE_SOURCE)
def test_our_own_sentences_stand_in_the_source(start):
    text = (ROOT / IN_THE_SOURCE[start]).read_text(encoding="utf-8")
    text = re.sub(r'"\s*\n\s*f?"', "", text)  # a sentence over several lines
    for part in constant_parts(heading_that_begins(start)):
        assert part in text
