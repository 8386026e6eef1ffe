"""Options that mean the same in all commands."""

from pathlib import Path

import pytest

from car_classifier.commands.shared import console, default_split
from car_classifier.data.manifest import COLUMNS
from car_classifier.errors import UserError
from car_classifier.registry.labels import write_labels
from car_classifier.registry.published_version import find_version


def test_no_name_of_a_file_steers_the_terminal(capsys):
    console.print("Left out a\x1b[2Jb\x07.jpg\tas it is\n", markup=False)
    assert capsys.readouterr().err == "Left out a\ufffd[2Jb\ufffd.jpg\tas it is\n\n".expandtabs()


@pytest.fixture
def model(tmp_path) -> Path:
    """A model folder with three versions."""
    for number in (1, 2, 3):
        (tmp_path / "model" / str(number)).mkdir(parents=True)
        (tmp_path / "model" / str(number) / "saved_model.pb").touch()
    return tmp_path / "model"


def test_a_model_folder_stands_for_its_stable_version(model):
    assert find_version(model).folder == model / "3"  # the newest, while nothing is stable
    write_labels(model, {"stable": 2, "canary": 3})
    assert find_version(model).folder == model / "2"
    assert find_version(model / "1").folder == model / "1"


def test_a_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises(UserError, match="There is no published model in"):
        find_version(tmp_path)


def test_the_split_is_test_where_a_manifest_says_what_that_is(tmp_path):
    assert default_split(tmp_path, None) == "all"
    (tmp_path / "manifest.csv").write_text(",".join(COLUMNS))
    assert default_split(tmp_path, None) == default_split(tmp_path / "manifest.csv", None) == "test"
    assert default_split(tmp_path, "train") == "train"


def test_a_layer_is_for_methods_that_take_one():
    from car_classifier.explanations.methods import find_method
    from tests.support.nets import tiny_classifier

    with pytest.raises(UserError, match=r"exact takes no --layer\. Choose one that does with --method: gradcam, "):
        find_method("exact", "conv")
    with pytest.raises(UserError, match="--layer must be a layer of .* Received: conv9"):
        find_method("gradcam", "conv9").check_layer(tiny_classifier().net)
