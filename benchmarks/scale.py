"""Time of training for links by the size of the graph, on graphs that have communities.

    python benchmarks/scale.py [--vertices 20000 50000 100000] [--budget 15m]

Each vertex has twenty links on average, nine of ten within its community of about a hundred, where
some are better known than others, and two features, one of which tells something of the community.
For each size: `gremlink process`, then `gremlink train`, as a user would call them, with their
seconds and peak memory; MRR of `auto` and of the best method alone; and how the time grew beside
the edges. Exits with 1 if the time grew faster than the edges.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

DEGREE = 20
COMMUNITY = 100
NOISE = 0.1


@dataclass(frozen=True, slots=True)
class Run:
    """Cost of a command: seconds, and peak memory in MiB."""

    seconds: float
    peak: float


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--vertices", type=int, nargs="+", default=[20_000, 50_000, 100_000])
    parser.add_argument("--budget", help="passed to `gremlink train`; its own default without")
    parser.add_argument("--model", default="auto")
    arguments = parser.parse_args()
    console = Console(width=120)
    table = Table("Vertices", "Edges", "Processing, s", "MiB", "Training, s", "MiB",
                  "MRR", "Best method alone", "MRR")  # fmt: skip
    taken: list[tuple[int, float]] = []
    for count in arguments.vertices:
        with tempfile.TemporaryDirectory() as name:
            directory = Path(name)
            edges = write_export(directory / "export", count)
            processed = run("process", directory / "export", "--output", directory / "processed")
            options = ["--budget", arguments.budget] if arguments.budget else []
            trained = run(
                "train", directory / "processed", "--output", directory / "artifact",
                "--model", arguments.model, *options,
            )  # fmt: skip
            report = json.loads((directory / "artifact" / "report.json").read_text())
        taken.append((edges, processed.seconds + trained.seconds))
        own, best, others = figures(report)
        table.add_row(
            f"{count:,}", f"{edges:,}", f"{processed.seconds:.0f}", f"{processed.peak:,.0f}",
            f"{trained.seconds:.0f}", f"{trained.peak:,.0f}", f"{own:.4f}", best, f"{others:.4f}",
        )  # fmt: skip
    console.print(table)
    (fewest, quick), (most, slow) = taken[0], taken[-1]
    if most == fewest:
        return 0
    console.print(f"{most / fewest:.1f} times the edges: {slow / quick:.1f} times the time")
    return int(slow / quick > most / fewest)


def run(command: str, *arguments: object) -> Run:
    """A command of gremlink in a process of its own; its output goes to standard error."""
    start = time.monotonic()
    words = [sys.executable, "-m", "gremlink", command, *map(str, arguments)]
    process = os.posix_spawn(
        sys.executable, words, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, 2, 1)]
    )
    _, status, used = os.wait4(process, 0)
    if status:
        sys.exit(f"gremlink {command} failed")
    return Run(time.monotonic() - start, used.ru_maxrss / 1024)


def figures(report: dict[str, Any]) -> tuple[float, str, float]:
    """MRR of the model; the best other method, and its MRR."""
    own, *others = report["rows"]
    best = max(others, key=lambda row: float(row["metrics"]["mrr"]))
    return own["metrics"]["mrr"], best["method"], best["metrics"]["mrr"]


def write_export(directory: Path, count: int) -> int:
    """An export as `gremlink export` writes them; the number of its edges."""
    random = np.random.default_rng(0)
    directory.mkdir()
    communities = random.integers(0, max(count // COMMUNITY, 1), count)
    order = np.argsort(communities, kind="stable")
    starts = np.searchsorted(communities[order], communities)
    sizes = np.searchsorted(communities[order], communities, side="right") - starts
    heads = np.repeat(np.arange(count), DEGREE)
    # The square makes some of each community better known than others.
    drawn = random.random(len(heads)) ** 2 * sizes[heads]
    near = order[starts[heads] + drawn.astype(np.int64)]
    far = random.integers(0, count, len(heads))
    tails = np.where(random.random(len(heads)) < NOISE, far, near)
    pairs = np.unique(np.stack([heads, tails], 1)[heads != tails], axis=0)
    colours = np.where(random.random(count) < 0.5, communities % 50, random.integers(0, 50, count))
    with (directory / "v.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["~id", "~label", "amount", "colour"])
        for row, (amount, colour) in enumerate(
            zip(random.normal(size=count).round(3), colours, strict=True)
        ):
            writer.writerow([f"v{row}", "Person", amount, f"colour {colour}"])
    with (directory / "e.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["~id", "~label", "~from", "~to"])
        for row, (head, tail) in enumerate(pairs.tolist()):
            writer.writerow([f"e{row}", "knows", f"v{head}", f"v{tail}"])
    nodes = {
        "file_name": "v.csv",
        "node": ["~id", "Person"],
        "features": [
            {"feature": ["amount", "amount", "numerical"], "norm": "min-max"},
            {"feature": ["colour", "colour", "category"]},
        ],
    }
    edges = {
        "file_name": "e.csv",
        "source": ["~from", "Person"],
        "relation": ["", "knows"],
        "dest": ["~to", "Person"],
        "labels": [{"label": ["", "link_prediction"], "split_rate": [0.9, 0.05, 0.05]}],
    }
    document = {"graph": {"nodes": [nodes], "edges": [edges]}}
    (directory / "training-data-configuration.json").write_text(json.dumps(document))
    return len(pairs)


if __name__ == "__main__":
    sys.exit(main())
