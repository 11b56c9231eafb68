"""Common neighbours: how many vertices are linked to both."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from gremlink.proxy.learning.graph import Floats, Relation, TypedGraph
from gremlink.proxy.learning.links.scorer import StructuralScorer
from gremlink.proxy.learning.links.scorers.heuristics.paths import WeightedPaths


class CommonNeighbours(WeightedPaths, StructuralScorer):
    r"""The number of shared neighbours, directions ignored.

    .. math:: s(u, v) = |N(u) \cap N(v)|

    Between two types, paths of three edges: :math:`\sum_{w \in N(v)} |N(u) \cap N(w)|`.
    Liben-Nowell & Kleinberg, "The link-prediction problem for social networks", CIKM 2003.
    """

    name: ClassVar[str] = "common-neighbours"

    @classmethod
    def fit(cls, graph: TypedGraph, relation: Relation) -> CommonNeighbours:
        """Prepare the path matrices."""
        return cls(WeightedPaths.build(graph, relation, _weight).matrices)


def _weight(degrees: Floats) -> Floats:
    return np.ones_like(degrees)
