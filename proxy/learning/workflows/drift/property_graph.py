"""A property graph in a database beside the one of a training.

Counts are the database's; ids and properties are read of a sample of the vertices of each type.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from gremlin_python.process.graph_traversal import __
from gremlin_python.process.traversal import T

from gremlink.grammar.traversal import Literal
from gremlink.proxy.graph import GraphCounts, GraphError, Server
from gremlink.proxy.graph.export.elements import texts_of
from gremlink.proxy.graph.labels import spellings, split_labels
from gremlink.proxy.graph.server.connection import GraphConnection
from gremlink.proxy.graph.server.source import g
from gremlink.proxy.graph.server.typed_values import literal_of
from gremlink.proxy.learning.graph import Relation
from gremlink.proxy.learning.inductive.extension import type_of
from gremlink.proxy.learning.inductive.neighbourhood import Cells
from gremlink.proxy.learning.trained.stored_graph import StoredGraph
from gremlink.proxy.learning.workflows.drift.distributions import PropertyDrift, property_drifts
from gremlink.proxy.learning.workflows.drift.result import (
    CountDrift,
    GraphDrift,
    advised,
    properties_of,
    unknown_shares,
)
from gremlink.proxy.learning.workflows.drift.trained import Trained

SAMPLE = 1000
"""Vertices of each type that are read."""

MOST_TYPES = 20
"""Types of vertices of which a sample is read, the largest ones."""

SECONDS = 20.0
"""Seconds for all questions to the database together."""

PARALLEL = 200
"""Vertices whose links are counted with and without repetition, and links of each."""


def graph_drift(
    trained: Trained,
    created: float,
    server: Server,
    counts: GraphCounts,
    *,
    seconds: float = SECONDS,
) -> GraphDrift:
    """Compare the graph of a training with the live one, counted as `counts`.

    `created` is the time of the endpoint, seconds since 1970. Raises `GraphError` where there is no
    connection.
    """
    until = time.monotonic() + seconds
    stored = trained.stored
    notes: list[str] = []
    vertices = _vertices(stored, counts)
    with GraphConnection(server) as connection:
        samples = _samples(connection, trained, vertices, until, notes)
        edges = _edges(connection, stored, counts, samples, until, notes)
        of_edges = [
            drift
            for relation in trained.edges
            for drift in _edge_drifts(connection, trained, counts, relation, until, notes)
        ]
    properties = properties_of(trained, samples, of_edges, notes)
    unknown = unknown_shares(stored, samples)
    return advised(stored, vertices, edges, unknown, properties, notes, time.time() - created)


def _vertices(stored: StoredGraph, counts: GraphCounts) -> list[CountDrift]:
    now = {";".join(labels): counted.count for labels, counted in counts.nodes.items()}
    then = stored.graph.counts
    known = [CountDrift(name, count, now.get(name, 0)) for name, count in then.items()]
    return known + [CountDrift(name, None, n) for name, n in now.items() if name not in then]


def _samples(
    connection: GraphConnection,
    trained: Trained,
    vertices: Sequence[CountDrift],
    until: float,
    notes: list[str],
) -> dict[str, dict[Literal, Cells]]:
    """Read some vertices of each type, by chance: id and the properties that have an encoding."""
    known = [each for each in vertices if each.then is not None and each.now]
    known.sort(key=lambda each: -each.now)
    if len(known) > MOST_TYPES:
        notes.append(f"Properties are compared for the {MOST_TYPES} largest types of {len(known)}.")
    found: dict[str, dict[Literal, Cells]] = {}
    for each in known[:MOST_TYPES]:
        keys = trained.known(each.name).keys
        some = g.V().has_label(*_labels(each.name))
        if each.now > SAMPLE:
            some = some.coin(min(1.0, 1.5 * SAMPLE / each.now))
        rows = some.limit(SAMPLE).project("i", "l", "p").by(T.id).by(T.label)
        rows = rows.by(_values(keys))
        try:
            left = max(0.1, until - time.monotonic())
            found[each.name] = {
                literal_of(row["i"]): _cells(row["p"])
                for row in connection.submit(rows.bytecode, seconds=left)
                if type_of(str(row["l"])) == each.name
            }
        except (GraphError, TypeError) as error:  # an id of a type that models do not know
            notes.append(f"{each.name}: no sample could be read: {str(error)[:200]}")
    return found


def _edge_drifts(
    connection: GraphConnection,
    trained: Trained,
    counts: GraphCounts,
    relation: Relation,
    until: float,
    notes: list[str],
) -> list[PropertyDrift]:
    """Compare the properties of edges that a model reads."""
    known = trained.edges[relation]
    now = counts.edges[relation.label].count if relation.label in counts.edges else 0
    some = g.E().has_label(relation.label)
    if now > SAMPLE:
        some = some.coin(min(1.0, 1.5 * SAMPLE / now))
    rows = some.where(__.out_v().has_label(*_labels(relation.head)))
    rows = rows.where(__.in_v().has_label(*_labels(relation.tail))).limit(SAMPLE)
    rows = rows.project("h", "t", "p").by(__.out_v().label()).by(__.in_v().label())
    rows = rows.by(_values(known.keys))
    try:
        left = max(0.1, until - time.monotonic())
        found = [
            _cells(row["p"])
            for row in connection.submit(rows.bytecode, seconds=left)
            if (type_of(str(row["h"])), type_of(str(row["t"]))) == (relation.head, relation.tail)
        ]
    except GraphError as error:
        notes.append(f"{relation}: no sample could be read: {str(error)[:200]}")
        return []
    sample = {Literal.string(str(place)): each for place, each in enumerate(found)}
    return property_drifts(str(relation), known, sample, notes)


def _values(keys: Sequence[str]) -> Any:
    """Return the step for the properties of an element, each with its key."""
    if not keys:
        return __.constant([])
    return __.properties(*keys).project("k", "v").by(__.key()).by(__.value()).fold()


def _labels(name: str) -> tuple[str, ...]:
    """Return labels of which each vertex of a type has one, whichever the database joins."""
    return tuple(dict.fromkeys((*spellings(name), split_labels(name)[0])))


def _cells(properties: Sequence[Mapping[str, Any]]) -> Cells:
    found: dict[str, list[str]] = {}
    for each in properties:
        found.setdefault(str(each["k"]), []).extend(texts_of(each["v"]))
    return found


def _edges(
    connection: GraphConnection,
    stored: StoredGraph,
    counts: GraphCounts,
    samples: Mapping[str, Mapping[Literal, Cells]],
    until: float,
    notes: list[str],
) -> list[CountDrift]:
    """Compare edges by label.

    A training knows distinct links, the database counts edges. Where these are more, some links
    are looked at, and edges that repeat another one are left out by their share.
    """
    then: dict[str, int] = {}
    heads: dict[str, list[str]] = {}
    for relation, edges in stored.graph.edges.items():
        then[relation.label] = then.get(relation.label, 0) + len(edges)
        heads.setdefault(relation.label, []).append(relation.head)
    found = []
    for label, before in then.items():
        now = counts.edges[label].count if label in counts.edges else 0
        if now > before:
            try:
                left = max(0.1, until - time.monotonic())
                share = _distinct(connection, label, heads[label], left)
                now = max(round(now * share), min(now, before)) if share < 1 else now
            except GraphError as error:
                notes.append(f"{label}: repeated links are counted, too: {str(error)[:200]}")
        found.append(CountDrift(label, before, now))
    others = [label for label in counts.edges if label not in then]
    return found + [CountDrift(label, None, counts.edges[label].count) for label in others]


def _distinct(
    connection: GraphConnection, label: str, heads: Sequence[str], seconds: float
) -> float:
    """Return the share of distinct links among the edges that leave some vertices."""
    some = (
        g.V().has_label(*{label for name in heads for label in _labels(name)}).where(__.out(label))
    )
    links = __.out(label).limit(PARALLEL).fold()
    rows = some.limit(PARALLEL).local(links).project("a", "d")
    rows = rows.by(__.unfold().count()).by(__.unfold().dedup().count())
    total = distinct = 0
    for row in connection.submit(rows.bytecode, seconds=seconds):
        total, distinct = total + int(row["a"]), distinct + int(row["d"])
    return distinct / total if total else 1.0
