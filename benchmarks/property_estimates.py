"""Estimates beside reality for properties: each method, on the graphs of `property_quality.py`.

    python benchmarks/property_estimates.py seeds [--only debian smooth] [--longest 60]

Measures a fit of each method and an epoch of each kind of network in processor seconds of one
thread, so it can be run on a busy machine. What is made once in a training (descriptions, choices
of penalties) is shared by a cross-validation's fits; so a method is fitted as often as in one, each
time on other rows. Those with an estimate above `--longest` seconds are left out.

Prints estimate / real for each, and the share within a factor of 2. Exits with 1 if that is less
than nine of ten.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from property_graphs import GRAPHS
from property_quality import parted, rows_of, write_blanked
from rich.console import Console

from gremlink.proxy.learning.budget import Speed
from gremlink.proxy.learning.events import unheard
from gremlink.proxy.learning.graph import Indexes
from gremlink.proxy.learning.methods import NETWORK
from gremlink.proxy.learning.models.gnn.messages import threads
from gremlink.proxy.learning.properties.dataset import PropertyDataset, load_property
from gremlink.proxy.learning.properties.methods import METHODS
from gremlink.proxy.learning.properties.training.candidates import Candidates
from gremlink.proxy.learning.properties.training.network import checkpoints, kinds
from gremlink.proxy.learning.properties.training.plan import epoch_cost
from gremlink.proxy.learning.properties.training.splitting import in_parts
from gremlink.proxy.learning.settings import TrainingSettings
from gremlink.proxy.learning.workflows.speed import machine_speed

EPOCHS = 5
WARM = 2
"""Epochs before those that are measured."""
LEAST = 0.05
"""Seconds below which no estimate matters."""
WITHIN = 0.9
SETTINGS = TrainingSettings(threads=1)


def epoch_seconds(dataset: PropertyDataset, rows: Indexes, *, remembers: bool) -> float:
    """Return the processor seconds of an epoch."""
    begun = 0.0
    for found in checkpoints(
        "", dataset, rows, SETTINGS, 0, unheard, {}, remembers=remembers, epochs=EPOCHS + WARM
    ):
        if found.epoch == WARM:
            begun = time.process_time()
    return (time.process_time() - begun) / EPOCHS


def measured(
    dataset: PropertyDataset, speed: Speed, longest: float
) -> Iterator[tuple[str, float, float]]:
    """Yield each method with its estimate and its seconds."""
    random = np.random.default_rng(0)
    labelled = dataset.labelled
    strata = np.zeros(len(labelled), np.int64)
    parts = in_parts(labelled, strata, SETTINGS.folds, random)
    trained = [np.setdiff1d(labelled, part) for part in parts]
    candidates = Candidates(dataset, 0)
    for name in candidates.names:
        if name == NETWORK:
            estimate = epoch_cost(dataset, SETTINGS).seconds(speed)
            for remembers in kinds(dataset, SETTINGS):
                kind = "with learned embeddings" if remembers else "features alone"
                real = epoch_seconds(dataset, trained[0], remembers=remembers)
                yield f"{name}, 100 epochs, {kind}", 100 * estimate, 100 * real
            continue
        estimate = len(trained) * METHODS[name].cost(dataset).seconds(speed)
        if estimate > longest:
            continue
        begun = time.process_time()
        for rows in trained:
            candidates.fit(name, rows).outputs(dataset.subjects)
        yield name, estimate, time.process_time() - begun


def main() -> int:
    """Measure and print; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path, help="where the packages were installed")
    parser.add_argument("--only", nargs="+", choices=tuple(GRAPHS), default=tuple(GRAPHS))
    parser.add_argument("--longest", type=float, default=60.0)
    arguments = parser.parse_args()
    shown = Console(width=120, highlight=False)
    speed, _ = machine_speed(1)
    ratios: list[float] = []
    for name in arguments.only:
        case = GRAPHS[name]
        graph = case.graph(arguments.source)
        _, asked = parted(len(rows_of(graph, case)), 0)
        with tempfile.TemporaryDirectory() as directory:
            write_blanked(Path(directory) / "export", graph, case, asked)
            dataset = load_property(Path(directory) / "export")
        shown.print(name)
        with threads(dataset.graph, 1):
            for method, estimate, seconds in measured(dataset, speed, arguments.longest):
                matters = max(estimate, seconds) >= LEAST
                ratio = estimate / max(seconds, 1e-9)
                if matters:
                    ratios.append(ratio)
                mark = "" if not matters or 0.5 <= ratio <= 2.0 else " *"
                shown.print(f"  {method:44s}{estimate:9.3f} s{seconds:9.3f} s{ratio:8.2f}{mark}")
    near = [ratio for ratio in ratios if 0.5 <= ratio <= 2.0]
    share = len(near) / max(len(ratios), 1)
    shown.print(f"{len(near)} of {len(ratios)} estimates within a factor of 2: {share:.0%}")
    return int(share < WITHIN)


if __name__ == "__main__":
    sys.exit(main())
