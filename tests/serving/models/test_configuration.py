"""`models.config`: its fields, its errors, and how a running server follows it."""

import pytest
import requests

from car_classifier.errors import UserError
from car_classifier.serving import ModelServer, ServedModel, ServerSettings
from car_classifier.serving.models.configuration import read_model_config
from tests.support.embedded_server import running, until

pytestmark = pytest.mark.slow


def entry(base_path, name="m", more="", platform='model_platform: "tensorflow"') -> str:
    return f'config {{ name: "{name}" base_path: "{base_path}" {platform} {more} }}'


def write(path, *entries: str):
    # As an editor or a mounted ConfigMap does it: never half a file.
    path.with_suffix(".new").write_text("model_config_list {\n" + "\n".join(entries) + "\n}\n")
    path.with_suffix(".new").rename(path)
    return path


@pytest.fixture
def config_file(tmp_path):
    return tmp_path / "models.config"


@pytest.mark.parametrize(
    ("policy", "versions", "newest"),
    [
        ("", (), 1),
        ("model_version_policy { latest {} }", (), 1),
        ("model_version_policy { latest { num_versions: 3 } }", (), 3),
        ("model_version_policy: { all: {} }", (), None),
        ("model_version_policy { specific { versions: 2, versions: 1 } }", (2, 1), 1),
        ("model_version_policy { specific { versions: [2, 1] } }", (2, 1), 1),
    ],
)
def test_version_policies(config_file, half_plus, policy, versions, newest):
    (model,) = read_model_config(write(config_file, entry(half_plus, more=policy)))
    assert model == ServedModel(name="m", base_path=half_plus, versions=versions, newest=newest)


def test_labels_and_several_models(config_file, half_plus, tmp_path):
    labels = 'version_labels { key: "stable" value: 1 } version_labels { key: "canary" value: 2 }'
    models = read_model_config(write(config_file, entry(half_plus, more=labels), entry(tmp_path, "other")))
    assert models == (
        ServedModel(name="m", base_path=half_plus, version_labels={"stable": 1, "canary": 2}),
        ServedModel(name="other", base_path=tmp_path),
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("model_config_list {", "The model configuration file .* is wrong in line 1:"),
        ("model_config_list { config { nmae: 'm' } }", 'no field named "nmae"'),
        ("", "Put the models into one"),
        ("custom_model_config {}", "Only a model_config_list is supported"),
        (entry("{0}", platform=""), 'model_platform must be "tensorflow". Received: ""'),
        (entry("{0}", platform='model_platform: "pytorch"'), 'must be "tensorflow". Received: "pytorch"'),
        (entry("{0}", platform='model_type: TENSORFLOW model_platform: "tensorflow"'), "Leave model_type out"),
        (entry("model"), 'base_path must be an absolute path to a folder. Received: "model"'),
        (entry("gs://bucket/model"), "base_path must be an absolute path"),
        (entry("/does/not/exist"), "The model folder /does/not/exist does not exist"),
        (entry("{0}", more="model_version_policy { specific {} }"), "must name at least one version"),
        (entry("{0}", name="a/b"), "must not be empty nor hold"),
        (entry("{0}") + entry("{0}"), "Two models have the same name. Received: m, m"),
    ],
)
def test_what_is_refused(config_file, half_plus, text, message):
    if text.startswith("config"):
        text = f"model_config_list {{ {text} }}"
    config_file.write_text(text.replace("{0}", str(half_plus)))
    with pytest.raises(UserError, match=message) as caught:
        read_model_config(config_file)
    assert str(config_file) in str(caught.value)


def test_a_file_that_is_not_there(config_file):
    with pytest.raises(UserError, match="The model configuration file .* cannot be read: No such file"):
        ModelServer(ServerSettings(model_config_file=config_file))


STABLE_1 = 'version_labels { key: "stable" value: 1 }'
STABLE_2 = 'version_labels { key: "stable" value: 2 }'
ALL = "model_version_policy { all {} }"


def test_at_the_start_a_label_needs_the_flag(config_file, half_plus):
    write(config_file, entry(half_plus, more=STABLE_1))
    with pytest.raises(UserError, match="Request to assign label to version 1 .*allow-version-labels"):
        ModelServer(ServerSettings(model_config_file=config_file, rest_api_port=0))


def status_code(server, name) -> int:
    return server.predict({"instances": [1.0]}, name).status_code


def answer(server, name) -> float:
    return server.predict({"instances": [1.0]}, name).json()["predictions"][0]


@pytest.fixture
def following(config_file, half_plus):
    """A server that follows a file, with all versions of `m` and the label `stable` on version 1."""
    write(config_file, entry(half_plus, more=ALL + STABLE_1))
    with running(
        model_config_file=config_file,
        model_config_file_poll_wait_seconds=0.05,
        allow_version_labels_for_unavailable_models=True,
    ) as server:
        for version in ("1", "2"):
            server.wait(version, "AVAILABLE")
        yield server


def test_models_come_and_go(following, config_file, half_plus):
    write(config_file, entry(half_plus, more=ALL), entry(half_plus, "other"))
    following.wait("2", "AVAILABLE", "other")
    write(config_file, entry(half_plus, "other"))
    following.wait("2", "END", "m")
    assert (status_code(following, "m"), answer(following, "other")) == (404, 3.5)
    write(config_file, entry(half_plus, more=ALL))
    following.wait("1", "AVAILABLE")


def test_labels_move(following, config_file, half_plus):
    assert answer(following, "m/labels/stable") == 2.5
    write(config_file, entry(half_plus, more=ALL + STABLE_2))
    until(lambda: answer(following, "m/labels/stable") == 3.5)
    write(config_file, entry(half_plus, more=ALL))
    until(lambda: status_code(following, "m/labels/stable") == 400)


def test_the_policy_changes(following, config_file, half_plus):
    write(config_file, entry(half_plus))
    following.wait("1", "END")
    write(config_file, entry(half_plus, more="model_version_policy { specific { versions: 1 } }"))
    following.wait("2", "END")
    assert answer(following, "m") == 2.5
    write(config_file, entry(half_plus, more=ALL))
    following.wait("2", "AVAILABLE")
    assert following.status()["1"]["state"] == "AVAILABLE"


def test_a_file_that_cannot_be_used_changes_nothing_until_it_is_mended(following, config_file, half_plus, caplog):
    label_3 = "model_config_list {" + entry(half_plus, more='version_labels { key: "stable" value: 3 }') + "}"
    for content, message in (
        ("model_config_list {", "is wrong in line 1"),
        ("", "Put the models into one"),
        (label_3, "Request to assign label to version 3 of model m, which is not"),
    ):
        config_file.write_text(content)
        until(lambda message=message: message in caplog.text)
        assert (answer(following, "m/labels/stable"), answer(following, "m")) == (2.5, 3.5)
        for label, expected in ((STABLE_2, 3.5), (STABLE_1, 2.5)):
            write(config_file, entry(half_plus, more=ALL + label))
            until(lambda expected=expected: answer(following, "m/labels/stable") == expected)
        assert caplog.text.count(message) == 1


def test_without_the_flag_a_label_comes_when_its_version_is_loaded(config_file, half_plus):
    write(config_file, entry(half_plus, more=ALL))
    with running(model_config_file=config_file, model_config_file_poll_wait_seconds=0.05) as server:
        server.wait("1", "AVAILABLE")
        write(config_file, entry(half_plus, more=ALL + STABLE_1))
        until(lambda: status_code(server, "m/labels/stable") == 200)
        assert answer(server, "m/labels/stable") == 2.5


def test_no_request_is_lost_while_labels_and_policies_change(following, config_file, half_plus):
    """The version behind the label is always loaded, so every request must be answered."""
    specific = "model_version_policy {{ specific {{ versions: {0} }} }} version_labels {{ key: 'stable' value: {0} }}"
    with requests.Session() as session:
        for turn in range(2):
            version = 2 - turn % 2
            write(config_file, entry(half_plus, more=ALL + (STABLE_1, STABLE_2)[version - 1]))
            seen: set[float] = set()

            def moved(seen=seen, version=version) -> bool:
                url = f"{following.url}/v1/models/m/labels/stable:predict"
                response = session.post(url, json={"instances": [1.0]}, timeout=30)
                assert response.status_code == 200, response.text
                seen.add(response.json()["predictions"][0])
                return version + 1.5 in seen

            until(moved)
            other = str(3 - version)
            write(config_file, entry(half_plus, more=specific.format(version)))
            until(lambda other=other, moved=moved: moved() and following.status()[other]["state"] == "END")
            write(config_file, entry(half_plus, more=ALL + (STABLE_1, STABLE_2)[version - 1]))
            following.wait(other, "AVAILABLE")
