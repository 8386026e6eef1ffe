"""Health and readiness, beside TensorFlow Serving's own addresses."""

import requests

from car_classifier.serving import ServedModel
from tests.support import saved_models as models
from tests.support.embedded_server import running


def ask(server, path: str) -> tuple[int, dict]:
    answer = requests.get(server.url + path, timeout=120)
    return answer.status_code, answer.json()


def test_a_server_is_alive_before_it_is_ready_and_says_which_models_are_missing(half_plus, tmp_path):
    (tmp_path / "late").mkdir()
    (tmp_path / "broken" / "1").mkdir(parents=True)
    there, late, broken = (
        ServedModel(name="there", base_path=half_plus),
        ServedModel(name="late", base_path=tmp_path / "late"),
        ServedModel(name="broken", base_path=tmp_path / "broken"),
    )
    with running(models=(there, late, broken)) as server:
        server.wait("2", "AVAILABLE", "there")
        server.wait("1", "END", "broken")
        assert ask(server, "/healthz") == (200, {"alive": True})
        assert ask(server, "/readyz") == (503, {"ready": False, "missing": ["broken", "late"]})
        models.save_half_plus(tmp_path / "1", 2.0).rename(tmp_path / "late" / "1")
        server.wait("1", "AVAILABLE", "late")
        assert ask(server, "/readyz") == (503, {"ready": False, "missing": ["broken"]})
        # A change of the list of models counts at once.
        repository = server.server.repository
        repository.reload((there, late))
        assert ask(server, "/readyz") == (200, {"ready": True, "missing": []})
        repository.reload((there, late, ServedModel(name="more", base_path=tmp_path / "broken")))
        assert ask(server, "/readyz") == (503, {"ready": False, "missing": ["more"]})


def test_a_broken_new_version_does_not_count_while_the_old_one_answers(tmp_path):
    models.save_half_plus(tmp_path / "1", 2.0)
    with running(model_base_path=tmp_path, model_name="m") as server:
        server.wait("1", "AVAILABLE")
        (tmp_path / "2").mkdir()
        server.wait("2", "END")
        assert ask(server, "/readyz")[0] == 200
