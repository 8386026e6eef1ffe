"""Writes the pages of the reference that are made from the code; `make reference` calls it.

    python -m docs.reference.generate [FOLDER]

Without a folder, it writes them beside this module.
"""

import inspect
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from pydantic.fields import FieldInfo

from car_classifier.commands.training import train
from car_classifier.settings import fields_of, rule_of
from car_classifier.training.config import TrainingConfig, written
from dashboard.settings import Settings, described_settings

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]
NOTICE = "<!-- Written by `make reference` from the code: change it there. -->\n\n"

READERS = {
    "`car-classifier`": ("car_classifier/**/*.py",),
    "`docker compose`": ("docker-compose*.yml",),
    "the embedded server's image": ("deploy/classifier/tf_serving_entrypoint.sh",),
    "`make blog`": ("blog/series.py",),
    "Caddy": ("deploy/proxy/Caddyfile",),
}
"""The programs that read environment variables, and the files that name the variables. The dashboard's are its
settings."""

MEANINGS = {
    "BLOG_PHOTOS": "A folder of photos or a manifest for the series, in place of drawn cars.",
    "BLOG_TINY": "`1` shrinks data and training of the series to a quick test that everything runs.",
    "BLOG_WEIGHTS": "Initial weights of the series: `none` (drawn cars), `imagenet` (own photos) or a file.",
    "BLOG_WORK": "Folder for the files of the series; `build/blog`, or `build/blog-tiny` with `BLOG_TINY`, if not set.",
    "DASHBOARD_PORT": "Port of this machine on which the dashboard is reached.",
    "DASHBOARD_SURE_ABOVE": "The default of `--sure-above` of `predict` and `explain`, as for the dashboard.",
    "DATABASE_URL": "The dashboard's database, for the dashboard and for `data import-feedback`: `sqlite:///…` or "
    "`postgresql://…`.",
    "GRAFANA_PORT": "Port of this machine on which Grafana is reached (`--profile monitoring`).",
    "KERAS_HOME": "Folder in which Keras keeps downloaded weights; `~/.keras` if not set.",
    "MODEL_BASE_PATH": "Folder that contains one folder per model. The image sets `/models`.",
    "MODEL_NAME": "Name of the model and of its folder. The image sets `model`, `docker-compose.yml` `car_classifier`.",
    "POSTGRES_PASSWORD": "Password of the database of `docker-compose.postgres.yml`; letters and digits only.",
    "PROMETHEUS_PORT": "Port of this machine on which Prometheus is reached (`--profile monitoring`).",
    "PROXY_ADMIN": "Address at which the proxy can be told to reload its configuration.",
    "PROXY_CERTIFICATE": "`public`, of Let's Encrypt, or `internal`, the proxy's own "
    "([behind a proxy](../how-to/behind-a-proxy.md), as for the next ones).",
    "PROXY_DASHBOARD": "Address of the dashboard, for the proxy.",
    "PROXY_DOMAIN": "Host name of the page behind the proxy.",
    "PROXY_HTTPS_PORT": "Port of this machine on which the proxy accepts HTTPS. Set another one only behind something "
    "that passes 443 on to it: addresses never name a port.",
    "PROXY_HTTP_PORT": "Port of this machine on which the proxy sends visitors on to HTTPS, at port 443.",
    "PROXY_MAX_UPLOAD": "Largest request to the dashboard that the proxy accepts.",
    "PROXY_MODELS": "`open` gives signed-in visitors the model server's REST interface too; `closed` does not.",
    "PROXY_MODEL_SERVER": "Address of the model server, for the proxy.",
    "PROXY_OAUTH2": "Address of oauth2-proxy, for the proxy.",
    "PROXY_PASSWORD_HASH": "For `password`: the output of `caddy hash-password`.",
    "PROXY_SIGN_IN": "How visitors of the proxy sign in: `password`, `oauth2` or `none`.",
    "PROXY_USER": "For `password`: the user name.",
    "SERVING_GRPC_PORT": "Port of this machine on which the model server accepts gRPC.",
    "SERVING_PORT": "Port of this machine on which the model server accepts REST.",
    "TF_CONFIG": "The role of this machine among several "
    "([Several GPUs or machines](../how-to/several-gpus.md)), for `--strategy multiworker`.",
    "TF_CPP_MIN_LOG_LEVEL": "Level of TensorFlow's own log: from `0`, everything, to `3`, only fatal errors. The "
    "command line sets `3` unless the variable is set.",
}

_VARIABLE = re.compile(
    r"""os\.environ(?:\.get\(|\.setdefault\(|\[)"(?P<python>[A-Z]\w+)"
    | envvar="(?P<typer>\w+)"
    | \{\$(?P<caddy>[A-Z][A-Z0-9_]+)(?::(?P<default>[^}]*))?\}
    | (?<!\$)\$(?P<open>\{)?(?P<shell>[A-Z][A-Z_]+)(?(open)(?::(?P<kind>[-?])(?P<word>[^}]*))?\})""",
    re.VERBOSE,
)


def command_line() -> str:
    """Returns Typer's page of all commands, with whole sentences and links in the lists of commands."""
    command = [sys.executable, "-m", "typer", "car_classifier.cli", "utils", "docs", "--name", "car-classifier"]
    # Keep only the variables that a program needs to start, and none about colours and widths of terminals.
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "HOME") if name in os.environ}
    result = subprocess.run(command, capture_output=True, text=True, check=True, env=kept, cwd=ROOT)  # noqa: S603
    sentences = dict(re.findall(r"^##+ `car-classifier (.+)`\n\n(.+)$", result.stdout, re.MULTILINE))
    group, lines = "", []
    for line in result.stdout.splitlines():
        if heading := re.fullmatch(r"##+ `car-classifier (.+)`", line):
            group = f"{heading[1]} "
        if listed := re.match(r"\* `([a-z][a-z-]*)`: ", line):
            name = group + listed[1]
            line = f"* [`{name}`](#car-classifier-{name.replace(' ', '-')}): {sentences[name]}"
        lines.append(line)
    lines[0] = "# Command line"
    return NOTICE + "\n".join(lines).strip() + "\n"


def configuration() -> str:
    """Returns the page of all settings: of training, of the dashboard, and other environment variables."""
    return f"""{NOTICE}# Configuration

## Training

Fields of `TrainingConfig`. `car-classifier train --set FIELD=VALUE` sets any of them; `--set unfreeze="conv5 all"`
names two stages. `--data` sets `manifest`, and these options set the fields of their names: {_options()}. A run keeps
all fields in its [config.json](file-formats.md#configjson-of-a-run).

{_table(["field", "default", ""], _training())}

## Dashboard

Environment variables. If a value cannot be used, the dashboard says so and does not start. `docker-compose.yml` and
`Dockerfile.dashboard` set some of them for their containers.

{_table(["variable", "default", ""], _dashboard())}

## Other environment variables

{_table(["variable", "read by", "default", ""], _others())}

Libraries read more, such as `CUDA_VISIBLE_DEVICES` (which GPUs TensorFlow sees) and `AWS_ACCESS_KEY_ID` (`data upload`
to `s3://…`).
"""


def _options() -> str:
    names = inspect.signature(train).parameters
    return ", ".join(
        f"`--{name.replace('_', '-')}`" for name in TrainingConfig.model_fields if name in names and name != "manifest"
    )


def _training() -> Iterable[Sequence[str]]:
    for name, field in fields_of(TrainingConfig):
        default = inspect.signature(train).parameters[name].default if field.is_required() else field.default
        yield f"`{name}`", f"`{written(default)}`", _said(field) + _sentence(rule_of(field))


def _dashboard() -> Iterable[Sequence[str]]:
    for field, (variable, default, said) in zip(Settings.model_fields.values(), described_settings(), strict=True):
        yield f"`{variable}`", default and f"`{default}`", said + _sentence(rule_of(field))


def _others() -> Iterable[Sequence[str]]:
    defaults_of: dict[tuple[str, str], set[str]] = {}
    for reader, patterns in READERS.items():
        for path in sorted(path for pattern in patterns for path in ROOT.glob(pattern)):
            for match in _VARIABLE.finditer(path.read_text(encoding="utf-8")):
                name = match["python"] or match["typer"] or match["caddy"] or match["shell"]
                defaults = defaults_of.setdefault((name, reader), set())
                if match["kind"] == "?":
                    defaults.add("must be set")
                elif default := match["word"] or match["default"]:
                    defaults.add(f"`{default}`")
    if unknown := {name for name, _ in defaults_of} ^ MEANINGS.keys():
        raise SystemExit(f"MEANINGS in {__file__} must explain exactly the variables that are read: {sorted(unknown)}")
    readers: dict[tuple[str, str], list[str]] = {}
    for (name, reader), defaults in sorted(defaults_of.items()):
        readers.setdefault((name, ", ".join(sorted(defaults))), []).append(reader)
    for (name, default), both in readers.items():
        yield f"`{name}`", ", ".join(both), default, MEANINGS[name]


def _said(field: FieldInfo) -> str:
    """A field's docstring as one line."""
    return " ".join((field.description or "").split())


def _sentence(rule: str) -> str:
    return f" {rule[0].upper()}{rule[1:]}." if rule else ""


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


PAGES = {"command-line.md": command_line, "configuration.md": configuration}


def main(folder: Path) -> None:
    """Write all pages into a folder."""
    for name, page in PAGES.items():
        (folder / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
