"""Health and readiness, beside TensorFlow Serving's own addresses."""

import requests

from car_classifier.serving import ServedModel
from tests.support import saved_models as models
from tests.support.embedded_server import running, until


def ask(server, path: str) -> tuple[int, dict]:
    answer = requests.get(server.url + path, timeout=30)
    return answer.status_code, answer.json()


def test_a_server_is_alive_before_it_is_ready_and_says_what_is_missing(half_plus, tmp_path):
    served = (ServedModel(name="late", base_path=tmp_path), ServedModel(name="there", base_path=half_plus))
    with running(models=served) as server:
        server.wait("2", "AVAILABLE", "there")
        assert ask(server, "/healthz") == (200, {"alive": True})
        assert ask(server, "/readyz") == (503, {"ready": False, "missing": ["late"]})
        models.save_half_plus(tmp_path / "new" / "1", 2.0).rename(tmp_path / "1")
        server.wait("1", "AVAILABLE", "late")
        assert ask(server, "/readyz") == (200, {"ready": True, "missing": []})


def test_a_model_that_cannot_be_loaded_is_missing(tmp_path):
    (tmp_path / "1").mkdir()
    with running(model_base_path=tmp_path, model_name="m") as server:
        server.wait("1", "END")
        assert ask(server, "/readyz") == (503, {"ready": False, "missing": ["m"]})


def test_a_broken_new_version_does_not_count_while_the_old_one_answers(tmp_path):
    models.save_half_plus(tmp_path / "1", 2.0)
    with running(model_base_path=tmp_path, model_name="m") as server:
        server.wait("1", "AVAILABLE")
        (tmp_path / "2").mkdir()
        server.wait("2", "END")
        assert ask(server, "/readyz")[0] == 200


def test_a_model_that_shall_be_served_from_now_on_counts_at_once(half_plus, tmp_path):
    with running(model_base_path=half_plus, model_name="m") as server:
        server.wait("2", "AVAILABLE")
        server.server.repository.reload(
            (ServedModel(name="m", base_path=half_plus), ServedModel(name="more", base_path=tmp_path))
        )
        assert ask(server, "/readyz") == (503, {"ready": False, "missing": ["more"]})
        server.server.repository.reload((ServedModel(name="m", base_path=half_plus),))
        until(lambda: ask(server, "/readyz")[0] == 200)
