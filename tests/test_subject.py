"""The subject of a data set: its nouns, its file, and how it travels from indexing to a published version."""

import json

import pytest

from car_classifier.data.upload import plan_upload
from car_classifier.errors import UserError
from car_classifier.files import write_json
from car_classifier.registry.model_card import model_card
from car_classifier.registry.published_version import PublishedVersion
from car_classifier.subject import CAR, FILE, PHOTO, Subject, parse_subject, read_subject, write_subject
from tests.support.commands import done, in_process


@pytest.mark.parametrize(
    ("named", "plural"),
    [
        ("bird", "birds"),
        ("butterfly", "butterflies"),
        ("bus", "buses"),
        ("grass", "grasses"),
        ("iris", "irises"),
        ("lens", "lenses"),
        ("rhinoceros", "rhinoceroses"),
        ("series", "series"),
        ("gas", "gases"),
        ("birds/birds", "birds"),
        ("box", "boxes"),
        ("quiz", "quizzes"),
        ("finch", "finches"),
        ("monarch", "monarchs"),
        ("monkey", "monkeys"),
        ("soliloquy", "soliloquies"),
        ("photo", "photos"),
        ("potato", "potatoes"),
        ("flamingo", "flamingos"),
        ("leaf", "leaves"),
        ("werewolf", "werewolves"),
        ("shelf", "shelves"),
        ("giraffe", "giraffes"),
        ("reef", "reefs"),
        ("knife", "knives"),
        ("woman", "women"),
        ("human", "humans"),
        ("goldfish", "goldfish"),
        ("aircraft", "aircraft"),
        ("sheep", "sheep"),
        ("fox", "foxes"),
        ("musk ox", "musk oxen"),
        ("mouse", "mice"),
        ("blouse", "blouses"),
        ("mongoose", "mongooses"),
        ("Person", "People"),
        ("road sign", "road signs"),
        ("  road   sign ", "road signs"),
        ("mouse/mouses", "mouses"),
        ("Vogel / Vögel", "Vögel"),
        ("tre\u0301fle", "tréfles"),
        ("T-shirt", "T-shirts"),
        ("鳥/鳥", "鳥"),
        ("पक्षी/पक्षी", "पक्षी"),
    ],
)
def test_a_noun_has_a_plural(named, plural):
    assert parse_subject(named).plural == plural


@pytest.mark.parametrize(
    "named",
    ["", " ", "/", "bird/", "/birds", "a/b/c", "b" * 41, "bird/" + "b" * 41, "bird\n", "bi\0rd", "<b>bird</b>", "bird&",
     "b{}", "123", "-bird", "bird\u200b", '"bird"', "birds, trees", "."],
)  # fmt: skip
def test_anything_else_is_refused_in_a_sentence(named):
    with pytest.raises(UserError, match="--subject takes a noun of up to 40 letters in the singular, such as bird"):
        parse_subject(named)


@pytest.mark.parametrize(
    "named",
    ["birds", "Cats", "pandas", "butterflies", "buses", "classes", "photos", "road signs", "mice", "women", "people"],
)
def test_a_plural_alone_is_asked_about(named):
    with pytest.raises(UserError, match=r"looks like a plural. Give the singular, .* or both, such as bird/birds"):
        parse_subject(named)
    assert parse_subject(f"thing/{named}").plural == named


BIRD = Subject("bird", "birds")


@pytest.mark.parametrize(
    ("subject", "title", "question", "counted", "counted_with_makes"),
    [
        (CAR, "Car classifier", "Which car is it?", "8 cars", "8 car models"),
        (BIRD, "Bird classifier", "Which bird is it?", "8 birds", "8 bird models"),
        (PHOTO, "Photo classifier", "What does the photo show?", "8 classes", "8 classes"),
    ],
)
def test_the_words_of_sentences(subject, title, question, counted, counted_with_makes):
    assert (subject.title, subject.question) == (title, question)
    assert (subject.counted(8, False), subject.counted(8, True)) == (counted, counted_with_makes)


def test_a_folder_keeps_its_subject(tmp_path):
    assert read_subject(tmp_path) is None
    write_subject(tmp_path, BIRD)
    assert json.loads((tmp_path / FILE).read_text()) == {"singular": "bird", "plural": "birds"}
    assert read_subject(tmp_path) == BIRD


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "{}", '"bird"', '{"singular": "bird"}', '{"singular": "<b>", "plural": "birds"}',
                '{"singular": 1, "plural": 2}', '{"singular": "bird", "plural": ""}'],
)  # fmt: skip
def test_a_damaged_file_is_named(tmp_path, content):
    (tmp_path / FILE).write_text(content)
    with pytest.raises(UserError, match=r"subject.json is damaged. Name the subject again with .*--subject, or remove"):
        read_subject(tmp_path)


@pytest.fixture
def birds(photos_in):
    """A folder of photos, one folder for each class."""
    return photos_in(*(f"{kind}/{i}.jpg" for kind in ("robin", "wren") for i in range(5)))


def test_index_keeps_the_subject_until_another_is_named(birds, tmp_path):
    def index(*options):
        return in_process("data", "index", birds, "--out", tmp_path / "data" / "manifest.csv", *options)

    for options in (("--subject", "mouse/mice"), ()):
        result = index(*options)
        assert result.returncode == 0
        assert "Subject: mouse, in the plural mice." in result.stderr
    assert read_subject(tmp_path / "data") == Subject("mouse", "mice")
    done(index("--subject", "bird"))
    assert read_subject(tmp_path / "data") == BIRD
    refused = index("--subject", "<b>")
    assert refused.returncode == 2
    assert "Error: --subject takes a noun" in refused.stderr
    (tmp_path / "data" / FILE).write_text("{")
    assert index().returncode == 2
    done(index("--subject", "bird"))


def test_a_manifest_takes_its_subject_along(birds, tmp_path):
    done(in_process("data", "index", birds, "--out", birds / "manifest.csv", "--subject", "bird"))
    plan = plan_upload(birds / "manifest.csv", str(tmp_path / "store"))
    assert FILE in {file.path.name for file in plan.to_send}
    # The file is no list of photos, and no photo that is passed over.
    again = in_process("data", "index", birds, "--out", birds / "manifest.csv")
    assert again.returncode == 0
    assert FILE not in again.stderr + again.stdout


CONFIG = {"training": {"image_size": [32, 48], "base": "MobileNetV2", "weights": "none", "unfreeze": ["all"]},
          "photos": {"train": 6}, "classes": 2, "temperature": 1.0}  # fmt: skip
INTERVAL = [0.4, 0.6]
METRICS = {"count": 2, "split": "test", "top1": 0.5, "top1_interval": INTERVAL, "top5": 1.0, "top5_interval": INTERVAL,
           "macro_f1": 0.5, "macro_f1_interval": INTERVAL, "mean_confidence": 0.5, "per_class": [],
           "confused_pairs": [],
           "calibration": dict.fromkeys(("ece", "ece_before"), 0.1)
           | dict.fromkeys(("ece_interval", "ece_interval_before"), INTERVAL)}  # fmt: skip
MAKES = {"make_top1": 0.5, "make_top1_interval": INTERVAL}


@pytest.mark.parametrize(
    ("config", "metrics", "words"),
    [
        (
            {"subject": {"singular": "bird", "plural": "birds"}},
            {},
            "# Bird classifier\n\nTells which of 2 birds a photo",
        ),
        ({}, {}, "# Photo classifier\n\nTells which of 2 classes a photo"),
        ({}, MAKES, "# Car classifier\n\nTells which of 2 car models a photo"),
        (
            {"subject": {"singular": "aircraft", "plural": "aircraft"}},
            MAKES,
            "Tells which of 2 aircraft models a photo",
        ),
    ],
)
def test_the_model_card_names_the_subject(config, metrics, words):
    assert words in model_card(CONFIG | config, METRICS | metrics)


@pytest.mark.parametrize(
    ("config", "makes", "subject"),
    [
        ({"subject": {"singular": "bird", "plural": "birds"}}, {"a_b": "a", "c": "c"}, BIRD),
        ({}, {"a_b": "a", "c": "c"}, CAR),
        ({}, {"a_b": "a_b", "c": "c"}, PHOTO),
        ({"subject": "<b>"}, {"c": "c"}, PHOTO),
        (None, {"c": "c"}, PHOTO),
    ],
)
def test_a_version_has_a_subject(tmp_path, config, makes, subject):
    version = PublishedVersion(tmp_path)
    write_json(version.labels_path, {"labels": sorted(makes), "makes": makes})
    if config is not None:
        write_json(version.config_path, config)
    assert version.subject == subject
