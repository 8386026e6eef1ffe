"""Versions appear, break, are mended and vanish on disk while the server answers."""

import shutil
import threading

import pytest

from . import models
from .conftest import running, until


def publish(source, base, version: str):
    """Copy a version into a model's folder so that it appears complete."""
    shutil.copytree(source, base / "copying")
    (base / "copying").rename(base / version)


@pytest.fixture
def base(half_plus, tmp_path):
    """A model folder with version 1 of `half_plus` alone."""
    shutil.copytree(half_plus / "1", tmp_path / "1")
    return tmp_path


def answer(server) -> float:
    response = server.predict({"instances": [1.0]})
    assert response.status_code == 200, response.text
    return response.json()["predictions"][0]


def test_a_new_version_takes_over_and_no_request_is_lost(base, half_plus):
    with running(model_base_path=base, model_name="m") as server:
        server.wait("1", "AVAILABLE")
        answers, swapped = [], threading.Event()

        def ask():
            while not swapped.is_set():
                answers.append(server.predict({"instances": [1.0]}))

        clients = [threading.Thread(target=ask) for _ in range(3)]
        for client in clients:
            client.start()
        publish(half_plus / "2", base, "2")
        server.wait("1", "END")
        swapped.set()
        for client in clients:
            client.join()

        assert {response.status_code for response in answers} == {200}
        assert {response.json()["predictions"][0] for response in answers} <= {2.5, 3.5}
        assert answer(server) == 3.5
        assert server.status()["2"]["state"] == "AVAILABLE"


def test_the_old_version_stays_until_its_last_request_has_ended(base, half_plus):
    with running(model_base_path=base, model_name="m") as server:
        server.wait("1", "AVAILABLE")
        with server.server.repository.use("m") as (number, model):
            publish(half_plus / "2", base, "2")
            server.wait("1", "UNLOADING")
            assert answer(server) == 3.5
            assert (number, model.run("", {"x": models.np.float32([1.0])})["y"].tolist()) == (1, [2.5])
        server.wait("1", "END")


def remove_variables(folder):
    shutil.rmtree(folder / "variables")


def cut_graph(folder):
    graph = (folder / "saved_model.pb").read_bytes()
    (folder / "saved_model.pb").write_bytes(graph[: len(graph) // 2])


def remove_all(folder):
    shutil.rmtree(folder)
    folder.mkdir()


def warm_up_with_junk(folder):
    models.write_warmup(folder, [b"\xffnot a record"])


def warm_up_with_unknown_input(folder):
    models.write_warmup(folder, [models.warmup_record([1.0]), models.warmup_record([1.0], "zz")])


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (remove_variables, "variables"),
        (cut_graph, "SavedModel"),
        (remove_all, "SavedModel"),
        (warm_up_with_junk, "Failed to parse warmup record"),
        (warm_up_with_unknown_input, "input size does not match signature"),
    ],
)
def test_a_broken_version_is_reported_and_the_old_one_answers_until_it_is_mended(base, half_plus, harm, message):
    with running(model_base_path=base, model_name="m") as server:
        server.wait("1", "AVAILABLE")
        shutil.copytree(half_plus / "2", base / "half")
        harm(base / "half")
        (base / "half").rename(base / "2")

        status = server.wait("2", "END")["status"]
        assert status["error_code"] != "OK"
        assert message in status["error_message"]
        assert answer(server) == 2.5

        shutil.rmtree(base / "2")
        publish(half_plus / "2", base, "2")
        server.wait("1", "END")
        assert answer(server) == 3.5


def test_it_waits_for_the_first_version(tmp_path, half_plus):
    with running(model_base_path=tmp_path, model_name="m") as server:
        response = server.predict({"instances": [1.0]})
        assert (response.status_code, response.json()) == (
            404,
            {"error": "Servable not found for request: Latest(m)"},
        )
        assert server.status() == {}
        publish(half_plus / "1", tmp_path, "7")
        server.wait("7", "AVAILABLE")
        assert answer(server) == 2.5


def test_only_folders_named_by_an_integer_are_versions(base, half_plus):
    for name in ("3.tmp", ".4", "v5", "6 copy", "-7"):
        shutil.copytree(half_plus / "2", base / name)
    (base / "8").write_text("a file")
    with running(model_base_path=base, model_name="m") as server:
        server.wait("1", "AVAILABLE")
        assert server.status().keys() == {"1"}


def test_removing_the_newest_version_brings_the_one_before_back(base, half_plus):
    with running(model_base_path=base, model_name="m") as server:
        server.wait("1", "AVAILABLE")
        publish(half_plus / "2", base, "2")
        server.wait("1", "END")
        shutil.rmtree(base / "2")
        server.wait("2", "END")
        assert answer(server) == 2.5
        assert server.status()["1"]["state"] == "AVAILABLE"


def test_an_emptied_folder_leaves_the_loaded_version_in_place(base, caplog):
    with running(model_base_path=base, model_name="m") as server:
        server.wait("1", "AVAILABLE")
        shutil.rmtree(base / "1")
        until(lambda: "no version in" in caplog.text)
        assert answer(server) == 2.5


def test_a_failed_load_is_not_repeated_while_nothing_has_changed(base, half_plus, caplog):
    with running(model_base_path=base, model_name="m") as server:
        server.wait("1", "AVAILABLE")
        (base / "2").mkdir()
        server.wait("2", "END")
        (base / "2" / "saved_model.pb").write_bytes(b"half of it")
        until(lambda: caplog.text.count("version 2 failed to load") == 2)
        publish(half_plus / "1", base, "3")
        server.wait("1", "END")
        assert caplog.text.count("version 2 failed to load") == 2
