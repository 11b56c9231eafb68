"""Methods that rank candidates without a network, each in its file, all with one interface."""

from __future__ import annotations

from gremlink.proxy.learning.links.scorers.adamic_adar import AdamicAdar
from gremlink.proxy.learning.links.scorers.bi_fan import BiFan
from gremlink.proxy.learning.links.scorers.common_neighbours import CommonNeighbours
from gremlink.proxy.learning.links.scorers.degree import Degree
from gremlink.proxy.learning.links.scorers.directed_resource_allocation import (
    DirectedResourceAllocation,
)
from gremlink.proxy.learning.links.scorers.ease import Ease
from gremlink.proxy.learning.links.scorers.feature_similarity import FeatureSimilarity
from gremlink.proxy.learning.links.scorers.fitted import FittedScorer
from gremlink.proxy.learning.links.scorers.ials import Ials
from gremlink.proxy.learning.links.scorers.katz import Katz
from gremlink.proxy.learning.links.scorers.personalised_pagerank import PersonalisedPageRank
from gremlink.proxy.learning.links.scorers.popularity import Popularity
from gremlink.proxy.learning.links.scorers.pure_svd import PureSvd
from gremlink.proxy.learning.links.scorers.reciprocity import Reciprocity
from gremlink.proxy.learning.links.scorers.resource_allocation import ResourceAllocation
from gremlink.proxy.learning.links.scorers.rp3beta import Rp3Beta
from gremlink.proxy.learning.links.scorers.scorer import Scorer, StructuralScorer
from gremlink.proxy.learning.links.scorers.weighted_ease import WeightedEase

STRUCTURAL: dict[str, type[StructuralScorer]] = {
    scorer.name: scorer
    for scorer in (
        Popularity,
        Degree,
        CommonNeighbours,
        AdamicAdar,
        ResourceAllocation,
        DirectedResourceAllocation,
        BiFan,
        Katz,
        PersonalisedPageRank,
        Reciprocity,
        FeatureSimilarity,
    )
}
"""By the name that reports and artifacts use."""

FITTED: dict[str, type[FittedScorer]] = {
    scorer.name: scorer for scorer in (Rp3Beta, PureSvd, Ials, Ease, WeightedEase)
}
"""Those with arrays of their own, by name."""

SIMPLE: dict[str, type[StructuralScorer] | type[FittedScorer]] = {**STRUCTURAL, **FITTED}
"""All that are fitted from a graph alone, without a network."""

__all__ = ["FITTED", "SIMPLE", "STRUCTURAL", "FittedScorer", "Scorer", "StructuralScorer"]
