"""What a search over settings of a link network asks: the MRR of edges that are held out.

The same edges are held out as in the study that follows; those for tests are never looked at.
"""

from __future__ import annotations

from collections.abc import Mapping

from proxy.learning.events import unheard
from proxy.learning.links.bench import Bench
from proxy.learning.links.cross_validation import learned as learned_in_part
from proxy.learning.links.cross_validation import (
    mean_course,
    part_seed,
    parts_of,
    without_part,
)
from proxy.learning.links.dataset import Dataset
from proxy.learning.links.members import Validation
from proxy.learning.links.networks import Course, Judge
from proxy.learning.links.scorers.trained import Trained
from proxy.learning.links.split import held_out, learned
from proxy.learning.models.messages import threads
from proxy.learning.search.names import applied
from proxy.learning.search.parameter import Value
from proxy.learning.search.search import Objective, Tell
from proxy.learning.settings import TrainingSettings


def link_objective(
    dataset: Dataset, name: str, settings: TrainingSettings, seed: int, *, small: bool
) -> Objective:
    """Trains the network `name`; `small` is for cross-validation, see `study_folds`."""

    def objective(parameters: Mapping[str, Value], tell: Tell) -> float:
        tried = applied(settings, parameters)
        # A bench of its own: equal seeds hold the same edges out.
        bench = Bench(dataset, name, tried, seed, unheard)
        with threads(dataset.graph, tried.threads):
            return _in_parts(bench, name, tell) if small else _split(bench, name, tell)

    return objective


def _split(bench: Bench, name: str, tell: Tell) -> float:
    train, valid, _ = held_out(bench)
    judge = _Telling(Validation(bench.dataset.graph, valid), tell)
    _, course = learned(bench, name, train, judge)
    return max(course.curve.values())


def _in_parts(bench: Bench, name: str, tell: Tell) -> float:
    courses: list[Course] = []
    parts = parts_of(bench)
    for number, part in enumerate(parts, start=1):
        without, _, validation = without_part(bench, part)
        seed = part_seed(bench, number)
        courses.append(learned_in_part(bench, name, without, validation, "", seed)[1])
        best = max(mean_course(courses).curve.values())
        if number < len(parts):
            tell(best)
    return best


class _Telling:
    """Tells the best so far at every look."""

    def __init__(self, judge: Judge, tell: Tell) -> None:
        self._judge = judge
        self._tell = tell
        self._best = 0.0

    def mrr(self, trained: Trained) -> float:
        """See `Judge.mrr`."""
        found = self._judge.mrr(trained)
        self._best = max(self._best, found)
        self._tell(self._best)
        return found
