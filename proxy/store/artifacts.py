"""Trained models on disk: a directory of safetensors and JSON files under a manifest.

The manifest names every file of the model with its SHA-256; a file that does not match is not
loaded. Nothing is unpickled. A directory appears complete or not at all. Files that are not in the
manifest (reports) are not part of the model.

ArtifactError
├── DamagedArtifact       a file is missing, was changed, or cannot be read
├── UnsupportedArtifact   the format is unknown to this version
├── OutputInTheWay        the output directory holds something that is no artifact
└── OutputKeptElsewhere   the output directory became unwritable; `kept` is the artifact instead
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from mmap import mmap
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save as save_tensors

from gremlink.errors import Error
from gremlink.proxy.messages.system_errors import reason_of
from gremlink.proxy.store.documents import json_bytes
from gremlink.proxy.store.mmap_tensors import map_file, read_tensors
from gremlink.proxy.store.outputs import OutputUnwritable, try_directory

FORMAT = 1
MANIFEST = "artifact.json"
TENSORS = ".safetensors"
DOCUMENT = ".json"

Tensors = Mapping[str, NDArray[Any]]
_Content = TypeVar("_Content", bytes, mmap)


class ArtifactError(Error):
    """Root of the errors of this module; `path` is the artifact's directory."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


class DamagedArtifact(ArtifactError):
    """A file is missing, was changed, or cannot be read."""


class UnsupportedArtifact(ArtifactError):
    """The format is unknown to this version."""


class OutputInTheWay(ArtifactError):
    """The output directory holds something that is no artifact."""


class OutputKeptElsewhere(ArtifactError):
    """The output directory became unwritable; `kept` is the artifact instead."""

    def __init__(self, path: Path, reason: str, kept: Path) -> None:
        super().__init__(
            path,
            f"nothing could be written here at the end: {reason}. Nothing is lost: the artifact is "
            f"in {kept}; move it to where it belongs",
        )
        self.kept = kept


@dataclass(frozen=True, slots=True)
class Artifact:
    """A verified artifact.

    `manifest` is the content of `artifact.json`, `documents` and `tensors` that of the files it
    lists, by file name without ending.
    """

    manifest: Mapping[str, Any]
    documents: Mapping[str, Any]
    tensors: Mapping[str, Tensors]


def write_artifact(
    directory: Path,
    artifact: Artifact,
    reports: Mapping[str, Any] | None = None,
) -> None:
    """Write a complete artifact, replacing one that exists.

    `reports` are JSON documents, texts or bytes by file name, stored beside the model, also in
    folders.
    Equal artifacts make equal manifests. Raises `OutputInTheWay`, `OutputUnwritable`, OSError.
    """
    check_output(directory)
    directory = directory.absolute()
    directory.parent.mkdir(parents=True, exist_ok=True)
    prepared = Path(tempfile.mkdtemp(prefix=f".{directory.name}.", dir=directory.parent))
    try:
        files: dict[str, str] = {}
        for name, document in artifact.documents.items():
            files[name + DOCUMENT] = _write(prepared / (name + DOCUMENT), json_bytes(document))
        for name, tensors in artifact.tensors.items():
            content = save_tensors({key: np.ascontiguousarray(tensors[key]) for key in tensors})
            files[name + TENSORS] = _write(prepared / (name + TENSORS), content)
        for file_name, report in (reports or {}).items():
            (prepared / file_name).parent.mkdir(parents=True, exist_ok=True)
            _write(prepared / file_name, _content_of(report))
        manifest = {"format": FORMAT, **artifact.manifest, "files": dict(sorted(files.items()))}
        _write(prepared / MANIFEST, json_bytes(manifest))
        prepared.chmod(0o755)
        _replace(prepared, directory)
    except BaseException:
        shutil.rmtree(prepared, ignore_errors=True)
        raise


def check_output(directory: Path) -> None:
    """Raise `OutputInTheWay` if `write_artifact` would."""
    try:
        is_free = not directory.exists() and not directory.is_symlink()
        is_ours = directory.is_dir() and (
            (directory / MANIFEST).is_file() or not any(directory.iterdir())
        )
    except OSError as error:
        raise OutputUnwritable(directory, reason_of(error)) from None
    if not is_free and not is_ours:
        raise OutputInTheWay(
            directory, "this is there already and is no artifact: choose another output directory"
        )


def try_output(directory: Path) -> None:
    """Write and remove a test file at `directory`, to fail before long work rather than after it.

    Raises `OutputInTheWay`, `OutputUnwritable`.
    """
    check_output(directory)
    try_directory(directory)


def write_or_keep(
    directory: Path, artifact: Artifact, reports: Mapping[str, Any] | None = None
) -> None:
    """Write the result of long work, elsewhere if its directory became unwritable.

    Raises `OutputKeptElsewhere`, or the errors of `write_artifact` if there is no room anywhere.
    """
    try:
        write_artifact(directory, artifact, reports)
    except (OutputInTheWay, OutputUnwritable, OSError) as error:
        reason = reason_of(error) if isinstance(error, OSError) else error.reason
        for parent in (Path(tempfile.gettempdir()), Path.home(), Path.cwd()):
            kept = parent / f"gremlink-{directory.absolute().name}-{os.urandom(4).hex()}"
            try:
                write_artifact(kept, artifact, reports)
            except (ArtifactError, OSError):
                continue
            raise OutputKeptElsewhere(directory, reason, kept) from None
        raise


def read_artifact(directory: Path) -> Artifact:
    """Read and verify an artifact; tensors are memory-mapped and read-only.

    Raises `DamagedArtifact`, `UnsupportedArtifact`.
    """
    manifest, files = _read_manifest(directory)
    documents: dict[str, Any] = {}
    tensors: dict[str, Tensors] = {}
    for name, checksum in files.items():
        if name.endswith(TENSORS):
            tensors[name.removesuffix(TENSORS)] = _mapped(directory, name, checksum)
        else:
            content = _verified(directory, name, checksum)
            documents[name.removesuffix(DOCUMENT)] = _parsed(directory, name, content)
    return Artifact(manifest, documents, tensors)


def read_document(directory: Path, name: str) -> Any:
    """Return one document of an artifact, `None` if it has none of this name.

    Raises `DamagedArtifact`, `UnsupportedArtifact`.
    """
    _, files = _read_manifest(directory)
    checksum = files.get(name + DOCUMENT)
    if checksum is None:
        return None
    content = _verified(directory, name + DOCUMENT, checksum)
    return _parsed(directory, name + DOCUMENT, content)


def _read_manifest(directory: Path) -> tuple[Mapping[str, Any], Mapping[str, str]]:
    """Return the manifest and the checksums of the files that it names."""
    manifest = read_manifest(directory)
    files = manifest.get("files")
    if not isinstance(files, dict):
        raise DamagedArtifact(directory, f"{MANIFEST} lists no files")
    return manifest, files


def _verified(directory: Path, name: str, checksum: str) -> bytes:
    content = _read(directory, name)
    _verify(directory, name, content, checksum)
    return content


def _mapped(directory: Path, name: str, checksum: str) -> Tensors:
    content = _content(directory, name, map_file)
    _verify(directory, name, content, checksum)
    try:
        return read_tensors(content)
    except ValueError as error:
        raise DamagedArtifact(directory, f"{name} holds no tensors: {error}") from error


def _verify(directory: Path, name: str, content: bytes | mmap, checksum: str) -> None:
    if hashlib.sha256(content).hexdigest() != checksum:
        raise DamagedArtifact(directory, f"{name} is not as it was written (checksum differs)")


def read_manifest(directory: Path) -> Mapping[str, Any]:
    """Return the manifest of an artifact, without verifying its files.

    Raises `DamagedArtifact`, `UnsupportedArtifact`.
    """
    manifest = _parsed(directory, MANIFEST, _read(directory, MANIFEST))
    if not isinstance(manifest, dict):
        raise DamagedArtifact(directory, f"{MANIFEST} is not a JSON object")
    if manifest.get("format") != FORMAT:
        raise UnsupportedArtifact(
            directory,
            f"has format {manifest.get('format')!r}, this version reads format {FORMAT}: "
            "train again, or use the version that wrote it",
        )
    return manifest


def _read(directory: Path, name: str) -> bytes:
    return _content(directory, name, Path.read_bytes)


def _content(directory: Path, name: str, read: Callable[[Path], _Content]) -> _Content:
    if Path(name).name != name:
        raise DamagedArtifact(directory, f"{MANIFEST} names {name!r}, which is no file of it")
    try:
        return read(directory / name)
    except ValueError:
        raise DamagedArtifact(
            directory, f"{name} is not as it was written (checksum differs): it is empty"
        ) from None
    except OSError as error:
        raise DamagedArtifact(directory, f"{name} cannot be read: {reason_of(error)}") from error


def _parsed(directory: Path, name: str, content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError as error:
        raise DamagedArtifact(directory, f"{name} is not JSON: {error}") from error


def _content_of(report: Any) -> bytes:
    if isinstance(report, bytes):
        return report
    return report.encode() if isinstance(report, str) else json_bytes(report)


def _write(path: Path, content: bytes) -> str:
    """Write a file through to the disk and return its SHA-256 in hexadecimal."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return hashlib.sha256(content).hexdigest()


def _replace(prepared: Path, directory: Path) -> None:
    """Put `prepared` in the place of `directory`; no reader sees half of either."""
    if not directory.exists():
        prepared.rename(directory)
        return
    aside = Path(tempfile.mkdtemp(prefix=f".{directory.name}.", dir=directory.parent))
    directory.rename(aside / "old")
    try:
        prepared.rename(directory)
    except BaseException:
        (aside / "old").rename(directory)
        raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)
