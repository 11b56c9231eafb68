"""What a search over settings of a property network asks: how good it is on rows held out.

The same rows are held out as in the study that follows; those for tests are never looked at.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from proxy.learning.events import unheard
from proxy.learning.graph import Floats, Indexes
from proxy.learning.models.messages import threads
from proxy.learning.properties.choice import Yardstick
from proxy.learning.properties.dataset import PropertyDataset
from proxy.learning.properties.fold import best_stage
from proxy.learning.properties.merits import merit_by
from proxy.learning.properties.study import Trial
from proxy.learning.properties.target import Outputs
from proxy.learning.search.configuration import Metric
from proxy.learning.search.names import applied
from proxy.learning.search.parameter import Value
from proxy.learning.search.search import Objective, Tell
from proxy.learning.settings import TrainingSettings


def property_objective(
    dataset: PropertyDataset, settings: TrainingSettings, seed: int, metric: Metric | None
) -> Objective:
    """Trains the network, judged by `metric`, or by what counts for the property.

    Raises ValueError for a metric that does not suit it.
    """
    whole = Trial.of(dataset, settings, seed, unheard)
    merit_by(metric, whole.yardstick)

    def objective(parameters: Mapping[str, Value], tell: Tell) -> float:
        tried = applied(settings, parameters)
        trial = Trial(dataset, tried, whole.plan, seed, unheard)
        with threads(dataset.graph, tried.threads):
            judged = _in_parts if trial.cross_validates else _split
            return judged(trial, metric, tell)

    return objective


def _split(trial: Trial, metric: Metric | None, tell: Tell) -> float:
    train, valid, _ = trial.split()
    judge = _Telling(trial.yardstick, metric, trial.dataset.truth[valid], tell)
    trial.learn("", train, valid, len(valid), judge)
    return judge.best


def _in_parts(trial: Trial, metric: Metric | None, tell: Tell) -> float:
    """Each part is judged at the stage that is the best on all parts so far."""
    merit = merit_by(metric, trial.yardstick)
    truth = trial.dataset.truth
    parts = trial.parts()
    courses = []
    held: list[Indexes] = []
    for part in parts:
        others = np.concatenate([each for each in parts if each is not part])
        courses.append(trial.learn("", others, part, len(part), trial.judge(part)))
        held.append(part)
        stage = best_stage(courses)
        said = np.concatenate([course.said[stage] for course in courses])
        value = merit(said, truth[np.concatenate(held)])
        if len(held) < len(parts):
            tell(value)
    return value


class _Telling:
    """Tells the best so far at every look; the loss still decides when to stop."""

    def __init__(
        self, yardstick: Yardstick, metric: Metric | None, truth: Floats, tell: Tell
    ) -> None:
        self._yardstick = yardstick
        self._merit = merit_by(metric, yardstick)
        self._truth = truth
        self._tell = tell
        self.best = -np.inf

    def __call__(self, outputs: Outputs) -> float:
        """See `Judge`."""
        self.best = max(self.best, self._merit(outputs, self._truth))
        self._tell(self.best)
        return self._yardstick.loss(outputs, self._truth)
