"""The schema of the graph: labels with their numbers, counted by the database."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from gremlin_python.process.graph_traversal import GraphTraversal, __
from gremlin_python.process.traversal import Column, T

from gremlink.proxy.graph.server.source import g
from gremlink.proxy.store.records import Store
from gremlink.proxy.studio.endpoints import Relation
from gremlink.proxy.studio.errors import QueryRefused
from gremlink.proxy.studio.visit import Visit

SECONDS = 5.0
"""Time for counting; a graph that takes longer is counted in a part."""

PART = 10_000
"""Elements of that part."""

REMEMBERED = 60.0
"""Seconds for which the counts are remembered."""


@dataclass(frozen=True, slots=True)
class Schema:
    """Numbers of vertices by label and of edges by their labels; `whole` if all were counted."""

    vertices: Mapping[str, int]
    edges: Mapping[Relation, int]
    whole: bool
    counted: float

    @property
    def vertex_count(self) -> int:
        """The number of vertices."""
        return sum(self.vertices.values())

    @property
    def edge_count(self) -> int:
        """The number of edges."""
        return sum(self.edges.values())


_known: WeakKeyDictionary[Store, dict[str, Schema]] = WeakKeyDictionary()
"""For each site what was counted with which credentials."""


async def schema_of(visit: Visit, *, fresh: bool = False) -> Schema:
    """Return the schema. Raises `StudioError`."""
    known = remembered(visit)
    if known is not None and not fresh:
        return known
    vertices, all_vertices = await _counted(visit, g.V(), lambda start: start.by(T.label))
    edges, all_edges = await _counted(visit, g.E(), lambda start: start.by(_ends()))
    relations = {
        Relation(str(ends["source"]), str(ends["label"]), str(ends["target"])): count
        for ends, count in edges
    }
    found = Schema(
        dict(sorted(((str(label), count) for label, count in vertices), key=_largest)),
        dict(sorted(relations.items(), key=lambda each: (-each[1], str(each[0])))),
        all_vertices and all_edges,
        time.time(),
    )
    _known.setdefault(visit.store, {})[visit.authorization] = found
    return found


def remembered(visit: Visit, *, old: bool = False) -> Schema | None:
    """Return the schema if it was counted lately, or ever if an `old` one will do."""
    known = _known.get(visit.store, {}).get(visit.authorization)
    if old:
        return known
    if known is None or time.time() - known.counted >= REMEMBERED:
        return None
    return known


def _largest(pair: tuple[str, int]) -> tuple[int, str]:
    return -pair[1], pair[0]


def _ends() -> GraphTraversal:
    return (
        __.project("source", "label", "target")
        .by(__.out_v().label())
        .by(T.label)
        .by(__.in_v().label())
    )


async def _counted(
    visit: Visit, start: GraphTraversal, grouped: Any
) -> tuple[list[tuple[Any, int]], bool]:
    """Return groups with their numbers, and whether all elements were counted.

    The groups come one by one: a key that is a map cannot be a key in every driver.
    """
    for part in (None, PART):
        limited = start.clone() if part is None else start.clone().limit(part)
        query = grouped(limited.group_count()).unfold().project("key", "count")
        query = query.by(__.select(Column.keys)).by(__.select(Column.values))
        try:
            rows = await visit.ask(query, seconds=SECONDS, most=5000)
        except QueryRefused:
            if part is not None:
                raise
            continue
        return [(row["key"], int(row["count"])) for row in rows], part is None
    raise AssertionError
