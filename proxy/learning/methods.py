"""Names of the methods that a user can ask for, and where they are.

Imports nothing: `--help` lists the names and loads no method.
"""

from __future__ import annotations

AUTO = "auto"
NETWORK = "rgcn"
LIGHTGCN = "lightgcn"
KNOWLEDGE_NAMES = ("complex", "rotate", "distmult", "transe")
"""Knowledge-graph embeddings, in the order in which a budget has room for them."""

PATH_RANKING = "path-ranking"
NETWORKS = (NETWORK, LIGHTGCN, *KNOWLEDGE_NAMES)
"""Methods trained by gradients: graph neural networks and knowledge-graph embeddings."""

HEURISTICS = {
    "popularity": "popularity.Popularity",
    "degree": "degree.Degree",
    "common-neighbours": "common_neighbours.CommonNeighbours",
    "adamic-adar": "adamic_adar.AdamicAdar",
    "resource-allocation": "resource_allocation.ResourceAllocation",
    "directed-resource-allocation": "directed_resource_allocation.DirectedResourceAllocation",
    "bi-fan": "bi_fan.BiFan",
    "katz": "katz.Katz",
    "personalised-pagerank": "personalised_pagerank.PersonalisedPageRank",
    "reciprocity": "signed.reciprocity.Reciprocity",
    "other-links": "signed.other_links.OtherLinks",
    "linked": "signed.linked.Linked",
    "direction-prior": "signed.direction.DirectionPrior",
    "feature-similarity": "feature_similarity.FeatureSimilarity",
}
"""Methods computed from the graph alone: a name, and its class in `links.scorers.heuristics`."""

RECOMMENDERS = {
    "item-knn": "item_knn.ItemKnn",
    "rp3beta": "rp3beta.Rp3Beta",
    "pure-svd": "pure_svd.PureSvd",
    "ials": "ials.Ials",
    "ease": "ease.Ease",
    "undirected-ease": "undirected_ease.UndirectedEase",
    "weighted-ease": "weighted_ease.WeightedEase",
    "kernel-ridge": "kernel_ridge.KernelRidge",
    PATH_RANKING: "paths.path_ranking.PathRanking",
}
"""Methods that keep arrays of their own: a name, and its class in `links.scorers.recommenders`."""

SEGMENT_POPULARITY = "segment-popularity"
BASELINES = (SEGMENT_POPULARITY,)
"""Rows of reports on links that are no methods: no model has them."""

SIMPLE_METHODS = (*HEURISTICS, *RECOMMENDERS)
"""Methods without a network, in the order of reports."""

MODELS = (AUTO, *NETWORKS, *SIMPLE_METHODS)
"""Values of `model` for links: the blend of all, a network, or one simple method alone."""

PROPERTY_METHODS = {
    "majority": "constant.Majority",
    "mean": "constant.Mean",
    "neighbours": "neighbour_mean.Neighbours",
    "linear": "linear.LinearMethod",
    "hops": "hops.HopsMethod",
    "collective": "collective.CollectiveMethod",
    "boosting": "boosting.Boosting",
    "boosting+neighbours": "boosting.BoostingAround",
}
"""Methods for a property, in the order of reports: a name, and a class in `properties.methods`."""

PROPERTY_MODELS = (AUTO, NETWORK, *PROPERTY_METHODS)
"""Values of `model` for a property; `mean` is for numbers what `majority` is for classes."""
