"""Resource allocation: common neighbours that share what they have among theirs."""

from __future__ import annotations

from typing import ClassVar

from gremlink.proxy.learning.graph import Relation, TypedGraph
from gremlink.proxy.learning.links.scorer import StructuralScorer
from gremlink.proxy.learning.links.scorers.heuristics.paths import WeightedPaths, shared_out


class ResourceAllocation(WeightedPaths, StructuralScorer):
    r"""Shared neighbours weighted by their degree, directions ignored.

    .. math:: s(u, v) = \sum_{w \in N(u) \cap N(v)} \frac{1}{\deg(w)}

    Between two types, paths of three edges, the first middle vertex weighted so.
    Zhou, Lü & Zhang, "Predicting missing links via local information", Eur. Phys. J. B 71 (2009).
    """

    name: ClassVar[str] = "resource-allocation"

    @classmethod
    def fit(cls, graph: TypedGraph, relation: Relation) -> ResourceAllocation:
        """Prepare the path matrices."""
        return cls(WeightedPaths.build(graph, relation, shared_out).matrices)
