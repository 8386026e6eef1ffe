"""The checks before a run begins, and the search for an unfinished run."""

import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from rich.console import Console

from car_classifier.data.manifest import ManifestRow, write_manifest
from car_classifier.errors import UserError
from car_classifier.files import read_json, sha256_of, write_json
from car_classifier.training.config import TrainingConfig
from car_classifier.training.run import TrainingRun
from tests.support.pictures import blotches


def manifest(folder: Path, **counts: str) -> Path:
    """A manifest in which each label has a photo for each split listed: `Kia_Rio="train train validation"`."""
    rows = []
    for label, splits in counts.items():
        for i, split in enumerate(splits.split()):
            name = f"{label}_{i}.jpg"
            (folder / name).write_text(name)
            make, model = label.split("_")
            rows.append(ManifestRow(name, sha256_of(folder / name), make, model, label, None, 60, 40, split, ""))
    return write_manifest(folder / "manifest.csv", rows).path


def run(path: Path, console: Console | None = None, **settings) -> TrainingRun:
    config = TrainingConfig(manifest=str(path), weights="none", **settings)
    return TrainingRun(config, path.parent / "runs", console or Console(quiet=True))


ENOUGH = "train " * 5 + "validation"


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ({"Kia_Rio": ENOUGH, "Audi_A4": "validation test"}, "has no training photo of Audi_A4. Add photos, or leave"),
        ({"Kia_Rio": "train", "Audi_A4": "train test"}, "has no photos for validation. Index with other shares"),
        ({"Kia_Rio": "test", "Audi_A4": "test"}, "has no photos for train and validation"),
        ({"Kia_Rio": ENOUGH}, "has one class only. A classifier needs at least two."),
    ],
)
def test_photos_that_nothing_can_be_learnt_from_are_a_mistake(tmp_path, counts, words):
    with pytest.raises(UserError, match=words):
        run(manifest(tmp_path, **counts))
    assert not (tmp_path / "runs").exists()


def test_a_photo_that_is_gone_is_reported_before_the_work(tmp_path):
    path = manifest(tmp_path, Kia_Rio=ENOUGH, Audi_A4=ENOUGH)
    (tmp_path / "Kia_Rio_5.jpg").unlink()
    with pytest.raises(UserError, match="Kia_Rio_5.jpg is gone. Make the manifest again"):
        run(path)


@pytest.mark.parametrize(
    ("rare", "words"),
    [
        ([], ""),
        (["A_1"], "Note: fewer than 5 training photos of A_1: hardly enough to learn."),
        (["A_1", "B_2", "C_3", "D_4", "E_5"], "training photos of A_1, B_2, C_3 and 2 more: hardly"),
    ],
)
def test_classes_with_few_photos_are_named(tmp_path, rare, words):
    path = manifest(tmp_path, X_1=ENOUGH, Y_2=ENOUGH, **dict.fromkeys(rare, "train train"))
    output = io.StringIO()
    run(path, Console(file=output, width=200))
    said = output.getvalue()
    assert words in said if words else not said


def test_an_unfinished_run_is_found_again(tmp_path):
    path = manifest(tmp_path, X_1=ENOUGH, Y_2=ENOUGH)
    first = run(path)
    assert not first.is_resumed
    folder = first.folder
    first.history_path.touch()
    del first
    again = run(path)
    assert (again.is_resumed, again.folder) == (True, folder)


def test_an_unfinished_run_does_not_go_on_with_other_photos(tmp_path):
    path = manifest(tmp_path, X_1=ENOUGH, Y_2=ENOUGH)
    run(path).history_path.touch()
    blotches(1).save(tmp_path / "Y_2_3.jpg")
    with pytest.raises(UserError, match="Y_2_3.jpg has changed since it was indexed"):
        run(path)


@pytest.mark.parametrize("damage", ["gone", "no photo any more"])
def test_an_unfinished_run_goes_on_without_a_photo_that_broke(tmp_path, damage):
    path = manifest(tmp_path, X_1=ENOUGH, Y_2=ENOUGH)
    run(path).history_path.touch()
    (tmp_path / "Y_2_3.jpg").unlink()
    if damage != "gone":
        (tmp_path / "Y_2_3.jpg").write_text("half a pho")
    assert run(path).is_resumed


def test_photos_that_cannot_be_read_are_left_out_of_everything(tmp_path):
    path = manifest(tmp_path, X_1=ENOUGH + " test", Y_2=ENOUGH, Z_3=ENOUGH)
    output = io.StringIO()
    first = run(path, Console(file=output, width=200))
    first.leave_out({"X_1_6.jpg": "is damaged or cut off", "Z_3_0.jpg": "cannot be read (Input/output error)"})
    assert first.manifest.counts() == {"train": 14, "validation": 3}
    assert f"Note: {tmp_path / 'X_1_6.jpg'} is damaged or cut off, so it is left out." in output.getvalue()
    assert "Z_3_0.jpg cannot be read (Input/output error), so it is left out." in output.getvalue()
    with pytest.raises(UserError, match="has no training photo of Z_3"):
        first.leave_out({f"Z_3_{i}.jpg": "is damaged or cut off" for i in range(5)})
    first.leave_out({f"Z_3_{i}.jpg": "is damaged or cut off" for i in range(6)})
    assert first.labels == ("X_1", "Y_2")


def test_many_photos_that_cannot_be_read_are_counted(tmp_path):
    path = manifest(tmp_path, X_1=ENOUGH + 30 * " train", Y_2=ENOUGH)
    output = io.StringIO()
    run(path, Console(file=output, width=300)).leave_out({f"X_1_{i}.jpg": "is gone" for i in range(6, 36)})
    assert output.getvalue().count("so it is left out") == 20
    assert "10 more photos are left out" in output.getvalue()


def test_a_resumed_run_leaves_out_the_same_photos(tmp_path):
    path = manifest(tmp_path, X_1=ENOUGH, Y_2=ENOUGH)
    first = run(path)
    write_json(first.unreadable_path, {"X_1_0.jpg": "is damaged or cut off"})
    first.history_path.touch()
    del first
    assert run(path).manifest.counts() == {"train": 9, "validation": 2}


def test_a_run_that_another_process_is_at_is_left_alone(tmp_path):
    path = manifest(tmp_path, X_1=ENOUGH, Y_2=ENOUGH)
    first = run(path)
    with pytest.raises(UserError, match=f"Another process is training this run, in {first.folder}. Wait for it"):
        run(path)


def test_runs_that_begin_at_the_same_moment_have_folders_of_their_own(tmp_path):
    path = manifest(tmp_path, X_1=ENOUGH, Y_2=ENOUGH)
    with ThreadPoolExecutor(8) as pool:
        runs = list(pool.map(lambda seed: run(path, seed=seed), range(8)))
    assert len({run.folder for run in runs}) == 8


@pytest.mark.parametrize("change", ["settings", "photos", "finished", "damaged"])
def test_a_run_of_something_else_is_another_one(tmp_path, change):
    path = manifest(tmp_path, X_1=ENOUGH, Y_2=ENOUGH)
    first, settings = run(path), {}
    if change == "settings":
        settings = {"epochs": 3}
    if change == "photos":
        path = manifest(tmp_path, X_1=ENOUGH, Y_2=ENOUGH + " test")
    if change == "finished":
        (first.folder / "metrics.json").write_text("{}")
    if change == "damaged":
        (first.folder / "config.json").write_text("half a li")
    other = run(path, **settings)
    assert not other.is_resumed
    assert other.folder != first.folder


@pytest.mark.parametrize(("stages", "is_kept"), [(0, False), (1, False), (2, True)])
def test_a_run_that_fails_before_it_trains_leaves_no_folder(tmp_path, stages, is_kept):
    a_run = run(manifest(tmp_path, Kia_Rio=ENOUGH, Audi_A4=ENOUGH))
    with (
        pytest.raises(UserError, match="cannot be downloaded"),
        a_run.removed_if_it_fails_early(),
        a_run.live.running(),
    ):
        for _ in range(stages):
            a_run.begin_stage()
        raise UserError("The weights cannot be downloaded.")
    assert a_run.folder.exists() == is_kept


def test_a_run_that_is_interrupted_early_stays_and_says_so(tmp_path):
    a_run = run(manifest(tmp_path, Kia_Rio=ENOUGH, Audi_A4=ENOUGH))
    with pytest.raises(KeyboardInterrupt), a_run.removed_if_it_fails_early(), a_run.live.running():
        raise KeyboardInterrupt
    assert read_json(a_run.folder / "progress.json")["state"] == "stopped"


@pytest.mark.parametrize(
    ("settings", "titles"),
    [
        ({}, ["Training all layers"]),
        ({"weights": "imagenet", "unfreeze": "head"}, ["Fitting the classifier"]),
        (
            {"weights": "imagenet", "unfreeze": "conv5 all", "head": "sgd"},
            ["Training the classifier", "Training layers conv5", "Training all layers"],
        ),
    ],
)
def test_the_stages_of_a_run_are_known_before_it_begins(tmp_path, settings, titles):
    path = manifest(tmp_path, Kia_Rio=ENOUGH, Audi_A4=ENOUGH)
    config = TrainingConfig(**{"manifest": str(path), "weights": "none", "image_size": "64x96"} | settings)
    a_run = TrainingRun(config, tmp_path / "runs", Console(quiet=True), "car-classifier train")
    assert a_run.stage_titles == ["Checking photos and loading weights", *titles, "Exporting and testing"]
