"""Loading of artifacts: unusable content is reported as damage to the artifact."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gremlink.proxy.store.artifacts import (
    Artifact,
    DamagedArtifact,
    UnsupportedArtifact,
    read_artifact,
)


def read_for(task: str, directory: Path, otherwise: str) -> Artifact:
    """Return the artifact for a task; `otherwise` ends the error sentence if it is for another.

    Raises `ArtifactError`.
    """
    artifact = read_artifact(directory)
    found = artifact.manifest.get("task")
    if found != task:
        raise UnsupportedArtifact(directory, f"holds a model for {found!r}{otherwise}")
    return artifact


@contextmanager
def making(what: str, directory: Path) -> Iterator[None]:
    """Report missing or wrong entries as damage while `what` is built from an artifact.

    Raises `DamagedArtifact`.
    """
    try:
        yield
    except (KeyError, ValueError, TypeError, IndexError, AttributeError) as error:
        raise DamagedArtifact(directory, f"not {what}: {error}") from error
