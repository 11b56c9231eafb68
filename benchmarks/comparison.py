"""Figures of methods on the same questions: means, ratios and their bootstrap intervals, and the
benchmarks that run cases, keep their outcomes and print them."""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import os
import tempfile
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from gremlink.proxy.learning.graph import Indexes
from gremlink.proxy.learning.links.evaluation.ranking_metrics import RankingMetrics
from gremlink.proxy.learning.methods import AUTO

Values = NDArray[np.float64]
Interval = tuple[float, float]

DRAWS = 1000
CHANCE = "(a random order)"
SHOWN = 12
"""Rows of a case's table."""

ERRORS = ("rmse",)
"""Metrics of which less is better; their values are squared errors."""


def of_each(metric: str, asked: Iterable[tuple[Values, Indexes]]) -> Values:
    """The values whose mean is the metric, of ranks and their sources: one for each question, or
    for each source where the metric judges lists."""
    found = []
    for ranks, sources in asked:
        if metric == "mrr":
            found.append(1.0 / ranks)
            continue
        for source in np.unique(sources):
            own = RankingMetrics()
            own.update(ranks[sources == source], sources[sources == source])
            found.append(np.array([own.compute()[metric]]))
    return np.concatenate(found)


@dataclass(frozen=True)
class Outcome:
    """All methods on one case with one seed.

    `values` are those of `of_each` by method; `wall`, `cpu` (seconds), `memory` (MiB) and `budget`
    (seconds) are of `auto`. `notes` are what it says of its weights and of what had no room; `same`
    is whether a second training gave the same tensors.
    """

    case: str
    seed: int
    metric: str
    aim: float
    values: Mapping[str, Values]
    seconds: Mapping[str, float]
    chance: float
    wall: float
    cpu: float
    memory: float
    budget: float
    notes: Sequence[str] = field(default_factory=tuple)
    same: bool | None = None

    def save(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        plain: dict[str, Any] = {**asdict(self), "values": {}}
        stem = directory / f"{self.case}-{self.seed}"
        np.savez_compressed(
            stem.with_suffix(".npz"),
            **{name: values.astype(np.float32) for name, values in self.values.items()},
        )
        # The last to be written: where it is, the other is whole.
        stem.with_suffix(".json").write_text(json.dumps(plain, indent=1))

    @classmethod
    def load(cls, directory: Path, case: str, seed: int) -> Outcome | None:
        """What was saved, or None."""
        stem = directory / f"{case}-{seed}"
        if not stem.with_suffix(".json").exists():
            return None
        plain = json.loads(stem.with_suffix(".json").read_text())
        with np.load(stem.with_suffix(".npz")) as kept:
            values = {name: kept[name].astype(np.float64) for name in kept.files}
        return cls(**{**plain, "values": values})

    def mean(self, method: str) -> float:
        """The metric."""
        return self.of(float(self.values[method].mean()))

    def of(self, mean: Any) -> Any:
        """The metric from a mean of values."""
        return np.sqrt(mean) if self.metric in ERRORS else mean


class Comparison:
    """One case's outcomes over the seeds."""

    def __init__(self, outcomes: Sequence[Outcome], method: str) -> None:
        self.outcomes = sorted(outcomes, key=lambda each: each.seed)
        self.method = method
        asked = [set(each.values) for each in self.outcomes]
        self.rivals = sorted(set.intersection(*asked) - {method})
        self.less_is_better = self.outcomes[0].metric in ERRORS

    def mean(self, method: str) -> float:
        """The mean over the seeds."""
        return float(np.mean([each.mean(method) for each in self.outcomes]))

    def spread(self, method: str) -> float:
        return float(np.std([each.mean(method) for each in self.outcomes]))

    def best(self) -> str:
        """The rival with the best mean over the seeds, chosen by the answers."""
        return (min if self.less_is_better else max)(self.rivals, key=self.mean)

    def to_each_seeds_best(self) -> float:
        """The ratio to the mean of the best rival of each seed, which is luck, too."""
        best = min if self.less_is_better else max
        bests = float(np.mean([best(map(each.mean, self.rivals)) for each in self.outcomes]))
        return self.better(self.mean(self.method), bests)

    def better(self, own: Any, other: Any) -> Any:
        """How many times as good: of errors the inverse."""
        return other / own if self.less_is_better else own / other

    def ratio(self, rival: str) -> tuple[float, Interval]:
        """How many times as good as a rival, with the middle 95 % over resampled questions: the
        same for both, in each seed."""
        random = np.random.default_rng(0)
        own, other = np.zeros(DRAWS), np.zeros(DRAWS)
        for each in self.outcomes:
            one, two = each.values[self.method], each.values[rival]
            for draw in range(DRAWS):
                drawn = random.integers(0, len(one), len(one))
                own[draw] += each.of(one[drawn].mean())
                other[draw] += each.of(two[drawn].mean())
        low, high = np.percentile(self.better(own, other), [2.5, 97.5])
        found = self.better(self.mean(self.method), self.mean(rival))
        return float(found), (float(low), float(high))


Run = Callable[[str, int, argparse.Namespace], Outcome]
"""All methods on one case with one seed."""


def arguments_for(cases: Sequence[str], description: str) -> argparse.ArgumentParser:
    """What both benchmarks of quality are asked with."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("source", type=Path, help="where the packages were installed")
    parser.add_argument("--only", nargs="+", choices=cases, default=cases)
    parser.add_argument("--seeds", type=int, default=1, help="how many, from 0")
    parser.add_argument("--budget", type=float, default=0.0, help="seconds; 0: by the graph's size")
    parser.add_argument("--jobs", type=int, default=1, help="cases at a time")
    parser.add_argument("--cache", type=Path, help="keeps the outsider's results")
    parser.add_argument("--results", type=Path, help="keeps all results, to go on from")
    return parser


def judge(
    run: Run, arguments: argparse.Namespace, judged: Container[str], aim: float, console: Console
) -> int:
    """Run all cases and print each as its last seed is ready, and all of them at the end.

    Returns 1 if one is below its own aim beyond its interval, or if the geometric mean over those
    that are `judged` together is below `aim`.
    """
    arguments.threads = 2
    if arguments.jobs > 1:
        arguments.threads = 1
        os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"))
    with tempfile.TemporaryDirectory() as directory:
        arguments.cache = arguments.cache or Path(directory) / "cache"
        arguments.results = arguments.results or Path(directory) / "results"
        compared = _compared(run, arguments, console)
    return _summary(compared, arguments.only, judged, aim, console)


def _compared(
    run: Run, arguments: argparse.Namespace, console: Console
) -> Mapping[str, Comparison]:
    ready: dict[str, list[Outcome]] = {}
    compared: dict[str, Comparison] = {}
    for found in _outcomes(run, arguments):
        own = ready.setdefault(found.case, [])
        own.append(found)
        if len(own) == arguments.seeds:
            compared[found.case] = Comparison(own, AUTO)
            console.print(_table(compared[found.case]))
            for note in own[0].notes[:6]:
                console.print(note)
    return compared


def _outcomes(run: Run, arguments: argparse.Namespace) -> Iterator[Outcome]:
    """Those that were kept, then the others as they are ready."""
    waiting = []
    for name in arguments.only:
        for seed in range(arguments.seeds):
            kept = Outcome.load(arguments.results, name, seed)
            if kept is None:
                waiting.append((name, seed))
            else:
                yield kept
    with ProcessPoolExecutor(
        arguments.jobs, multiprocessing.get_context("spawn"), max_tasks_per_child=1
    ) as pool:
        running: list[Future[Outcome]] = [
            pool.submit(run, name, seed, arguments) for name, seed in waiting
        ]
        for done in as_completed(running):
            found = done.result()
            found.save(arguments.results)
            yield found


def _table(compared: Comparison) -> Table:
    """The best methods of a case."""
    first = compared.outcomes[0]
    shown = Table("Method", first.metric, "Spread", "Seconds", title=first.case)
    methods = sorted(
        (AUTO, *compared.rivals), key=compared.mean, reverse=not compared.less_is_better
    )
    # A rule that changes nothing is not worth a row.
    distinct = {round(compared.mean(each), 9): each for each in reversed(methods)}.values()
    kept = [each for place, each in enumerate(reversed(distinct)) if place < SHOWN]
    for method in kept if AUTO in kept else (*kept, AUTO):
        spread = f"{compared.spread(method):.4f}" if len(compared.outcomes) > 1 else ""
        seconds = np.mean([each.seconds[method] for each in compared.outcomes])
        shown.add_row(method, f"{compared.mean(method):.4f}", spread, f"{seconds:.1f}")
    chance = np.mean([each.chance for each in compared.outcomes])
    if not math.isnan(chance):
        shown.add_row(CHANCE, f"{chance:.4f}")
    return shown


def _summary(
    compared: Mapping[str, Comparison],
    names: Iterable[str],
    judged: Container[str],
    least: float,
    console: Console,
) -> int:
    summary = Table(
        *("Data", "Metric", "auto", "Best rival", "", "auto / best", "95 %", "Each seed's best"),
        *("Aim", "Wall s", "CPU s", "Budget s", "MiB"),
    )
    missed, ratios = [], []
    for name in filter(compared.__contains__, names):
        case = compared[name]
        best, aim = case.best(), case.outcomes[0].aim
        ratio, (low, high) = case.ratio(best)
        if high < aim or any(each.same is False for each in case.outcomes):
            missed.append(name)
        if name in judged:
            ratios.append(ratio)
        summary.add_row(
            name,
            case.outcomes[0].metric,
            f"{case.mean(AUTO):.4f}",
            f"{case.mean(best):.4f}",
            best,
            f"{ratio:.3f}",
            f"{low:.3f} - {high:.3f}",
            f"{case.to_each_seeds_best():.3f}",
            f"{aim:.2f}",
            *(
                f"{np.mean([getattr(each, key) for each in case.outcomes]):,.0f}"
                for key in ("wall", "cpu", "budget")
            ),
            f"{max(each.memory for each in case.outcomes):,.0f}",
        )
    console.print(summary)
    if missed:
        console.print(f"below the aim beyond the interval: {', '.join(missed)}")
    if ratios:
        mean = math.exp(float(np.mean(np.log(ratios))))
        console.print(
            f"development graphs: geometric mean {mean:.3f}, lowest {min(ratios):.3f}, "
            f"{sum(ratio < 1.0 for ratio in ratios)} of {len(ratios)} below 1"
        )
        return int(bool(missed) or mean < least)
    return int(bool(missed))
