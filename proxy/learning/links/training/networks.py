"""The networks that compete: how each of them learns, by name."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from gremlink.proxy.learning.events import EpochDone, PhaseStarted, Progress
from gremlink.proxy.learning.models.fitting import Checkpoint
from gremlink.proxy.learning.settings import TrainingSettings
from gremlink.proxy.learning.timeline import is_over
from gremlink.proxy.learning.trained.network import Trained

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


def looks(epoch: int, last: int, every: int = EVERY) -> bool:
    """Whether the held-out edges are ranked after this epoch."""
    return epoch in EARLY or epoch % every == 0 or epoch == last


def patience_of(settings: TrainingSettings) -> int:
    """Looks without improvement that end a network's training."""
    if not settings.early_stop:
        return settings.epochs + len(EARLY)
    return settings.patience or PATIENCE


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
