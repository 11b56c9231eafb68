"""Names of vertices, from the database, for files that people read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gremlink.grammar.traversal import Literal

if TYPE_CHECKING:
    from gremlink.proxy.graph.server.connection import GraphConnection

SAMPLE = 200
"""Vertices of a type that tell which of its properties read like names."""

AT_ONCE = 500
"""Vertices in one query."""

SECONDS = 30.0
"""Time limit of each query."""


def vertex_names(
    connection: GraphConnection, ids: Mapping[str, Sequence[Literal]]
) -> dict[Literal, str]:
    """Return the names of vertices, by type; without those that nothing names.

    Raises `ServerRefused`, `ConnectionFailed`.
    """
    from gremlink.proxy.graph.names import first_name, name_keys

    found: dict[Literal, str] = {}
    for of_type in ids.values():
        sample = [dict(reversed(pairs)) for _, pairs in _read(connection, of_type[:SAMPLE], ())]
        keys = name_keys(sample)
        for start in range(0, len(of_type) if keys else 0, AT_ONCE):
            for id, pairs in _read(connection, of_type[start : start + AT_ONCE], keys):
                name = first_name(pairs, keys)
                if name:
                    found[id] = name
    return found


def _read(
    connection: GraphConnection, ids: Sequence[Literal], keys: Sequence[str]
) -> Iterator[tuple[Literal, list[tuple[str, Any]]]]:
    """Yield ids with properties, of `keys` or of any."""
    from gremlin_python.process.graph_traversal import __
    from gremlin_python.process.traversal import T

    from gremlink.proxy.graph.server.source import g
    from gremlink.proxy.graph.server.typed_values import driver_value, literal_of

    pairs = __.properties(*keys).project("key", "value").by(__.key()).by(__.value()).fold()
    query = g.V(*map(driver_value, ids)).project("id", "properties").by(T.id).by(pairs)
    for row in connection.submit(query.bytecode, seconds=SECONDS) if ids else ():
        properties = [(str(pair["key"]), pair["value"]) for pair in row["properties"]]
        yield literal_of(row["id"]), properties
