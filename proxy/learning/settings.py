"""Settings of training; the defaults suit graphs of any size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gremlink.errors import Error

DEVICES = ("auto", "cpu", "cuda")
MINI_BATCHES = ("auto", "always", "never")


class UnusableSettings(Error, ValueError):
    """Settings that make no sense, or not for these data or on this machine."""


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """Settings of training. Figures without a unit are counts; for a property, read rows with a
    value where it says target edges.
    """

    epochs: int = 200
    """Most epochs of the network; early stopping ends it sooner."""
    width: int = 64
    """Length of an embedding."""
    layers: int = 2
    """Rounds of messages."""
    learning_rate: float = 0.01
    dropout: float = 0.2
    hidden_share: float = 0.2
    """Share of the target edges that an epoch hides and predicts."""
    hard_negatives: float = 0.0
    """Share of the candidates that are chosen near the vertices that are asked about, where not all
    candidates compete; the others are drawn from all."""
    penalty: float = 0.01
    """Penalty of knowledge-graph embeddings, on the cubes of their numbers."""
    budget: float = 0.0
    """Seconds that training may take by estimate; 0 is a default by the size of the data."""
    cross_validate_up_to: int = 2000
    """Target edges up to which there is cross-validation over all instead of a single split; for a
    property ten times as many."""
    folds: int = 5
    """Parts of the cross-validation; twice as many below 200 target edges."""
    networks: int = 10
    """Networks whose scores are averaged where cross-validation was used."""
    threads: int = 2
    """Threads of the tensor library; results depend on their number."""
    bases: int = 8
    """Matrices that the graph neural network's relations share; 0 gives each its own."""
    self_loop: bool = True
    """`True` transforms a vertex's own state in a round of messages, too."""
    layer_norm: bool = False
    """`True` normalises what a round of messages adds (Ba, Kiros & Hinton, 2016)."""
    global_norm: bool = False
    """`True` gives a vertex the mean over all its messages, as in GraphSAGE, instead of sums over
    each relation that are normalised by the degrees of both ends."""
    residual: bool = True
    """`True` adds the outcome of a round of messages to a vertex's state; else it replaces it."""
    jumping_knowledge: bool = True
    """`True` outputs the mean over all rounds, `False` that of the last (Xu et al., 2018)."""
    embed_featured: bool | None = None
    """`True` gives vertices with features a learned embedding, too; `None`: for links they
    do, for properties both ways are tried."""
    class_weights: bool = False
    """`True` weights rare classes as much as frequent ones in the network's loss."""
    device: str = "auto"
    """`cpu`, `cuda`, or `auto`: a GPU where there is one and the graph is large."""
    mini_batches: str = "auto"
    """Learning of the graph neural network from samples of the graph: `always`, `never` (but on
    a GPU), or `auto`: where the whole does not fit into 4 GiB by estimate."""
    batch_size: int = 1024
    """Target edges of a mini-batch."""
    fan_outs: tuple[int, ...] = (10, 15)
    """Messages of each type that a vertex gets at most in a mini-batch, the round next to the
    input first; the last one is that of all rounds beyond."""
    weight_decay: float = 1e-4
    """Weight decay of the graph neural network."""
    evaluate_every: int = 10
    """Epochs between two looks at held-out data."""
    early_stop: bool = True
    """`True` ends a network when looks bring no improvement; else its best state is kept."""
    patience: int = 0
    """Looks without improvement that end it; 0 is 4 for links and 6 for properties."""

    def __post_init__(self) -> None:
        for name, least in (
            ("epochs", 1),
            ("width", 1),
            ("layers", 0),
            ("folds", 2),
            ("bases", 0),
            ("evaluate_every", 1),
            ("patience", 0),
            ("batch_size", 1),
        ):
            if getattr(self, name) < least:
                raise UnusableSettings(
                    f"{name} is {getattr(self, name)}: it must be at least {least}"
                )
        for name, options in (("device", DEVICES), ("mini_batches", MINI_BATCHES)):
            if getattr(self, name) not in options:
                raise UnusableSettings(
                    f"{name} is {getattr(self, name)!r}: it must be one of {options}"
                )
        object.__setattr__(self, "fan_outs", tuple(self.fan_outs))  # JSON has no tuples
        if not self.fan_outs or min(self.fan_outs) < 1:
            raise UnusableSettings(f"fan_outs are {self.fan_outs}: each must be at least 1")
        if self.budget < 0.0:
            raise UnusableSettings(f"budget is {self.budget} s: it must not be negative")
        if not 0.0 < self.hidden_share < 1.0:
            raise UnusableSettings(
                f"hidden_share is {self.hidden_share}: it must be between 0 and 1"
            )
        if not 0.0 <= self.hard_negatives < 1.0:
            raise UnusableSettings(
                f"hard_negatives is {self.hard_negatives}: it must be 0 or more, and less than 1"
            )


@dataclass(frozen=True, slots=True)
class SearchSettings:
    """Settings of the search for better settings of the network."""

    trials: int = 0
    """Trainings with different settings; with 0 there is no search."""
    parallel: int = 1
    """Trials at a time, each in a process of its own if more than one."""
    configuration: Path | None = None
    """A `model-hpo-configuration.json`; without it the one beside the processed data, if any."""
    previous: Path | None = None
    """The artifact of an earlier training on an earlier state of the graph: a warm start."""

    def __post_init__(self) -> None:
        for name, least in (("trials", 0), ("parallel", 1)):
            if getattr(self, name) < least:
                raise UnusableSettings(
                    f"{name} is {getattr(self, name)}: it must be at least {least}"
                )


def check_model(model: str, task: str, models: Sequence[str]) -> None:
    """Raise `UnusableSettings` for a model that is none of those that learn a task."""
    if model not in models:
        raise UnusableSettings(
            f"the model {model!r} does not learn {task.replace('_', ' ')}: choose one of "
            f"{', '.join(models)}"
        )
