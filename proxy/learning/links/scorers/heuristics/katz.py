"""Katz: walks of any length, the long ones counting less."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from scipy import sparse

from gremlink.proxy.learning.budget import Work
from gremlink.proxy.learning.graph import Direction, Floats, Indexes, Relation, TypedGraph
from gremlink.proxy.learning.links.scorer import StructuralScorer
from gremlink.proxy.learning.links.scorers.heuristics.walks import WholeWalks, walking_cost

LONGEST = 5
"""Steps of the longest walk; longer ones add less than `SHARE ** LONGEST` of the first."""

SHARE = 0.5
"""Attenuation as a share of the largest for which the sum over all walks is finite."""

ROUNDS = 30


class Katz(StructuralScorer):
    r"""The number of walks, attenuated by their length, over all relations without directions.

    .. math:: s(u, v) = \sum_{l=1}^{L} \beta^l (A^l)_{uv}, \qquad \beta = 1 / (2 \lambda_{\max}(A))

    Katz, "A new status index derived from sociometric analysis", Psychometrika 18 (1953);
    as a link predictor: Liben-Nowell & Kleinberg, CIKM 2003.
    """

    name: ClassVar[str] = "katz"

    def __init__(self, whole: sparse.csr_array, beta: float, walks: WholeWalks) -> None:
        """Take the symmetric adjacency of the whole graph."""
        self._whole = whole
        self._beta = np.float32(beta)
        self._walks = walks

    @classmethod
    def cost(cls, graph: TypedGraph, relation: Relation) -> Work:
        """See `StructuralScorer.cost`."""
        return walking_cost(graph, relation)

    @classmethod
    def fit(cls, graph: TypedGraph, relation: Relation) -> Katz:
        """Find the largest eigenvalue, by power iteration."""
        whole = graph.whole
        vector = np.ones(whole.shape[0], np.float32)
        for _ in range(ROUNDS):
            # Of the matrix plus the identity, because a bipartite graph has two of one size.
            following = whole @ vector + vector
            vector = following / max(float(np.linalg.norm(following)), 1e-12)
        largest = float(vector @ (whole @ vector))
        return cls(whole, SHARE / max(largest, 1.0), WholeWalks(graph, relation))

    def scores(self, sources: Indexes, direction: Direction) -> Floats:
        """See `Scorer.scores`."""
        return self._walks.scores(self._attenuated, sources, direction)

    def _attenuated(self, walks: Floats) -> Floats:
        total = np.zeros_like(walks)
        for _ in range(LONGEST):
            walks = self._beta * (self._whole @ walks)
            total += walks
        return total
