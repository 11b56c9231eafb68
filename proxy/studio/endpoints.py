"""Endpoints for people, described by their models' documents."""

from __future__ import annotations

from gremlink.proxy.learning.described import Described as Described
from gremlink.proxy.learning.described import Relation as Relation
from gremlink.proxy.learning.described import describe_artifact
from gremlink.proxy.store.errors import StoreError
from gremlink.proxy.store.records import Endpoint, Store

_known: dict[tuple[str, str], Described] = {}
MOST_KNOWN = 256
"""Models whose documents are kept in memory."""


def describe(endpoint: Endpoint) -> Described:
    """Return an endpoint with its model's manifest and report; it may wait for files."""
    key = str(endpoint.artifact), endpoint.checksum
    if key not in _known:
        if len(_known) >= MOST_KNOWN:
            _known.clear()
        found = describe_artifact(endpoint.name, endpoint.artifact, endpoint.created)
        if found.problem:
            return found
        _known[key] = found
    return _known[key]


def described_endpoints(store: Store) -> list[Described]:
    """Return all endpoints; it may wait for files."""
    try:
        return [describe(each) for each in store.endpoints()]
    except StoreError:
        return []


def described_endpoint(store: Store, name: str) -> Described | None:
    """Return one endpoint, `None` if there is none of this name."""
    found = store.endpoint(name)
    return None if found is None else describe(found)
