"""The dashboard's settings, read from environment variables that begin with `DASHBOARD_`."""

import ipaddress
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails, PydanticUndefined
from pydantic_settings import BaseSettings, SettingsConfigDict

ENV_PREFIX = "DASHBOARD_"


class SettingsError(Exception):
    """A setting cannot be used; the message says which one and what it should be."""


def default_photo_folder() -> Path:
    """Returns a folder of this user's under the system's temporary folder, the same for every worker."""
    owner = os.getuid() if hasattr(os, "getuid") else "user"
    return Path(tempfile.gettempdir()) / f"car-dashboard-photos-{owner}"


class Settings(BaseSettings):
    """The settings of one dashboard."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX,
        frozen=True,
        protected_namespaces=(),
        populate_by_name=True,
        use_attribute_docstrings=True,
    )

    model_server_url: str = "http://localhost:8501"
    """Address of the model server's REST interface, without the `/v1/...` part."""

    public_model_server_url: str | None = None
    """The same interface's address for visitors, shown in commands to copy; `DASHBOARD_MODEL_SERVER_URL` if not set."""

    model_name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")] = "car_classifier"
    """The model's name on that server."""

    model_label: Annotated[str, Field(pattern=r"^([A-Za-z0-9][A-Za-z0-9_.-]*)?$")] = ""
    """Label, from the server's `models.config`, of the version to ask; the newest version if empty, or while the server
    does not know the label."""

    model_folder: Path = Path("model")
    """Folder of the published versions that the server serves, for names of classes and the Model page."""

    manifest: Path = Path("data")
    """Manifest (CSV) of the photos for the gallery, the game and the Data page; or a data folder, of which it is
    `manifest.csv` or else that of the drawn cars, `demo/manifest.csv`. Without the file there are no such photos."""

    runs_dir: Path = Path("runs")
    """Folder of the training runs that the pages show while they go on, and afterwards. Runs of the demo model are
    found beside the drawn cars."""

    server_note: Path | None = None
    """File in which `car-classifier up` notes why the model server ended, while it starts the server again; none if not
    set."""

    sure_above: Annotated[float | None, Field(ge=0, le=1)] = None
    """An answer with a lower probability is called not sure. If not set, each version's own threshold holds, or 0.5 for
    a version without one."""

    gallery_size: Annotated[int, Field(ge=0, le=60)] = 12
    """Maximum number of sample photos in the gallery; 0 switches it off."""

    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    """Address to listen on. The default is reachable from this machine only."""

    port: Annotated[int, Field(ge=1, le=65535)] = 8050
    """Port to listen on."""

    trusted_proxies: str = ""
    """Addresses and networks of proxies whose `X-Forwarded-Proto: https` is believed, comma-separated, or `*` for all;
    nobody's if empty."""

    workers: Annotated[int, Field(ge=1, le=32)] = 1
    """Server processes; they share one photo folder."""

    threads: Annotated[int, Field(ge=1, le=128)] = 8
    """Requests that one worker handles at the same time."""

    max_upload_mb: Annotated[float, Field(gt=0, le=200)] = 20
    """Largest photo file accepted, in megabytes (10^6 bytes)."""

    max_megapixels: Annotated[float, Field(gt=0, le=150)] = 50
    """Largest photo accepted, in million pixels; checked before the photo is decoded."""

    photo_side: Annotated[int, Field(ge=64, le=8000)] = 1600
    """Longest side, in pixels, of photos as the pages show them. The model gets JPEGs and PNGs of up to 20 MB and 50
    million pixels with their own pixels, and all others scaled to this side."""

    photo_folder: Path = Field(default_factory=default_photo_folder)
    """Folder for visitors' photos while their page is open; by default a folder of the dashboard's own user under the
    system's temporary folder."""

    photo_minutes: Annotated[float, Field(gt=0, le=7 * 24 * 60)] = 60
    """Minutes until a visitor's photo is deleted."""

    photo_count: Annotated[int, Field(ge=1, le=100_000)] = 1000
    """Maximum number of visitors' photos kept; the oldest are deleted first."""

    photo_store_mb: Annotated[float, Field(ge=20, le=1_000_000)] = 400
    """Maximum size of all visitors' photos kept, in megabytes (10^6 bytes); the oldest are deleted first."""

    database_url: Annotated[str, Field(validation_alias="DATABASE_URL")] = "sqlite:///data/dashboard.sqlite3"
    """SQLAlchemy's address of the database for feedback, games and scores: an SQLite file or a PostgreSQL database
    (`postgresql://user:password@host/database`)."""

    connect_timeout: Annotated[float, Field(gt=0, le=60)] = 2
    """Seconds until a model server that does not accept a connection counts as not reachable."""

    read_timeout: Annotated[float, Field(gt=0, le=600)] = 30
    """Seconds until a model server that does not answer counts as too slow."""

    @property
    def manifest_file(self) -> Path:
        """The manifest; of a data folder, that which is there now."""
        if self._is_manifest_a_file:
            return self.manifest
        own, drawn = self.manifest / "manifest.csv", self.demo_folder / "manifest.csv"
        return drawn if drawn.is_file() and not own.is_file() else own

    @property
    def demo_folder(self) -> Path:
        """The folder of the drawn cars."""
        return (self.manifest.parent if self._is_manifest_a_file else self.manifest) / "demo"

    @property
    def _is_manifest_a_file(self) -> bool:
        return self.manifest.is_file() or (self.manifest.suffix.lower() == ".csv" and not self.manifest.is_dir())

    @field_validator("trusted_proxies")
    @classmethod
    def _are_addresses(cls, proxies: str) -> str:
        addresses = [part.strip() for part in proxies.split(",") if part.strip()]
        for address in addresses:
            try:
                if address != "*":
                    ipaddress.ip_network(address)
            except ValueError as error:
                raise ValueError("must be addresses or networks such as 127.0.0.1,172.18.0.0/16, or *") from error
        return ",".join(addresses)

    @field_validator("model_server_url", "public_model_server_url")
    @classmethod
    def _is_a_plain_web_address(cls, url: str | None) -> str | None:
        if url is None:
            return None
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("must look like http://localhost:8501")
        if parts.username or parts.password:
            raise ValueError("must not hold a user name or password: it is shown on the page")
        if parts.query or parts.fragment:
            raise ValueError("must end before any '?' or '#'")
        try:
            _ = parts.port
        except ValueError as error:
            raise ValueError("must have a port from 0 to 65535") from error
        return url.rstrip("/")


def described_settings() -> Iterator[tuple[str, str, str]]:
    """Yields each setting's environment variable, its default (empty if it has none) and its meaning."""
    for name, field in Settings.model_fields.items():
        variable = str(field.validation_alias or f"{ENV_PREFIX}{name}".upper())
        default = "" if field.default in (None, "", PydanticUndefined) else str(field.default)
        yield variable, default, " ".join((field.description or "").split())


def load_settings() -> Settings:
    """Reads the settings from the environment.

    Raises:
        SettingsError: A value cannot be used; the message has one line for each.
    """
    try:
        return Settings()
    except ValidationError as error:
        raise SettingsError("\n".join(map(_sentence, error.errors()))) from error


def _sentence(problem: ErrorDetails) -> str:
    """Names the environment variable, its rule and its value."""
    name = "_".join(map(str, problem["loc"]))
    field = Settings.model_fields.get(name)
    if problem["type"] == "value_error":
        rule = str(problem["ctx"]["error"])
    elif problem["type"] == "string_pattern_mismatch":
        rule = "must consist of letters, digits, '_', '.' and '-', and begin with a letter or a digit"
    elif problem["type"] == "string_too_short":
        rule = "must not be empty"
    elif field is not None and field.annotation in (int, float, float | None):
        rule = _rule_of_number(field)
    else:
        rule = f"cannot be used: {problem['msg']}"
    variable = name if name == "DATABASE_URL" else ENV_PREFIX + name.upper()
    # A value with an @ may contain a password, which must not end up in a log.
    received = "" if "@" in str(problem["input"]) else f" Received: {str(problem['input'])!r}"
    return f"{variable} {rule}.{received}"


def _rule_of_number(field: FieldInfo) -> str:
    """The rule for a number, such as "must be a whole number from 1 to 65535". All have a lower and an upper limit."""
    limits = {
        name: getattr(rule, name) for rule in field.metadata for name in ("ge", "gt", "le") if hasattr(rule, name)
    }
    lower = f"from {limits['ge']} to" if "ge" in limits else f"above {limits['gt']} and at most"
    return f"must be {'a whole number' if field.annotation is int else 'a number'} {lower} {limits['le']}"
