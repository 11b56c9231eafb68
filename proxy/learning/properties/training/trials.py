"""What a search over settings of a property network asks: how good it is on rows held out.

The same rows are held out as in the study that follows; those for tests are never looked at.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gremlink.proxy.learning.events import unheard
from gremlink.proxy.learning.graph import Floats, Indexes
from gremlink.proxy.learning.models.gnn.messages import threads
from gremlink.proxy.learning.properties.dataset import PropertyDataset
from gremlink.proxy.learning.properties.training.experiment import Trial
from gremlink.proxy.learning.properties.training.fold import best_stage
from gremlink.proxy.learning.properties.training.model_selection import Yardstick
from gremlink.proxy.learning.properties.training.scoring import Merit, merit_by
from gremlink.proxy.learning.search.configuration import Metric
from gremlink.proxy.learning.search.names import applied
from gremlink.proxy.learning.search.parameter import Value
from gremlink.proxy.learning.search.search import Objective, Reached, Tell, groups_of
from gremlink.proxy.learning.settings import TrainingSettings
from gremlink.proxy.learning.trained.target import Outputs


def property_objective(
    dataset: PropertyDataset, settings: TrainingSettings, seed: int, metric: Metric | None
) -> Objective:
    """Trains the network, judged by `metric`, or by what counts for the property.

    Raises ValueError for a metric that does not suit it.
    """
    whole = Trial.of(dataset, settings, seed, unheard)
    merit_by(metric, whole.yardstick)

    def objective(parameters: Mapping[str, Value], tell: Tell) -> Reached:
        tried = applied(settings, parameters)
        trial = Trial(dataset, tried, whole.plan, seed, unheard)
        with threads(dataset.graph, tried.threads):
            judged = _in_parts if trial.cross_validates else _split
            return judged(trial, metric, tell)

    return objective


def _split(trial: Trial, metric: Metric | None, tell: Tell) -> Reached:
    train, valid, _ = trial.split()
    truth = trial.dataset.truth[valid]
    judge = _Telling(trial.yardstick, metric, truth, tell)
    trial.learn("", train, valid, len(valid), judge)
    return Reached(judge.best, _apart(merit_by(metric, trial.yardstick), judge.said, truth))


def _apart(merit: Merit, said: Outputs, truth: Floats) -> tuple[float, ...]:
    """How good answers are in each group of rows."""
    return tuple(merit(said[rows], truth[rows]) for rows in groups_of(len(truth)))


def _in_parts(trial: Trial, metric: Metric | None, tell: Tell) -> Reached:
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
        judged = truth[np.concatenate(held)]
        value = merit(said, judged)
        if len(held) < len(parts):
            tell(value)
    return Reached(value, _apart(merit, said, judged))


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
        self.said: Outputs = np.zeros((0, truth.shape[1]))

    def __call__(self, outputs: Outputs) -> float:
        """See `Judge`."""
        found = self._merit(outputs, self._truth)
        if found > self.best:
            self.best, self.said = found, outputs
        self._tell(self.best)
        return self._yardstick.loss(outputs, self._truth)
