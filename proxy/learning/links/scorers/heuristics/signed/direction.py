"""Direction prior: the end of their links at which candidates mostly are."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from gremlink.proxy.learning.budget import Work
from gremlink.proxy.learning.graph import Direction, Floats, Indexes, Relation, TypedGraph
from gremlink.proxy.learning.links.scorer import StructuralScorer


class DirectionPrior(StructuralScorer):
    r"""The log-odds that a candidate is at the asked end of a link rather than at the other.

    .. math:: s(u, v) = \ln \frac{d^{in}_v + a / 2}{d^{out}_v + a / 2}

    asked for `out`, its negative for `in`. Sources, sinks and vertices that have an order differ in
    it. The shares follow a beta-binomial law (Griffiths, "Maximum likelihood estimation for the
    beta-binomial distribution", Biometrics 29, 1973): :math:`a` is what its moments tell, less one
    standard error. Where directions are as mixed as coins, all scores are 0.
    """

    name: ClassVar[str] = "direction-prior"
    signed: ClassVar[bool] = True

    def __init__(self, log_odds: Floats) -> None:
        """Take the log-odds of the tail end, float32 `[vertices]`."""
        self._log_odds: dict[Direction, Floats] = {"out": log_odds, "in": -log_odds}

    @classmethod
    def applies(cls, graph: TypedGraph, relation: Relation) -> bool:
        """Return whether both ends have one type."""
        return relation.head == relation.tail

    @classmethod
    def cost(cls, graph: TypedGraph, relation: Relation) -> Work:
        """See `StructuralScorer.cost`."""
        return Work()

    @classmethod
    def fit(cls, graph: TypedGraph, relation: Relation) -> DirectionPrior:
        """Count the links of each vertex at either end."""
        edges, count = graph.edges[relation], graph.counts[relation.head]
        out, into = (
            np.bincount(ends, minlength=count).astype(np.float64)
            for ends in (edges.heads, edges.tails)
        )
        links = out + into
        pairs = float((links * (links - 1.0)).sum())
        if not pairs:
            return cls(np.zeros(count, np.float32))
        # The correlation of the ends of two links of a vertex: 0 for coins, with this error.
        excess = float(((into - links / 2.0) ** 2 - links / 4.0).sum())
        correlation = min(excess / (pairs / 4.0) - np.sqrt(2.0 / pairs), 1.0)
        if correlation <= 0.0:
            return cls(np.zeros(count, np.float32))
        half = 0.5 / correlation
        return cls(np.log((into + half) / (out + half)).astype(np.float32))

    def scores(self, sources: Indexes, direction: Direction) -> Floats:
        """See `Scorer.scores`."""
        return np.tile(self._log_odds[direction], (len(sources), 1))
