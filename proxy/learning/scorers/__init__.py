"""Methods that rank candidates without a network, each in its file, all with one interface."""

from __future__ import annotations

from proxy.learning.scorers.adamic_adar import AdamicAdar
from proxy.learning.scorers.common_neighbours import CommonNeighbours
from proxy.learning.scorers.degree import Degree
from proxy.learning.scorers.ease import Ease
from proxy.learning.scorers.feature_similarity import FeatureSimilarity
from proxy.learning.scorers.fitted import FittedScorer
from proxy.learning.scorers.ials import Ials
from proxy.learning.scorers.katz import Katz
from proxy.learning.scorers.personalised_pagerank import PersonalisedPageRank
from proxy.learning.scorers.popularity import Popularity
from proxy.learning.scorers.pure_svd import PureSvd
from proxy.learning.scorers.reciprocity import Reciprocity
from proxy.learning.scorers.resource_allocation import ResourceAllocation
from proxy.learning.scorers.rp3beta import Rp3Beta
from proxy.learning.scorers.scorer import Scorer, StructuralScorer

STRUCTURAL: dict[str, type[StructuralScorer]] = {
    scorer.name: scorer
    for scorer in (
        Popularity,
        Degree,
        CommonNeighbours,
        AdamicAdar,
        ResourceAllocation,
        Katz,
        PersonalisedPageRank,
        Reciprocity,
        FeatureSimilarity,
    )
}
"""By the name that reports and artifacts use."""

FITTED: dict[str, type[FittedScorer]] = {
    scorer.name: scorer for scorer in (Rp3Beta, PureSvd, Ials, Ease)
}
"""Those with arrays of their own, by name."""

SIMPLE: dict[str, type[StructuralScorer] | type[FittedScorer]] = {**STRUCTURAL, **FITTED}
"""All that are fitted from a graph alone, without a network."""

__all__ = ["FITTED", "SIMPLE", "STRUCTURAL", "FittedScorer", "Scorer", "StructuralScorer"]
