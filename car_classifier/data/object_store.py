"""Object storage as fsspec gives it: opening it, comparing files with it, its errors, and progress by bytes."""

import hashlib
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import fsspec  # type: ignore[import-untyped]
from fsspec.callbacks import Callback  # type: ignore[import-untyped]
from fsspec.implementations.local import LocalFileSystem  # type: ignore[import-untyped]

from car_classifier.errors import UserError
from car_classifier.progress import Report

_STORE_LIBRARIES = ("aiobotocore", "aiohttp", "botocore", "gcsfs", "google", "s3fs")


def open_store(url: str) -> tuple[Any, str]:
    """The file system of a URL and the path in it, without anything remembered from earlier.

    Raises:
        UserError: The URL names no store or no bucket, or the package for its kind of store is not installed.
    """
    try:
        store, root = fsspec.url_to_fs(url, skip_instance_cache=True, use_listings_cache=False)
    except ValueError as error:
        raise UserError(f"{url} cannot be used: {error}. Give s3://…, gs://… or a folder.") from error
    except ImportError as error:
        raise UserError(f"{url} needs more packages: pip install 'car-classification[cloud]'. {error}") from error
    if not root and not url.startswith("memory:"):
        raise UserError(f"{url} names no bucket. Give one, as in {url.rstrip('/')}//bucket/folder.")
    return store, root


def is_same(store: Any, stored: dict[str, Any], path: Path) -> bool:
    """Whether a stored file is the same as the one at `path`, by all that the store tells.

    They have the same size and, where the store tells an MD5, the same MD5; where it tells none, the file was stored
    after the one here was last changed. S3 tells it for files of up to about 100 MB that are not encrypted with a
    key of one's own, Google Cloud Storage for all.

    Args:
        store: The file system.
        stored: What it tells of the stored file.
        path: The file here.
    """
    if stored["size"] != path.stat().st_size:
        return False
    md5 = _stored_md5(store, stored)
    if md5 is not None:
        return _md5_of(path) == md5
    changed = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return bool(store.modified(stored["name"]) >= changed)


def _stored_md5(store: Any, stored: dict[str, Any]) -> str | None:
    """The MD5 of a stored file in hex, if the store tells it."""
    if isinstance(store, LocalFileSystem):
        return _md5_of(Path(stored["name"]))
    if "md5Hash" in stored:  # Google Cloud Storage
        return b64decode(stored["md5Hash"]).hex()
    etag = str(stored.get("ETag", "")).strip('"')  # S3; sent in several parts, its ETag ends in "-<parts>"
    return etag if len(etag) == 32 else None


def _md5_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


@contextmanager
def store_errors(url: str) -> Iterator[None]:
    """Turn what the store at a URL complains of into a `UserError`; all other errors pass."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        from_store = type(error).__module__.partition(".")[0] in _STORE_LIBRARIES
        if not isinstance(error, (OSError, NotImplementedError)) and not from_store:
            raise
        about_a_file = isinstance(error, OSError) and error.filename is not None
        if isinstance(error, PermissionError) and not about_a_file:
            advice = "Check the credentials and what they allow."
        elif isinstance(error, FileNotFoundError) and not about_a_file:
            advice = "Check the bucket's name, or make the bucket first."
        elif "Credential" in type(error).__name__:
            advice = "Set credentials as the tools of the store do, such as AWS_PROFILE or `gcloud auth`."
        elif isinstance(error, NotImplementedError):
            advice = "Files cannot be written there. Give s3://…, gs://… or a folder."
        else:
            advice = "The same command goes on where it was."
        said = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
        raise UserError(f"Upload to {url} failed: {said}. {advice}") from error


class BytesSent(Callback):  # type: ignore[misc]
    """Adds up the bytes of all files of an upload."""

    def __init__(self, report: Report, total: int) -> None:
        super().__init__()
        self._report, self._total, self._sent = report, total, 0

    def add(self, count: int) -> None:
        """Count bytes that were sent."""
        self._sent += count
        self._report(self._sent // 1000, self._total // 1000)

    def branched(self, path_1: str, path_2: str, **kwargs: Any) -> "_BytesOfFile":  # noqa: ARG002
        """What counts the bytes of one file; called by fsspec."""
        return _BytesOfFile(self)


class _BytesOfFile(Callback):  # type: ignore[misc]
    """Passes on how many more bytes of one file were sent."""

    def __init__(self, all_files: BytesSent) -> None:
        super().__init__()
        self._all_files, self._passed_on = all_files, 0

    def call(self, hook_name: str | None = None, **kwargs: Any) -> None:  # noqa: ARG002
        self._all_files.add(self.value - self._passed_on)
        self._passed_on = self.value
