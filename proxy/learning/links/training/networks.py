"""The networks that compete: how each of them learns, by name."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from gremlink.proxy.learning.events import EpochDone, PhaseStarted, Progress
from gremlink.proxy.learning.graph import Relation, TypedGraph
from gremlink.proxy.learning.links.training.warm_start import Warm
from gremlink.proxy.learning.methods import LIGHTGCN, NETWORK
from gremlink.proxy.learning.models.fit_settings import fit_settings
from gremlink.proxy.learning.models.fitting import Checkpoint, fit
from gremlink.proxy.learning.models.knowledge.fitting import (
    KNOWLEDGE,
    KnowledgeSettings,
    fit_knowledge,
)
from gremlink.proxy.learning.models.lightgcn import LightGcnSettings, fit_lightgcn
from gremlink.proxy.learning.settings import TrainingSettings
from gremlink.proxy.learning.timeline import is_over
from gremlink.proxy.learning.trained.network import Trained

SMALL_EPOCHS = 40
"""Of the graph neural network on a small graph, which it soon learns by heart."""

SMALL_STEP = 0.3
"""Of its learning rate there: what few edges say is said in few, small steps."""

SHARE_OF_EPOCHS = 0.3
"""An epoch of a knowledge-graph embedding is many steps, one of the others a single one."""

EARLY = (1, 2, 5)
EVERY = 10
PATIENCE = 4
"""Looks at the validation edges without improvement after which a network stops."""


class Judge(Protocol):
    """Whoever looks at held-out edges."""

    def judge(self, trained: Trained) -> float:
        """Over all relations and both directions."""
        ...


@dataclass(frozen=True, slots=True)
class Course:
    """How a network has learned: losses by epoch, and how good it was on held-out edges where
    it was asked: the mean gain (`evaluation.mean_gain`), or what the judge measures."""

    losses: Mapping[int, float]
    curve: Mapping[int, float]


def most_epochs(name: str, settings: TrainingSettings, *, small: bool) -> int:
    """Epochs of a network at most; `small` is for graphs that are judged by cross-validation."""
    if name in KNOWLEDGE:
        return max(1, round(SHARE_OF_EPOCHS * settings.epochs))
    return min(settings.epochs, SMALL_EPOCHS) if small and name == NETWORK else settings.epochs


def looks(epoch: int, last: int, every: int = EVERY) -> bool:
    """Whether the held-out edges are ranked after this epoch."""
    return epoch in EARLY or epoch % every == 0 or epoch == last


def patience_of(settings: TrainingSettings) -> int:
    """Looks without improvement that end a network's training."""
    if not settings.early_stop:
        return settings.epochs + len(EARLY)
    return settings.patience or PATIENCE


def checkpoints(
    name: str,
    graph: TypedGraph,
    relations: Sequence[Relation],
    settings: TrainingSettings,
    epochs: int,
    seed: int,
    *,
    small: bool,
    warm: Warm | None = None,
) -> Iterator[Checkpoint]:
    """Train a network, beginning with what `warm` has for it. Raises ValueError for an unknown."""
    if name == NETWORK:
        fitting = fit_settings(settings, epochs)
        start = None if warm is None else warm.network
        rate = fitting.learning_rate * (SMALL_STEP if small else 1.0)
        return fit(graph, relations, replace(fitting, learning_rate=rate), seed, start)
    if name == LIGHTGCN:
        light = LightGcnSettings(
            settings.width,
            epochs,
            2.0 * settings.learning_rate,
            hidden_share=settings.hidden_share,
        )
        return fit_lightgcn(graph, relations, light, seed)
    if name in KNOWLEDGE:
        knowledge = replace(
            KnowledgeSettings(),
            width=2 * settings.width,
            epochs=epochs,
            learning_rate=settings.learning_rate,
            dropout=settings.dropout,
            penalty=settings.penalty,
        )
        begin = None if warm is None else warm.knowledge.get(name)
        return fit_knowledge(name, graph, relations, knowledge, seed, begin)
    raise ValueError(f"no network is called {name!r}")


def told(
    phase: str, found: Iterator[Checkpoint], epochs: int, progress: Progress, seen: Sequence[float]
) -> Iterator[Checkpoint]:
    """The same checkpoints, each told to whoever watches; `seen` has the newest look at its end.

    They end sooner where there is a deadline.
    """
    begun = time.monotonic()
    for checkpoint in found:
        yield checkpoint
        spent = time.monotonic() - begun
        progress(
            EpochDone(
                phase,
                checkpoint.epoch,
                epochs,
                checkpoint.loss,
                seen[-1] if seen else None,
                spent / checkpoint.epoch * (epochs - checkpoint.epoch),
            )
        )
        if is_over(progress):
            return


def judged(
    phase: str,
    found: Iterator[Checkpoint],
    epochs: int,
    progress: Progress,
    validation: Judge,
    *,
    patience: int | None,
    every: int = EVERY,
) -> tuple[dict[int, Trained], Course]:
    """Train with looks at held-out edges: what it was at each look, and its course.

    With `patience` it stops after so many looks without improvement, and only the best is kept.
    There are looks after a few early epochs and `every` so many.
    """
    progress(PhaseStarted(phase))
    kept: dict[int, Trained] = {}
    losses: dict[int, float] = {}
    curve: dict[int, float] = {}
    seen: list[float] = []
    for checkpoint in told(phase, found, epochs, progress, seen):
        losses[checkpoint.epoch] = checkpoint.loss
        if not looks(checkpoint.epoch, epochs, every):
            continue
        trained = checkpoint.embeddings()
        seen.append(validation.judge(trained))
        curve[checkpoint.epoch] = seen[-1]
        if patience is None:
            kept[checkpoint.epoch] = trained
            continue
        if seen[-1] > max(seen[:-1], default=-1.0):
            kept = {checkpoint.epoch: trained}
        elif len(seen) - 1 - int(np.argmax(seen)) >= patience:
            break
    return kept, Course(losses, curve)
