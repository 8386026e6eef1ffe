"""Options have one name, one meaning and one help text in all commands, and pages name only those that exist."""

import re
from collections import defaultdict
from collections.abc import Iterator

import pytest
import typer

from car_classifier.cli import app, json_to_stdout
from car_classifier.settings import fields_of
from car_classifier.training.config import TrainingConfig
from tests.support.commands import done, in_process
from tests.support.repository import ROOT


def commands_of(command, name: str = "") -> Iterator[tuple[str, dict[str, object]]]:
    """All commands by name, each with its options by name."""
    if hasattr(command, "commands"):
        for inner, sub in command.commands.items():
            yield from commands_of(sub, f"{name} {inner}".strip())
    else:
        yield name, {option: one for one in command.params for option in (*one.opts, *one.secondary_opts)}


COMMANDS = dict(commands_of(typer.main.get_command(app)))

MEANINGS = {
    "--base": {"train", "data prefilter"},  # a backbone to fine-tune, or one that knows what a car is
    "--classes": {"data index", "data demo"},  # where they are read from, or their number
    "--data": {"evaluate", "data import-feedback"},  # takes folders too; is written to
    "--host": {"serve", "up"},  # of the model server, or of the dashboard
    "--label": {"publish", "rollback", "teach"},
    "--method": {"explain", "explain-eval"},  # one, or several
    "--out": {"compare", "data table", "data index", "data prefilter", "data demo", "data import-feedback"},
    "--photos": {"explain-eval", "figures"},
    "--port": {"serve", "up"},  # of the model server (the name is TensorFlow Serving's), or of the dashboard
    "--rest-api-port": {"serve", "up"},
    "--weights": {"train", "data prefilter"},
}
"""Options of one name that differ where they must, with the commands in which they do."""


def test_an_option_has_one_help_text():
    texts = defaultdict(set)
    for command, options in COMMANDS.items():
        for name, option in options.items():
            if name.startswith("--") and command not in MEANINGS.get(name, ()):
                texts[name].add(option.help)
    assert {name: found for name, found in texts.items() if len(found) > 1} == {}
    assert all(found and all(text.endswith(".") for text in found) for found in texts.values())


@pytest.mark.parametrize(
    ("option", "commands"),
    [
        (
            "--json",
            "evaluate compare predict explain explain-eval clever-hans models doctor|data stats",
        ),
        ("--split", "evaluate explain-eval clever-hans quiz"),
        ("--model", "teach evaluate predict explain explain-eval clever-hans quiz figures|data features"),
        ("--model-dir", "train publish promote rollback models up doctor"),
        (
            "--data",
            "train evaluate explain-eval clever-hans quiz figures|data prefilter|data stats|data table|data features|"
            "data import-feedback|data cache",
        ),
        ("--layer", "explain"),
    ],
)
def test_commands_that_take_an_option(option, commands):
    single, *several = commands.split("|")
    assert {name for name, options in COMMANDS.items() if option in options} == {*single.split(), *several}


@pytest.mark.parametrize("command", [name for name, options in COMMANDS.items() if "--split" in options])
def test_every_split_and_all_of_them_can_be_chosen(command):
    result = in_process(command, "--split", "half", env={"COLUMNS": "300"})
    assert result.returncode == 2
    assert "'half' is not one of 'train', 'validation', 'test', 'all'" in result.stderr


NEEDED = {"compare": ["runs/*"], "predict": ["photo.jpg"], "explain": ["photo.jpg"]}
"""Arguments of commands that need some."""


@pytest.fixture
def workplace(tmp_path):
    """A model folder with a version, in which nothing is looked at, and a photo."""
    (tmp_path / "model" / "1" / "assets.extra").mkdir(parents=True)
    (tmp_path / "model" / "1" / "saved_model.pb").touch()
    (tmp_path / "photo.jpg").write_bytes(b"a photo")
    return tmp_path


@pytest.mark.parametrize("command", [name for name, options in COMMANDS.items() if "--json" in options])
@pytest.mark.parametrize(
    ("json_out", "sentence"),
    [("model", "model is a folder. Name a file in it, such as"), ("photo.jpg/new.json", "cannot be written: ")],
)
def test_a_json_that_cannot_be_written_is_refused_before_the_work(workplace, command, json_out, sentence):
    result = in_process(*command.split(), *NEEDED.get(command, []), "--json", json_out, cwd=workplace)
    assert (result.returncode, result.stdout) == (2, "")
    assert sentence in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("command", [name for name, options in COMMANDS.items() if "--json" in options])
def test_a_photo_is_not_replaced_by_json(workplace, command):
    result = in_process(*command.split(), *NEEDED.get(command, []), "--json", "photo.jpg", cwd=workplace)
    assert (result.returncode, result.stdout) == (2, "")
    assert "photo.jpg is there already and holds no JSON, so it stays." in result.stderr
    assert (workplace / "photo.jpg").read_bytes() == b"a photo"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("data", "demo", "--classes", "many"), "'--classes': must be a whole number. Received: many"),
        (("data", "index", "photos", "--top", "some"), "'--top': must be a whole number. Received: some"),
        (("quiz", "--seed", "-1"), "Invalid value for '--seed': must be at least 0. Received: -1"),
        (("clever-hans", "--frame", "1"), "--frame must be above 0 and below 0.5. Received: 1.0"),
        (("serve", "--model-base-path", "model", "--port", "99999"), "--port must be from 0 to 65535. Received: 99999"),
        (("up", "--port", "0", "--prepare-only"), "--port must be from 1 to 65535. Received: 0"),
        (("quiz", "--split", "half"), "Invalid value for '--split': 'half' is not one of 'train', 'validation',"),
        (("models", "--model-dir", "model/1"), "model/1 is a version itself. Give the folder that it is in: model"),
        (("publish", "runs/1", "--model-dir", "model/1"), "model/1 is a version itself."),
        (("doctor", "--json", "model"), "model is a folder. Name a file in it, such as model/result.json."),
        (("data", "stats", "--out", "photo.jpg"), "photo.jpg is a file, not a folder. Name another folder."),
        (("train", "--epochs", "0"), "--epochs must be at least 1. Received: 0"),
        (("train", "--set", "epochs=0"), "Error: epochs must be at least 1. Received: 0"),
        (("explain", "a.jpg", "--method"), "'--method' requires an argument"),
        (("compare",), "Missing argument"),
        (("data", "table"), "Missing option '--out'"),
        (("data", "stats", "--manifest", "m.csv"), "No such option: --manifest"),
        (("models", "--server-url", "cars"), "Give the server's address as in http://localhost:8501. Received: cars"),
    ],
)
def test_a_value_that_cannot_be_used(workplace, arguments, words):
    result = in_process(*arguments, cwd=workplace, env={"COLUMNS": "300"})
    assert (result.returncode, result.stdout) == (2, "")
    assert words in re.sub(r"\s+", " ", result.stderr)
    assert "Traceback" not in result.stderr


PAGES = [
    *ROOT.glob("*.md"),
    *(path for folder in ("docs", "data", "model", ".github") for path in (ROOT / folder).rglob("*.md")),
    *(ROOT / "blog").glob("*.md"),
    *(ROOT / ".github").rglob("*.yml"),
    *ROOT.glob("docker-compose*.yml"),
    *(ROOT / "deploy").rglob("*.yaml"),
    ROOT / "Makefile",
    ROOT / "deploy" / "classifier" / "tf_serving_entrypoint.sh",
]


def named_in(text: str) -> Iterator[tuple[str, list[str]]]:
    """Commands of `car-classifier` in a text, each with the words behind it."""
    joined = re.sub(r"\\\n\s*", " ", text)
    for line in re.findall(r"car-classifier ((?:[^`\n\"|;#]|\n(?=[^\n]*`))+)", joined):
        words = line.split()
        command = " ".join(words[: 2 if words and words[0] == "data" else 1])
        if command in COMMANDS:
            yield command, words


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_pages_name_options_that_exist(page):
    fields = {*dict(fields_of(TrainingConfig)), *(name.split(".")[-1] for name, _ in fields_of(TrainingConfig))}
    unknown = []
    for command, words in named_in(page.read_text(encoding="utf-8")):
        for word, following in zip(words, [*words[1:], ""], strict=True):
            option = re.match(r"--[a-z][a-z-]*", word)
            if option and option[0] not in {*COMMANDS[command], "--help"}:
                unknown.append(f"{command} {option[0]}")
            if word == "--set" and following.partition("=")[0] not in fields | {"FIELD"}:
                unknown.append(f"{command} --set {following}")
    assert unknown == []


@pytest.mark.parametrize(
    ("arguments", "completed"),
    [
        (["predict", "a.jpg", "--json"], ["predict", "a.jpg", "--json", "-"]),
        (["models", "--json", "--model", "m"], ["models", "--json", "-", "--model", "m"]),
        (["models", "--json", "out.json"], ["models", "--json", "out.json"]),
        (["models", "--json", "-"], ["models", "--json", "-"]),
        ([], []),
    ],
)
def test_json_without_a_file_is_printed(arguments, completed):
    assert json_to_stdout(arguments) == completed


def test_help_groups_the_commands_by_what_people_want_to_do():
    text = done(in_process("--help"))
    places = [text.index(words) for words in ("Begin", " up ", "Train on photos", " train ", " data ", "Ask a model")]
    assert places == sorted(places)
