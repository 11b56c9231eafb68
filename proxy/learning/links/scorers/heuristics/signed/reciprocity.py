"""Reciprocity: what a link in one direction says about the link in the other."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from scipy import sparse

from gremlink.proxy.learning.budget import Work
from gremlink.proxy.learning.graph import (
    DIRECTIONS,
    Direction,
    Floats,
    Indexes,
    Relation,
    TypedGraph,
)
from gremlink.proxy.learning.links.scorer import StructuralScorer
from gremlink.proxy.learning.links.scorers.heuristics.signed.log_odds import log_odds_ratio


class Reciprocity(StructuralScorer):
    r"""The log-odds of a link whose opposite is known, 0 for other pairs.

    .. math:: s(u, v) = \theta_r\, [(v, u) \in E_r]

    Links that are mutual have :math:`\theta_r` far above 0, those that are stored once far below: a
    vertex that is known through the opposite link is no answer. It is the estimate of
    `log_odds_ratio` over all links that the graph has: the more there are, the surer it is. As a
    measure: Garlaschelli & Loffredo, "Patterns of link reciprocity in directed networks", Phys.
    Rev. Lett. 93 (2004).
    """

    name: ClassVar[str] = "reciprocity"
    signed: ClassVar[bool] = True

    def __init__(self, links: sparse.csr_array, log_odds: dict[Direction, float]) -> None:
        """Take the relation, `[vertices, vertices]`, and what an opposite link says."""
        self._opposite = {"out": sparse.csr_array(links.T), "in": links}
        self._log_odds = log_odds

    @classmethod
    def applies(cls, graph: TypedGraph, relation: Relation) -> bool:
        """Return whether both ends have one type."""
        return relation.head == relation.tail

    @classmethod
    def cost(cls, graph: TypedGraph, relation: Relation) -> Work:
        """See `StructuralScorer.cost`."""
        return Work()

    @classmethod
    def fit(cls, graph: TypedGraph, relation: Relation) -> Reciprocity:
        """Count the links with an opposite, and the candidates of the same sources with one."""
        links = graph.adjacency(relation)
        heads = np.asarray(links.sum(axis=1), dtype=np.float64)
        tails = np.asarray(links.sum(axis=0), dtype=np.float64)
        mutual = np.asarray(links.multiply(links.T).sum(axis=1), dtype=np.float64)
        count = links.shape[0]
        found: dict[Direction, float] = {}
        for direction, own, opposite in zip(
            DIRECTIONS, (heads, tails), (tails, heads), strict=True
        ):
            # Each link is a question, so a source counts as often as it has links.
            share = (opposite - mutual) / np.maximum(count - 1.0 - own, 1.0)
            expected = np.array([float(own @ share)])
            marked = np.array([float(mutual.sum())])
            found[direction] = float(log_odds_ratio(marked, expected, float(own.sum()))[0])
        return cls(links, found)

    def log_odds(self, direction: Direction) -> float:
        """Return what a known opposite link says."""
        return self._log_odds[direction]

    def scores(self, sources: Indexes, direction: Direction) -> Floats:
        """See `Scorer.scores`."""
        known = np.asarray(self._opposite[direction][sources].toarray(), dtype=np.float32)
        return np.asarray(known * self._log_odds[direction], dtype=np.float32)
