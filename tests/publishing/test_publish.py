"""Publishing, the gate, and labels that move while a server runs."""

import csv
import json
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests
from rich.console import Console

from car_classifier.errors import UserError
from car_classifier.publishing.interruption import defer_signals
from car_classifier.publishing.publish import publish
from car_classifier.publishing.version_comparison import compare
from car_classifier.registry import labels as version_labels
from car_classifier.registry.assets import check_checksums, write_checksums
from car_classifier.registry.folder import versions
from car_classifier.registry.labels import (
    ensure_live,
    promoted,
    publishing_lock,
    read_labels,
    rolled_back,
    wait_until_followed,
    with_label,
    write_labels,
)
from car_classifier.registry.published_version import PublishedVersion
from tests.support.commands import done, in_process
from tests.support.embedded_server import Server, running, until
from tests.support.nets import tiny_classifier
from tests.support.runs import QUIET, exported_run

NAME = "car_classifier"


@pytest.fixture(autouse=True)
def do_not_wait(monkeypatch) -> None:
    """Skips the pause for servers: tests that run one wait until it has followed the labels."""
    monkeypatch.setattr(version_labels, "SECONDS_TO_FOLLOW", 0)


@pytest.fixture(scope="module")
def exported(tmp_path_factory) -> Path:
    """The folder of a run that exported a tiny classifier; each test works on a copy."""
    return exported_run(tmp_path_factory.mktemp("exported"))


@pytest.fixture
def run(exported, tmp_path) -> Path:
    return shutil.copytree(exported, tmp_path / "run")


@pytest.fixture
def model_dir(tmp_path) -> Path:
    return tmp_path / "model"


def change_json(path: Path, change: Callable) -> None:
    content = json.loads(path.read_text(encoding="utf-8"))
    change(content)
    path.write_text(json.dumps(content), encoding="utf-8")


def test_the_next_version_is_stable_and_the_run_keeps_no_copy(run, model_dir):
    (model_dir / "7").mkdir(parents=True)
    assert publish(run, model_dir, QUIET) == model_dir / "8"
    assert versions(model_dir) == [7, 8]
    assert read_labels(model_dir) == {"stable": 8, "previous": 7}
    assert not (run / "export").exists()
    assert {path.name for path in model_dir.iterdir()} == {"7", "8", "models.config"}
    with pytest.raises(UserError, match=f"was published as {model_dir / '8'}"):
        publish(run, model_dir, QUIET)
    assert publish(model_dir / "8", model_dir, QUIET) == model_dir / "9"


def test_the_date_is_noted_when_a_version_is_published(run, model_dir):
    exported = PublishedVersion(run / "export")
    assert "published" not in exported.read_config()
    assert "| Published | not yet |" in exported.model_card_path.read_text()
    version = PublishedVersion(publish(run, model_dir, QUIET))
    published = datetime.fromisoformat(version.read_config()["published"])
    assert datetime.now(UTC) - timedelta(minutes=10) < published <= datetime.now(UTC)
    assert f"| Published | {published.isoformat()} |" in version.model_card_path.read_text()
    check_checksums(version)


def cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:100])


ANSWERS = "assets.extra/golden/answers.json"


def renew_checksums(export: Path) -> None:
    (export / "assets.extra" / "SHA256SUMS").unlink()
    write_checksums(export)


def golden(change: Callable) -> Callable[[Path], None]:
    return lambda export: change_json(export / ANSWERS, change)


def swap_labels_and_makes_of_classify(export: Path) -> None:
    from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

    saved_model = SavedModel.FromString((export / "saved_model.pb").read_bytes())
    outputs = saved_model.meta_graphs[0].signature_def["classify"].outputs
    outputs["labels"].name, outputs["make_labels"].name = outputs["make_labels"].name, outputs["labels"].name
    (export / "saved_model.pb").write_bytes(saved_model.SerializeToString())


GATE = {
    "changed": (
        lambda export: cut_off(export / "assets.extra" / "labels.json"),
        False,
        "labels.json changed or",
    ),
    "missing": (lambda export: (export / "assets.extra" / "labels.json").unlink(), False, "missing.*labels.json"),
    "no sums": (lambda export: (export / "assets.extra" / "SHA256SUMS").unlink(), False, "missing.*SHA256SUMS"),
    "not a model": (lambda export: cut_off(export / "saved_model.pb"), True, "cannot be served"),
    "no golden photos": (golden(lambda answers: answers.clear()), True, "has no golden photos"),
    "probability": (golden(lambda a: a[0]["probabilities"].__setitem__(1, 0.9)), True, "the probability of .* not 0.9"),
    "label": (golden(lambda a: a[1]["labels"].__setitem__(0, "Nobody_Nothing")), True, "Nobody_Nothing is not among"),
    "logit": (golden(lambda a: a[2]["logits"].__setitem__(0, 99.0)), True, "the logits of"),
    "map": (golden(lambda a: a[3]["contributions"][4][0].__setitem__(0, 99.0)), True, "the contributions of"),
    "shape": (golden(lambda a: a[0]["contributions"].__setitem__(0, [[1.0]])), True, "the contributions of"),
    "not a number": (golden(lambda a: a[0]["logits"].__setitem__(0, float("nan"))), True, "the logits of"),
    "no answers": (lambda export: (export / ANSWERS).unlink(), True, "golden photos cannot be read.*No such file"),
    "no JSON": (lambda export: cut_off(export / ANSWERS), True, "golden photos cannot be read"),
    "a foreign file": (
        lambda export: (export / "variables" / "x").touch(),
        False,
        "variables/x changed or was added",
    ),
    "damaged sums": (lambda export: (export / "assets.extra" / "SHA256SUMS").write_text("x"), False, "is damaged"),
    "another classify": (swap_labels_and_makes_of_classify, True, "of classify, .* is not among"),
    "no signature": (
        lambda export: (export / "saved_model.pb").write_bytes(
            (export / "saved_model.pb").read_bytes().replace(b"explain", b"exqlain")
        ),
        True,
        "cannot be asked|cannot be served",
    ),
}


@pytest.mark.parametrize(("damage", "summed_up", "words"), GATE.values(), ids=GATE.keys())
def test_what_does_not_pass_is_not_published_and_not_lost(run, model_dir, damage, summed_up, words):
    damage(run / "export")
    if summed_up:
        renew_checksums(run / "export")
    with pytest.raises(UserError, match=f"Not published; it is still in {run / 'export'}.*{words}"):
        publish(run, model_dir, QUIET)
    assert (run / "export" / "saved_model.pb").is_file()
    assert list(model_dir.iterdir()) == []


def write_answers(version: Path, wrong: int, photos: range = range(6)) -> None:
    """Write a version's answers to its test photos: wrong for the first few, right for the others."""
    labels = tiny_classifier().labels
    path = version / "assets.extra" / "predictions.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["file_name", "label", "label_1"])
        for i in photos:
            truth = labels[i % 6]
            writer.writerow([f"{i}.png", truth, truth if i >= wrong else labels[(i + 1) % 6]])


def test_versions_are_compared_on_the_photos_that_both_answered(tmp_path):
    new, live = (PublishedVersion(tmp_path / name) for name in ("2", "1"))
    write_answers(new.folder, wrong=1, photos=range(6))
    write_answers(live.folder, wrong=0, photos=range(12))
    comparison = compare(new, live)
    assert comparison.photos == 6
    assert comparison.figures["top-1"] == (pytest.approx(5 / 6), 1)
    assert comparison.figures["macro-F1"] == (pytest.approx((4 + 2 / 3) / 6), 1)
    assert comparison.fallen(0.2) == ["macro-F1"]
    write_answers(live.folder, wrong=0, photos=range(6, 12))
    assert compare(new, live) is None
    assert compare(new, PublishedVersion(tmp_path)) is None


@pytest.mark.parametrize(
    ("wrong", "margin", "published"),
    [(0, 0.01, True), (1, 0.01, True), (2, 0.01, False), (2, 0.16, False), (2, 0.25, True), (6, 1.0, True)],
)
def test_a_step_back_beyond_the_margin_is_not_published(run, model_dir, wrong, margin, published):
    write_answers(model_dir / "1", wrong=1)
    write_answers(run / "export", wrong=wrong)
    renew_checksums(run / "export")
    if published:
        assert publish(run, model_dir, QUIET, margin=margin) == model_dir / "2"
        return
    with pytest.raises(UserError, match=r"worse than the live version 1: .* may fall by [\d.]+ points at most"):
        publish(run, model_dir, QUIET, margin=margin)
    assert versions(model_dir) == [1]
    assert read_labels(model_dir) == {"stable": 1}


MOVES = [
    (lambda labels: with_label(labels, "stable", 3), {}, {"stable": 3}),
    (lambda labels: with_label(labels, "stable", 3), {"stable": 2, "previous": 1}, {"stable": 3, "previous": 2}),
    (lambda labels: with_label(labels, "stable", 3), {"stable": 3}, {"stable": 3}),
    (lambda labels: with_label(labels, "canary", 3), {"stable": 2, "canary": 1}, {"stable": 2, "canary": 3}),
    (promoted, {"stable": 1, "canary": 3, "previous": 2}, {"stable": 3, "previous": 1}),
    (promoted, {"canary": 3}, {"stable": 3}),
    (promoted, {"stable": 1}, "No version has the label canary"),
    (lambda labels: rolled_back(labels, "stable"), {"stable": 2, "previous": 1}, {"stable": 1}),
    (
        lambda labels: rolled_back(labels, "stable"),
        {"stable": 2, "previous": 1, "canary": 3},
        {"stable": 1, "canary": 3},
    ),
    (lambda labels: rolled_back(labels, "stable"), {"stable": 2}, "There is no previous version"),
    (lambda labels: rolled_back(labels, "stable"), {}, "The labels are: none"),
    (
        lambda labels: rolled_back(labels, "canary"),
        {"stable": 2, "canary": 3, "previous": 1},
        {"stable": 2, "previous": 1},
    ),
    (lambda labels: rolled_back(labels, "canary"), {"stable": 2}, "The labels are: stable"),
]


@pytest.mark.parametrize(("move", "before", "after"), MOVES)
def test_labels_move(move, before, after):
    if isinstance(after, str):
        with pytest.raises(UserError, match=after):
            move(before)
    else:
        assert move(before) == after


@pytest.mark.parametrize(
    ("published", "labels", "kept", "policy"),
    [
        ([1], {"stable": 1}, None, "latest { num_versions: 2 }"),
        ([1, 2], {"stable": 2, "previous": 1}, None, "latest { num_versions: 3 }"),
        ([1, 2, 3], {"stable": 2, "previous": 1, "canary": 3}, None, "latest { num_versions: 4 }"),
        ([1, 2], {"stable": 1}, None, "specific { versions: 1 versions: 3 }"),
        ([1, 2, 3], {"stable": 3, "previous": 1}, None, "specific { versions: 1 versions: 3 versions: 4 }"),
        ([2, 3], {"stable": 3, "previous": 1}, {"stable": 3}, "latest { num_versions: 2 }"),
    ],
)
def test_labelled_versions_are_loaded_and_the_next_one_will_be(tmp_path, published, labels, kept, policy):
    for number in published:
        (tmp_path / str(number)).mkdir()
    write_labels(tmp_path, labels)
    assert read_labels(tmp_path) == (labels if kept is None else kept)
    assert f"model_version_policy {{ {policy} }}" in " ".join((tmp_path / "models.config").read_text().split())


@pytest.mark.parametrize(
    ("published", "labels", "gone", "chosen"),
    [
        ([1, 2, 3], {}, [], {"stable": 3}),
        ([1, 2, 3], {"stable": 2, "previous": 1}, [2], {"stable": 1}),
        ([1, 2, 3], {"stable": 2, "previous": 1}, [2, 1], {"stable": 3}),
        ([1, 2, 3], {"stable": 2, "previous": 1, "canary": 3}, [3], {"stable": 2, "previous": 1, "canary": 3}),
        ([], {}, [], {}),
    ],
)
def test_there_is_a_live_version(tmp_path, published, labels, gone, chosen):
    for number in published:
        (tmp_path / str(number)).mkdir()
    if labels:
        write_labels(tmp_path, labels)
    for number in gone:
        (tmp_path / str(number)).rmdir()
    ensure_live(tmp_path)
    assert read_labels(tmp_path) == chosen


def test_a_version_that_is_gone_is_not_made_stable(tmp_path):
    for number in (1, 2):
        (tmp_path / str(number)).mkdir()
    write_labels(tmp_path, {"stable": 1, "canary": 2})
    (tmp_path / "2").rmdir()
    result = in_process("promote", "--model-dir", tmp_path)
    assert (result.returncode, result.stdout) == (2, "")
    assert "Version 2 would become stable but is not in" in result.stderr
    assert read_labels(tmp_path) == {"stable": 1, "canary": 2}


def test_folders_that_are_no_versions(tmp_path):
    for name in ("7", "007", "\u00b2", "-1", "1.0"):
        (tmp_path / name).mkdir()
    assert versions(tmp_path) == [7]


@pytest.mark.parametrize(("age", "words"), [(0, "Giving servers"), (60, "")])
def test_servers_are_given_time_to_follow(tmp_path, monkeypatch, capsys, age, words):
    monkeypatch.setattr(version_labels, "SECONDS_TO_FOLLOW", 0.5)
    config = tmp_path / "models.config"
    config.touch()
    os.utime(config, (time.time() - age,) * 2)
    wait_until_followed(tmp_path, Console())
    assert capsys.readouterr().out.startswith(words)
    assert not words or time.time() > config.stat().st_mtime + 0.5


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_waits_for_the_end(kind):
    steps = []
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt), defer_signals():
            signal.raise_signal(kind)
            steps.append("after the signal")
    finally:
        signal.signal(signal.SIGTERM, before)
    assert steps == ["after the signal"]


def test_what_a_kill_left_is_removed(run, model_dir):
    (model_dir / ".publishing-abc" / "1").mkdir(parents=True)
    publish(run, model_dir, QUIET)
    assert {path.name for path in model_dir.iterdir()} == {"1", "models.config"}


def test_what_else_a_configuration_says_stays(tmp_path):
    (tmp_path / "1").mkdir()
    other = 'config { name: "other" base_path: "/models/other" model_platform: "tensorflow" }'
    mine = 'config { name: "car_classifier" base_path: "/elsewhere" model_platform: "tensorflow" }'
    (tmp_path / "models.config").write_text(f"model_config_list {{ {other} {mine} }}")
    ensure_live(tmp_path)
    written = (tmp_path / "models.config").read_text()
    assert all(words in written for words in ('"other"', '"/models/other"', '"/elsewhere"'))
    assert read_labels(tmp_path) == {"stable": 1}
    (tmp_path / "models.config").write_text(f"model_config_list {{ {other} }}")
    with pytest.raises(UserError, match="has no model named car_classifier"):
        ensure_live(tmp_path)


def test_two_that_publish_wait_for_each_other(tmp_path, capsys):
    console, entered = Console(), threading.Event()

    def wait_in_turn() -> None:
        with publishing_lock(tmp_path, console):
            entered.set()

    with publishing_lock(tmp_path, console):
        second = threading.Thread(target=wait_in_turn)
        second.start()
        until(lambda: "Waiting for another process" in capsys.readouterr().out)
        assert not entered.is_set()
    second.join()
    assert entered.is_set()


@pytest.mark.parametrize("label", ["previous", "", "two words", "a/b"])
def test_labels_that_cannot_be_given(run, model_dir, label):
    with pytest.raises(UserError, match="A label is made of"):
        publish(run, model_dir, QUIET, label=label)


def test_nothing_to_try_a_canary_beside(run, model_dir):
    with pytest.raises(UserError, match="no live version beside which canary could be tried"):
        publish(run, model_dir, QUIET, label="canary")


@pytest.fixture
def asked_all_the_time(run, model_dir) -> Iterator[Server]:
    """A server of the folder that gets requests for the stable version without a pause, and must answer all."""
    publish(run, model_dir, QUIET)
    images = {"instances": [[[[0.0] * 3] * 24] * 16]}
    ended, failures = threading.Event(), []

    def ask(server: Server) -> None:
        with requests.Session() as session:
            while not ended.is_set():
                url = f"{server.url}/v1/models/{NAME}/labels/stable:predict"
                answer = session.post(url, json=images, timeout=30)
                if answer.status_code != 200:
                    failures.append(answer.text)

    with running(model_base_path=model_dir, model_name=NAME) as server:
        server.wait("1", "AVAILABLE", NAME)
        asking = threading.Thread(target=ask, args=(server,))
        asking.start()
        yield server
        ended.set()
        asking.join()
    assert failures == []


@pytest.mark.long
def test_labels_move_on_a_running_server_without_a_failed_request(asked_all_the_time, exported, tmp_path, model_dir):
    server = asked_all_the_time

    def has(label: str, version: str) -> None:
        url = f"{server.url}/v1/models/{NAME}/labels/{label}/metadata"
        until(lambda: requests.get(url, timeout=120).json().get("model_spec", {}).get("version") == version)

    def newest_answers(version: str) -> None:
        """A request without a label goes to the newest version that is loaded."""
        until(lambda: max(v for v, line in server.status(NAME).items() if line["state"] == "AVAILABLE") == version)

    def commanded(*arguments: object) -> str:
        return done(in_process(*arguments, "--model-dir", model_dir))

    has("stable", "1")
    publish(model_dir / "1", model_dir, QUIET)
    has("stable", "2")
    has("previous", "1")
    os.utime(model_dir / "models.config", (0, 0))
    assert "canary is version 3, stable is version 2" in commanded(
        "publish", shutil.copytree(exported, tmp_path / "second run"), "--label", "canary"
    )
    has("canary", "3")
    has("stable", "2")
    publish(model_dir / "1", model_dir, QUIET, label="canary")
    has("canary", "4")
    listed = json.loads(commanded("models", "--json", "-", "--server-url", server.url))
    assert [(row["version"], row["labels"], row["live"], row["photos"]) for row in listed] == [
        (4, ["canary"], True, 6),
        (3, [], False, 6),
        (2, ["stable"], True, 6),
        (1, ["previous"], True, 6),
    ]
    assert "stable is version 4, previous is version 2" in commanded("promote")
    has("stable", "4")
    server.wait("1", "END", NAME)
    assert "stable is version 2" in commanded("rollback")
    has("stable", "2")
    newest_answers("2")
    publish(model_dir / "1", model_dir, QUIET)
    has("stable", "5")
    newest_answers("5")
    (model_dir / "6").mkdir()
    (model_dir / "6" / "saved_model.pb").write_bytes(b"no model")
    write_labels(model_dir, with_label(read_labels(model_dir), "canary", 6))
    server.wait("6", "END", NAME)
    table = commanded("models", "--server-url", server.url)
    assert [line.split()[:3] for line in table.splitlines()[1:4]] == [
        ["6", "canary", "failed"],
        ["5", "stable", "yes"],
        ["4", "no", "ResNet50V2"],
    ]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["publish", "{folder}"], "holds no exported model. Give the folder of a finished training run"),
        (["promote"], "There is no published model in"),
        (["rollback"], "There is no published model in"),
        (["models"], "There is no published model in"),
        (["publish", "{folder}", "--margin", "2"], "must be at most 1"),
    ],
)
def test_a_mistake_is_one_sentence(tmp_path, arguments, words):
    result = in_process(*(part.format(folder=tmp_path) for part in arguments), "--model-dir", tmp_path / "model")
    assert result.returncode == 2
    assert words in " ".join(result.stderr.split())
    assert "Traceback" not in result.stderr
