"""Before a training of links: a search over settings, or a warm start."""

from __future__ import annotations

from gremlink.proxy.learning.links.prediction.model import TASK
from gremlink.proxy.learning.links.training.experiment import Bench
from gremlink.proxy.learning.links.training.trials import link_objective
from gremlink.proxy.learning.links.training.warm_start import LEAST_NEW, read_earlier, warm_start
from gremlink.proxy.learning.processing.processed import CustomSplit
from gremlink.proxy.learning.search.configuration import BadHpoConfiguration
from gremlink.proxy.learning.search.names import applied
from gremlink.proxy.learning.search.tuning import NO_SEARCH, Question, SearchReport, Wanted, tuned

METRIC = "mrr"
SAME_EDGES = (
    "the network's settings were chosen on the edges that judge it, so its own figures are a "
    "little better than on new edges"
)


def begin_warm(bench: Bench, wanted: Wanted) -> tuple[str, ...]:
    """Take what an earlier training has left; a warning where networks begin anew all the same.

    Raises `ArtifactError`.
    """
    directory = wanted.search.previous
    if directory is None:
        return ()
    for name, parameters in wanted.earlier.items():
        bench.tuned[name] = applied(bench.settings, parameters)
    warm = warm_start(read_earlier(directory), bench.dataset)
    new = warm.new_edges(bench.relations)
    chosen = any(isinstance(split, CustomSplit) for split in bench.dataset.targets.values())
    if bench.is_small or chosen or new < LEAST_NEW:
        reason = (
            "the graph is small"
            if bench.is_small
            else "the split is the user's"
            if chosen
            else f"{new} edges are new, and {LEAST_NEW} are needed to judge it"
        )
        return (f"no warm start but for its settings, networks begin anew: {reason}",)
    bench.warm = warm
    return ()


def searched(
    bench: Bench, wanted: Wanted, question: Question
) -> tuple[SearchReport | None, tuple[str, ...]]:
    """Look for settings of the network that is asked for, or of the first one that competes.

    Raises `BadHpoConfiguration`, `SearchFailed`.
    """
    if not wanted.search.trials:
        return None, ()
    if wanted.search.previous is not None:
        return None, (NO_SEARCH,)
    if not bench.network_names:
        return None, ("there was no search: no network takes part in this training",)
    if wanted.metric is not None and wanted.metric.name != METRIC:
        raise BadHpoConfiguration(
            f"eval_metric is {wanted.metric.name!r}: the trials of link prediction are judged by "
            f"{METRIC!r}"
        )
    name, settings, seed = bench.network_names[0], wanted.settings, bench.seed
    objective = link_objective(bench.dataset, name, settings, seed, small=bench.is_small)
    bench.tuned[name], report = tuned(
        wanted, name, TASK, METRIC, objective, question, bench.progress
    )
    warnings = (SAME_EDGES,) if bench.is_small else ()
    return report, warnings
