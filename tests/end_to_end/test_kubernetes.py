"""The Kubernetes manifests are valid by the API server's schemas, and agree with Docker Compose and the code.

No cluster was available: docs/how-to/kubernetes.md says what was not run.
"""

import re
from collections.abc import Iterator
from typing import Any

import kubernetes_validate
import pytest
import yaml
from pydantic.fields import FieldInfo

from car_classifier.registry.labels import CONFIG_NAME, MODEL_NAME, SERVED_FROM, STABLE
from car_classifier.serving.metrics.monitoring import read_monitoring_config
from dashboard.settings import ENV_PREFIX, Settings
from tests.support.commands import car_classifier, done
from tests.support.datasets import kept_in
from tests.support.repository import ROOT

pytestmark = pytest.mark.slow

FOLDER = ROOT / "deploy" / "kubernetes"
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
KUSTOMIZATION = yaml.safe_load((FOLDER / "kustomization.yaml").read_text(encoding="utf-8"))
FILES = sorted(path for path in FOLDER.glob("*.yaml") if path.name != "kustomization.yaml")
KSERVE = yaml.safe_load((FOLDER / "kserve" / "inference-service.yaml").read_text(encoding="utf-8"))
VERSIONS = ["1.30", "1.32", "1.34", kubernetes_validate.latest_version()]


def objects() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object of the manifests, with a name for the test."""
    for path in FILES:
        for value in yaml.safe_load_all(path.read_text(encoding="utf-8")):
            yield f"{value['kind']} {value['metadata']['name']}", value


OBJECTS = dict(objects())


def pod_of(value: dict[str, Any]) -> dict[str, Any] | None:
    """The specification of an object's pods; none where it has no pods."""
    spec = value.get("spec", {})
    spec = spec.get("jobTemplate", {}).get("spec", spec)
    return spec.get("template", {}).get("spec")


PODS = {name: pod for name, value in OBJECTS.items() if (pod := pod_of(value))}
SERVING, DASHBOARD = PODS["Deployment car-serving"], PODS["Deployment car-dashboard"]
TRAINING = PODS["CronJob car-classifier"]


def container(pod: dict[str, Any]) -> dict[str, Any]:
    """A pod's only lasting container."""
    (only,) = pod["containers"]
    return only


def environment(pod: dict[str, Any]) -> dict[str, Any]:
    return {variable["name"]: variable.get("value") for variable in container(pod)["env"]}


def ports(pod: dict[str, Any]) -> dict[str, int]:
    return {port["name"]: port["containerPort"] for port in container(pod).get("ports", [])}


def mounts(pod: dict[str, Any]) -> dict[str, str]:
    """The volume at each path of a pod's container: the claim, the ConfigMap or `emptyDir`."""
    volumes = {}
    for volume in pod["volumes"]:
        claim = volume.get("persistentVolumeClaim", {}).get("claimName")
        volumes[volume["name"]] = claim or volume.get("configMap", {}).get("name") or "emptyDir"
    return {mount["mountPath"]: volumes[mount["name"]] for mount in container(pod)["volumeMounts"]}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", OBJECTS)
def test_every_object_is_what_the_api_server_expects(name, version):
    kubernetes_validate.validate(OBJECTS[name], version, strict=True)


def test_a_wrong_field_would_be_found():
    wrong = {**OBJECTS["Service car-serving"], "spec": {"selectors": {}}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, VERSIONS[0], strict=True)


def test_kustomize_takes_every_file_and_replaces_the_images_that_are_ours():
    assert sorted(KUSTOMIZATION["resources"]) == [path.name for path in FILES]
    used = {part["image"] for pod in PODS.values() for part in [*pod.get("initContainers", []), *pod["containers"]]}
    ours = {image["name"] for image in KUSTOMIZATION["images"]}
    assert used == ours | {COMPOSE["serving"]["image"]}
    assert all(image["newTag"] for image in KUSTOMIZATION["images"])


def test_nothing_names_a_namespace():
    assert not [name for name, value in OBJECTS.items() if "namespace" in value["metadata"]]


@pytest.mark.parametrize("name", PODS)
def test_pods_have_no_more_rights_than_they_need(name):
    pod = PODS[name]
    assert pod["automountServiceAccountToken"] is False
    context = pod["securityContext"]
    assert context["runAsNonRoot"] is True
    assert context["seccompProfile"] == {"type": "RuntimeDefault"}
    for part in [*pod.get("initContainers", []), *pod["containers"]]:
        assert part["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert part["resources"]["requests"].keys() == {"cpu", "memory"}
        assert "memory" in part["resources"]["limits"]


def test_all_pods_share_files_as_the_user_of_the_dashboards_image():
    user = int(re.search(r"^USER (\d+)$", (ROOT / "Dockerfile.dashboard").read_text(encoding="utf-8"), re.MULTILINE)[1])
    for pod in PODS.values():
        context = pod["securityContext"]
        assert {context[key] for key in ("runAsUser", "runAsGroup", "fsGroup")} == {user}


def test_only_training_writes_to_the_volumes():
    for pod in (SERVING, DASHBOARD):
        claims = [volume["persistentVolumeClaim"] for volume in pod["volumes"] if "persistentVolumeClaim" in volume]
        assert claims
        assert all(claim["readOnly"] for claim in claims)
    written = {path: what for path, what in mounts(TRAINING).items() if what != "emptyDir"}
    assert written == {"/app/data": "car-data", "/app/model": "car-model"}
    for name in ("car-data", "car-model"):
        assert OBJECTS[f"PersistentVolumeClaim {name}"]["spec"]["accessModes"] == ["ReadWriteMany"]


def test_containers_have_their_folders_where_compose_has_them():
    def at(service: str) -> dict[str, str]:
        return {volume.split(":")[0]: volume.split(":")[1] for volume in COMPOSE[service]["volumes"]}

    serving = mounts(SERVING)
    assert serving[at("serving")["./model"]] == "car-model"
    assert serving[at("serving")["./deploy/serving"]] == "car-serving"
    dashboard = mounts(DASHBOARD)
    assert dashboard[at("dashboard")["./model"]] == "car-model"
    assert dashboard[at("dashboard")["./data"]] == "car-data"
    training = mounts(TRAINING)
    assert training[at("bootstrap")["./model"]] == "car-model"
    assert training[at("bootstrap")["./data"]] == "car-data"


def test_the_model_server_is_started_as_compose_starts_it():
    assert container(SERVING)["image"] == COMPOSE["serving"]["image"]
    assert container(SERVING)["args"] == COMPOSE["serving"]["command"]
    assert environment(SERVING) == COMPOSE["serving"]["environment"] == {"MODEL_NAME": MODEL_NAME}
    assert ports(SERVING) == {"http": 8501, "grpc": 8500}
    compose_ports = {int(port.rsplit(":", 1)[1]) for port in COMPOSE["serving"]["ports"]}
    assert compose_ports == set(ports(SERVING).values())


def test_the_model_server_waits_for_what_it_reads():
    (waits,) = SERVING["initContainers"]
    config = f"{SERVED_FROM}/{CONFIG_NAME}"
    assert waits["image"] == container(SERVING)["image"]
    assert waits["command"][-1] == config
    assert f"--model_config_file={config}" in container(SERVING)["args"]
    assert waits["volumeMounts"][0] in container(SERVING)["volumeMounts"]


def test_the_monitoring_file_is_that_of_the_repository(tmp_path):
    (text,) = OBJECTS["ConfigMap car-serving"]["data"].values()
    source = ROOT / "deploy" / "serving" / "monitoring.config"
    assert text == source.read_text(encoding="utf-8")
    annotations = OBJECTS["Deployment car-serving"]["spec"]["template"]["metadata"]["annotations"]
    assert annotations["prometheus.io/path"] == read_monitoring_config(source)
    assert annotations["prometheus.io/port"] == str(ports(SERVING)["http"])


def test_a_server_is_ready_when_the_stable_version_can_be_asked():
    path = container(SERVING)["readinessProbe"]["httpGet"]["path"]
    assert path == f"/v1/models/{MODEL_NAME}/labels/{STABLE}/metadata"


def test_services_reach_the_pods():
    for name, pod in (("car-serving", SERVING), ("car-dashboard", DASHBOARD)):
        service, deployment = OBJECTS[f"Service {name}"]["spec"], OBJECTS[f"Deployment {name}"]["spec"]
        labels = deployment["template"]["metadata"]["labels"]
        assert deployment["selector"]["matchLabels"].items() <= labels.items()
        assert service["selector"].items() <= labels.items()
        assert service["type"] == "ClusterIP"
        assert {port["targetPort"]: port["port"] for port in service["ports"]} == ports(pod)


def test_the_dashboard_has_the_settings_of_compose_under_names_that_it_knows():
    told, by_compose = environment(DASHBOARD), COMPOSE["dashboard"]["environment"]
    assert by_compose.keys() <= told.keys()
    fields: dict[str, FieldInfo] = Settings.model_fields
    known = {str(field.validation_alias or f"{ENV_PREFIX}{name}".upper()) for name, field in fields.items()}
    assert told.keys() <= known
    for name in ("DASHBOARD_MODEL_NAME", "DASHBOARD_MODEL_LABEL"):
        assert told[name] == by_compose[name]
    host, port = told["DASHBOARD_MODEL_SERVER_URL"].removeprefix("http://").split(":")
    assert f"Service {host}" in OBJECTS
    assert int(port) == ports(SERVING)["http"]
    assert ports(DASHBOARD) == {"http": Settings.model_fields["port"].default}


def test_the_dashboards_settings_are_accepted(monkeypatch):
    told = environment(DASHBOARD) | {"DATABASE_URL": "postgresql://cars:secret@postgres/cars"}
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    assert Settings().workers == int(told["DASHBOARD_WORKERS"])


def test_probes_ask_addresses_that_are_there(dashboard_client):
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        asked = container(DASHBOARD)[probe]["httpGet"]
        assert asked["port"] in ports(DASHBOARD)
        assert dashboard_client.get(asked["path"]).status_code == 200


@pytest.fixture
def dashboard_client(tmp_path):
    from dashboard import create_app

    settings = Settings(
        **kept_in(tmp_path),
        model_server_url="http://127.0.0.1:9",  # the page is ready without it
        manifest=tmp_path / "manifest.csv",
        model_folder=tmp_path / "model",
    )
    return create_app(settings).server.test_client()


def test_no_service_becomes_a_setting():
    """Kubernetes sets variables for Services in every pod: a Service "dashboard" would set DASHBOARD_PORT."""
    assert all(pod["enableServiceLinks"] is False for pod in PODS.values())


def test_the_database_is_a_secret():
    (variable,) = [variable for variable in container(DASHBOARD)["env"] if "value" not in variable]
    assert variable == {
        "name": "DATABASE_URL",
        "valueFrom": {"secretKeyRef": {"name": "car-dashboard", "key": "database-url"}},
    }


def test_a_job_runs_a_command_that_there_is():
    command, *options = container(TRAINING)["args"]
    help_text = done(car_classifier(command, "--help", env={"PATH": "", "COLUMNS": "200", "TERM": "dumb"}))
    assert all(option in help_text for option in options if option.startswith("--"))


def test_a_command_that_refuses_is_not_tried_again():
    spec = OBJECTS["CronJob car-classifier"]["spec"]["jobTemplate"]["spec"]
    (rule,) = spec["podFailurePolicy"]["rules"]
    assert rule["action"] == "FailJob"
    assert rule["onExitCodes"] == {"containerName": container(TRAINING)["name"], "operator": "In", "values": [2]}
    assert TRAINING["restartPolicy"] == "Never"  # else there may be no such policy
    assert car_classifier("models", "--model-dir", "/nowhere").returncode == 2


def test_kserve_takes_the_same_tensorflow_serving():
    """KServe's own default is older than the TensorFlow that exports our models."""
    assert (KSERVE["apiVersion"], KSERVE["kind"]) == ("serving.kserve.io/v1beta1", "InferenceService")
    predictor = KSERVE["spec"]["predictor"]
    model = predictor["model"]
    assert COMPOSE["serving"]["image"].endswith(f":{model['runtimeVersion']}")
    assert model["modelFormat"] == {"name": "tensorflow", "version": "2"}
    assert model["protocolVersion"] == "v1"
    # Names of objects are DNS labels, which the model's own name is not.
    assert re.fullmatch(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", KSERVE["metadata"]["name"])
    # A pod's container has what is set here in the same form.
    pod = {"containers": [{"name": "x", "image": "x", "resources": model["resources"]}]}
    value = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": pod}
    kubernetes_validate.validate(value, VERSIONS[0], strict=True)


def test_the_page_names_objects_that_there_are():
    page = (ROOT / "docs" / "how-to" / "kubernetes.md").read_text(encoding="utf-8")
    kinds = {"cronjob": "CronJob", "deploy": "Deployment", "service": "Service"}
    named = {f"{kinds[kind]} {name}" for kind, name in re.findall(r"\b(cronjob|deploy|service)/([a-z-]+)", page)}
    assert len(named) >= 4
    named -= {"Deployment kubernetes", "Deployment classifier"}  # folders
    assert named <= OBJECTS.keys()
