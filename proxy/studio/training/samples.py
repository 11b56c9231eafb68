"""A bounded sample of the graph, as an export reads it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gremlin_python.process.graph_traversal import GraphTraversal, __

from gremlink.proxy.graph.export.elements import (
    EdgeElement,
    VertexElement,
    edge_of,
    edge_rows,
    vertex_of,
    vertex_rows,
)
from gremlink.proxy.graph.export.schema import Schema
from gremlink.proxy.graph.labels import spellings
from gremlink.proxy.graph.server.source import g
from gremlink.proxy.studio.endpoints import Relation
from gremlink.proxy.studio.visit import Visit

ELEMENTS = 400
"""Elements of a kind that are read."""

MOST_KINDS = 16
"""Kinds of vertices that are read, the largest first; the page says how many are left out."""

REMEMBERED = 120.0
"""Seconds for which a sample is remembered."""

MOST_REMEMBERED = 64

SECONDS = 5.0


@dataclass(slots=True)
class Sample:
    """Vertices by label, and edges of one relation; `left_out` are labels without a sample."""

    vertices: dict[str, Sequence[VertexElement]] = field(default_factory=dict)
    relation: Relation | None = None
    edges: Sequence[EdgeElement] = ()
    left_out: Sequence[str] = ()

    def schema(self) -> Schema:
        """Return what an export of the sample would find."""
        found = Schema()
        for elements in self.vertices.values():
            for vertex in elements:
                found.see_vertex(vertex)
        for edge in self.edges:
            found.see_edge(edge)
        return found


_known: dict[tuple[str, ...], tuple[float, list[Any]]] = {}


async def sample_of(
    visit: Visit, labels: Mapping[str, int], relation: Relation | None = None
) -> Sample:
    """Read some vertices of each label, and edges of a relation. Raises `StudioError`.

    `labels` are all of the graph with their numbers; the ends of the relation are always read.
    """
    ends = () if relation is None else (relation.source, relation.target)
    ordered = sorted(labels, key=lambda label: (label not in ends, -labels[label], label))
    found = Sample(left_out=ordered[MOST_KINDS:], relation=relation)
    for label in ordered[:MOST_KINDS]:
        rows = await _rows(visit, vertex_rows(_vertices(label).limit(ELEMENTS)), ("V", label))
        found.vertices[label] = [vertex_of(row) for row in rows]
    if relation is not None:
        rows = await _rows(
            visit, edge_rows(_edges(relation).limit(ELEMENTS)), ("E", *_key_of(relation))
        )
        found.edges = [edge_of(row) for row in rows]
    return found


async def sample_of_vertices(visit: Visit, label: str) -> Sequence[VertexElement]:
    """Read some vertices of a label. Raises `StudioError`."""
    rows = await _rows(visit, vertex_rows(_vertices(label).limit(ELEMENTS)), ("V", label))
    return [vertex_of(row) for row in rows]


def _vertices(label: str) -> GraphTraversal:
    return g.V().has_label(*spellings(label))


def _edges(relation: Relation) -> GraphTraversal:
    edges = g.E().has_label(relation.label)
    return edges.where(__.out_v().has_label(*spellings(relation.source))).where(
        __.in_v().has_label(*spellings(relation.target))
    )


def _key_of(relation: Relation) -> tuple[str, str, str]:
    return relation.source, relation.label, relation.target


async def _rows(visit: Visit, query: GraphTraversal, key: tuple[str, ...]) -> list[Any]:
    full = (str(visit.configuration.upstream.url), visit.authorization, *key)
    known = _known.get(full)
    if known is not None and time.time() - known[0] < REMEMBERED:
        return known[1]
    rows = await visit.ask(query, seconds=SECONDS, most=ELEMENTS)
    while len(_known) >= MOST_REMEMBERED:
        del _known[next(iter(_known))]
    _known[full] = time.time(), rows
    return rows
