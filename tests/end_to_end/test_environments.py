"""Machines unlike the developers': proxies, locales, links, other disks, read-only folders, files from Windows.

Each test is a table; a new kind of machine is a new line.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from car_classifier.data.indexing import index_photos
from car_classifier.data.manifest import read_manifest, relocated
from car_classifier.data.photo_sources import read_split_csv
from car_classifier.data.upload import plan_upload
from car_classifier.files import read_csv, read_json, sha256_of
from car_classifier.publishing.publish import publish
from car_classifier.registry import labels as version_labels
from car_classifier.registry.assets import check_checksums
from car_classifier.registry.folder import versions
from car_classifier.registry.labels import read_labels
from car_classifier.registry.published_version import PublishedVersion
from car_classifier.registry.server_status import version_states
from car_classifier.serving.metrics.monitoring import read_monitoring_config
from car_classifier.serving.models.batching_parameters import read_batching_parameters
from car_classifier.supervision import page_answers
from car_classifier.training.run import version_of
from dashboard.model_server.transport import ModelRequests, Timeout
from dashboard.photos.dataset import read_columns, read_dataset
from dashboard.reports.versions import Version
from tests.support.commands import car_classifier, done, in_process
from tests.support.pictures import blotches
from tests.support.runs import QUIET, exported_run

pytestmark = pytest.mark.long

NAMES = ("Citroën_C4/1.jpg", "Citroën_C4/2.jpg", "Škoda_Octavia/1.jpg", "Škoda_Octavia/ein Foto.jpg")


def write_photos(folder: Path, *names: str) -> Path:
    for i, name in enumerate(names or NAMES):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        blotches(i).save(folder / name)
    return folder


# --- Locales and the encodings of the output ---------------------------------------------------------------

LOCALES = {
    "C": {"LC_ALL": "C"},
    "C, and Python kept from UTF-8": {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
    "POSIX with ASCII": {"LC_ALL": "POSIX", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"},
    "output in ASCII": {"PYTHONIOENCODING": "ascii"},
    "output in Windows' Western European": {"PYTHONIOENCODING": "cp1252"},
}


@pytest.mark.long
@pytest.mark.parametrize("locale", LOCALES)
def test_commands_print_in_any_locale_and_keep_names_as_they_are(tmp_path, locale):
    (write_photos(tmp_path / "Fotos vom Händler") / "Citroën_C4" / "für später.jpg").touch()
    environment = os.environ | LOCALES[locale]
    arguments = ("data", "index", "Fotos vom Händler", "--out", "Daten für später/manifest.csv")
    result = car_classifier(*arguments, cwd=tmp_path, env=environment, errors="replace")
    assert "sp" in done(result)
    assert "ter.jpg: empty file" in result.stderr
    manifest = read_manifest(tmp_path / "Daten für später" / "manifest.csv")
    assert manifest.labels == ("Citroën_C4", "Škoda_Octavia")
    manifest.check_photos(manifest.rows)
    arguments = ("data", "stats", "--data", manifest.path, "--out", tmp_path / "figures", "--json", "-")
    said = done(car_classifier(*arguments, env=environment, errors="replace"))
    assert {"Citroën_C4", "Škoda_Octavia"} <= set(strings_in(json.loads(said)))


def strings_in(value: object) -> Iterator[str]:
    """All strings in a JSON value."""
    if isinstance(value, dict):
        yield from value
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from strings_in(inner)
    elif isinstance(value, str):
        yield value


@pytest.mark.long
@pytest.mark.parametrize("locale", LOCALES)
def test_the_dashboards_mistakes_are_sentences_in_any_locale(locale):
    environment = os.environ | LOCALES[locale] | {"DASHBOARD_MODEL_NAME": "Škoda …"}
    command = [sys.executable, "-m", "dashboard"]
    result = subprocess.run(command, env=environment, capture_output=True, check=False)
    assert (result.returncode, b"Traceback" in result.stderr) == (2, False), result.stderr
    assert b"DASHBOARD_MODEL_NAME" in result.stderr


# --- Proxies -----------------------------------------------------------------------------------------------


class OwnServer(BaseHTTPRequestHandler):
    """Answers as a model server or a dashboard does, or as a proxy that lets nobody through."""

    asked: list[str]
    code: int

    def do_GET(self) -> None:
        self.asked.append(self.path)
        available = {"version": "3", "state": "AVAILABLE", "status": {"error_code": "OK"}}
        self.send_response(self.code)
        self.end_headers()
        self.wfile.write(json.dumps({"model_version_status": [available]}).encode())

    do_POST = do_GET

    def log_message(self, *_: object) -> None:
        """Prints nothing."""


@contextmanager
def listening(code: int) -> Iterator[tuple[str, list[str]]]:
    """A server's address, and the paths that it was asked for."""
    handler = type("Handler", (OwnServer,), {"asked": [], "code": code})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", handler.asked
        server.shutdown()
        thread.join()


@pytest.fixture
def company_proxy(monkeypatch) -> Iterator[list[str]]:
    """A proxy for everything, as on a company's network; what it was asked for."""
    with listening(403) as (url, asked):
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, url)
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.setenv(name, "")
        yield asked


OWN_REQUESTS: dict[str, Callable[[str], object]] = {
    "models, up": version_states,
    "up, for the page": page_answers,
    "dashboard": lambda url: ModelRequests(url, "m", Timeout()).ask("GET", "", float("inf")),
    "dashboard, for an answer": lambda url: ModelRequests(url, "m", Timeout()).ask("POST", ":predict", 1e9, {}),
}


@pytest.mark.parametrize("who", OWN_REQUESTS)
def test_our_own_processes_talk_to_each_other_past_a_proxy(who, company_proxy):
    with listening(200) as (url, asked):
        assert OWN_REQUESTS[who](url)
        assert len(asked) == 1
    assert company_proxy == []


@pytest.mark.long
def test_the_gate_asks_its_server_past_a_proxy_and_publishes_onto_another_disk(tmp_path, company_proxy, monkeypatch):
    monkeypatch.setattr(version_labels, "SECONDS_TO_FOLLOW", 0)
    with another_disk(tmp_path) as disk:
        (tmp_path / "model").symlink_to(disk)
        publish(exported_run(tmp_path / "run"), tmp_path / "model", QUIET)
        assert versions(disk) == [1]
        assert read_labels(tmp_path / "model") == {"stable": 1}
        check_checksums(PublishedVersion(tmp_path / "model" / "1"))
    assert company_proxy == []


# --- Links and other disks ---------------------------------------------------------------------------------


@contextmanager
def another_disk(here: Path) -> Iterator[Path]:
    """A folder on another file system, where a file cannot be renamed to."""
    memory = Path("/dev/shm")  # noqa: S108 (the point of it)
    if not memory.is_dir() or memory.stat().st_dev == here.stat().st_dev or not os.access(memory, os.W_OK):
        pytest.skip("there is one file system only")
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        yield Path(folder)


def linked(place: str) -> Callable[[Path], None]:
    """Makes a folder of a project a link to somewhere else."""

    def make(folder: Path) -> None:
        (folder / "disk" / "deep" / "er").mkdir(parents=True)
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        (folder / place).symlink_to(folder / "disk" / "deep" / "er")

    return make


LINKS: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "none": (Path.exists, "data/images", "data/manifest.csv"),
    "data, and photos elsewhere": (linked("data"), "photos", "data/manifest.csv"),
    "data, with the photos in it": (linked("data"), "data/images", "data/manifest.csv"),
    "the photos": (linked("data/images"), "data/images", "data/manifest.csv"),
    "the photos, and a manifest elsewhere": (linked("photos"), "photos", "other/manifest.csv"),
    "both": (lambda folder: (linked("data")(folder), (folder / "p").symlink_to("disk")), "p", "data/manifest.csv"),
    "data, through ..": (linked("data"), "photos", "data/../other/manifest.csv"),
    "spaces and umlauts": (linked("meine Fotos"), "meine Fotos/für später", "Daten/x y/manifest.csv"),
}


@pytest.mark.parametrize("absolute", [False, True], ids=["relative", "absolute"])
@pytest.mark.parametrize("case", LINKS)
def test_a_manifest_finds_its_photos_behind_links(tmp_path, monkeypatch, case, absolute):
    make, photos, out = LINKS[case]
    make(tmp_path)
    write_photos(tmp_path / photos)
    monkeypatch.chdir(tmp_path)
    start = tmp_path if absolute else Path()
    (start / out).parent.mkdir(parents=True, exist_ok=True)
    manifest = index_photos(start / photos, start / out).manifest
    for path in (start / out, Path(os.path.realpath(out))):
        read = read_manifest(path)
        assert len(read.rows) == 4
        assert all(sha256_of(read.photo_path(row)) == row.sha256 for row in read.rows)
        assert all(photo.path.is_file() for photo in read_dataset(path).photos)
    for elsewhere in (tmp_path, tmp_path / photos, tmp_path / "far" / "away"):
        for row in relocated(manifest.rows, manifest.path.parent, elsewhere):
            elsewhere.mkdir(parents=True, exist_ok=True)
            assert sha256_of(elsewhere / row.file_name) == row.sha256


def test_an_upload_follows_links_and_keeps_their_names(tmp_path):
    linked("model/1")(tmp_path)
    (tmp_path / "model" / "1" / "saved_model.pb").touch()
    (tmp_path / "model" / "1" / "back").symlink_to(tmp_path / "model")
    (tmp_path / "live").symlink_to("model")
    for source, name in (("model", "model"), ("live", "live"), ("model/1", "1")):
        targets = [file.target for file in plan_upload(tmp_path / source, str(tmp_path / "store")).to_send]
        expected = f"{name}/saved_model.pb" if name == "1" else f"{name}/1/saved_model.pb"
        assert str(tmp_path / "store" / expected) in targets
        assert len(targets) <= 2


# --- Folders that cannot be written ------------------------------------------------------------------------


def test_nothing_is_written_beside_the_photos(tmp_path):
    folder = write_photos(tmp_path / "photos")
    blotches(7).save(folder / "Citroën_C4" / "3.webp")
    before = sorted(folder.rglob("*"))
    for path in (folder, *before):
        path.chmod(0o555 if path.is_dir() else 0o444)  # holds back all users but root
    done(in_process("data", "index", folder, "--convert", "--out", tmp_path / "data" / "manifest.csv"))
    assert sorted(folder.rglob("*")) == before
    for path in (folder, *before):
        path.chmod(0o755)


@pytest.mark.skipif(not Path("/sys").is_dir(), reason="only Linux has a folder that not even root can write to")
def test_a_manifest_that_cannot_be_written_is_a_sentence_before_the_work(tmp_path):
    result = in_process("data", "index", write_photos(tmp_path / "photos"), "--out", "/sys/manifest.csv")
    assert result.returncode == 2
    assert "Error: /sys/manifest.csv cannot be written: " in result.stderr
    assert "Reading photos" not in result.stderr


# --- Text files from Windows -------------------------------------------------------------------------------


MANIFEST = (
    "file_name,sha256,make,model,label,year,width,height,split,near_duplicate_group,original\n"
    "images/ö.jpg,0a,Citroën,C4,Citroën_C4,2015,64,48,test,,\n"
)
MODELS_CONFIG = """model_config_list { config {
    name: "car_classifier" base_path: "/models/car_classifier" model_platform: "tensorflow"
    version_labels { key: "stable" value: 3 }
} }
"""
ASSETS = "3/assets.extra"


def version_in(folder: Path) -> PublishedVersion:
    return PublishedVersion(folder / "3")


def checked(folder: Path) -> str:
    """Checks the one file of a version against its SHA256SUMS."""
    (folder / ASSETS / "ö.txt").write_text("x", encoding="utf-8")
    check_checksums(version_in(folder))
    return "as listed"


TEXTS: dict[str, tuple[str, str, Callable[[Path], object]]] = {
    "manifest": ("manifest.csv", MANIFEST, lambda folder: read_manifest(folder).rows),
    "list": ("list.csv", MANIFEST, lambda folder: [row for _, row in read_csv(folder / "list.csv")]),
    "split": ("split.csv", "file_name,split\nö.jpg,test\n", lambda folder: read_split_csv(folder / "split.csv")),
    "labels": (
        f"{ASSETS}/labels.json",
        '{"labels": ["Citroën_C4"],\n "makes": {"Citroën_C4": "Citroën"}}\n',
        lambda folder: (version_in(folder).names.labels, version_in(folder).names.makes),
    ),
    "metrics": (f"{ASSETS}/metrics.json", '{"top1":\n 0.5}\n', lambda folder: version_in(folder).read_metrics()),
    "checksums": (f"{ASSETS}/SHA256SUMS", f"{sha256(b'x').hexdigest()}  assets.extra/ö.txt\n", checked),
    "models.config": ("models.config", MODELS_CONFIG, read_labels),
    "monitoring": (
        "monitoring.config",
        "prometheus_config {\n enable: true\n}\n",
        lambda folder: read_monitoring_config(folder / "monitoring.config"),
    ),
    "batching": (
        "batching.config",
        "max_batch_size {\n value: 8\n}\n",
        lambda folder: read_batching_parameters(folder / "batching.config"),
    ),
    "a run": ("metrics.json", '{"version":\n "model/3"}\n', version_of),
    "any JSON": ("x.json", '{"ö":\n [1]}\n', lambda folder: read_json(folder / "x.json")),
    "dashboard, manifest": (
        "manifest.csv",
        MANIFEST,
        lambda folder: [(photo.label, photo.split) for photo in read_dataset(folder / "manifest.csv").photos],
    ),
    "dashboard, one photo": (
        "manifest.csv",
        MANIFEST,
        lambda folder: read_columns(folder / "manifest.csv", "images/ö.jpg"),
    ),
    "dashboard, labels": (
        f"{ASSETS}/labels.json",
        '{"labels":\n ["Citroën_C4"]}\n',
        lambda folder: Version(3, folder / "3").labels,
    ),
    "dashboard, history": (
        f"{ASSETS}/history.csv",
        "stage,epoch\nhead,1\n",
        lambda folder: Version(3, folder / "3").history,
    ),
    "dashboard, model card": (
        f"{ASSETS}/model_card.md",
        "# Citroën\n\n| a |\n",
        lambda folder: Version(3, folder / "3").card,
    ),
}
"""By kind of file: its name, what it holds, and a function that reads it in a folder."""


@pytest.mark.parametrize("kind", TEXTS)
@pytest.mark.parametrize(
    "written",
    [
        lambda text: "\ufeff" + text,
        lambda text: text.replace("\n", "\r\n"),
        lambda text: "\ufeff" + text.replace("\n", "\r\n"),
    ],
    ids=["byte order mark", "line ends", "both"],
)
def test_a_text_that_was_saved_on_windows_reads_the_same(tmp_path, kind, written):
    name, text, read = TEXTS[kind]
    for folder, content in (("here", text), ("windows", written(text))):
        path = tmp_path / folder / name
        path.parent.mkdir(parents=True)
        path.write_bytes(content.encode())
    result = read(tmp_path / "here")
    assert result
    assert read(tmp_path / "windows") == result
