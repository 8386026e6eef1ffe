"""Figures of a training and its outcome."""

import numpy as np
import pytest
from matplotlib.colors import to_hex
from PIL import Image

from car_classifier.data.manifest import Manifest, ManifestRow
from car_classifier.errors import UserError
from car_classifier.evaluation.figures import (
    GREEN,
    GREY,
    GRID_PHOTOS,
    RED,
    augmented_photos,
    check_figure_path,
    confusion_matrix,
    photo_grid,
    read_history,
    sample_photos,
    save_figure,
    training_curves,
)
from car_classifier.evaluation.predictions import Answer, LabelledPhoto
from car_classifier.training.augmentation import NO_AUGMENTATION
from tests.support.commands import done, in_process


def history(**stages: list[float]) -> list[dict[str, str]]:
    """Rows of stages whose validation losses are given."""
    return [
        {"stage": stage, "loss": "1", "accuracy": "0.5", "val_loss": str(loss), "val_accuracy": str(1 / loss)}
        for stage, losses in stages.items()
        for loss in losses
    ]


def test_training_curves_lay_the_stages_one_after_the_other_and_mark_the_weights_kept():
    loss, accuracy = training_curves(history(head=[4, 2], all=[2, 1, 3])).axes
    assert [text.get_text() for text in loss.texts] == ["stage head", "stage all"]
    validation = [line for line in loss.lines if line.get_linestyle() == "--"]
    assert [list(line.get_xdata()) for line in validation] == [[1, 2], [3, 4, 5]]
    assert [list(line.get_ydata()) for line in validation] == [[4, 2], [2, 1, 3]]
    stars = [line for axes in (loss, accuracy) for line in axes.lines if line.get_marker() == "*"]
    assert [(line.get_xdata()[0], line.get_ydata()[0]) for line in stars] == [(2, 2), (4, 1), (2, 0.5), (4, 1)]


def test_training_curves_of_one_epoch(tmp_path):
    figure = training_curves(history(all=[1]))
    assert list(figure.axes[0].get_xlim()) == [0.5, 1.5]
    save_figure(figure, tmp_path / "curves.png")
    with Image.open(tmp_path / "curves.png") as picture:
        assert picture.width > 2 * picture.height


def test_a_history_must_be_there_and_hold_an_epoch(tmp_path):
    with pytest.raises(UserError, match="There is no history"):
        read_history(tmp_path / "history.csv")
    (tmp_path / "history.csv").write_text("stage,epoch\n")
    with pytest.raises(UserError, match="holds no epoch"):
        read_history(tmp_path / "history.csv")


@pytest.fixture
def answer(tmp_path):
    """Makes an answer "Kia Rio" for a photo of the given label."""
    path = tmp_path / "photo.png"
    Image.new("RGBA", (30, 60), "navy").save(path)
    return lambda truth: Answer(LabelledPhoto(path, truth), ("Kia_Rio", "Audi_A4"), (0.7, 0.3))


@pytest.mark.parametrize(
    ("truth", "colour", "title", "below"),
    [
        ("Kia_Rio", GREEN, "✓ Kia Rio  70%", ""),
        ("Mercedes-Benz_SLC-Class Roadster", RED, "✗ Kia Rio  70%", "is Mercedes-Benz\nSLC-Class Roadster"),
        (None, GREY, "Kia Rio  70%", ""),
    ],
)
def test_a_frame_and_words_say_whether_the_answer_is_right(answer, truth, colour, title, below):
    axes = photo_grid([answer(truth)]).axes[0]
    assert (axes.get_title(), axes.get_xlabel()) == (title, below)
    assert {to_hex(spine.get_edgecolor()).upper() for spine in axes.spines.values()} == {colour}


@pytest.mark.parametrize(
    ("truths", "title"),
    [
        (["Kia_Rio", "Audi_A4", None], "1 of 2 right"),
        ([None] * 2, ""),
        ([None] * (GRID_PHOTOS + 1), f"the first {GRID_PHOTOS} of {GRID_PHOTOS + 1} photos"),
    ],
)
def test_the_title_counts(answer, truths, title):
    figure = photo_grid([answer(truth) for truth in truths])
    assert figure.get_suptitle() == title
    assert sum(bool(axes.images) for axes in figure.axes) == min(len(truths), GRID_PHOTOS)


def test_a_small_confusion_matrix_names_models_and_writes_counts():
    axes = confusion_matrix(["Audi_A4", "Kia_Rio"], np.array([[3, 1], [0, 4]])).axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["Audi A4", "Kia Rio"]
    assert {text.get_position(): text.get_text() for text in axes.texts} == {(0, 0): "3", (1, 0): "1", (1, 1): "4"}
    assert axes.get_title().startswith("7 of 8 photos right")
    wrong, right = (image.get_array() for image in axes.images)
    assert right.compressed().tolist() == [0.75, 1]
    assert wrong.compressed().tolist() == [0.25]


def test_a_large_confusion_matrix_names_the_makes_that_have_room():
    labels = [f"Make{i:03}_Model" for i in range(200)] + [f"Zeta_{i:03}" for i in range(100)]
    axes = confusion_matrix(labels, np.eye(300, dtype=int)).axes[0]
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert "Zeta" in names
    assert 20 < len(names) < 100
    places = sorted(axes.get_yticks())
    assert min(np.diff(places)) >= 3
    assert not axes.texts


def test_a_confusion_matrix_without_photos():
    assert confusion_matrix(["Audi_A4", "Kia_Rio"], np.zeros((2, 2), int)).axes[0].get_title() == "no photos"


def test_the_sample_spreads_over_the_classes(tmp_path):
    def row(label: str, number: int, split: str) -> ManifestRow:
        return ManifestRow(f"{number}_{label}.jpg", "", *label.split("_"), label, None, 4, 3, split, "")

    rows = [row(label, i, side) for label in ("A_a", "B_b", "C_c") for i in range(9) for side in ("train", "test")]
    sample = sample_photos(Manifest(tmp_path / "manifest.csv", tuple(rows)), 6)
    assert [photo.truth for photo in sample] == ["A_a", "A_a", "B_b", "B_b", "C_c", "C_c"]
    assert len({photo.path for photo in sample}) == 6
    with pytest.raises(UserError, match="no photo for test or validation"):
        sample_photos(Manifest(tmp_path / "manifest.csv", tuple(rows[::2])), 6)


def test_a_figure_needs_an_ending_that_names_a_format(tmp_path):
    with pytest.raises(UserError, match="must end in the name of a format for figures: .*png"):
        check_figure_path(tmp_path / "figure.txt")
    check_figure_path(tmp_path / "figure.PNG")


@pytest.mark.long
def test_augmented_photos_stand_beside_the_photo_as_it_is(tmp_path):
    """Without changes all views of a photo look alike; with a change of colour none does."""
    Image.effect_noise((60, 40), 80).convert("RGB").save(tmp_path / "photo.png")
    for augmentation, alike in ((NO_AUGMENTATION, True), (NO_AUGMENTATION.model_copy(update={"colour": 0.5}), False)):
        figure = augmented_photos([tmp_path / "photo.png"] * 2, (40, 60), augmentation, views=3)
        pictures = [np.asarray(axes.images[0].get_array(), int) for axes in figure.axes]
        assert len(pictures) == 8
        assert [np.abs(picture - pictures[0]).max() <= 1 for picture in pictures[1:4]] == [alike] * 3


@pytest.mark.long
def test_a_damaged_photo_is_named(tmp_path):
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8\xff and no more")
    with pytest.raises(UserError, match="photo.jpg .*Remove or replace it"):
        augmented_photos([tmp_path / "photo.jpg"], (40, 60), NO_AUGMENTATION)


@pytest.mark.long
def test_the_command_draws_a_version(demo_model_dir, demo_data, tmp_path):
    arguments = ("--model", demo_model_dir, "--data", demo_data / "manifest.csv", "--out", tmp_path, "--photos", 6)
    drawn = done(in_process("figures", *arguments)).splitlines()
    expected = {f"{tmp_path}/{name}.png" for name in ("training_curves", "predictions", "augmentation")}
    assert expected <= set(drawn) <= {*expected, f"{tmp_path}/confusion_matrix.png"}
    for path in drawn:
        with Image.open(path) as picture:
            assert min(picture.size) > 300
            assert picture.convert("L").getextrema()[0] < 100
