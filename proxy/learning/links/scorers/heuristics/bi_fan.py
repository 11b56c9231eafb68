"""Bi-fan: what those link to who link to the same as the source."""

from __future__ import annotations

from typing import ClassVar

from gremlink.proxy.learning.graph import Relation, TypedGraph
from gremlink.proxy.learning.links.scorer import StructuralScorer
from gremlink.proxy.learning.links.scorers.heuristics.paths import WeightedPaths, shared_out


class BiFan(WeightedPaths, StructuralScorer):
    r"""Paths of three edges, the middle one against its arrow, as between two types.

    .. math:: s(u, v) = \sum_{w : u \to w} \frac{|\{x : w \leftarrow x \to v\}|}{\deg^-(w)}

    asked from the tail, the first vertex on the way is weighted by its out-degree. The link would
    close a bi-fan, two vertices that link to the same two, which in directed networks tells more
    than any other small pattern: Zhang, Lü, Wang, Zhu & Zhou, "Potential theory for directed
    networks", PLoS ONE 8 (2013). Without directions these are the paths of Kovács et al.,
    "Network-based prediction of protein interactions", Nat. Commun. 10 (2019).
    """

    name: ClassVar[str] = "bi-fan"

    @classmethod
    def applies(cls, graph: TypedGraph, relation: Relation) -> bool:
        """Return whether both ends have one type; between two types, `resource-allocation` is the
        same."""
        return relation.head == relation.tail

    @classmethod
    def fit(cls, graph: TypedGraph, relation: Relation) -> BiFan:
        """Prepare the path matrices."""
        return cls(WeightedPaths.across(graph, relation, shared_out).matrices)
