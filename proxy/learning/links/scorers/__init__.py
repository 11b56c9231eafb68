"""Methods that rank candidates without a network, each in its file, all with one interface."""

from __future__ import annotations

from gremlink.proxy.learning.links.scorer import Scorer, StructuralScorer
from gremlink.proxy.learning.links.scorers.heuristics.adamic_adar import AdamicAdar
from gremlink.proxy.learning.links.scorers.heuristics.bi_fan import BiFan
from gremlink.proxy.learning.links.scorers.heuristics.common_neighbours import CommonNeighbours
from gremlink.proxy.learning.links.scorers.heuristics.degree import Degree
from gremlink.proxy.learning.links.scorers.heuristics.directed_resource_allocation import (
    DirectedResourceAllocation,
)
from gremlink.proxy.learning.links.scorers.heuristics.feature_similarity import FeatureSimilarity
from gremlink.proxy.learning.links.scorers.heuristics.katz import Katz
from gremlink.proxy.learning.links.scorers.heuristics.personalised_pagerank import (
    PersonalisedPageRank,
)
from gremlink.proxy.learning.links.scorers.heuristics.popularity import Popularity
from gremlink.proxy.learning.links.scorers.heuristics.reciprocity import Reciprocity
from gremlink.proxy.learning.links.scorers.heuristics.resource_allocation import (
    ResourceAllocation,
)
from gremlink.proxy.learning.links.scorers.recommenders.ease import Ease
from gremlink.proxy.learning.links.scorers.recommenders.fitted import FittedScorer
from gremlink.proxy.learning.links.scorers.recommenders.ials import Ials
from gremlink.proxy.learning.links.scorers.recommenders.pure_svd import PureSvd
from gremlink.proxy.learning.links.scorers.recommenders.rp3beta import Rp3Beta
from gremlink.proxy.learning.links.scorers.recommenders.weighted_ease import WeightedEase

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
