"""Training the network for a property, and telling about every epoch."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from proxy.learning.events import EpochDone, Progress
from proxy.learning.graph import Indexes
from proxy.learning.models.fitting import fit_settings
from proxy.learning.models.property_network import PropertyCheckpoint, fit_property
from proxy.learning.properties.dataset import PropertyDataset
from proxy.learning.properties.target import Form
from proxy.learning.settings import TrainingSettings


class Stage(NamedTuple):
    """A network in its training: whether it `remembers` (see `fit_property`), and the epoch."""

    remembers: bool
    epoch: int


def kinds(dataset: PropertyDataset) -> tuple[bool, ...]:
    """Whether networks can remember, must, or are to be tried both ways."""
    ends = dataset.target.ends
    described = len(ends) == 1 and ends[0] in dataset.graph.features
    return (False, True) if described else (True,)


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
