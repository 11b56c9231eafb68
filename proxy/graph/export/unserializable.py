"""Finding the one element, and its property, that a server cannot send.

The server's own words name a Java class. Here the elements are asked for in ever smaller groups.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gremlin_python.process.graph_traversal import GraphTraversal

from gremlink.proxy.graph.errors import ExportFailed, ServerRefused
from gremlink.proxy.graph.server.connection import GraphConnection
from gremlink.proxy.graph.server.source import g

SERIALIZATION = 599
"""The status of an answer that the server could not write."""
_TOGETHER = 500


def unserializable(
    connection: GraphConnection, what: str, labels: Sequence[str], refused: ServerRefused
) -> ExportFailed:
    """Return the error that names the first `vertex` or `edge` whose values the server cannot
    send."""
    all_of = g.V() if what == "vertex" else g.E()
    if labels:
        all_of = all_of.has_label(*labels)
    try:
        ids = list(connection.submit(all_of.id_().bytecode))
    except ServerRefused:
        return ExportFailed(f"the server cannot send the id of some {what}: {refused.reason}")
    for start in range(0, len(ids), _TOGETHER):
        group = ids[start : start + _TOGETHER]
        if _is_sent(connection, _of(what, group).value_map()):
            continue
        while len(group) > 1:
            half = group[: len(group) // 2]
            rest = group[len(group) // 2 :]
            group = rest if _is_sent(connection, _of(what, half).value_map()) else half
        key = _key(connection, what, group[0])
        place = f"property {key!r}" if key is not None else "values"
        return ExportFailed(
            f"the server cannot send the {place} of the {what} {group[0]!r}: {refused.reason} "
            "Store the value as a type that Gremlin has, text for one"
        )
    return ExportFailed(f"the server cannot send some {what}: {refused.reason}")


def _key(connection: GraphConnection, what: str, id: Any) -> str | None:
    try:
        keys = list(connection.submit(_of(what, [id]).properties().key().dedup().bytecode))
    except ServerRefused:
        return None
    for key in keys:
        if not _is_sent(connection, _of(what, [id]).values(key)):
            return str(key)
    return None


def _of(what: str, ids: Sequence[Any]) -> GraphTraversal:
    return g.V(*ids) if what == "vertex" else g.E(*ids)


def _is_sent(connection: GraphConnection, asked: GraphTraversal) -> bool:
    try:
        for _ in connection.submit(asked.bytecode):
            pass
    except ServerRefused as refused:
        return refused.status != SERIALIZATION
    return True
