"""Photos in plain class folders, with names of any script and without makes, from the folder to the page."""

import json

import numpy as np
import pytest
from PIL import Image

from dashboard import create_app
from dashboard.settings import Settings
from tests.support.commands import done, in_process
from tests.support.embedded_server import running

CLASSES = ("Citroën C4", "猫", "cats & $dogs")
pytestmark = [pytest.mark.slow, pytest.mark.long]


@pytest.fixture(scope="module")
def workplace(tmp_path_factory):
    """A folder in which a model was trained on such photos and published."""
    folder = tmp_path_factory.mktemp("Škoda test")
    rng = np.random.default_rng(0)
    for kind, name in enumerate(CLASSES):
        (folder / "photos" / name).mkdir(parents=True)
        for i in range(6):
            pixels = rng.integers(0, 90, (64, 96, 3)) + 160 * np.eye(3, dtype=int)[kind]
            Image.fromarray(pixels.astype(np.uint8)).save(folder / "photos" / name / f"IMG_{i:04}.jpg")
    done(in_process("data", "index", "photos", "--subject", "mouse/mice", cwd=folder))
    tiny = ("--base", "MobileNetV2", "--weights", "none", "--image-size", "32x48", "--epochs", 1)
    done(in_process("train", *tiny, cwd=folder))
    return folder


def printed(folder, *command):
    return done(in_process(*command, cwd=folder))


def test_the_model_is_published_with_its_names_and_without_makes(workplace):
    assets = workplace / "model" / "1" / "assets.extra"
    assert json.loads((assets / "labels.json").read_text("utf-8"))["labels"] == sorted(CLASSES)
    metrics = json.loads((assets / "metrics.json").read_text("utf-8"))
    assert not {"make_top1", "per_make"} & metrics.keys()
    assert {row["label"] for row in metrics["per_class"]} == set(CLASSES)
    assert all("make" not in row for row in metrics["per_class"])
    assert json.loads((assets / "config.json").read_text("utf-8"))["subject"] == {"singular": "mouse", "plural": "mice"}
    card = (assets / "model_card.md").read_text("utf-8")
    assert card.startswith("# Mouse classifier\n\nTells which of 3 mice a photo shows")
    assert "make" not in card.lower()
    assert [entry["labels"] for entry in json.loads((assets / "golden" / "answers.json").read_text("utf-8"))]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("evaluate", "--data", "photos"), "18 photos of 3 classes"),
        (("predict", "photos"), "猫 ✓"),
        (("predict", "photos/猫/IMG_0001.jpg", "--json", "-"), '"truth": "猫"'),
        (("explain", "photos/猫/IMG_0001.jpg", "--class", "猫", "--versus", "cats & $dogs"), "猫"),
        (("compare", "runs"), None),
        (("models",), "stable"),
        (("data", "stats"), "classes             3"),
        (("data", "table", "--out", "table.csv"), "18 photos"),
        (("data", "features"), "for each of 18 photos"),
        (("publish", "model/1", "--label", "canary"), "canary is version 2"),
    ],
)
def test_every_command_works(workplace, command, words):
    runs = [str(path.relative_to(workplace)) for path in (workplace / "runs").iterdir()]
    command = [word for part in command for word in (runs if part == "runs" else [part])]
    output = printed(workplace, *command)
    assert words is None or words in output
    assert "make" not in output.lower().replace("makes it", "")


def test_the_page_gives_the_names_as_they_are(workplace, monkeypatch):
    monkeypatch.chdir(workplace)
    with running(model_name="cars", model_base_path=str(workplace / "model")) as server:
        server.wait("1", "AVAILABLE", "cars")
        settings = Settings(
            model_server_url=server.url,
            model_name="cars",
            manifest=workplace / "data" / "manifest.csv",
            model_folder=workplace / "model",
            photo_folder=workplace / "shown",
            database_url=f"sqlite:///{workplace}/dashboard.sqlite3",
        )
        web = create_app(settings).server.test_client()
        photo = (workplace / "photos" / "猫" / "IMG_0001.jpg").read_bytes()
        kept = web.post("/photos", data=photo).json
        answer = web.post(f"/photos/{kept['id']}/answer").json
        assert {entry["label"] for entry in answer["classes"]} == set(CLASSES)
        assert answer["makes"] == []
        asked = web.post(f"/photos/{kept['id']}/answer", json={"label": "猫"}).json["asked"]
        assert asked["name"] == "猫"
        wrong = next(label for label in CLASSES if label != answer["classes"][0]["label"])
        opinion = {"answer_label": answer["classes"][0]["label"], "probability": 0.5, "right": False, "label": wrong}
        assert web.post(f"/photos/{kept['id']}/feedback", json=opinion | {"may_train": True}).status_code == 201
        game = web.post("/play/games", json={"rounds": 3, "difficulty": "hard"}).json
        assert game, "a game can be played"
