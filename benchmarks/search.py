"""Gain of a search over settings and of a warm start: the network on test data, beside defaults.

    pip install --no-deps --target seeds recbole==1.2.1
    python benchmarks/search.py seeds [--trials 12] [--parallel 2] [--only links age] [--seed 0]

Reads MovieLens-100k where the package has it. `links` (a third of the ratings, all as links) and
`age` (of people, with a split) train the graph neural network with its defaults, and with what a
search found on validation data; the figures are those of test data, which no trial has seen.
`warm` trains on nine tenths of the ratings, and then on all with a warm start and without: both on
the same split would judge the one by edges that it knows, so each has its own, and the epochs and
seconds are what to compare. Prints a table that ends with ratios.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from properties import CASES, RATED, Case, Graph, Kind, movielens, write_export
from rich.console import Console
from rich.table import Table

from gremlink.proxy.learning.settings import SearchSettings, TrainingSettings
from gremlink.proxy.learning.workflows.train import train

LINKS = Case(movielens, RATED, "", "link_prediction")
SPLIT = TrainingSettings(cross_validate_up_to=0)


@dataclass(frozen=True)
class Result:
    """A training: its figure on test data, whether larger is better, epochs and seconds."""

    figure: float
    epochs: int
    seconds: float
    found: str = ""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("seeds", type=Path, help="where the package was installed")
    parser.add_argument("--trials", type=int, default=12)
    parser.add_argument("--parallel", type=int, default=2)
    parser.add_argument("--only", nargs="+", choices=("links", "age", "warm"),
                        default=("links", "age", "warm"))  # fmt: skip
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    seed = arguments.seed
    search = SearchSettings(arguments.trials, arguments.parallel)
    graph = movielens(arguments.seeds)
    table = Table("Task", "Metric", "Training", "Figure", "Epochs", "Seconds", "Ratio", "Found")
    with tempfile.TemporaryDirectory() as temporary:
        directory = Path(temporary)
        if "links" in arguments.only:
            write_export(directory / "links", some(graph, 1 / 3), LINKS)
            begin = trained(directory / "links", directory / "default", SearchSettings(), seed)
            better = trained(directory / "links", directory / "searched", search, seed)
            show(table, "links, a third", "MRR", "defaults", begin, None)
            show(table, "", "", "searched", better, better.figure / begin.figure)
        if "age" in arguments.only:
            write_export(directory / "age", graph, CASES["age"])
            begin = trained(directory / "age", directory / "a-default", SearchSettings(), seed)
            better = trained(directory / "age", directory / "a-searched", search, seed)
            show(table, "age", "RMSE", "defaults", begin, None)
            show(table, "", "", "searched", better, begin.figure / better.figure)
        if "warm" in arguments.only:
            write_export(directory / "before", some(graph, 0.9), LINKS)
            write_export(directory / "now", graph, LINKS)
            earlier = directory / "earlier"
            first = trained(directory / "before", earlier, SearchSettings(), seed)
            cold = trained(directory / "now", directory / "cold", SearchSettings(), seed)
            warm = trained(
                directory / "now", directory / "warm", SearchSettings(previous=earlier), seed
            )
            show(table, "nine tenths", "MRR", "", first, None)
            show(table, "all", "", "cold", cold, None)
            show(table, "", "", "warm", warm, warm.seconds / cold.seconds)
    Console(width=140).print(table)
    return 0


def some(graph: Graph, share: float) -> Graph:
    """The graph with a share of its ratings, at random."""
    rated = graph.edges[RATED]
    kept = np.sort(np.random.default_rng(0).permutation(len(rated.rows))[
        : round(share * len(rated.rows))])  # fmt: skip
    rows = [rated.rows[place] for place in kept.tolist()]
    return replace(graph, edges={RATED: Kind(rows, rated.features)})


def trained(export: Path, artifact: Path, search: SearchSettings, seed: int) -> Result:
    """The graph neural network alone."""
    report = train(export, artifact, model="rgcn", settings=SPLIT, search=search, seed=seed)
    row = report.row("rgcn")
    metric = "mrr" if "mrr" in row.metrics else "rmse"
    epochs = report.epochs if isinstance(report.epochs, int) else report.epochs["rgcn"]
    found = "" if report.search is None else report.search.verdict().rpartition(": ")[2]
    return Result(row.metrics[metric], epochs, row.seconds, found)


def show(
    table: Table, task: str, metric: str, how: str, result: Result, ratio: float | None
) -> None:
    table.add_row(
        task,
        metric,
        how,
        f"{result.figure:.4f}",
        str(result.epochs),
        f"{result.seconds:.1f}",
        "" if ratio is None else f"{ratio:.3f}",
        result.found,
    )


if __name__ == "__main__":
    sys.exit(main())
