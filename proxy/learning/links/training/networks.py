"""Training of the networks among the base models, by name."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gremlink.proxy.learning.events import EpochDone, PhaseStarted, Progress
from gremlink.proxy.learning.models.fitting import Checkpoint
from gremlink.proxy.learning.settings import TrainingSettings
from gremlink.proxy.learning.timeline import is_over
from gremlink.proxy.learning.trained.network import Trained

EARLY = (1, 2, 5)
EVERY = 10
PATIENCE = 4
"""Validations without improvement after which a network stops."""


Validate = Callable[[Trained], float]
"""Scores a network on held-out edges, over all relations and directions; larger is better."""


@dataclass(frozen=True, slots=True)
class History:
    """The learning curves of a network: losses by epoch, and scores on held-out edges where it was
    validated: the mean gain (`evaluation.queries.mean_gain`), or another measure."""

    losses: Mapping[int, float]
    curve: Mapping[int, float]


def is_validated(epoch: int, last: int, every: int = EVERY) -> bool:
    """Return whether the network is validated after this epoch."""
    return epoch in EARLY or epoch % every == 0 or epoch == last


def patience_of(settings: TrainingSettings) -> int:
    """Return the validations without improvement that end a network's training."""
    if not settings.early_stop:
        return settings.epochs + len(EARLY)
    return settings.patience or PATIENCE


def with_progress(
    phase: str, found: Iterator[Checkpoint], epochs: int, progress: Progress, seen: Sequence[float]
) -> Iterator[Checkpoint]:
    """Yield the same checkpoints and report each; the last of `seen` is the newest score.

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


def validated(
    phase: str,
    found: Iterator[Checkpoint],
    epochs: int,
    progress: Progress,
    validate: Validate,
    *,
    patience: int | None,
    every: int = EVERY,
) -> tuple[dict[int, Trained], History]:
    """Train with validation: return the network at each validated epoch, and its history.

    With `patience` training stops after so many validations without improvement, and only the best
    network is kept. A few early epochs are validated, and `every` so many.
    """
    progress(PhaseStarted(phase))
    kept: dict[int, Trained] = {}
    losses: dict[int, float] = {}
    curve: dict[int, float] = {}
    seen: list[float] = []
    for checkpoint in with_progress(phase, found, epochs, progress, seen):
        losses[checkpoint.epoch] = checkpoint.loss
        if not is_validated(checkpoint.epoch, epochs, every):
            continue
        trained = checkpoint.embeddings()
        seen.append(validate(trained))
        curve[checkpoint.epoch] = seen[-1]
        if patience is None:
            kept[checkpoint.epoch] = trained
            continue
        if seen[-1] > max(seen[:-1], default=-1.0):
            kept = {checkpoint.epoch: trained}
        elif len(seen) - 1 - int(np.argmax(seen)) >= patience:
            break
    return kept, History(losses, curve)
