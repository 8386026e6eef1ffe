"""Object storage through fsspec: opening a store, comparing files with it, its errors, and progress in bytes."""

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
    """The file system of a URL and the path in it; nothing is cached from earlier calls.

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
    """Whether a stored file is the same as the local one, by the information that the store gives.

    The same file has the same size and the same MD5. Where the store gives no MD5, the file must have been stored
    after the local one was last changed. S3 gives an MD5 for files of up to about 100 MB that are not encrypted with
    a customer's key, Google Cloud Storage for all files.

    Args:
        store: The file system.
        stored: The store's information about the file.
        path: The local file.
    """
    if stored["size"] != path.stat().st_size:
        return False
    md5 = _stored_md5(store, stored)
    if md5 is not None:
        return _md5_of(path) == md5
    changed = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return bool(store.modified(stored["name"]) >= changed)


def _stored_md5(store: Any, stored: dict[str, Any]) -> str | None:
    """The MD5 of a stored file in hex; None if the store does not give it."""
    if isinstance(store, LocalFileSystem):
        return _md5_of(Path(stored["name"]))
    if "md5Hash" in stored:  # Google Cloud Storage
        return b64decode(stored["md5Hash"]).hex()
    etag = str(stored.get("ETag", "")).strip('"')  # S3; the ETag of a multipart upload is no MD5 and ends in "-<parts>"
    return etag if len(etag) == 32 else None


def _md5_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


@contextmanager
def store_errors(url: str) -> Iterator[None]:
    """Turn the errors of the store at a URL into a `UserError`; all other errors pass through."""
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
            advice = "Check the credentials and their permissions."
        elif isinstance(error, FileNotFoundError) and not about_a_file:
            advice = "Check the bucket's name, or make the bucket first."
        elif "Credential" in type(error).__name__:
            advice = "Set credentials with the store's own tools, such as AWS_PROFILE or `gcloud auth`."
        elif isinstance(error, NotImplementedError):
            advice = "Files cannot be written there. Give s3://…, gs://… or a folder."
        else:
            advice = "The same command continues where it stopped."
        reason = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
        raise UserError(f"Upload to {url} failed: {reason}. {advice}") from error


class BytesSent(Callback):  # type: ignore[misc]
    """Reports how many bytes of all files of an upload have been sent."""

    def __init__(self, report: Report, total: int) -> None:
        super().__init__()
        self._report, self._total, self._sent = report, total, 0

    def add(self, count: int) -> None:
        """Count bytes that were sent."""
        self._sent += count
        self._report(self._sent // 1000, self._total // 1000)

    def branched(self, path_1: str, path_2: str, **kwargs: Any) -> "_BytesOfFile":  # noqa: ARG002
        """The callback that counts the bytes of one file; called by fsspec."""
        return _BytesOfFile(self)


class _BytesOfFile(Callback):  # type: ignore[misc]
    """Passes the bytes of one file on to the count of all files."""

    def __init__(self, all_files: BytesSent) -> None:
        super().__init__()
        self._all_files, self._passed_on = all_files, 0

    def call(self, hook_name: str | None = None, **kwargs: Any) -> None:  # noqa: ARG002
        self._all_files.add(self.value - self._passed_on)
        self._passed_on = self.value
