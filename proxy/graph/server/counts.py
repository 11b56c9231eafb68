"""Counts of the elements of a graph, made by the database.

The database groups its elements by their labels and their sets of keys, in one pass over each:
little more than it takes to count the keys alone. Only the counts cross the wire.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from gremlin_python.process.graph_traversal import GraphTraversal, __
from gremlin_python.process.traversal import Column, T

from gremlink.proxy.graph.labels import Labels, split_labels
from gremlink.proxy.graph.server.connection import GraphConnection, Server
from gremlink.proxy.graph.server.source import g


@dataclass(slots=True)
class Counted:
    """Elements of the same labels: their number, the number that have each property, and its number
    of values in all of them."""

    count: int = 0
    elements: Counter[str] = field(default_factory=Counter)
    values: Counter[str] = field(default_factory=Counter)

    def see(self, keys: list[str], count: int) -> None:
        """Count so many elements with these keys; a key with several values is repeated."""
        self.count += count
        for key, times in Counter(keys).items():
            self.elements[key] += count
            self.values[key] += times * count


@dataclass(slots=True)
class GraphCounts:
    """Vertices by their labels, edges by their label; `labels` are those by which `hasLabel` finds
    vertices."""

    nodes: dict[Labels, Counted] = field(default_factory=dict)
    edges: dict[str, Counted] = field(default_factory=dict)
    labels: set[str] = field(default_factory=set)


def count_graph(server: str | Server, seconds: float | None = None) -> GraphCounts:
    """Count everything in `seconds` at most; the database stops then, too.

    Raises `ConnectionFailed` and `ServerRefused`.
    """
    found = GraphCounts()
    until = None if seconds is None else time.monotonic() + seconds
    with GraphConnection(server) as connection:
        for label, keys, count in _kinds(connection, g.V(), until):
            found.nodes.setdefault(split_labels(label), Counted()).see(keys, count)
            found.labels.add(label)
        found.labels = _as_found(connection, found.labels, until)
        for label, keys, count in _kinds(connection, g.E(), until):
            found.edges.setdefault(label, Counted()).see(keys, count)
    return found


def outgoing_labels(
    server: str | Server, seconds: float | None = None
) -> dict[Labels, frozenset[str]]:
    """Return the labels of the edges that leave vertices, by the labels of these."""
    rows = g.V().group().by(T.label).by(__.out_e().label().dedup().fold())
    rows = rows.unfold().project("l", "o").by(Column.keys).by(Column.values)
    with GraphConnection(server) as connection:
        found = list(connection.submit(rows.bytecode, seconds=seconds))
    leaving: dict[Labels, frozenset[str]] = {}
    for row in found:
        labels = split_labels(row["l"])  # perhaps in several orders
        leaving[labels] = leaving.get(labels, frozenset()) | set(map(str, row["o"]))
    return leaving


def _as_found(connection: GraphConnection, labels: set[str], until: float | None) -> set[str]:
    """Return the labels by which the database finds vertices, from the result of `label()`:
    `Admin::Person` is one in TinkerGraph, in Neptune it is two, and finds nothing."""
    several = next((label for label in sorted(labels) if "::" in label), None)
    if several is None:
        return labels
    asked = g.V().has_label(several).limit(1).count()
    left = None if until is None else until - time.monotonic()
    (found,) = connection.submit(asked.bytecode, seconds=left)
    return labels if int(found) else {each for label in labels for each in label.split("::")}


def _kinds(
    connection: GraphConnection, elements: GraphTraversal, until: float | None
) -> Iterator[tuple[str, list[str], int]]:
    """Return label, keys and number of the elements that have just these."""
    by_keys = __.group_count().by(__.properties().key().fold())
    # Rows, and no map of maps: in GraphSON 2 keys of maps are text.
    rows = (
        elements.group()
        .by(T.label)
        .by(by_keys)
        .unfold()
        .project("l", "k")
        .by(Column.keys)
        .by(
            __.select(Column.values)
            .unfold()
            .project("k", "n")
            .by(Column.keys)
            .by(Column.values)
            .fold()
        )
    )
    left = None if until is None else until - time.monotonic()
    row: dict[str, Any]
    for row in connection.submit(rows.bytecode, seconds=left):
        for kind in row["k"]:
            yield row["l"], [str(key) for key in kind["k"]], int(kind["n"])
