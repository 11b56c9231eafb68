"""What a search over settings of a link network asks: the MRR of edges that are held out.

The same edges are held out as in the study that follows; those for tests are never looked at.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gremlink.proxy.learning.events import unheard
from gremlink.proxy.learning.links.evaluation.queries import mean_reciprocal_rank
from gremlink.proxy.learning.links.training.base_models import Validation
from gremlink.proxy.learning.links.training.cross_validation import learned as learned_in_part
from gremlink.proxy.learning.links.training.cross_validation import (
    mean_course,
    part_seed,
    parts_of,
    without_part,
)
from gremlink.proxy.learning.links.training.dataset import Dataset
from gremlink.proxy.learning.links.training.experiment import Bench, Ranks
from gremlink.proxy.learning.links.training.holdout import held_out, learned
from gremlink.proxy.learning.links.training.networks import Course
from gremlink.proxy.learning.models.gnn.messages import threads
from gremlink.proxy.learning.search.names import applied
from gremlink.proxy.learning.search.parameter import Value
from gremlink.proxy.learning.search.search import Objective, Reached, Tell, groups_of
from gremlink.proxy.learning.settings import TrainingSettings
from gremlink.proxy.learning.trained.network import Trained


def link_objective(
    dataset: Dataset, name: str, settings: TrainingSettings, seed: int, *, small: bool
) -> Objective:
    """Trains the network `name`; `small` is for cross-validation, see `study_folds`."""

    def objective(parameters: Mapping[str, Value], tell: Tell) -> Reached:
        tried = applied(settings, parameters)
        # A bench of its own: equal seeds hold the same edges out.
        bench = Bench(dataset, name, tried, seed, unheard)
        with threads(dataset.graph, tried.threads):
            return _in_parts(bench, name, tell) if small else _split(bench, name, tell)

    return objective


def _split(bench: Bench, name: str, tell: Tell) -> Reached:
    train, valid, _ = held_out(bench)
    judge = _Telling(Validation(bench.dataset.graph, valid), tell)
    learned(bench, name, train, judge)
    return judge.reached()


def _in_parts(bench: Bench, name: str, tell: Tell) -> Reached:
    courses: list[Course] = []
    parts = parts_of(bench)
    for number, part in enumerate(parts, start=1):
        without, _, validation = without_part(bench, part, mean_reciprocal_rank)
        seed = part_seed(bench, number)
        courses.append(learned_in_part(bench, name, without, validation, "", seed)[1])
        curve = mean_course(courses).curve
        epoch = max(curve, key=lambda each: curve[each])
        if number < len(parts):
            tell(curve[epoch])
    return Reached(curve[epoch], tuple(course.curve[epoch] for course in courses))


class _Telling:
    """Tells the best so far at every look."""

    def __init__(self, validation: Validation, tell: Tell) -> None:
        self._validation = validation
        self._tell = tell
        self._best = -1.0
        self._ranks: Ranks = np.zeros(0)

    def judge(self, trained: Trained) -> float:
        """See `Judge.judge`; the metric of trials is MRR."""
        ranks = self._validation.ranks(trained)
        found = mean_reciprocal_rank(ranks)
        if found > self._best:
            self._best, self._ranks = found, ranks
        self._tell(self._best)
        return found

    def reached(self) -> Reached:
        """The best, and how good it was in each group of questions."""
        groups = groups_of(len(self._ranks))
        apart = tuple(mean_reciprocal_rank(self._ranks[rows]) for rows in groups)
        return Reached(self._best, apart)
