"""Weighted paths of two or three edges: the shape that the neighbourhood indexes share.

Between vertices of one type two edges make a common neighbour. Between two types there are no
paths of two edges inside a relation; there the index compares the source with the other vertices
of its own type and adds up over those that are linked to the candidate (three edges).

Where a relation inside one type has a direction, two edges along it and three across it tell more
than edges whose direction is ignored.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import sparse

from gremlink.proxy.learning.budget import Work
from gremlink.proxy.learning.graph import Direction, Floats, Indexes, Relation, TypedGraph

MiddleWeight = Callable[[Floats], Floats]
"""Degree of the vertex in the middle of a path, float32 `[vertices]`, to its weight."""


class WeightedPaths:
    """Counts paths, each weighted by the degree of its first middle vertex."""

    def __init__(self, steps: dict[Direction, list[sparse.csr_array]]) -> None:
        """Take for each direction the matrices to multiply, the first one row-sliced."""
        self.matrices = steps

    @classmethod
    def build(cls, graph: TypedGraph, relation: Relation, weight: MiddleWeight) -> WeightedPaths:
        """Build two edges without direction inside one type, three between two."""
        if relation.head != relation.tail:
            return cls.across(graph, relation, weight)
        near = graph.neighbourhood(relation)
        first = _scaled(near, weight(_row_sums(near)))
        return cls({"out": [first, near], "in": [first, near]})

    @classmethod
    def along(cls, graph: TypedGraph, relation: Relation, weight: MiddleWeight) -> WeightedPaths:
        """Build two edges along the direction, inside one type; degrees are of the edges that lead
        on."""
        links = graph.adjacency(relation)
        back = sparse.csr_array(links.T)
        out = _scaled(links, weight(_row_sums(links)))
        into = _scaled(back, weight(_row_sums(back)))
        return cls({"out": [out, links], "in": [into, back]})

    @classmethod
    def across(cls, graph: TypedGraph, relation: Relation, weight: MiddleWeight) -> WeightedPaths:
        """Build three edges, the one in the middle against the direction."""
        links = graph.adjacency(relation)
        back = sparse.csr_array(links.T)
        out = _scaled(links, weight(_row_sums(back)))
        into = _scaled(back, weight(_row_sums(links)))
        return cls({"out": [out, back, links], "in": [into, links, back]})

    @classmethod
    def cost(cls, graph: TypedGraph, relation: Relation) -> Work:
        """See `StructuralScorer.cost`."""
        return Work()

    def scores(self, sources: Indexes, direction: Direction) -> Floats:
        """See `Scorer.scores`."""
        first, *rest = self.matrices[direction]
        rows = first[sources]
        for matrix in rest:
            rows = rows @ matrix
        return np.asarray(rows.toarray(), dtype=np.float32)


def shared_out(degrees: Floats) -> Floats:
    """Return the weight of resource allocation: what arrives at a vertex is divided among its
    edges."""
    return (1.0 / np.maximum(degrees, 1.0)).astype(np.float32)


def _row_sums(matrix: sparse.csr_array) -> Floats:
    return np.asarray(np.diff(matrix.indptr), dtype=np.float32)


def _scaled(matrix: sparse.csr_array, columns: Floats) -> sparse.csr_array:
    """Multiply the columns of a matrix by float32 `[columns]`."""
    scaled = matrix.copy()
    scaled.data = (scaled.data * columns[scaled.indices]).astype(np.float32)
    return scaled
