"""Where a task reads and writes: graph and locations out of a job's description."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from proxy.config import Upstream
from proxy.config.tls import context_of
from proxy.graph import Server
from proxy.store.locations import Locations


def describe(locations: Locations) -> dict[str, Any]:
    """Locations as JSON."""
    folder = locations.s3_folder
    return {
        "roots": [str(root) for root in locations.roots],
        "s3_folder": None if folder is None else str(folder),
        "s3_endpoint": locations.s3_endpoint,
    }


def locations_of(description: Mapping[str, Any]) -> Locations:
    """The locations in a job's description."""
    document = description["locations"]
    folder = document["s3_folder"]
    return Locations(
        tuple(Path(root) for root in document["roots"]),
        None if folder is None else Path(folder),
        document["s3_endpoint"],
    )


def describe_graph(upstream: Upstream) -> dict[str, Any]:
    """The database as JSON."""
    return upstream.model_dump(mode="json")


def graph_of(description: Mapping[str, Any]) -> Server:
    """The database in a job's description. Raises `TlsError`."""
    upstream = Upstream.model_validate(description["graph"])
    assert upstream.url is not None
    return Server(upstream.url, context_of(upstream))
