"""Uploads to a folder, to memory and to a real S3 server on this machine."""

import logging
import os
import re
import subprocess
import sys
from pathlib import Path

import fsspec
import pytest
import requests
from moto.server import ThreadedMotoServer

from car_classifier.data.manifest import ManifestRow, write_manifest
from car_classifier.data.object_store import is_same, open_store
from car_classifier.data.upload import plan_upload, run_upload
from car_classifier.errors import UserError
from tests.support.commands import in_process


@pytest.fixture(scope="module")
def s3_server():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(s3_server, monkeypatch) -> str:
    """The URL of an empty bucket on an S3 server, whose address and keys are in the environment."""
    requests.post(f"{s3_server}/moto-api/reset", timeout=120).raise_for_status()
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_server)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "somebody")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    store, _ = open_store("s3://cars")
    store.mkdir("cars")
    return "s3://cars"


@pytest.fixture(params=["folder", "memory", pytest.param("s3", marks=pytest.mark.slow)])
def url(request, tmp_path):
    """A place to upload to, of every kind."""
    if request.param == "s3":
        yield request.getfixturevalue("s3")
    elif request.param == "folder":
        yield str(tmp_path / "target")
    else:
        yield "memory://cars"
        fsspec.filesystem("memory").rm("/cars", recursive=True)


def stored(url: str) -> dict[str, bytes]:
    """All files under a URL, by their paths in it."""
    store, root = open_store(url)
    return {name.removeprefix(root).lstrip("/"): store.cat_file(name) for name in store.find(root)}


def upload(source: Path, url: str) -> tuple[set[str], set[str]]:
    """Upload, and return the files that were sent and those that were there already."""
    plan = plan_upload(source, url)
    run_upload(plan)
    names = ({file.path.name for file in files} for files in (plan.to_send, plan.already_there))
    return next(names), next(names)


def filled(folder: Path, **content: str) -> Path:
    """A folder with files; `__` in a name stands for a slash and `_dot_` for a dot."""
    for name, text in content.items():
        path = folder / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def version(folder: Path) -> Path:
    """A folder that looks like a published version."""
    return filled(
        folder, saved_model_dot_pb="graph", variables__variables_dot_index="index", variables__data="weight" * 1000,
        assets_dot_extra__labels_dot_json="{}",
    )  # fmt: skip


def test_a_folder_arrives_under_its_name_and_is_not_sent_twice(tmp_path, url):
    photos = filled(tmp_path / "photos", a_dot_jpg="one", **{"Kia Rio__b_dot_jpg": "two", "_dot_hidden": "no"})
    os.mkfifo(photos / "pipe.jpg")
    assert upload(photos, url) == ({"a.jpg", "b.jpg"}, set())
    assert stored(url) == {"photos/a.jpg": b"one", "photos/Kia Rio/b.jpg": b"two"}
    assert plan_upload(photos, url).left_out == (photos / ".hidden",)
    assert upload(photos, url) == (set(), {"a.jpg", "b.jpg"})


def test_a_changed_file_is_sent_again_even_if_its_size_is_the_same(tmp_path, url):
    photos = filled(tmp_path / "photos", a_dot_jpg="one", b_dot_jpg="two")
    upload(photos, url)
    later = (photos / "a.jpg").stat().st_mtime + 5
    filled(photos, a_dot_jpg="two")
    os.utime(photos / "a.jpg", (later, later))
    assert upload(photos, url) == ({"a.jpg"}, {"b.jpg"})
    assert stored(url)["photos/a.jpg"] == b"two"


def test_one_file(tmp_path, url):
    filled(tmp_path, a_dot_jpg="one", b_dot_jpg="two")
    assert upload(tmp_path / "a.jpg", f"{url}/") == ({"a.jpg"}, set())
    assert stored(url) == {"a.jpg": b"one"}


def manifest_of(path: Path, *names: str, excluded: tuple[str, ...] = ()) -> Path:
    rows = [ManifestRow(name, "", "Kia", "Rio", "Kia_Rio", None, 4, 3, "train", "") for name in names]
    rows += [ManifestRow(name, "", "Kia", "Rio", "Kia_Rio", None, 4, 3, "train", "", "no car") for name in excluded]
    return write_manifest(path, rows).path


def test_a_manifest_brings_the_photos_that_it_lists_and_no_others(tmp_path, url):
    filled(tmp_path / "set", images__a_dot_jpg="one", images__b_dot_jpg="two", notes="no")
    manifest = manifest_of(tmp_path / "set" / "manifest.csv", "images/a.jpg")
    assert upload(manifest, f"{url}/set") == ({"manifest.csv", "a.jpg"}, set())
    assert stored(url) == {"set/manifest.csv": manifest.read_bytes(), "set/images/a.jpg": b"one"}


def test_excluded_photos_are_uploaded_as_well_and_may_be_gone(tmp_path, url):
    filled(tmp_path, a_dot_jpg="one", b_dot_jpg="two")
    manifest = manifest_of(tmp_path / "manifest.csv", "a.jpg", excluded=("b.jpg", "gone.jpg"))
    assert upload(manifest, url) == ({"manifest.csv", "a.jpg", "b.jpg"}, set())


class CutShort(Exception):
    """The connection broke."""


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["folder", "s3"])
def test_an_interrupted_version_is_no_model_yet_and_goes_on(tmp_path, kind, request):
    url = str(tmp_path / "target") if kind == "folder" else request.getfixturevalue("s3")

    def cut_short(done: int, total: int) -> None:
        if done:
            raise CutShort

    folder = version(tmp_path / "model" / "7")
    with pytest.raises(CutShort):
        run_upload(plan_upload(folder, url), cut_short)
    before = {Path(name).name for name in stored(url)}
    assert before
    assert "saved_model.pb" not in before
    sent, there = upload(folder, url)
    assert "saved_model.pb" in sent
    assert there >= before
    assert len(stored(url)) == 4


def test_a_model_folder_arrives_without_what_is_half_made(tmp_path, url):
    model = version(tmp_path / "model" / "1").parent
    version(model / "2")
    filled(model, _dot_cache__notes="x", **{"_dot_publishing-x__saved_model_dot_pb": "x"})
    upload(model, url)
    names = ("saved_model.pb", "variables/variables.index", "variables/data", "assets.extra/labels.json")
    assert set(stored(url)) == {f"model/{number}/{name}" for number in (1, 2) for name in names}
    assert {path.name for path in plan_upload(model, url).left_out} == {".cache", ".publishing-x"}


def test_saved_model_arrives_last(tmp_path, s3, caplog):
    with caplog.at_level(logging.INFO, "werkzeug"):
        upload(version(tmp_path / "1"), s3)
    sent = [line.split()[1] for line in re.findall(r'"(PUT /cars/\S+)', caplog.text)]
    assert (len(sent), sent[-1]) == (4, "/cars/1/saved_model.pb")


def test_another_model_under_the_same_number_is_refused_but_a_report_beside_it_is_renewed(tmp_path, url):
    folder = version(tmp_path / "1")
    upload(folder, url)
    filled(folder, assets_dot_extra__evaluations__mine_dot_json="{}")
    assert upload(folder, url)[0] == {"mine.json"}
    filled(folder, variables__data="others")
    with pytest.raises(UserError, match=r"holds another model at .*1\. A published version never changes"):
        plan_upload(folder, url)
    assert stored(url)["1/variables/data"] == b"weight" * 1000


def test_progress_counts_kilobytes(tmp_path, url):
    photos = filled(tmp_path / "photos", a="x" * 3000, b="x" * 5000)
    said = []
    run_upload(plan_upload(photos, url), lambda done, total: said.append((done, total)))
    assert said == sorted(said)
    assert said[-1] == (8, 8)


def test_a_file_sent_in_parts_is_compared_by_its_age(tmp_path, s3):
    """S3 reports no MD5 of such a file."""
    path = tmp_path / "large"
    path.write_bytes(os.urandom(11 * 2**20))
    store, _ = open_store(s3)
    store.put_file(str(path), "cars/large", chunksize=5 * 2**20)
    info = store.info("cars/large")
    assert "-" in info["ETag"]
    sent = info["LastModified"].timestamp()
    for age, same in ((-5, True), (5, False)):
        os.utime(path, (sent + age, sent + age))
        assert is_same(store, info, path) is same


@pytest.mark.parametrize(
    ("source", "to", "sentence"),
    [
        ("nothing", "s3://cars", "There is no file or folder at .*nothing"),
        ("empty", "s3://cars", "empty holds nothing to upload"),
        ("model/.publishing-x", "s3://cars", "is unfinished work. Upload a published version"),
        ("model/.publishing-x/saved_model.pb", "s3://cars", "is unfinished work"),
        ("outside.csv", "s3://cars", r"lists \.\./a.jpg, which lies outside the manifest's folder"),
        ("gone.csv", "s3://cars", "gone.jpg is gone. Make the manifest again"),
        ("photos", "nope://cars", "Protocol not known: nope. Give s3://…"),
        ("photos", "s3://", "names no bucket. Give one, as in s3://bucket/folder"),
        ("photos", "s3://others/x", "bucket does not exist. Check the bucket's name, or make the bucket first"),
        ("photos", "a.jpg/x", "Upload to .* failed: .*Not a directory"),
    ],
)
def test_mistakes(tmp_path, s3, monkeypatch, source, to, sentence):
    filled(tmp_path, a_dot_jpg="x", photos__a_dot_jpg="x")
    filled(tmp_path / "model" / ".publishing-x", saved_model_dot_pb="x")
    (tmp_path / "empty").mkdir()
    manifest_of(tmp_path / "outside.csv", "../a.jpg")
    manifest_of(tmp_path / "gone.csv", "gone.jpg")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=sentence):
        run_upload(plan_upload(Path(source), to))


def test_credentials_that_the_store_does_not_know(tmp_path, s3, s3_server):
    requests.post(f"{s3_server}/moto-api/reset-auth", data="0", timeout=120).raise_for_status()
    try:
        with pytest.raises(UserError, match="Access Key Id you provided does not exist.*Check the credentials"):
            plan_upload(filled(tmp_path / "photos", a="x"), s3)
    finally:
        requests.post(f"{s3_server}/moto-api/reset-auth", data="inf", timeout=120).raise_for_status()


def test_no_credentials(tmp_path, s3, monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(UserError, match="Unable to locate credentials. Set credentials"):
        plan_upload(filled(tmp_path / "photos", a="x"), s3)


@pytest.mark.slow
def test_the_command(tmp_path, s3):
    filled(tmp_path / "photos", a_dot_jpg="x" * 100_000, b_dot_jpg="y", _dot_hidden="z")
    arguments = ("data", "upload", "photos", f"{s3}/set")
    tried = in_process(*arguments, "--dry-run", cwd=tmp_path)
    assert tried.stdout.splitlines() == [
        "photos/a.jpg → cars/set/photos/a.jpg",
        "photos/b.jpg → cars/set/photos/b.jpg",
        "s3://cars/set: 2 files (0.1 MB) to send, 0 were there already.",
    ]
    assert stored(s3) == {}
    first, second = (in_process(*arguments, cwd=tmp_path) for _ in range(2))
    assert first.stdout == "s3://cars/set: 2 files (0.1 MB) sent, 0 were there already.\n"
    assert "Left out, because hidden: photos/.hidden" in first.stderr
    assert second.stdout == "s3://cars/set: 0 files (0.0 MB) sent, 2 were there already.\n"
    assert len(stored(s3)["set/photos/a.jpg"]) == 100_000


def test_without_the_cloud_packages_it_says_which_to_install(tmp_path):
    program = "import sys; sys.modules['s3fs'] = None; from car_classifier.cli import main; main()"
    arguments = ["data", "upload", filled(tmp_path / "photos", a="x"), "s3://cars"]
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "pip install 'car-classification[cloud]'" in done.stderr
    assert len(done.stderr.splitlines()) == 1
