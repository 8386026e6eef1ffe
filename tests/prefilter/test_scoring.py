"""Photos that show no car: scored once, excluded, never deleted."""

import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from car_classifier.data.indexing import index_photos
from car_classifier.data.manifest import read_manifest, write_manifest
from car_classifier.errors import UserError
from car_classifier.prefilter.contact_sheet import NEAREST, check_contact_sheet, draw_contact_sheet
from car_classifier.prefilter.imagenet_classes import indices_of
from car_classifier.prefilter.imagenet_net import imagenet_net
from car_classifier.prefilter.scoring import BATCH_SIZE, SCORES_FILE, ImageNetNet, prefilter_photos
from car_classifier.subject import parse_subject
from tests.support.commands import in_process
from tests.support.pictures import blotches

pytestmark = pytest.mark.slow


class StubNet:
    """Returns a photo's red as the probability of a minivan, and half of its blue as that of a goldfish."""

    def __init__(self):
        self.loads, self.seen, self.fails_at = 0, 0, None

    def __call__(self) -> ImageNetNet:
        return ImageNetNet("stub", (8, 8), self._load)

    def _load(self):
        self.loads += 1
        return self._predict

    def _predict(self, images):
        if self.seen == self.fails_at:
            raise KeyboardInterrupt
        pixels = np.asarray(images)
        assert (pixels.shape[1:], pixels.dtype) == ((8, 8, 3), np.float32)
        self.seen += len(pixels)
        probabilities = np.zeros((len(pixels), 1000), np.float32)
        probabilities[:, indices_of(["minivan"])[0]] = pixels[:, 4, 4, 0] / 255
        probabilities[:, indices_of(["goldfish"])[0]] = pixels[:, 4, 4, 2] / 510
        return probabilities


@pytest.fixture
def net():
    return StubNet()


REDS = {
    "Kia_Rio_1.png": 255, "Kia_Rio_2.png": 255, "Kia_Rio_3.png": 0,
    "Audi_A4_1.png": 102, "Audi_A4_2.png": 204, "Fiat_500_1.png": 20, "Fiat_500_2.png": 25,
}  # fmt: skip


@pytest.fixture
def manifest_path(tmp_path):
    """Plain photos, all for training, each with a red of its own and much blue."""
    (tmp_path / "images").mkdir()
    for i, (name, red) in enumerate(REDS.items()):
        Image.new("RGB", (20 + i, 20), (red, 0, 204)).save(tmp_path / "images" / name)
    return index_photos(tmp_path / "images", tmp_path / "manifest.csv", validation=0, test=0).manifest.path


def decisions(manifest) -> dict[str, tuple[float, bool]]:
    return {row.file_name.rpartition("/")[2]: (row.prefilter_score, not row.excluded) for row in manifest.rows}


def test_every_photo_has_its_score_and_none_is_lost(manifest_path, net):
    result = prefilter_photos(manifest_path, net())
    assert decisions(result.manifest) == {
        name: (pytest.approx(red / 255, abs=1e-4), red / 255 >= 0.1) for name, red in REDS.items()
    }
    assert read_manifest(manifest_path) == result.manifest
    assert result.manifest.labels == ("Audi_A4", "Kia_Rio")
    assert result.manifest.counts() == {"train": 4}
    assert all(result.manifest.photo_path(row).is_file() for row in result.manifest.rows)
    assert result.halved() == ["Fiat_500"]
    assert (result.before["Kia_Rio"], result.after["Kia_Rio"]) == (3, 2)


def test_other_classes_give_other_scores(manifest_path, net):
    result = prefilter_photos(manifest_path, net(), car_classes=["goldfish"])
    assert {score for score, _ in decisions(result.manifest).values()} == {0.4}
    both = prefilter_photos(manifest_path, net(), car_classes=["goldfish", "minivan"])
    assert decisions(both.manifest)["Audi_A4_1.png"] == (0.8, True)


def test_another_threshold_needs_no_net(manifest_path, net):
    prefilter_photos(manifest_path, net())
    assert (net.loads, net.seen) == (1, len(REDS))
    result = prefilter_photos(manifest_path, net(), threshold=0.05)
    assert (net.loads, net.seen) == (1, len(REDS))
    assert result.manifest.labels == ("Audi_A4", "Fiat_500", "Kia_Rio")


def test_copies_of_a_photo_are_scored_once(manifest_path, net):
    images = manifest_path.parent / "images"
    shutil.copy(images / "Kia_Rio_1.png", images / "Kia_Rio_copy.png")
    index_photos(images, manifest_path, validation=0, test=0)
    assert len(prefilter_photos(manifest_path, net()).manifest.rows) == len(REDS) + 1
    assert net.seen == len(REDS)


def test_an_interruption_costs_at_most_a_batch(tmp_path, net):
    (tmp_path / "images").mkdir()
    count = 2 * BATCH_SIZE + 5
    for i in range(count):
        blotches(i, (16, 16)).save(tmp_path / "images" / f"Kia_{i % 2}_{i}.png")
    path = index_photos(tmp_path / "images", tmp_path / "manifest.csv").manifest.path
    before, calls = path.read_bytes(), []
    net.fails_at = BATCH_SIZE
    with pytest.raises(KeyboardInterrupt):
        prefilter_photos(path, net())
    assert path.read_bytes() == before
    net.fails_at = None
    prefilter_photos(path, net(), threshold=0, report=lambda done, total: calls.append((done, total)))
    assert net.seen == count
    assert calls == [(done, count) for done in (BATCH_SIZE, 2 * BATCH_SIZE, count)]


def test_other_reasons_stay_and_do_not_count(manifest_path, net):
    manifest = read_manifest(manifest_path)
    rows = [
        replace(row, excluded="blurred") if row.file_name.endswith("Kia_Rio_1.png") else row for row in manifest.rows
    ]
    write_manifest(manifest_path, rows)
    result = prefilter_photos(manifest_path, net())
    assert {row.excluded for row in result.manifest.rows if row.file_name.endswith("Rio_1.png")} == {"blurred"}
    assert result.before["Kia_Rio"] == 2


def test_the_most_frequent_classes_are_counted_after_the_scores(manifest_path, net):
    images = manifest_path.parent / "images"
    for i in range(4):
        Image.new("RGB", (30 + i, 20), (10, 0, 0)).save(images / f"Opel_Astra_{i}.png")
    index_photos(images, manifest_path, validation=0, test=0, top=2)
    assert read_manifest(manifest_path).labels == ("Kia_Rio", "Opel_Astra")
    result = prefilter_photos(manifest_path, net(), top=2)
    assert result.manifest.labels == ("Audi_A4", "Kia_Rio")


def test_another_manifest_can_be_written_elsewhere(manifest_path, tmp_path, net):
    before = manifest_path.read_bytes()
    result = prefilter_photos(manifest_path, net(), tmp_path / "filtered" / "some.csv")
    assert manifest_path.read_bytes() == before
    assert all(result.manifest.photo_path(row).is_file() for row in result.manifest.rows)
    assert (tmp_path / "filtered" / SCORES_FILE).is_file()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"threshold": 1.5}, "--threshold must be from 0 to 1. Received: 1.5"),
        ({"threshold": float("nan")}, "Received: nan"),
        ({"threshold": 1}, "At a threshold of 1, 2 of 7 photos would be left, of 1 class"),
        ({"top": 1}, "--top must be at least 2"),
        ({"car_classes": ["car"]}, "ImageNet has no class named 'car'"),
        ({"out": "images/Kia_Rio_1.png"}, "is there already and is no manifest, so it stays"),
        ({"out": "images"}, "is a folder"),
    ],
)
def test_options_that_will_not_do(manifest_path, net, options, message):
    before = manifest_path.read_bytes()
    if "out" in options:
        options = {"out": manifest_path.parent / options["out"]}
    with pytest.raises(UserError, match=message):
        prefilter_photos(manifest_path, net(), **options)
    assert manifest_path.read_bytes() == before


def test_columns_of_the_users_own_are_not_thrown_away(manifest_path, tmp_path, net):
    lines = manifest_path.read_text().splitlines()
    manifest_path.write_text("\n".join([lines[0] + ",note", *(line + ",mine" for line in lines[1:])]) + "\n")
    with pytest.raises(UserError, match="columns that a manifest does not hold and that would be lost: note. Name"):
        prefilter_photos(manifest_path, net())
    assert prefilter_photos(manifest_path, net(), tmp_path / "other.csv").manifest.labels == ("Audi_A4", "Kia_Rio")


def test_photos_that_cannot_be_used(manifest_path, net):
    photo = manifest_path.parent / "images" / "Kia_Rio_2.png"
    photo.write_bytes(photo.read_bytes()[:60])
    with pytest.raises(UserError, match=r"Kia_Rio_2.png cannot be decoded"):
        prefilter_photos(manifest_path, net())
    photo.unlink()
    with pytest.raises(UserError, match=r"Kia_Rio_2.png is gone"):
        prefilter_photos(manifest_path, net())


def test_scores_are_kept_apart_by_net(manifest_path, net):
    prefilter_photos(manifest_path, net())
    prefilter_photos(manifest_path, replace(net(), key="another"))
    assert net.seen == 2 * len(REDS)
    with closing(sqlite3.connect(manifest_path.parent / SCORES_FILE)) as file:
        assert file.execute("SELECT count(*), count(DISTINCT key) FROM scores").fetchone() == (2 * len(REDS), 2)


def test_a_damaged_file_of_scores_is_named(manifest_path, net):
    (manifest_path.parent / SCORES_FILE).write_text("no database" * 100)
    with pytest.raises(UserError, match=f"{SCORES_FILE} cannot be read: .* Delete it"):
        prefilter_photos(manifest_path, net())


def test_answers_that_are_no_numbers(manifest_path):
    broken = ImageNetNet("broken", (8, 8), lambda: lambda images: np.full((len(images), 1000), np.nan, np.float32))
    with pytest.raises(UserError, match="not numbers"):
        prefilter_photos(manifest_path, broken)


@pytest.mark.parametrize(
    ("base", "weights", "message"),
    [("Inception", "imagenet", "--base must be one of"), ("MobileNetV2", "none", "imagenet or the path .* none")],
)
def test_nets_that_are_not_there(base, weights, message):
    with pytest.raises(UserError, match=message):
        imagenet_net(base, weights)


# --- the contact sheet ---


@pytest.mark.parametrize("name", ["sheet.jpg", "new/sheet.PNG"])
@pytest.mark.parametrize("threshold", [0, 0.1, 1])
def test_the_contact_sheet_is_a_picture(manifest_path, tmp_path, net, name, threshold):
    """This includes a sheet with no photo on one side."""
    manifest = prefilter_photos(manifest_path, net()).manifest
    draw_contact_sheet(manifest, threshold, tmp_path / name)
    with Image.open(tmp_path / name) as sheet:
        assert sheet.format == ("JPEG" if name.endswith("jpg") else "PNG")


def test_the_contact_sheet_shows_the_photos_nearest_to_the_threshold(tmp_path):
    """Photos near the threshold are green, others magenta, and each side has more of them than fit."""
    (tmp_path / "images").mkdir()
    count = 2 * NEAREST + 20
    for i in range(count):
        near = abs(i + 0.5 - count / 2) < NEAREST
        colour = (0, 255, 0) if near else (255, 0, 255)
        Image.new("RGB", (160 + i, 110), colour).save(tmp_path / "images" / f"Kia_{i % 2}_{i}.png")
    manifest = index_photos(tmp_path / "images", tmp_path / "manifest.csv").manifest
    number = lambda row: int(row.file_name.rpartition("_")[2].removesuffix(".png"))  # noqa: E731
    rows = [replace(row, prefilter_score=(number(row) + 0.5) / count) for row in manifest.rows]
    draw_contact_sheet(replace(manifest, rows=tuple(rows)), 0.5, tmp_path / "sheet.png")
    pixels = np.asarray(Image.open(tmp_path / "sheet.png"))
    assert (pixels == (0, 255, 0)).all(axis=2).sum() > 2 * NEAREST * 80 * 110
    assert not (pixels == (255, 0, 255)).all(axis=2).any()


@pytest.mark.parametrize(
    ("name", "message"), [("sheet.pdf", "must be named .jpg or .png"), ("images", "must be named")]
)
def test_a_contact_sheet_that_cannot_be_written(tmp_path, name, message):
    with pytest.raises(UserError, match=message):
        check_contact_sheet(tmp_path / name)


# --- through the command line ---


@pytest.mark.parametrize(
    ("labels", "named", "options", "where"),
    [
        (("Kia_Rio", "Audi_A4"), None, (), None),
        (("Kia_Rio", "Audi_A4"), "bird", (), "photos of birds"),
        (("cats", "dogs"), None, (), "the photos"),
        (("cats", "dogs"), "mouse/mice", (), "photos of mice"),
        (("cats", "dogs"), "car", (), None),
        (("cats", "dogs"), "bird", ("--car-classes", "robin"), None),
    ],
)
def test_it_is_said_that_cars_are_looked_for_on_photos_of_something_else(
    photos_in, tmp_path, labels, named, options, where
):
    folder = photos_in(*(f"{label}/{i}.jpg" for label in labels for i in range(3)))
    index_photos(folder, tmp_path / "manifest.csv", subject=named and parse_subject(named))
    (tmp_path / "net.weights.h5").write_bytes(b"never read, because the threshold is refused first")
    command = ("data", "prefilter", "--data", "manifest.csv", "--weights", "net.weights.h5", "--threshold", 2, *options)
    done = in_process(*command, cwd=tmp_path)
    assert "--threshold must be from 0 to 1" in done.stderr
    note = f"Note: this looks for cars on {where}; --car-classes names what to look for.\n"
    assert (note in done.stderr) is (where is not None)
    assert ("looks for" in done.stderr) is (where is not None)


@pytest.fixture
def two_classes(photos_in, tmp_path) -> Path:
    """A folder with the manifest of ten photos."""
    folder = photos_in(*(f"{label}_{i}.jpg" for label in ("Kia_Rio", "Audi_A4") for i in range(5)))
    index_photos(folder, tmp_path / "manifest.csv")
    return tmp_path


PREFILTER = ("data", "prefilter", "--data", "manifest.csv", "--base", "mobilenetv2", "--weights")


def test_a_real_net(two_classes):
    """With random weights every class is about equally likely, and 15 of 1000 are cars: no car is seen."""
    import keras

    keras.utils.set_random_seed(0)
    keras.applications.MobileNetV2(weights=None).save_weights(two_classes / "net.weights.h5")

    done = in_process(*PREFILTER, "net.weights.h5", "--threshold", 0.01, cwd=two_classes)
    assert (done.returncode, done.stdout.splitlines()) == (
        0,
        [
            "manifest.csv: 10 of 10 photos kept, 0 dropped below 0.01.",
            "Left: 10 photos of 2 classes (2 test, 6 train, 2 validation).",
            "figures/prefilter.jpg shows those nearest to the threshold; another --threshold needs no new scores.",
            "Next: car-classifier train --data manifest.csv",
        ],
    ), done.stderr
    scores = [row.prefilter_score for row in read_manifest(two_classes / "manifest.csv").rows]
    assert all(0.01 < score < 0.02 for score in scores)
    with Image.open(two_classes / "figures" / "prefilter.jpg") as sheet:
        assert sheet.format == "JPEG"

    (two_classes / "net.weights.h5").rename(two_classes / "renamed.h5")
    done = in_process(*PREFILTER, "renamed.h5", "--threshold", 0.02, cwd=two_classes)
    assert done.returncode == 2
    assert "At a threshold of 0.02, 0 of 10 photos would be left" in done.stderr


@pytest.mark.long
def test_weights_without_the_classifier_are_refused(two_classes):
    import keras

    keras.applications.MobileNetV2(weights=None, include_top=False).save_weights(two_classes / "headless.weights.h5")
    done = in_process(*PREFILTER, "headless.weights.h5", cwd=two_classes)
    assert done.returncode == 2
    assert "Error: headless.weights.h5 does not hold the weights of MobileNetV2 with its classifier" in done.stderr
