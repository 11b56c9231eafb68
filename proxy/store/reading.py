"""Making something of an artifact: what does not fit is the artifact's fault, and says so."""

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
    """An artifact of a task; `otherwise` ends the sentence about one of another task.

    Raises `ArtifactError`.
    """
    artifact = read_artifact(directory)
    found = artifact.manifest.get("task")
    if found != task:
        raise UnsupportedArtifact(directory, f"holds a model for {found!r}{otherwise}")
    return artifact


@contextmanager
def making(what: str, directory: Path) -> Iterator[None]:
    """While `what` is made of what was read: entries that are missing or wrong are damage.

    Raises `DamagedArtifact`.
    """
    try:
        yield
    except (KeyError, ValueError, TypeError, IndexError, AttributeError) as error:
        raise DamagedArtifact(directory, f"not {what}: {error}") from error
