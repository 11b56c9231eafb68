"""Training of the network for a property, with progress of every epoch."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from gremlink.proxy.learning.events import EpochDone, Progress
from gremlink.proxy.learning.graph import Indexes
from gremlink.proxy.learning.models.fit_settings import fit_settings
from gremlink.proxy.learning.models.property_network import PropertyCheckpoint, fit_property
from gremlink.proxy.learning.properties.dataset import PropertyDataset
from gremlink.proxy.learning.settings import TrainingSettings
from gremlink.proxy.learning.timeline import is_over
from gremlink.proxy.learning.trained.encoder import Encoder
from gremlink.proxy.learning.trained.head import Head
from gremlink.proxy.learning.trained.target import Form, Outputs

EARLY = (1, 2, 5)

PATIENCE = 6
"""Validations without improvement after which a network stops."""


class Checkpoint(NamedTuple):
    """A checkpoint of a training: whether the network `remembers` (`fit_property`), the epoch."""

    remembers: bool
    epoch: int


def kinds(dataset: PropertyDataset, settings: TrainingSettings) -> tuple[bool, ...]:
    """Return the values of `remembers` to try."""
    ends = dataset.target.ends
    described = len(ends) == 1 and ends[0] in dataset.graph.features
    if not described:
        return (True,)
    return (False, True) if settings.embed_featured is None else (settings.embed_featured,)


Validate = Callable[[Outputs], float]
"""Returns the loss of outputs on the watched rows: float64 `[watched, outputs]`."""


@dataclass(slots=True)
class PropertyHistory:
    """The learning curves of one fold: the outputs on the held-out rows and the loss on the watched
    ones by validated checkpoint, and the training loss of every epoch; `network` is that of the
    checkpoint with the least loss, as long as it is needed.
    """

    outputs: dict[Checkpoint, Outputs] = field(default_factory=dict)
    losses: dict[Checkpoint, float] = field(default_factory=dict)
    learning: dict[Checkpoint, float] = field(default_factory=dict)
    network: tuple[Head, Encoder] | None = None


def ran(histories: Iterable[PropertyHistory]) -> int:
    """Return the epochs of all networks together."""
    return sum(len(history.learning) for history in histories)


def learned(
    phase: str,
    dataset: PropertyDataset,
    train: Indexes,
    held: Indexes,
    watched: int,
    settings: TrainingSettings,
    seed: int,
    progress: Progress,
    validate: Validate,
) -> PropertyHistory:
    """Train each kind on the rows `train`, until its loss on the first `watched` of the rows
    `held` has not fallen for a while."""
    subjects = dataset.subjects.select(held)
    history = PropertyHistory()
    last = settings.epochs
    patience = (settings.patience or PATIENCE) if settings.early_stop else last + len(EARLY)
    for remembers in kinds(dataset, settings):
        own: list[float] = []
        for trained in checkpoints(
            phase, dataset, train, settings, seed, progress, history.losses, remembers=remembers
        ):
            epoch = trained.epoch
            checkpoint = Checkpoint(remembers, epoch)
            history.learning[checkpoint] = trained.loss
            if not (epoch in (*EARLY, last) or epoch % settings.evaluate_every == 0):
                continue
            head = trained.head()
            outputs = dataset.target.form.from_raw(head.raw(subjects))
            history.outputs[checkpoint] = outputs
            loss = validate(outputs[:watched])
            if loss < min(history.losses.values(), default=np.inf):
                history.network = head, trained.encoder()
            history.losses[checkpoint] = loss
            own.append(history.losses[checkpoint])
            if len(own) - 1 - int(np.argmin(own)) >= patience:
                break
    return history


def checkpoints(
    phase: str,
    dataset: PropertyDataset,
    rows: Indexes,
    settings: TrainingSettings,
    seed: int,
    progress: Progress,
    losses: Mapping[Checkpoint, float],
    *,
    remembers: bool,
    epochs: int | None = None,
) -> Iterator[PropertyCheckpoint]:
    """Train on the elements at `rows`, and report each epoch with the newest of `losses`."""
    begun = time.monotonic()
    fit = fit_settings(settings, epochs)
    target = dataset.target
    metric = "square error" if target.form is Form.NUMBER else "log loss"
    for checkpoint in fit_property(
        dataset.graph,
        target.ends,
        dataset.subjects.select(rows),
        dataset.truth[rows],
        target.form,
        fit,
        seed,
        remembers=remembers,
    ):
        yield checkpoint
        spent = time.monotonic() - begun
        progress(
            EpochDone(
                phase,
                checkpoint.epoch,
                fit.epochs,
                checkpoint.loss,
                list(losses.values())[-1] if losses else None,
                spent / checkpoint.epoch * (fit.epochs - checkpoint.epoch),
                metric,
            )
        )
        if is_over(progress):
            return
