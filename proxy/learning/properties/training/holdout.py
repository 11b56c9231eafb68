"""The protocol for many rows: one split into training, validation and test rows."""

from __future__ import annotations

import numpy as np

from gremlink.proxy.learning.events import PhaseStarted
from gremlink.proxy.learning.graph import Indexes
from gremlink.proxy.learning.processing.processed import CustomSplit
from gremlink.proxy.learning.properties.training.experiment import (
    PropertyExperiment,
    PropertyResults,
)
from gremlink.proxy.learning.properties.training.network import ran
from gremlink.proxy.learning.properties.training.scoring import Score
from gremlink.proxy.learning.properties.training.splitting import parts_for
from gremlink.proxy.learning.search.search import Reached, Tell
from gremlink.proxy.learning.search.trial import Best, reached
from gremlink.proxy.learning.trained.target import Outputs

CHOOSING = "choosing among the methods"
"""The name of the phase."""


def evaluate_holdout(experiment: PropertyExperiment) -> PropertyResults:
    """Compare the candidates on one split."""
    train, valid, test = split(experiment)
    held = np.concatenate([valid, test])
    fold = experiment.fold("training rows", train, held, len(valid))
    experiment.progress(PhaseStarted(CHOOSING))
    choices, checkpoint = experiment.select([fold], slice(0, len(valid)))
    metrics = experiment.new_metrics()
    experiment.test(metrics, choices, fold, checkpoint, slice(len(valid), None))
    experiment.compare_auto(metrics)
    chosen = isinstance(experiment.dataset.split, CustomSplit)
    how = "held out as configured" if chosen else "held out at random"
    protocol = (
        f"{len(test):,} test rows, {how} and used for nothing else "
        f"({len(valid):,} more for validation)"
    )
    networks = experiment.plan.count_networks(ran((fold.history,)), checkpoint.epoch)
    return PropertyResults(protocol, choices, metrics, checkpoint, networks, (fold.history,), test)


def validate_settings(experiment: PropertyExperiment, score: Score, tell: Tell) -> Reached:
    """Train the network for a trial of a search; return its score on the validation rows.

    The loss decides when to stop.
    """
    train, valid, _ = split(experiment)
    truth = experiment.dataset.truth[valid]
    loss = experiment.loss_on(valid)

    def of_rows(outputs: Outputs, rows: Indexes) -> float:
        return score(outputs[rows], truth[rows])

    best = Best(of_rows, tell)

    def validate(outputs: Outputs) -> float:
        best.update(outputs)
        return loss(outputs)

    experiment.learn("", train, valid, len(valid), validate)
    return reached(of_rows, best.outputs)


def split(experiment: PropertyExperiment) -> tuple[Indexes, Indexes, Indexes]:
    """Return rows for training, validation and test; call it first."""
    dataset = experiment.dataset
    return parts_for(dataset.labelled, experiment.strata, dataset.split, experiment.random)
