"""Names of the methods that a user can ask for. Imports nothing: `--help` lists them."""

from __future__ import annotations

AUTO = "auto"
NETWORK = "rgcn"
LIGHTGCN = "lightgcn"
KNOWLEDGE_NAMES = ("transe", "distmult", "complex", "rotate")
NETWORKS = (NETWORK, LIGHTGCN, *KNOWLEDGE_NAMES)
"""What is trained by gradients: graph neural networks and knowledge-graph embeddings."""

SIMPLE_METHODS = (
    "popularity",
    "degree",
    "common-neighbours",
    "adamic-adar",
    "resource-allocation",
    "directed-resource-allocation",
    "bi-fan",
    "katz",
    "personalised-pagerank",
    "reciprocity",
    "feature-similarity",
    "rp3beta",
    "pure-svd",
    "ials",
    "ease",
    "weighted-ease",
)
"""What is fitted from a graph alone: the keys of `gremlink.proxy.learning.links.scorers.SIMPLE`,
which loads SciPy. `--help` lists them and loads nothing."""

MODELS = (AUTO, *NETWORKS, *SIMPLE_METHODS)
"""What `model` can be: the blend of all, a network, or one simple method alone."""

PROPERTY_MODELS = (
    AUTO,
    NETWORK,
    "majority",
    "mean",
    "neighbours",
    "linear",
    "boosting",
    "boosting+neighbours",
)
"""What `model` can be for a property; `mean` is for numbers what `majority` is for classes."""
