"""Personalised PageRank: where a random walk that returns to the source spends its time."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from scipy import sparse

from gremlink.proxy.learning.budget import Work
from gremlink.proxy.learning.graph import Direction, Floats, Indexes, Relation, TypedGraph
from gremlink.proxy.learning.links.scorer import StructuralScorer
from gremlink.proxy.learning.links.scorers.heuristics.walks import WholeWalks, walking_cost

RESTART = 0.15
STEPS = 12
"""After so many steps less than `(1 - RESTART) ** STEPS`, 14 %, of the walk is still to come, and
what comes is nearly the same for all sources."""


class PersonalisedPageRank(StructuralScorer):
    r"""Random walk with restart over all relations, directions ignored.

    .. math:: p_u = \alpha\, e_u + (1 - \alpha)\, P^\top p_u, \qquad s(u, v) = p_u(v)

    by power iteration. Page, Brin, Motwani & Winograd, "The PageRank citation ranking" (1999);
    Haveliwala, "Topic-sensitive PageRank", WWW 2002.
    """

    name: ClassVar[str] = "personalised-pagerank"

    def __init__(self, walk: sparse.csr_array, walks: WholeWalks):
        """Take the column-stochastic matrix of a step."""
        self._walk = walk
        self._walks = walks

    @classmethod
    def cost(cls, graph: TypedGraph, relation: Relation) -> Work:
        """See `StructuralScorer.cost`."""
        return walking_cost(graph, relation)

    @classmethod
    def fit(cls, graph: TypedGraph, relation: Relation) -> PersonalisedPageRank:
        """Normalise the adjacency of the whole graph."""
        whole = graph.whole
        degrees = np.maximum(np.diff(whole.indptr), 1).astype(np.float32)
        walk = whole.copy()
        walk.data = (walk.data / degrees[walk.indices]).astype(np.float32)
        return cls(walk, WholeWalks(graph, relation))

    def scores(self, sources: Indexes, direction: Direction) -> Floats:
        """See `Scorer.scores`."""
        return self._walks.scores(self._visits, sources, direction)

    def _visits(self, visits: Floats) -> Floats:
        restart = RESTART * visits
        for _ in range(STEPS):
            visits = (1.0 - RESTART) * (self._walk @ visits) + restart
        return visits
