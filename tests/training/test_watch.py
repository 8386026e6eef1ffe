"""The answers that a training is watched by."""

from car_classifier.training.watch import FOLDER, forget_answers


def test_answers_of_epochs_that_are_done_again_go(tmp_path):
    folder = tmp_path / FOLDER
    folder.mkdir()
    for name in ("1-001", "1-002", "1-1000", "0-005", "photos"):
        (folder / f"{name}.json").touch()
    forget_answers(tmp_path, 1, 2)
    assert {path.stem for path in folder.iterdir()} == {"1-001", "0-005", "photos"}
