"""Where a task reads and writes: graph and locations out of a job's description."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from gremlink.proxy.config import Limits, Upstream
from gremlink.proxy.config.tls import context_of
from gremlink.proxy.graph import Server
from gremlink.proxy.graph.limits import Bounds, use_bounds
from gremlink.proxy.management.jobs.events import Tell
from gremlink.proxy.messages.system_errors import sentence_of
from gremlink.proxy.store.errors import StoreError
from gremlink.proxy.store.locations import Locations

KEPT = "kept"
"""The folder of a job, beside its log, for what could not be published."""


def describe(locations: Locations) -> dict[str, Any]:
    """Locations as JSON."""
    folder = locations.s3_folder
    return {
        "roots": [str(root) for root in locations.roots],
        "s3_folder": None if folder is None else str(folder),
        "s3_endpoint": locations.s3_endpoint,
    }


def describe_bounds(limits: Limits) -> dict[str, int]:
    """How much a job reads at one time, as JSON."""
    return asdict(
        Bounds(limits.max_cell_characters, limits.max_unpacked_bytes, limits.max_answer_bytes)
    )


def hold_bounds(description: Mapping[str, Any]) -> None:
    """Let the bounds in a job's description hold in this process."""
    use_bounds(Bounds(**description.get("bounds", {})))


def locations_of(description: Mapping[str, Any]) -> Locations:
    """The locations in a job's description."""
    document = description["locations"]
    folder = document["s3_folder"]
    return Locations(
        tuple(Path(root) for root in document["roots"]),
        None if folder is None else Path(folder),
        document["s3_endpoint"],
    )


class NotPublished(Exception):
    """What a job has made could not be written to its place; it is kept beside the job's log."""

    def __init__(self, error: StoreError | OSError, kept: Path) -> None:
        reason = sentence_of(error) if isinstance(error, OSError) else str(error)
        super().__init__(f"{reason}. Nothing is lost: what the job has made is in {kept}")
        self.kept = kept


def try_output(description: Mapping[str, Any], tell: Tell) -> None:
    """See that a job's output can be written, if it has one: before its work. Raises StoreError."""
    if "output" in description:
        tell("trying the output", 0, None, "")
        locations = locations_of(description)
        locations.try_out(locations.at(description["output"]))


def publish(description: Mapping[str, Any], directory: Path, tell: Tell) -> None:
    """Move what a job has made, below its folder for work, to its output. Raises NotPublished."""
    tell("writing the result to its place", 0, None, "")
    locations = locations_of(description)
    with keeping(directory):
        locations.publish(directory, locations.at(description["output"]))


@contextmanager
def keeping(directory: Path) -> Iterator[None]:
    """Keep what a job has made, below its folder for work, where it cannot be finished or written.

    Raises NotPublished.
    """
    try:
        yield
    except (StoreError, OSError) as error:
        kept = directory.parents[1] / KEPT
        shutil.move(directory, kept)
        raise NotPublished(error, kept) from error


def describe_graph(upstream: Upstream) -> dict[str, Any]:
    """The database as JSON."""
    return upstream.model_dump(mode="json")


def graph_of(description: Mapping[str, Any]) -> Server:
    """The database in a job's description. Raises `TlsError`."""
    upstream = Upstream.model_validate(description["graph"])
    assert upstream.url is not None
    return Server(upstream.url, context_of(upstream))
