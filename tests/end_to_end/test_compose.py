"""The promises of the compose files and images that can be checked without an engine; CONTRIBUTING.md has the rest."""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import requests
import yaml

from car_classifier.registry.labels import CONFIG_NAME, MODEL_NAME, SERVED_FROM, STABLE
from car_classifier.serving.metrics.monitoring import read_monitoring_config
from car_classifier.serving.models.batching_parameters import read_batching_parameters
from tests.support.repository import ROOT

pytestmark = pytest.mark.slow

BASE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
TOOLS = [name for name, service in BASE.items() if service.get("profiles") == ["tools"]]
MONITORING = [name for name, service in BASE.items() if service.get("profiles") == ["monitoring"]]
GRAFANA = ROOT / "deploy/monitoring/grafana"
PROMETHEUS = ROOT / "deploy/monitoring/prometheus"


class Overlay(yaml.SafeLoader):
    """Reads Compose's `!reset`, which removes a value of the base file."""


Overlay.add_constructor("!reset", lambda _loader, _node: None)
PROXY = yaml.load((ROOT / "docker-compose.proxy.yml").read_text(encoding="utf-8"), Overlay)["services"]  # noqa: S506
CADDYFILE = ROOT / "deploy/proxy/Caddyfile"
EMBEDDED = yaml.safe_load((ROOT / "docker-compose.embedded.yml").read_text(encoding="utf-8"))["services"]
DOCKERFILES = sorted(path for pattern in ("Dockerfile*", "deploy/**/Dockerfile*") for path in ROOT.glob(pattern))
SERVING_ENTRYPOINT = ROOT / "deploy/classifier/tf_serving_entrypoint.sh"
DASHBOARDS = [json.loads(path.read_text(encoding="utf-8")) for path in sorted((GRAFANA / "dashboards").iterdir())]
PANELS = [panel for dashboard in DASHBOARDS for panel in dashboard["panels"]]
VARIABLES = [variable for dashboard in DASHBOARDS for variable in dashboard["templating"]["list"]]
RULES = yaml.safe_load((PROMETHEUS / "rules.yml").read_text(encoding="utf-8"))["groups"]
QUERIES = [
    *(target["expr"] for panel in PANELS for target in panel["targets"]),
    *(variable["query"]["query"] for variable in VARIABLES),
    *(rule["expr"] for group in RULES for rule in group["rules"] if ":tensorflow:" in rule["expr"]),
]


def test_nothing_listens_beyond_this_machine():
    ports = {name: service["ports"] for name, service in BASE.items() if "ports" in service}
    assert ports == {
        "serving": ["127.0.0.1:${SERVING_PORT:-8501}:8501", "127.0.0.1:${SERVING_GRPC_PORT:-8500}:8500"],
        "dashboard": ["127.0.0.1:${DASHBOARD_PORT:-8050}:8050"],
        "prometheus": ["127.0.0.1:${PROMETHEUS_PORT:-9090}:9090"],
        "grafana": ["127.0.0.1:${GRAFANA_PORT:-3000}:3000"],
    }


def test_behind_the_proxy_nothing_else_listens():
    ports = {name: service["ports"] for name, service in PROXY.items() if "ports" in service}
    beyond = {name for name, service in BASE.items() if "ports" in service} - set(MONITORING)
    assert ports == dict.fromkeys(beyond) | {
        "proxy": [
            "${PROXY_HTTP_PORT:-80}:80",
            "${PROXY_HTTPS_PORT:-443}:443",
            "${PROXY_HTTPS_PORT:-443}:443/udp",
        ]
    }


SERVICES = [
    *(pytest.param(BASE[name], id=name) for name in sorted(BASE.keys() - TOOLS)),
    *(pytest.param(PROXY[name], id=name) for name in sorted(PROXY.keys() - BASE.keys())),
]


@pytest.mark.parametrize("service", SERVICES)
def test_services_have_no_more_rights_than_they_need(service):
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_a_tool_has_no_more_rights_than_what_it_extends():
    assert TOOLS == ["import-feedback"]
    tool = BASE["import-feedback"]
    assert tool["extends"] == "bootstrap"
    assert tool.keys() <= {"extends", "profiles", "entrypoint", "command", "environment", "volumes"}


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("serving", []),
        ("dashboard", ["state:/app/state"]),
        ("import-feedback", []),
        ("prometheus", ["prometheus:/prometheus"]),
        ("grafana", []),
    ],
)
def test_what_only_reads_cannot_write(name, written):
    assert [volume for volume in BASE[name]["volumes"] if not volume.endswith(":ro")] == written


def test_the_dashboards_image_has_a_folder_of_its_own_user_where_the_volume_goes():
    text = (ROOT / "Dockerfile.dashboard").read_text(encoding="utf-8")
    user = re.search(r"^USER (\d+)$", text, re.MULTILINE)[1]
    assert f"install --directory --owner={user} /app/state" in text
    address = "sqlite:////app/state/dashboard.sqlite3"
    assert f"DATABASE_URL={address}" in text
    for name in ("dashboard", "import-feedback"):
        assert BASE[name]["environment"]["DATABASE_URL"] == f"${{DATABASE_URL:-{address}}}"


def test_postgresql_has_a_password_and_is_waited_for():
    services = yaml.safe_load((ROOT / "docker-compose.postgres.yml").read_text(encoding="utf-8"))["services"]
    assert services["postgres"]["environment"]["POSTGRES_PASSWORD"].startswith("${POSTGRES_PASSWORD:?")
    assert "ports" not in services["postgres"]
    for name in ("dashboard", "import-feedback"):
        assert services[name]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
        assert services[name]["environment"]["DATABASE_URL"] == "postgresql://cars:${POSTGRES_PASSWORD}@postgres/cars"


def test_the_proxy_has_a_name_and_gets_the_variables_of_its_file():
    settings = dict(PROXY["proxy"]["environment"])
    direct = settings.pop("NO_PROXY")
    assert settings["PROXY_DOMAIN"].startswith("${PROXY_DOMAIN:?")
    asked = dict(re.findall(r"\{\$(\w+):?([^}]*)\}", CADDYFILE.read_text(encoding="utf-8")))
    elsewhere = {name for name in asked if name.endswith("_PORT")} | {"PROXY_ADMIN"}
    places = {"PROXY_DASHBOARD", "PROXY_MODEL_SERVER", "PROXY_OAUTH2"}
    assert settings.keys() == asked.keys() - elsewhere - places
    # Docker may pass a company's proxy on to every container, and Caddy would ask that for the services.
    assert direct.split(",") == sorted(asked[place].split(":")[0] for place in places)
    for name in settings.keys() - {"PROXY_DOMAIN"}:
        assert settings[name] == f"${{{name}:-{asked[name]}}}"
    for name in places:  # where they are in this stack
        service, port = asked[name].split(":")
        assert service in PROXY
        listening = [*BASE.get(service, {}).get("ports", []), *PROXY[service].get("environment", {}).values()]
        assert any(place.endswith(f":{port}") for place in listening)
    assert PROXY["proxy"]["volumes"][0] == "./deploy/proxy:/etc/caddy:ro"
    assert f"{asked['PROXY_ADMIN'].split(':')[1]}/" in PROXY["proxy"]["healthcheck"]["test"][-1]


def test_the_dashboard_behind_the_proxy_knows_that_it_is():
    assert PROXY["proxy"]["depends_on"] == {"dashboard": {"condition": "service_healthy"}}
    assert PROXY["dashboard"]["environment"] == {
        "DASHBOARD_TRUSTED_PROXIES": "*",
        "DASHBOARD_PUBLIC_MODEL_SERVER_URL": "https://${PROXY_DOMAIN}",
    }


def test_single_sign_on_is_started_only_when_asked_for():
    assert PROXY["oauth2-proxy"]["profiles"] == ["oauth2"]
    image, version = PROXY["oauth2-proxy"]["image"].split(":v")
    assert image == "quay.io/oauth2-proxy/oauth2-proxy"
    assert tuple(map(int, version.split("."))) >= (7, 15, 2)  # those before believe headers that a visitor may send


def test_every_dependency_says_what_it_waits_for():
    conditions = {name: service.get("depends_on", {}) for name, service in BASE.items()}
    assert conditions == {
        "bootstrap": {},
        "serving": {"bootstrap": {"condition": "service_completed_successfully"}},
        "dashboard": {"serving": {"condition": "service_healthy"}},
        "import-feedback": {},
        "prometheus": {},
        "grafana": {"prometheus": {"condition": "service_healthy"}},
    }


def test_the_exporter_is_not_newer_than_the_server():
    image, tag = BASE["serving"]["image"].split(":")
    assert image == "tensorflow/serving"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pins = [pin for pin in project["optional-dependencies"]["classifier"] if pin.startswith("tensorflow==")]
    assert pins == [f"tensorflow=={tag.rsplit('.', 1)[0]}.*"]


def test_the_embedded_server_never_takes_the_name_of_the_real_image():
    assert EMBEDDED["serving"]["image"].split(":")[0] != BASE["serving"]["image"].split(":")[0]


@pytest.mark.parametrize("services", [BASE, EMBEDDED], ids=["base", "embedded"])
def test_images_are_built_from_what_is_there(services):
    for service in services.values():
        if "build" in service:
            dockerfile = (ROOT / service["build"]["dockerfile"]).read_text(encoding="utf-8")
            target = service["build"].get("target")
            assert target is None or re.search(rf"^FROM \S+ AS {target}$", dockerfile, re.MULTILINE)


@pytest.mark.parametrize("dockerfile", DOCKERFILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_images_stand_on_a_named_version(dockerfile):
    text = dockerfile.read_text(encoding="utf-8")
    stages = set(re.findall(r"^FROM \S+ AS (\S+)$", text, re.MULTILINE))
    outside = [base for base in re.findall(r"^FROM (\S+)", text, re.MULTILINE) if base not in stages]
    assert outside
    assert all(re.fullmatch(r"[\w/.-]+:\d[\w.-]*", base) for base in outside)


@pytest.mark.parametrize("dockerfile", DOCKERFILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_images_install_only_what_is_locked(dockerfile):
    for command in re.findall(r"pip install (?:.*\\\n)*.*", dockerfile.read_text(encoding="utf-8")):
        assert "--require-hashes" in command or "--no-deps" in command


def test_the_engine_is_sent_only_what_images_are_made_of():
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    sent = [rule.removeprefix("!") for rule in rules if rule.startswith("!")]
    assert rules[0] == "*"
    assert not {"data", "model", ".venv", ".git"} & {Path(path).parts[0] for path in sent}
    for dockerfile in DOCKERFILES:
        copies = re.findall(r"^COPY (?:--\S+ )*(.+) \S+$", dockerfile.read_text(encoding="utf-8"), re.MULTILINE)
        assert copies
        for source in " ".join(copies).split():
            assert any(Path(source).is_relative_to(path) for path in sent), f"{source} is not sent"


def mounted(service: str, path: str) -> Path:
    """The path in this repository of a file that a container reads."""
    mounts = dict(volume.split(":")[1::-1] for volume in BASE[service]["volumes"])
    return ROOT / mounts[str(Path(path).parent)] / Path(path).name


def test_what_the_model_server_is_started_with():
    flags = dict(flag.removeprefix("--").split("=") for flag in BASE["serving"]["command"])
    config = flags["model_config_file"]
    # There, publishing writes it, for a server that has the folder where this one has it; it is read again and again.
    assert (mounted("serving", config).parent, config) == (ROOT / "model", f"{SERVED_FROM}/{CONFIG_NAME}")
    assert int(flags["model_config_file_poll_wait_seconds"]) > 0
    assert flags["allow_version_labels_for_unavailable_models"] == "true"  # at the start, all are
    assert read_monitoring_config(mounted("serving", flags["monitoring_config_file"]))
    assert "enable_batching" not in flags
    file = ROOT / "docker-compose.yml"
    (batching,) = re.findall(r"# - --batching_parameters_file=(\S+)", file.read_text(encoding="utf-8"))
    assert read_batching_parameters(mounted("serving", batching)).max_batch_size == 16


def test_everybody_means_the_same_model():
    names = {BASE["serving"]["environment"]["MODEL_NAME"], BASE["dashboard"]["environment"]["DASHBOARD_MODEL_NAME"]}
    assert names == {MODEL_NAME}
    assert BASE["dashboard"]["environment"]["DASHBOARD_MODEL_LABEL"] == STABLE


def test_the_embedded_server_takes_the_place_of_the_other_and_nothing_else_changes():
    assert EMBEDDED.keys() == {"serving"}
    assert EMBEDDED["serving"].keys() == {"image", "build"}


def test_the_guide_to_a_gpu_changes_the_image_and_adds_to_the_command():
    page = (ROOT / "docs" / "how-to" / "gpu.md").read_text(encoding="utf-8")
    (text,) = re.findall(r"^```yaml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    ((name, service),) = yaml.safe_load(text)["services"].items()
    assert service["image"] == f"{BASE[name]['image']}-gpu"
    same = len(BASE[name]["command"])
    assert service["command"][:same] == BASE[name]["command"]
    assert service["command"][same:] == ["--enable_batching", "--batching_parameters_file=/config/batching.config"]


def start_serving(tmp_path: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    """The embedded image's entrypoint without the model's folder: it ends at once and names the folder."""
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "MODEL_BASE_PATH": str(tmp_path),
        "MODEL_NAME": "cars",
    }
    command = ["sh", str(SERVING_ENTRYPOINT), *flags]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ([], ["{folder}/cars does not exist"]),
        (["--monitoring_config_file=/none"], ["{folder}/cars does not exist"]),
        (["--model_base_path=/elsewhere"], ["/elsewhere does not exist"]),
        (["--enable_batching", "--batching_parameters_file=/none"], ["{folder}/cars does not exist"]),
        (["--port=0"], ["{folder}/cars does not exist"]),
        (
            ["--port=8600", "--model_config_file=/models.config", "--model_config_file_poll_wait_seconds=5"],
            ["The model configuration file /models.config cannot be read"],
        ),
        (["--allow_version_labels_for_unavailable_models=true"], ["{folder}/cars does not exist"]),
        (["--grpc_max_threads=4"], ["no flag --grpc_max_threads=4"]),
    ],
)
def test_the_embedded_image_takes_the_real_ones_flags(tmp_path, flags, words):
    done = start_serving(tmp_path, *flags)
    assert done.returncode == 2
    lines = done.stderr.splitlines()
    assert len(lines) == len(words)
    for line, word in zip(lines, words, strict=True):
        assert word.format(folder=tmp_path) in line


def test_monitoring_is_started_only_when_asked_for_and_in_named_versions():
    assert MONITORING == ["prometheus", "grafana"]
    assert all(re.fullmatch(r"[\w/]+:v?\d+\.\d+\.\d+", BASE[name]["image"]) for name in MONITORING)
    assert all("healthcheck" in BASE[name] for name in MONITORING)


@pytest.mark.parametrize("name", MONITORING)
def test_what_monitoring_reads_is_there(name):
    sources = [volume.split(":")[0] for volume in BASE[name]["volumes"] if volume.endswith(":ro")]
    assert sources
    assert all((ROOT / source).is_dir() for source in sources)


def test_prometheus_asks_the_model_server_where_its_metrics_are():
    config = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text(encoding="utf-8"))
    (job,) = config["scrape_configs"]
    (target,) = job["static_configs"][0]["targets"]
    service, port = target.split(":")
    assert BASE[service]["ports"][0].endswith(f":{port}")
    (flag,) = [flag for flag in BASE[service]["command"] if flag.startswith("--monitoring_config_file=")]
    assert read_monitoring_config(mounted(service, flag.partition("=")[2])) == job["metrics_path"]
    assert all((PROMETHEUS / name).is_file() for name in config["rule_files"])


def test_grafana_finds_its_dashboards_and_where_their_numbers_are():
    (source,) = yaml.safe_load((GRAFANA / "provisioning/datasources/prometheus.yml").read_text())["datasources"]
    host, port = source["url"].removeprefix("http://").split(":")
    assert BASE[host]["ports"][0].endswith(f":{port}")
    (provider,) = yaml.safe_load((GRAFANA / "provisioning/dashboards/files.yml").read_text())["providers"]
    assert f"./deploy/monitoring/grafana/dashboards:{provider['options']['path']}:ro" in BASE["grafana"]["volumes"]
    assert {part["datasource"]["uid"] for part in (*PANELS, *VARIABLES)} == {source["uid"]}
    assert len({panel["id"] for panel in PANELS}) == len(PANELS)


@pytest.fixture(scope="module")
def exported(tmp_path_factory) -> dict[str, set[str]]:
    """The names of the embedded server's samples after some use, and those of their labels."""
    from tests.support import saved_models as models
    from tests.support.embedded_server import running

    base = tmp_path_factory.mktemp("half_plus_two")
    models.write_warmup(models.save_half_plus(base / "1", 2.0), [models.warmup_record([1.0])])
    config = ROOT / "deploy/serving/monitoring.config"
    with running(model_base_path=base, model_name="m", monitoring_config_file=config, enable_batching=True) as server:
        server.wait("1", "AVAILABLE")
        assert server.predict({"instances": [1.0]}).status_code == 200
        page = requests.get(server.url + read_monitoring_config(config), timeout=120).text
    samples: dict[str, set[str]] = {}
    for name, labels in re.findall(r"^(:[\w:]+)\{(.*)\} \S+$", page, re.MULTILINE):
        samples.setdefault(name, set()).update(re.findall(r'(\w+)="', labels))
    return samples


@pytest.mark.parametrize("query", QUERIES)
def test_the_embedded_server_has_what_is_asked_for(exported, query):
    """TensorFlow Serving has these metrics too: the names are its own (`car_classifier.serving.metrics.registry`)."""
    metrics = re.findall(r"(:tensorflow:[\w:]+)(?:\{([^}]*)\})?", query)
    assert metrics
    known = set()
    for name, selector in metrics:
        assert name in exported
        assert set(re.findall(r"(\w+)(?:=|!=|=~|!~)\"", selector)) <= exported[name]
        known |= exported[name]
    grouped = re.findall(r"\b(?:by|on) \(([^)]+)\)", query)
    assert {label.strip() for labels in grouped for label in labels.split(",")} <= known


def test_what_writes_to_the_model_folder_runs_as_its_owner(tmp_path):
    owner = (os.getuid(), os.getgid())
    if owner[0] == 0:
        owner = (1234, 4321)
        os.chown(tmp_path, *owner)
    script = ROOT / "deploy/classifier/as_owner_of.sh"
    command = ["sh", str(script), str(tmp_path), "sh", "-c", 'echo "$(id -u) $(id -g) $1"', "sh", "two  words"]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=300)
    assert done.stdout == f"{owner[0]} {owner[1]} two  words\n"
