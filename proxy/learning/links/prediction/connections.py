"""Connections of two vertices in a graph: the strongest paths of up to three edges.

A path's strength is the share of a unit that arrives when every vertex on the way divides what it
gets among all its neighbours, the measure of `heuristics.resource_allocation` (Zhou, Lü & Zhang,
Eur. Phys. J. B 71, 2009) for one path instead of all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import sparse

from gremlink.proxy.learning.graph import Indexes, Relation, TypedGraph

WIDTH = 1000
"""Neighbours of each end that are looked at, those with the fewest neighbours of their own:
paths over the others are weaker than theirs."""

Vertex = tuple[str, int]
"""A type, and the place in it."""


@dataclass(frozen=True, slots=True)
class Connection:
    r"""A path: `vertices` from end to end, and an arrow for each edge, `-knows->` or `<-knows-`.

    `strength` is :math:`\prod_w 1 / \deg(w)` over the vertices between the ends, with the number
    of different neighbours over all relations as degree. It is 1 for an edge from end to end.
    """

    vertices: tuple[Vertex, ...]
    arrows: tuple[str, ...]
    strength: float


class Connections:
    """Paths in the whole of a graph: every relation counts, in either direction."""

    def __init__(self, graph: TypedGraph) -> None:
        self._graph = graph
        self._whole = graph.whole
        self._degrees = np.diff(self._whole.indptr)
        self._links = {relation: graph.adjacency(relation) for relation in graph.edges}
        self._types = list(graph.counts)
        self._starts = np.array([graph.offsets[name] for name in self._types], np.int64)

    def strongest(self, source: Vertex, target: Vertex, count: int) -> list[Connection]:
        """Return the strongest paths without a circle, at most `count`; equals short ones first."""
        begin, end = self._number(source), self._number(target)
        found = list(self._paths(begin, end, count))
        found.sort(key=lambda path: (-path[0], len(path[1]), path[1]))
        return [
            Connection(tuple(map(self._vertex, path)), tuple(self._arrows(path)), strength)
            for strength, path in found[:count]
        ]

    def _paths(self, begin: int, end: int, count: int) -> Iterator[tuple[float, tuple[int, ...]]]:
        """Return strength and vertices of paths, the strongest `count` of each length among
        them."""
        near, far = self._neighbours(begin), self._neighbours(end)
        if end in near:
            yield 1.0, (begin, end)
        near, far = self._least(near[near != end]), self._least(far[far != begin])
        for middle in np.intersect1d(near, far):
            yield 1.0 / float(self._degrees[middle]), (begin, int(middle), end)
        between = sparse.coo_array(self._whole[near][:, far])
        first, second = near[between.row], far[between.col]
        strengths = 1.0 / (self._degrees[first] * self._degrees[second].astype(np.float64))
        for index in np.argsort(-strengths, kind="stable")[:count]:
            yield float(strengths[index]), (begin, int(first[index]), int(second[index]), end)

    def _neighbours(self, number: int) -> Indexes:
        start, stop = self._whole.indptr[number : number + 2]
        return np.asarray(self._whole.indices[start:stop], dtype=np.int64)

    def _least(self, numbers: Indexes) -> Indexes:
        """Return the vertices with the fewest neighbours."""
        order = np.argsort(self._degrees[numbers], kind="stable")[:WIDTH]
        return np.asarray(numbers[order], dtype=np.int64)

    def _number(self, vertex: Vertex) -> int:
        name, place = vertex
        return self._graph.offsets[name] + place

    def _vertex(self, number: int) -> Vertex:
        index = int(np.searchsorted(self._starts, number, side="right")) - 1
        # A type without vertices begins where the next one does.
        return self._types[index], number - int(self._starts[index])

    def _arrows(self, path: tuple[int, ...]) -> Iterator[str]:
        for here, there in pairwise(path):
            yield " ".join(self._edges(self._vertex(here), self._vertex(there)))

    def _edges(self, here: Vertex, there: Vertex) -> Iterator[str]:
        """Return the edges between two vertices, one for each label."""
        for label in dict.fromkeys(relation.label for relation in self._links):
            out = any(self._joins(relation, label, here, there) for relation in self._links)
            into = any(self._joins(relation, label, there, here) for relation in self._links)
            if out or into:
                yield f"{'<' if into else ''}-{label}-{'>' if out else ''}"

    def _joins(self, relation: Relation, label: str, head: Vertex, tail: Vertex) -> bool:
        if relation != (head[0], label, tail[0]):
            return False
        links = self._links[relation]
        start, stop = links.indptr[head[1] : head[1] + 2]
        return bool((links.indices[start:stop] == tail[1]).any())
