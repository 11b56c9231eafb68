"""Endpoint creation: the artifact of a training under a name for queries."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gremlink.proxy.management.jobs.events import Tell
from gremlink.proxy.management.tasks.description import locations_of
from gremlink.proxy.store.records import Store


def run(description: Mapping[str, Any], work: Path, tell: Tell) -> dict[str, Any]:
    """Create or replace the endpoint; queries always find the old model or the new one.

    One that was deleted meanwhile does not come back.

    Raises StoreError, ArtifactError.
    """
    locations = locations_of(description)
    tell("fetching the artifact", 0, None, "")
    artifact = locations.fetch(locations.at(description["input"]), work / "artifact")
    tell("checking the artifact", 0, None, "")
    made = Store(Path(description["store"])).create_endpoint(
        description["name"],
        artifact,
        replace=description["replace"],
        must_exist=description["replace"],
    )
    return {"task": made.task, "checksum": made.checksum}
