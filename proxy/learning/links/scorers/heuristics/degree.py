"""Degree: the number of a candidate's neighbours, over all relations and directions."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from gremlink.proxy.learning.budget import Work
from gremlink.proxy.learning.graph import Direction, Floats, Indexes, Relation, TypedGraph
from gremlink.proxy.learning.links.scorer import StructuralScorer


class Degree(StructuralScorer):
    r"""Preferential attachment on the whole graph without directions.

    .. math:: s(u, v) = \deg(v)

    Barabási & Albert, "Emergence of scaling in random networks", Science 286 (1999); as a link
    predictor: Newman, "Clustering and preferential attachment in growing networks", Phys. Rev. E
    64 (2001). The product with the source's degree is left out: it does not change the order.
    """

    name: ClassVar[str] = "degree"

    def __init__(self, heads: Floats, tails: Floats) -> None:
        """Take float32 degrees of the head and the tail type."""
        self._degrees: dict[Direction, Floats] = {"out": tails, "in": heads}

    @classmethod
    def applies(cls, graph: TypedGraph, relation: Relation) -> bool:
        """Return whether it can differ from popularity."""
        return len(graph.edges) > 1 or relation.head == relation.tail

    @classmethod
    def cost(cls, graph: TypedGraph, relation: Relation) -> Work:
        """See `StructuralScorer.cost`."""
        return Work()

    @classmethod
    def fit(cls, graph: TypedGraph, relation: Relation) -> Degree:
        """Count the neighbours of every vertex."""
        degrees: Floats = np.asarray(np.diff(graph.whole.indptr), dtype=np.float32)

        def of(vertex_type: str) -> Floats:
            start = graph.offsets[vertex_type]
            return degrees[start : start + graph.counts[vertex_type]]

        return cls(of(relation.head), of(relation.tail))

    def scores(self, sources: Indexes, direction: Direction) -> Floats:
        """See `Scorer.scores`."""
        return np.tile(self._degrees[direction], (len(sources), 1))
