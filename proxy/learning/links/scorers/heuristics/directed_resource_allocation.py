"""Directed resource allocation: friends of friends, along the arrows."""

from __future__ import annotations

from typing import ClassVar

from gremlink.proxy.learning.graph import Relation, TypedGraph
from gremlink.proxy.learning.links.scorer import StructuralScorer
from gremlink.proxy.learning.links.scorers.heuristics.paths import WeightedPaths, shared_out

UNDIRECTED = 0.8
"""Share of links with an opposite from which on a relation has no direction in effect: paths along
the arrows are then those of `resource-allocation`, and a copy of it would only blur the weights."""


class DirectedResourceAllocation(WeightedPaths, StructuralScorer):
    r"""Paths of two edges along the arrows, weighted by how many ways lead on.

    .. math:: s(u, v) = \sum_{w : u \to w \to v} \frac{1}{\deg^+(w)}

    with the out-degree; asked from the tail, the same paths with :math:`1 / \deg^-(w)`. Where links
    are transitive, or make a hierarchy, paths that ignore the arrows also count what speaks
    against the link. With other weights, as in `common-neighbours` and `adamic-adar`, these paths
    rank nearly the same; common successors, common predecessors and circles were behind them or
    behind `bi-fan` on all data they were tried on. So they do not compete.

    Directed closure: Romero & Kleinberg, "The directed closure process in hybrid
    social-information networks", ICWSM 2010. Weight: Zhou, Lü & Zhang, Eur. Phys. J. B 71 (2009).
    """

    name: ClassVar[str] = "directed-resource-allocation"

    @classmethod
    def applies(cls, graph: TypedGraph, relation: Relation) -> bool:
        """Return whether both ends have one type, and not nearly all links have an opposite."""
        return relation.head == relation.tail and graph.reciprocated(relation) < UNDIRECTED

    @classmethod
    def fit(cls, graph: TypedGraph, relation: Relation) -> DirectedResourceAllocation:
        """Prepare the path matrices."""
        return cls(WeightedPaths.along(graph, relation, shared_out).matrices)
