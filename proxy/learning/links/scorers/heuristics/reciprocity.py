"""Reciprocity: a link in one direction speaks for the link in the other."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from scipy import sparse

from gremlink.proxy.learning.budget import Work
from gremlink.proxy.learning.graph import Direction, Floats, Indexes, Relation, TypedGraph
from gremlink.proxy.learning.links.scorer import StructuralScorer


class Reciprocity(StructuralScorer):
    r"""1 where the opposite link exists.

    .. math:: s(u, v) = [(v, u) \in E_r]

    Garlaschelli & Loffredo, "Patterns of link reciprocity in directed networks", Phys. Rev.
    Lett. 93 (2004).
    """

    name: ClassVar[str] = "reciprocity"

    def __init__(self, links: sparse.csr_array) -> None:
        """Take the relation, `[vertices, vertices]`."""
        self._opposite = {"out": sparse.csr_array(links.T), "in": links}

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
        """Keep the relation and its transpose."""
        return cls(graph.adjacency(relation))

    def scores(self, sources: Indexes, direction: Direction) -> Floats:
        """See `Scorer.scores`."""
        return np.asarray(self._opposite[direction][sources].toarray(), dtype=np.float32)
