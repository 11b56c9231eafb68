"""Before a training for a property: a search over settings, or those of an earlier training."""

from __future__ import annotations

from gremlink.proxy.learning.methods import AUTO, NETWORK
from gremlink.proxy.learning.properties.training.experiment import Trial
from gremlink.proxy.learning.properties.training.scoring import metric_of
from gremlink.proxy.learning.properties.training.trials import property_objective
from gremlink.proxy.learning.search.names import applied
from gremlink.proxy.learning.search.tuning import NO_SEARCH, Question, SearchReport, Wanted, tuned
from gremlink.proxy.learning.settings import TrainingSettings

ONLY_SETTINGS = (
    "of the earlier training only the settings are used: networks for properties begin anew, "
    "because they know the values that would have to judge them"
)
SAME_ROWS = (
    "the network's settings were chosen on the rows that judge it, so its own figures are a little "
    "better than on new rows"
)


def searched(
    trial: Trial, wanted: Wanted, question: Question
) -> tuple[TrainingSettings, SearchReport | None, tuple[str, ...]]:
    """Look for settings of the network, if it takes part.

    Raises `BadHpoConfiguration`, `SearchFailed`.
    """
    settings = wanted.settings
    if wanted.search.previous is not None:
        settings = applied(settings, wanted.earlier.get(NETWORK, {}))
        warnings = (NO_SEARCH,) if wanted.search.trials else ()
        return settings, None, (ONLY_SETTINGS, *warnings)
    if not wanted.search.trials:
        return settings, None, ()
    if NETWORK not in trial.plan.names or wanted.model not in (AUTO, NETWORK):
        return settings, None, ("there was no search: no network takes part in this training",)
    metric = wanted.metric or metric_of(trial.yardstick)
    objective = property_objective(trial.dataset, settings, trial.seed, metric)
    task = trial.dataset.target.name
    found, report = tuned(wanted, NETWORK, task, metric.name, objective, question, trial.progress)
    return found, report, (SAME_ROWS,) if trial.cross_validates else ()
