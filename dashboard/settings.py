"""What the dashboard can be told, through environment variables that begin with `DASHBOARD_`."""

import ipaddress
import os
import tempfile
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

ENV_PREFIX = "DASHBOARD_"


class SettingsError(Exception):
    """A setting cannot be used; the message says which one and what it should be."""


def default_photo_folder() -> Path:
    """A folder of this user's own under the system's temporary folder, the same for every worker."""
    owner = os.getuid() if hasattr(os, "getuid") else "user"
    return Path(tempfile.gettempdir()) / f"car-dashboard-photos-{owner}"


class Settings(BaseSettings):
    """Everything that differs between one dashboard and another."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX,
        frozen=True,
        protected_namespaces=(),
        populate_by_name=True,
        use_attribute_docstrings=True,
    )

    model_server_url: str = "http://localhost:8501"
    """Where the model server's REST interface is, without the `/v1/...` part."""

    public_model_server_url: str | None = None
    """The same as visitors can reach it, shown in commands to copy; the former if not set."""

    model_name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")] = "car_classifier"
    """The model's name on that server."""

    model_label: Annotated[str, Field(pattern=r"^([A-Za-z0-9][A-Za-z0-9_.-]*)?$")] = ""
    """Which of its versions to ask, by a label of the server's `models.config`; the newest one if empty, or while the
    server does not know the label."""

    model_folder: Path = Path("model")
    """The published versions that the server serves, for names of classes and the Model page."""

    manifest: Path = Path("data")
    """CSV of the photos that the gallery is drawn from, or a data folder: then its `manifest.csv` or, without one, that
    of the drawn cars, `demo/manifest.csv`. A missing file means no gallery."""

    sure_above: Annotated[float, Field(ge=0, le=1)] = 0.5
    """An answer with a lower probability is called not sure."""

    gallery_size: Annotated[int, Field(ge=0, le=60)] = 12
    """How many sample photos the gallery shows at most; 0 switches it off."""

    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    """Address to listen on. The default is reachable from this machine only."""

    port: Annotated[int, Field(ge=1, le=65535)] = 8050
    """Port to listen on."""

    trusted_proxies: str = ""
    """Addresses and networks, comma-separated, or `*` for all, whose `X-Forwarded-Proto: https` is believed; nobody's
    if empty."""

    workers: Annotated[int, Field(ge=1, le=32)] = 1
    """Server processes; they share one photo folder."""

    threads: Annotated[int, Field(ge=1, le=128)] = 8
    """Requests that one worker handles at the same time."""

    max_upload_mb: Annotated[float, Field(gt=0, le=200)] = 20
    """Largest photo file taken, in megabytes (10^6 bytes)."""

    max_megapixels: Annotated[float, Field(gt=0, le=150)] = 50
    """Largest photo taken, in million pixels; checked before anything is decoded."""

    photo_side: Annotated[int, Field(ge=64, le=8000)] = 1600
    """Longest side of the photo that is kept, shown and sent to the model, in pixels."""

    photo_folder: Path = Field(default_factory=default_photo_folder)
    """Where visitors' photos are kept while their page is open; by default a folder of the dashboard's own user under
    the system's temporary folder."""

    photo_minutes: Annotated[float, Field(gt=0, le=7 * 24 * 60)] = 60
    """How many minutes a photo is kept."""

    photo_count: Annotated[int, Field(ge=1, le=100_000)] = 1000
    """How many photos are kept at most; the oldest go first."""

    database_url: Annotated[str, Field(validation_alias="DATABASE_URL")] = "sqlite:///data/dashboard.sqlite3"
    """Where feedback, games and scores are kept: SQLAlchemy's address of an SQLite file or of a PostgreSQL database
    (`postgresql://user:password@host/database`)."""

    connect_timeout: Annotated[float, Field(gt=0, le=60)] = 2
    """Seconds until a model server that does not pick up counts as not reachable."""

    read_timeout: Annotated[float, Field(gt=0, le=600)] = 30
    """Seconds until a model server that does not answer counts as too slow."""

    @field_validator("manifest")
    @classmethod
    def _of_a_data_folder(cls, path: Path) -> Path:
        if not path.is_dir():
            return path
        own, drawn = path / "manifest.csv", path / "demo" / "manifest.csv"
        return drawn if drawn.is_file() and not own.is_file() else own

    @field_validator("trusted_proxies")
    @classmethod
    def _are_addresses(cls, proxies: str) -> str:
        wanted = [part.strip() for part in proxies.split(",") if part.strip()]
        for one in wanted:
            try:
                if one != "*":
                    ipaddress.ip_network(one)
            except ValueError as error:
                raise ValueError("should be addresses or networks such as 127.0.0.1,172.18.0.0/16, or *") from error
        return ",".join(wanted)

    @field_validator("model_server_url", "public_model_server_url")
    @classmethod
    def _is_a_plain_web_address(cls, url: str | None) -> str | None:
        if url is None:
            return None
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("should look like http://localhost:8501")
        if parts.username or parts.password:
            raise ValueError("must not hold a user name or password: it is shown on the page")
        if parts.query or parts.fragment:
            raise ValueError("must end before any '?' or '#'")
        try:
            _ = parts.port
        except ValueError as error:
            raise ValueError("has a port that is not a number from 0 to 65535") from error
        return url.rstrip("/")


def load_settings() -> Settings:
    """Reads the settings from the environment.

    Raises:
        SettingsError: A value cannot be used; the message has one line for each.
    """
    try:
        return Settings()
    except ValidationError as error:
        lines = []
        for problem in error.errors():
            name = "_".join(str(part) for part in problem["loc"]).upper()
            if name != "DATABASE_URL":
                name = ENV_PREFIX + name
            rule = problem["msg"].removeprefix("Value error, ")
            # What comes with an @ may hold a password, which must not end up in a log.
            received = "" if "@" in str(problem["input"]) else f" Received: {problem['input']!r}."
            lines.append(f"{name}: {rule}.{received}")
        raise SettingsError("\n".join(lines)) from error
