"""Settings come from the environment; a sentence refuses an unusable value."""

import subprocess
import sys
from pathlib import Path

import pytest

from dashboard import SettingsError, load_settings


def test_the_defaults_find_a_server_started_on_this_machine(monkeypatch):
    monkeypatch.delenv("DASHBOARD_PORT", raising=False)
    settings = load_settings()
    assert settings.model_server_url == "http://localhost:8501"
    assert (settings.model_name, settings.model_label) == ("car_classifier", "")
    assert (settings.host, settings.port, settings.trusted_proxies) == ("127.0.0.1", 8050, "")


@pytest.mark.parametrize(
    ("files", "setting", "found"),
    [
        (["data/manifest.csv", "data/demo/manifest.csv"], None, "data/manifest.csv"),
        (["data/demo/manifest.csv"], None, "data/demo/manifest.csv"),
        (["data/images/README.md"], None, "data/manifest.csv"),
        (["photos/demo/manifest.csv"], "photos", "photos/demo/manifest.csv"),
        (["data/manifest.csv", "other.csv"], "other.csv", "other.csv"),
        (["data/manifest.csv"], "gone.csv", "gone.csv"),
    ],
)
def test_the_users_own_photos_go_before_the_drawn_ones(monkeypatch, tmp_path, files, setting, found):
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DASHBOARD_MANIFEST", raising=False)
    if setting is not None:
        monkeypatch.setenv("DASHBOARD_MANIFEST", setting)
    assert load_settings().manifest_file == Path(found)


def test_the_environment_is_heeded(monkeypatch):
    monkeypatch.setenv("DASHBOARD_MODEL_SERVER_URL", "https://models.example/base/")
    monkeypatch.setenv("DASHBOARD_MAX_UPLOAD_MB", "2.5")
    assert load_settings().model_server_url == "https://models.example/base"
    assert load_settings().max_upload_mb == 2.5


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("MODEL_SERVER_URL", "localhost:8501", "must look like http://localhost:8501"),
        ("MODEL_SERVER_URL", "file:///etc/passwd", "must look like"),
        ("MODEL_SERVER_URL", "http://", "must look like"),
        ("MODEL_SERVER_URL", "http://me:secret@host", "must not hold a user name or password"),
        ("MODEL_SERVER_URL", "http://host:8501?x=1", "must end before any"),
        ("MODEL_SERVER_URL", "http://host:99999", "must have a port from 0 to 65535"),
        ("MODEL_NAME", "", "must consist of letters, digits"),
        ("MODEL_NAME", "../secret", "must consist of letters, digits"),
        ("MODEL_LABEL", "a/b", "must consist of letters, digits"),
        ("PORT", "eighty", r"must be a whole number from 1 to 65535\. Received: 'eighty'$"),
        ("PORT", "0", "must be a whole number from 1 to"),
        ("PORT", "65536", "to 65535"),
        ("TRUSTED_PROXIES", "proxy", "addresses or networks"),
        ("TRUSTED_PROXIES", "127.0.0.1,10.0.0.1/8", "addresses or networks"),
        ("MAX_UPLOAD_MB", "-1", "must be a number above 0 and at most 200"),
        ("MAX_MEGAPIXELS", "nan", "must be a number above 0 and at most 150"),
        ("READ_TIMEOUT", "0", "must be a number above 0 and at most 600"),
        ("SURE_ABOVE", "half", "must be a number from 0 to 1"),
        ("HOST", "", "must not be empty"),
        ("PHOTO_COUNT", "0", "must be a whole number from 1 to"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(monkeypatch, name, value, words):
    monkeypatch.setenv(f"DASHBOARD_{name}", value)
    with pytest.raises(SettingsError, match=f"^DASHBOARD_{name} .*{words}") as caught:
        load_settings()
    assert len(str(caught.value).splitlines()) == 1


def test_the_password_in_an_address_is_not_repeated(monkeypatch):
    monkeypatch.setenv("DASHBOARD_MODEL_SERVER_URL", "http://me:secret@host")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert "secret" not in str(caught.value)


def test_the_program_ends_with_2_and_one_sentence(monkeypatch):
    monkeypatch.setenv("DASHBOARD_PORT", "0")
    done = subprocess.run([sys.executable, "-m", "dashboard"], capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "DASHBOARD_PORT must be a whole number from 1 to 65535. Received: '0'\n"


def test_help_lists_all_settings_and_nothing_is_served():
    command = [sys.executable, "-m", "dashboard"]
    done = subprocess.run([*command, "--help"], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0
    for words in ("Serves the page until Ctrl-C", "DASHBOARD_PORT\n", "Port to listen on. [8050]", "DATABASE_URL\n"):
        assert words in done.stdout
    done = subprocess.run([*command, "--port", "1"], capture_output=True, text=True, timeout=300)
    assert done.returncode == 2
    assert "unrecognized arguments: --port 1" in done.stderr
