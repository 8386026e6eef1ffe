"""Uploading photos and models to object storage through fsspec: `s3://`, `gs://`, a local folder and others."""

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fsspec.implementations.local import LocalFileSystem  # type: ignore[import-untyped]

from car_classifier.data.manifest import is_manifest, read_manifest
from car_classifier.data.object_store import BytesSent, is_same, open_store, store_errors
from car_classifier.errors import UserError
from car_classifier.files import write_atomically
from car_classifier.progress import Report, silent
from car_classifier.subject import FILE as SUBJECT

SAVED_MODEL = "saved_model.pb"
UNFINISHED = ".publishing-"
"""Prefix of the folder of an unfinished version."""
FILES_AT_ONCE = 8


@dataclass(frozen=True)
class File:
    """A file to upload.

    Attributes:
        path: The local file.
        target: Its path in the store.
        size: In bytes.
    """

    path: Path
    target: str
    size: int


@dataclass(frozen=True)
class Plan:
    """The files of an upload.

    Attributes:
        url: The target as the user gave it.
        store: The fsspec file system of the target.
        to_send: Files that the store lacks, or holds with other content.
        already_there: Files that the store holds with the same content.
        left_out: Hidden files and folders, which are not sent.
    """

    url: str
    store: Any
    to_send: tuple[File, ...]
    already_there: tuple[File, ...]
    left_out: tuple[Path, ...]

    @property
    def bytes_to_send(self) -> int:
        """Bytes of all files to send."""
        return sum(file.size for file in self.to_send)


def plan_upload(source: Path, url: str) -> Plan:
    """Find out which files are to be uploaded.

    A file or folder keeps its name: `model/3` goes to `<url>/3`. A manifest brings the photos that it lists, at the
    same paths relative to it, and its subject.

    Args:
        source: A file, a folder, or a manifest.
        url: `s3://bucket/folder`, `gs://bucket/folder`, a local folder, or another kind of store that fsspec knows.

    Raises:
        UserError: There is nothing to upload, the source is unfinished, the store cannot be reached, or it already
            holds another model under the version's path.
    """
    relative, left_out = _files_of(source)
    if not relative:
        raise UserError(f"{source} holds nothing to upload.")
    with store_errors(url):
        store, root = open_store(url)
        files = [
            File(path, f"{root.rstrip('/')}/{name}", path.stat().st_size) for name, path in sorted(relative.items())
        ]
        stored = store.find(os.path.commonpath([file.target for file in files]), detail=True)
        there = [file.target in stored and is_same(store, stored[file.target], file.path) for file in files]
    to_send = tuple(file for file, is_there in zip(files, there, strict=True) if not is_there)
    _check_versions(url, to_send, stored)
    return Plan(
        url,
        store,
        to_send,
        tuple(file for file, is_there in zip(files, there, strict=True) if is_there),
        tuple(left_out),
    )


def run_upload(plan: Plan, report: Report = silent) -> None:
    """Send the files of a plan, several at a time.

    Each file appears complete or not at all, and `saved_model.pb` after all others, because a folder without it is no
    model. An interrupted upload continues with the files that are missing.

    Args:
        plan: The files to send.
        report: Called with kilobytes sent so far, and kilobytes in all.

    Raises:
        UserError: The store cannot be reached or refuses.
    """
    progress = BytesSent(report, plan.bytes_to_send)
    models = [file for file in plan.to_send if file.path.name == SAVED_MODEL]
    others = [file for file in plan.to_send if file.path.name != SAVED_MODEL]
    with store_errors(plan.url):
        for files in (others, models):
            if isinstance(plan.store, LocalFileSystem):
                _copy(files, progress)
            else:
                paths, targets = [str(file.path) for file in files], [file.target for file in files]
                limit = {"batch_size": FILES_AT_ONCE} if plan.store.async_impl else {}
                plan.store.put(paths, targets, callback=progress, **limit)


def _files_of(source: Path) -> tuple[dict[str, Path], list[Path]]:
    """The files to upload by their names at the target, and the hidden ones, which are left out."""
    if not source.exists():
        raise UserError(f"There is no file or folder at {source}.")
    if any(part.startswith(UNFINISHED) for part in source.resolve().parts):
        raise UserError(f"{source} is unfinished work. Upload a published version, such as model/1.")
    if source.is_file():
        is_list = source.suffix.lower() == ".csv" and is_manifest(source)
        return (_files_of_manifest(source) if is_list else {source.name: source}), []
    name = os.path.basename(os.path.abspath(source))  # of a link its own name, not that of its target
    files, left_out = {}, []
    for folder, folders, names in os.walk(source, followlinks=True):
        if any(os.path.samefile(folder, parent) for parent in Path(folder).parents):  # a link that leads back
            folders.clear()
            continue
        left_out += [Path(folder) / inner for inner in folders + names if inner.startswith(".")]
        folders[:] = [inner for inner in folders if not inner.startswith(".")]
        paths = [Path(folder) / inner for inner in names if not inner.startswith(".")]
        paths = [path for path in paths if path.is_file() or not path.exists()]  # pipes and sockets have no content
        files.update({f"{name}/{path.relative_to(source).as_posix()}": path for path in paths})
    return files, sorted(left_out)


def _files_of_manifest(path: Path) -> dict[str, Path]:
    """The manifest, its subject and all its photos, also excluded ones, so that the target is a complete copy."""
    manifest = read_manifest(path)
    files = {path.name: path}
    if (path.parent / SUBJECT).is_file():
        files[SUBJECT] = path.parent / SUBJECT
    for row in manifest.rows:
        photo, name = manifest.photo_path(row), os.path.normpath(row.file_name)
        if name.startswith("..") or os.path.isabs(name):
            raise UserError(
                f"{path} lists {row.file_name}, which lies outside the manifest's folder and so has no path at the "
                "target. Index the photos with --out in a folder above them."
            )
        if photo.is_file():
            files[Path(name).as_posix()] = photo
    manifest.check_photos(manifest.kept)
    return files


def _check_versions(url: str, to_send: Sequence[File], stored: dict[str, Any]) -> None:
    """Refuse to change a complete model at the target; only files in `assets.extra/` may be replaced."""
    complete = {name.removesuffix(SAVED_MODEL) for name in stored if name.endswith(f"/{SAVED_MODEL}")}
    for file in to_send:
        for version in complete:
            if file.target.startswith(version) and not file.target.startswith(f"{version}assets.extra/"):
                raise UserError(
                    f"{url} holds another model at {version.rstrip('/')}. A published version never changes: "
                    "upload yours under another number, or remove that one first."
                )


def _copy(files: Sequence[File], progress: BytesSent) -> None:
    """Copy files to local paths."""
    for file in files:
        write_atomically(Path(file.target), _copy_of(file.path))
        progress.add(file.size)


def _copy_of(source: Path) -> Callable[[Path], None]:
    def write(target: Path) -> None:
        shutil.copyfile(source, target)

    return write
