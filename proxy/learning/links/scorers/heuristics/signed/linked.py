"""Linked: what it says about a link that a pair is linked at all."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

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
from gremlink.proxy.learning.links.scorers.heuristics.signed.linked_pairs import LinkedPairs
from gremlink.proxy.learning.links.scorers.heuristics.signed.other_links import OtherLinks


class Linked(StructuralScorer):
    r"""1 for two vertices that any relation links, in either direction; its weight is the log-odds.

    .. math:: s(u, v) = [\exists r: (u, v) \in E_r \lor (v, u) \in E_r]

    Walks and factors rank all such pairs high. `reciprocity` and `other-links` tell how the
    relations differ; this is the rest that they have in common. A ranking feature of knowledge
    graphs since Toutanova & Chen, "Observed versus latent features for knowledge base and text
    inference" (2015).
    """

    name: ClassVar[str] = "linked"
    signed: ClassVar[bool] = True

    def __init__(self, pairs: dict[Direction, LinkedPairs]) -> None:
        """Take the links for each direction."""
        self._pairs = pairs

    @classmethod
    def applies(cls, graph: TypedGraph, relation: Relation) -> bool:
        """Return whether another relation joins the same types."""
        return OtherLinks.applies(graph, relation)

    @classmethod
    def cost(cls, graph: TypedGraph, relation: Relation) -> Work:
        """See `StructuralScorer.cost`."""
        return Work()

    @classmethod
    def fit(cls, graph: TypedGraph, relation: Relation) -> Linked:
        """Look the links up."""
        return cls(
            {
                end: LinkedPairs.of(graph, relation.source_type(end), relation.target_type(end))
                for end in DIRECTIONS
            }
        )

    def scores(self, sources: Indexes, direction: Direction) -> Floats:
        """See `Scorer.scores`."""
        pairs = self._pairs[direction]
        rows, places = pairs.of_sources(sources)
        scores = np.zeros((len(sources), pairs.width), np.float32)
        scores[rows, pairs.others[places]] = 1.0
        return scores
