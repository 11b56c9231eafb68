"""Pairs of vertices with the relations that link them, in either direction, side by side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gremlink.proxy.learning.graph import Indexes, TypedGraph


@dataclass(frozen=True, slots=True)
class LinkedPairs:
    """Links of all relations between two types of vertices, sorted by pair.

    Those of a vertex of the first type are `starts[vertex]:starts[vertex + 1]`. `others` are the
    vertices of the second type, `marks` relation and direction: `2 i` where relation number `i` of
    the graph leads to the other vertex, `2 i + 1` where it comes from there. All int64.
    """

    starts: Indexes
    others: Indexes
    marks: Indexes
    width: int
    keys: Indexes

    @classmethod
    def of(cls, graph: TypedGraph, begin: str, end: str) -> LinkedPairs:
        """Return those of a graph, found once for all relations between the types."""
        kept: dict[tuple[str, str], LinkedPairs] = graph.shared.setdefault("linked pairs", {})
        if (begin, end) not in kept:
            kept[begin, end] = cls._found(graph, begin, end)
        return kept[begin, end]

    @classmethod
    def _found(cls, graph: TypedGraph, begin: str, end: str) -> LinkedPairs:
        nothing = np.zeros(0, np.int64)
        rows, columns, marks = [nothing], [nothing], [nothing]
        for number, (relation, edges) in enumerate(graph.edges.items()):
            ends: list[tuple[tuple[Indexes, Indexes], int]] = []
            if (relation.head, relation.tail) == (begin, end):
                ends.append((edges.ends("out"), 2 * number))
            if (relation.tail, relation.head) == (begin, end):
                ends.append((edges.ends("in"), 2 * number + 1))
            for (own, others), mark in ends:
                rows.append(own)
                columns.append(others)
                marks.append(np.full(len(own), mark, np.int64))
        width = graph.counts[end]
        keys = np.concatenate(rows) * width + np.concatenate(columns)
        order = np.argsort(keys, kind="stable")
        keys = keys[order]
        starts = np.searchsorted(keys, np.arange(graph.counts[begin] + 1) * width)
        return cls(starts, keys % width, np.concatenate(marks)[order], width, keys)

    def of_sources(self, sources: Indexes) -> tuple[Indexes, Indexes]:
        """Return the links of some vertices: rows of `sources`, and places among all links."""
        return _spans(self.starts[sources], self.starts[sources + 1])

    def of_pairs(self, sources: Indexes, targets: Indexes) -> tuple[Indexes, Indexes]:
        """Return the links of some pairs: rows of the pairs, and places among all links."""
        asked = sources * self.width + targets
        return _spans(np.searchsorted(self.keys, asked), np.searchsorted(self.keys, asked, "right"))


def _spans(starts: Indexes, stops: Indexes) -> tuple[Indexes, Indexes]:
    """Return the row of each place in `starts:stops`, and the places."""
    counts = stops - starts
    rows = np.repeat(np.arange(len(starts)), counts)
    before = np.cumsum(counts) - counts
    return rows, np.arange(len(rows)) + np.repeat(starts - before, counts)
