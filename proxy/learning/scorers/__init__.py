"""Methods that rank candidates without training, each in its file, all with one interface."""

from __future__ import annotations

from proxy.learning.scorers.adamic_adar import AdamicAdar
from proxy.learning.scorers.common_neighbours import CommonNeighbours
from proxy.learning.scorers.degree import Degree
from proxy.learning.scorers.feature_similarity import FeatureSimilarity
from proxy.learning.scorers.personalised_pagerank import PersonalisedPageRank
from proxy.learning.scorers.popularity import Popularity
from proxy.learning.scorers.reciprocity import Reciprocity
from proxy.learning.scorers.resource_allocation import ResourceAllocation
from proxy.learning.scorers.scorer import Scorer, StructuralScorer

STRUCTURAL: dict[str, type[StructuralScorer]] = {
    scorer.name: scorer
    for scorer in (
        Popularity,
        Degree,
        CommonNeighbours,
        AdamicAdar,
        ResourceAllocation,
        PersonalisedPageRank,
        Reciprocity,
        FeatureSimilarity,
    )
}
"""By the name that reports and artifacts use."""

__all__ = ["STRUCTURAL", "Scorer", "StructuralScorer"]
