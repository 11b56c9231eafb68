"""Popularity: how many links of the relation a candidate has already."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from gremlink.proxy.learning.budget import Work
from gremlink.proxy.learning.graph import Direction, Floats, Indexes, Relation, TypedGraph
from gremlink.proxy.learning.links.scorer import StructuralScorer


class Popularity(StructuralScorer):
    r"""The degree of the candidate in the asked direction, the same for every source.

    .. math:: s(u, v) = |\{w : (w, v) \in E_r\}|

    For `in` the out-degree takes the place of the in-degree. With undirected degrees on both
    sides this is preferential attachment, Barabási & Albert, "Emergence of scaling in random
    networks", Science 286 (1999): the source's own degree does not change the order.
    """

    name: ClassVar[str] = "popularity"

    def __init__(self, heads: Floats, tails: Floats) -> None:
        """Take float32 degrees of the head and the tail type."""
        self._degrees: dict[Direction, Floats] = {"out": tails, "in": heads}

    @classmethod
    def cost(cls, graph: TypedGraph, relation: Relation) -> Work:
        """See `StructuralScorer.cost`."""
        return Work()

    @classmethod
    def fit(cls, graph: TypedGraph, relation: Relation) -> Popularity:
        """Count the edges at each end."""
        edges = graph.edges[relation]
        heads = np.bincount(edges.heads, minlength=graph.counts[relation.head])
        tails = np.bincount(edges.tails, minlength=graph.counts[relation.tail])
        return cls(heads.astype(np.float32), tails.astype(np.float32))

    def scores(self, sources: Indexes, direction: Direction) -> Floats:
        """See `Scorer.scores`."""
        degrees = self._degrees[direction]
        return np.tile(degrees, (len(sources), 1))
