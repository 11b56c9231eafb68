"""Estimates beside reality: each method of a link training, and the whole beside its budget.

    python benchmarks/estimates.py seeds [--only movielens people]    # as quality.py
    python benchmarks/estimates.py --exports FOLDER...                # or exports of your own
        [--whole] [--budget 300] [--longest 60]

Without `--whole` each method is measured alone: a fit of it (and, for a heuristic, the ranking that
its estimate counts), or a few epochs, in processor seconds of one thread; so it can be run on a
busy machine. Those with an estimate above `--longest` seconds are left out. With `--whole` there is
a training with the default budget on each graph, which needs an idle machine: each method's seconds
by the clock are those of its report.

Prints estimate / real for each, the share within a factor of 2, and what the whole took beside the
budget, with the peak memory. Exits with 1 if fewer than nine of ten are within a factor of 2, or a
training takes more than 1.3 times its budget.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1" if "--whole" not in sys.argv else "2")

import numpy as np
from development import DEVELOPMENT
from link_cases import CASES
from link_methods import write_links
from rich.console import Console

from gremlink.proxy.learning.budget import Speed
from gremlink.proxy.learning.graph import DIRECTIONS, Relation, TypedGraph
from gremlink.proxy.learning.links.evaluation.queries import Queries, rank_queries
from gremlink.proxy.learning.links.known import KnownLinks
from gremlink.proxy.learning.links.scorers import SIMPLE
from gremlink.proxy.learning.links.training.network_methods import NETWORK_METHODS, Run
from gremlink.proxy.learning.links.training.plan import RANKED, cost, planned
from gremlink.proxy.learning.methods import AUTO, HEURISTICS, NETWORKS
from gremlink.proxy.learning.models.gnn.messages import threads
from gremlink.proxy.learning.settings import TrainingSettings
from gremlink.proxy.learning.workflows.speed import machine_speed
from gremlink.proxy.learning.workflows.train_links import load_dataset

EPOCHS = 3
LEAST = 0.05
"""Seconds below which no estimate matters."""
ASKED = 0.2
"""Share of the links that a training holds out for validation and test."""
MOST_ASKED = 3000
WHOLE = "all"
WITHIN = 0.9
MOST = 1.3
"""Times the budget that a training may take."""


def fit_seconds(name: str, graph: TypedGraph, relations: list[Relation]) -> float:
    """Return the processor seconds of a fit, with the ranking of held-out links by a heuristic."""
    method = SIMPLE[name]
    random = np.random.default_rng(0)
    spent = 0.0
    for relation in relations:
        if not method.applies(graph, relation):
            continue
        edges = graph.edges[relation]
        known = KnownLinks(graph, relation)
        count = min(round(ASKED * len(edges) / 2), MOST_ASKED)
        asked = edges.select(random.permutation(len(edges))[:count])
        begun = time.process_time()
        scorer = method.fit(graph, relation)
        if name in HEURISTICS:
            for end in DIRECTIONS:
                rank_queries(scorer, Queries.about(asked, end), known)
        spent += time.process_time() - begun
    return spent


def epoch_seconds(name: str, graph: TypedGraph, relations: list[Relation], longest: float) -> float:
    """Return the processor seconds of an epoch, without the first."""
    run = Run(graph, relations, TrainingSettings(), EPOCHS + 1, 0, small=False)
    found = NETWORK_METHODS[name].checkpoints(run)
    next(found)
    begun, epochs = time.process_time(), 0
    for _ in found:
        epochs += 1
        if time.process_time() - begun > longest:
            break
    return (time.process_time() - begun) / max(epochs, 1)


def alone(export: Path, speed: Speed, longest: float) -> Iterator[tuple[str, float, float]]:
    """Yield each method with its estimate and its seconds."""
    dataset = load_dataset(export)
    graph, relations = dataset.graph, list(dataset.targets)
    settings = TrainingSettings(budget=1e9)
    plan = planned(graph, relations, AUTO, settings, speed)
    for name in plan.names:
        estimate = cost(name, graph, relations, settings).seconds(speed)
        if name in HEURISTICS:
            estimate += plan.rates.ranking / RANKED.updates  # one of its parts: no blend is learned
        if estimate > longest:
            continue
        with threads(graph, 1):
            if name in NETWORKS:
                yield f"{name}, an epoch", estimate, epoch_seconds(name, graph, relations, longest)
            else:
                yield name, estimate, fit_seconds(name, graph, relations)


def whole(export: Path, budget: float, shown: Console) -> Iterator[tuple[str, float, float]]:
    """Train as the command does; yield each method with its estimate and its seconds, then all."""
    with tempfile.TemporaryDirectory() as directory:
        artifact = Path(directory) / "artifact"
        command = [sys.executable, "-m", "gremlink", "train", str(export), "--output", artifact]
        if budget:
            command += ["--budget", f"{budget}s"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        report = json.loads((artifact / "report.json").read_text(encoding="utf-8"))
    shown.print(
        f"  {report['seconds']:.0f} s of {report['budget']:.0f} s, planned "
        f"{report['planned']:.0f} s, peak memory {report['peak_memory']:,.0f} MiB"
    )
    for warning in report["warnings"]:
        shown.print(f"  {warning}")
    for row in report["rows"]:
        if row["method"] != AUTO:
            yield row["method"], row["estimate"], row["seconds"]
    yield WHOLE, report["budget"], report["seconds"]


def exports(arguments: argparse.Namespace, work: Path) -> Iterator[tuple[str, Path]]:
    """Yield the exports to train on, with their names."""
    for folder in arguments.exports:
        yield (folder.parent.name if folder.name == "export" else folder.name), folder
    if arguments.seeds is not None:
        for name, load in {**CASES, **DEVELOPMENT}.items():
            if not arguments.only or name in arguments.only:
                export = work / name
                write_links(export, load(arguments.seeds, 0))
                yield name, export


def main() -> int:
    """Measure and print; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("seeds", type=Path, nargs="?")
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--exports", type=Path, nargs="*", default=[])
    parser.add_argument("--whole", action="store_true")
    parser.add_argument("--budget", type=float, default=0.0)
    parser.add_argument("--longest", type=float, default=60.0)
    arguments = parser.parse_args()
    shown = Console(width=120, highlight=False)
    speed, _ = machine_speed(TrainingSettings().threads)
    ratios: list[float] = []
    late: list[str] = []
    with tempfile.TemporaryDirectory() as work:
        for name, export in exports(arguments, Path(work)):
            shown.print(name)
            measured = (
                whole(export, arguments.budget, shown)
                if arguments.whole
                else alone(export, speed, arguments.longest)
            )
            for method, estimate, seconds in measured:
                if method == WHOLE:
                    if seconds > MOST * estimate:
                        late.append(f"{name}: {seconds:.0f} s of {estimate:.0f} s")
                    continue
                matters = max(estimate, seconds) >= LEAST
                ratio = estimate / max(seconds, 1e-9)
                if matters:
                    ratios.append(ratio)
                mark = "" if not matters or 0.5 <= ratio <= 2.0 else " *"
                shown.print(f"  {method:32s}{estimate:9.3f} s{seconds:9.3f} s{ratio:8.2f}{mark}")
    near = [ratio for ratio in ratios if 0.5 <= ratio <= 2.0]
    share = len(near) / max(len(ratios), 1)
    shown.print(f"{len(near)} of {len(ratios)} estimates within a factor of 2: {share:.0%}")
    for line in late:
        shown.print(f"later than {MOST} times the budget: {line}")
    return int(share < WITHIN or bool(late))


if __name__ == "__main__":
    sys.exit(main())
