"""What a user can set about training; the defaults suit graphs of any size."""

from __future__ import annotations

from dataclasses import dataclass

from proxy.learning.links.scorers import SIMPLE

AUTO = "auto"
NETWORK = "rgcn"
LIGHTGCN = "lightgcn"
KNOWLEDGE_NAMES = ("transe", "distmult", "complex", "rotate")
NETWORKS = (NETWORK, LIGHTGCN, *KNOWLEDGE_NAMES)
"""What is trained by gradients: graph neural networks and knowledge-graph embeddings."""

MODELS = (AUTO, *NETWORKS, *SIMPLE)
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


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """Settings of training. Figures without a unit are counts; for a property, read rows with a
    value where it says target edges.
    """

    epochs: int = 200
    """Of the network, at most; early stopping ends it sooner."""
    width: int = 64
    """Length of an embedding."""
    layers: int = 2
    """Rounds of messages."""
    learning_rate: float = 0.01
    dropout: float = 0.2
    hidden_share: float = 0.2
    """Share of the target edges that an epoch hides and predicts."""
    penalty: float = 0.01
    """Of knowledge-graph embeddings, on the cubes of their numbers."""
    budget: float = 0.0
    """Seconds that training may take by estimate; 0 is a default by the graph's size."""
    cross_validate_up_to: int = 2000
    """Up to so many target edges there is no single split but cross-validation over all."""
    folds: int = 5
    """Parts of the cross-validation; twice as many below 200 target edges."""
    networks: int = 10
    """Networks whose scores are averaged where cross-validation was used."""
    threads: int = 2
    """Threads of the tensor library; results depend on their number."""

    def __post_init__(self) -> None:
        for name, least in (("epochs", 1), ("width", 1), ("layers", 0), ("folds", 2)):
            if getattr(self, name) < least:
                raise ValueError(f"{name} is {getattr(self, name)}: it must be at least {least}")
        if self.budget < 0.0:
            raise ValueError(f"budget is {self.budget} s: it must not be negative")
        if not 0.0 < self.hidden_share < 1.0:
            raise ValueError(f"hidden_share is {self.hidden_share}: it must be between 0 and 1")
