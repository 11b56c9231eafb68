"""The protocol for few rows: every row is held out once.

For the report each part is predicted by what was chosen on the other parts; the served model is
chosen on all of them.
"""

from __future__ import annotations

import numpy as np

from gremlink.proxy.learning.events import PhaseStarted
from gremlink.proxy.learning.graph import Indexes
from gremlink.proxy.learning.properties.training.experiment import (
    PropertyExperiment,
    PropertyResults,
)
from gremlink.proxy.learning.properties.training.fold import best_checkpoint
from gremlink.proxy.learning.properties.training.holdout import CHOOSING
from gremlink.proxy.learning.properties.training.network import ran
from gremlink.proxy.learning.properties.training.scoring import Score
from gremlink.proxy.learning.properties.training.splitting import in_parts
from gremlink.proxy.learning.search.search import Reached, Tell
from gremlink.proxy.learning.search.trial import reached
from gremlink.proxy.learning.timeline import Steps


def cross_validate(experiment: PropertyExperiment) -> PropertyResults:
    """Compare the candidates by cross-validation."""
    parts = parts_of(experiment)
    count = len(parts)
    folds = [
        experiment.fold(
            f"cross-validation, part {number} of {count}", _others(parts, held), held, len(held)
        )
        for number, held in enumerate(parts, start=1)
    ]
    experiment.progress(PhaseStarted(CHOOSING))
    step = Steps(experiment.progress, CHOOSING, count + 1)
    metrics = experiment.new_metrics()
    for fold in folds:
        choices, checkpoint = experiment.select([other for other in folds if other is not fold])
        experiment.test(metrics, choices, fold, checkpoint)
        step()
    experiment.compare_auto(metrics)
    choices, checkpoint = experiment.select(folds)
    histories = tuple(fold.history for fold in folds)
    protocol = (
        f"cross-validation, {count} parts of {len(experiment.dataset.labelled):,} rows, each judged"
        " by what was chosen on the others"
    )
    return PropertyResults(
        protocol,
        choices,
        metrics,
        checkpoint,
        experiment.plan.count_networks(ran(histories), checkpoint.epoch),
        histories,
        np.concatenate(parts),
    )


def validate_settings(experiment: PropertyExperiment, score: Score, tell: Tell) -> Reached:
    """Train the network for a trial of a search; return its score over all parts.

    The checkpoint is the best on all parts so far.
    """
    parts = parts_of(experiment)
    histories = []
    for number, held in enumerate(parts, start=1):
        others = _others(parts, held)
        histories.append(experiment.learn("", others, held, len(held), experiment.loss_on(held)))
        checkpoint = best_checkpoint(histories)
        outputs = np.concatenate([history.outputs[checkpoint] for history in histories])
        truth = experiment.dataset.truth[np.concatenate(parts[:number])]
        if number < len(parts):
            tell(score(outputs, truth))
    return reached(lambda outputs, rows: score(outputs[rows], truth[rows]), outputs)


def parts_of(experiment: PropertyExperiment) -> list[Indexes]:
    """Return the rows of each part; call it first."""
    count = experiment.plan.effort.parts
    return in_parts(experiment.dataset.labelled, experiment.strata, count, experiment.random)


def _others(parts: list[Indexes], held: Indexes) -> Indexes:
    return np.concatenate([part for part in parts if part is not held])
