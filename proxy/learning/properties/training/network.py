"""Training the network for a property, and telling about every epoch."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import numpy as np

from gremlink.proxy.learning.events import EpochDone, Progress
from gremlink.proxy.learning.graph import Indexes
from gremlink.proxy.learning.models.fit_settings import fit_settings
from gremlink.proxy.learning.models.property_network import PropertyCheckpoint, fit_property
from gremlink.proxy.learning.properties.dataset import PropertyDataset
from gremlink.proxy.learning.settings import TrainingSettings
from gremlink.proxy.learning.timeline import is_over
from gremlink.proxy.learning.trained.target import Form, Outputs

EARLY = (1, 2, 5)

PATIENCE = 6
"""Looks at the held-out rows without improvement after which a network stops."""


class Stage(NamedTuple):
    """A network in its training: whether it `remembers` (see `fit_property`), and the epoch."""

    remembers: bool
    epoch: int


def kinds(dataset: PropertyDataset, settings: TrainingSettings) -> tuple[bool, ...]:
    """Whether networks can remember, must, or are to be tried both ways."""
    ends = dataset.target.ends
    described = len(ends) == 1 and ends[0] in dataset.graph.features
    if not described:
        return (True,)
    return (False, True) if settings.embed_featured is None else (settings.embed_featured,)


class Judge(Protocol):
    """Whoever looks at what a network says of the watched rows."""

    def __call__(self, outputs: Outputs) -> float:
        """The loss: float64 `[watched, outputs]` to what has to fall."""
        ...


@dataclass(slots=True)
class Course:
    """How the network learned, in one fold: what it says of the held-out rows and its loss on the
    watched ones by stage, and by epoch of each kind the loss that it learns by.
    """

    said: dict[Stage, Outputs] = field(default_factory=dict)
    losses: dict[Stage, float] = field(default_factory=dict)
    learning: dict[Stage, float] = field(default_factory=dict)


def learned(
    phase: str,
    dataset: PropertyDataset,
    train: Indexes,
    held: Indexes,
    watched: int,
    settings: TrainingSettings,
    seed: int,
    progress: Progress,
    judge: Judge,
) -> Course:
    """Train each kind on the rows `train`, until its loss on the first `watched` of the rows
    `held` has not fallen for a while."""
    subjects = dataset.subjects.select(held)
    course = Course()
    last = settings.epochs
    patience = (settings.patience or PATIENCE) if settings.early_stop else last + len(EARLY)
    for remembers in kinds(dataset, settings):
        own: list[float] = []
        for checkpoint in epochs_of(
            phase, dataset, train, settings, seed, progress, course.losses, remembers=remembers
        ):
            epoch = checkpoint.epoch
            stage = Stage(remembers, epoch)
            course.learning[stage] = checkpoint.loss
            if not (epoch in (*EARLY, last) or epoch % settings.evaluate_every == 0):
                continue
            course.said[stage] = dataset.target.form.from_raw(checkpoint.head().raw(subjects))
            course.losses[stage] = judge(course.said[stage][:watched])
            own.append(course.losses[stage])
            if len(own) - 1 - int(np.argmin(own)) >= patience:
                break
    return course


def epochs_of(
    phase: str,
    dataset: PropertyDataset,
    rows: Indexes,
    settings: TrainingSettings,
    seed: int,
    progress: Progress,
    losses: Mapping[Stage, float],
    *,
    remembers: bool,
    epochs: int | None = None,
) -> Iterator[PropertyCheckpoint]:
    """Train on the elements at `rows`; `losses` is whatever the caller knows, the newest last."""
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
