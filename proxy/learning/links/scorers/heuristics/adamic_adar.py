"""Adamic-Adar: common neighbours, of which the rare ones count more."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from gremlink.proxy.learning.graph import Floats, Relation, TypedGraph
from gremlink.proxy.learning.links.scorer import StructuralScorer
from gremlink.proxy.learning.links.scorers.heuristics.paths import WeightedPaths


class AdamicAdar(WeightedPaths, StructuralScorer):
    r"""Shared neighbours weighted by the logarithm of their degree, directions ignored.

    .. math:: s(u, v) = \sum_{w \in N(u) \cap N(v)} \frac{1}{\log \deg(w)}

    Between two types, paths of three edges, the first middle vertex weighted so.
    Adamic & Adar, "Friends and neighbors on the Web", Social Networks 25 (2003).
    """

    name: ClassVar[str] = "adamic-adar"

    @classmethod
    def fit(cls, graph: TypedGraph, relation: Relation) -> AdamicAdar:
        """Prepare the path matrices."""
        return cls(WeightedPaths.build(graph, relation, _weight).matrices)


def _weight(degrees: Floats) -> Floats:
    # A middle vertex of degree 1 lies on no path between two vertices.
    weights: Floats = (1.0 / np.log(np.maximum(degrees, 2.0))).astype(np.float32)
    return weights
