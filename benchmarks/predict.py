"""Time and memory of `gremlink predict` for many vertices, beside a bare matrix product.

    python benchmarks/predict.py [--sources 20000] [--candidates 10000] [--limit 10]

Makes people who like films of their kind, learns PureSVD of 64 factors on them with the product's
own code, and writes the model as an artifact. Prints the seconds, rows in a second and the peak
memory of `gremlink predict ARTIFACT --all --output predictions.parquet`, a process of its own; and
of some of the people what they take in three ways, in milliseconds each: asked one by one, in
batches as the command asks, and the product of their factors with those of all films alone, which
is all that an index of approximate neighbours could save. It cannot save the rest: a score is
relative to all candidates. Exits with 1 if a batch had other rows than the questions one by one.
docs/performance.md has figures.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet
from rich.console import Console
from rich.table import Table

import gremlink
from gremlink.grammar.traversal import Literal
from gremlink.proxy.learning.graph import DIRECTIONS, Edges, Relation, TypedGraph
from gremlink.proxy.learning.links.calibration import Calibration
from gremlink.proxy.learning.links.prediction.model import LinkModel, RelationModel, to_artifact
from gremlink.proxy.learning.links.scorers.recommenders.pure_svd import PureSvd, SvdSetting
from gremlink.proxy.learning.trained.stored_graph import StoredGraph
from gremlink.proxy.store.artifacts import write_artifact

LIKES = Relation("Person", "likes", "Film")
LINKS, KINDS, NOISE, RANK = 10, 50, 0.2, 64
SAMPLE = 512
"""People who are asked in all three ways."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sources", type=int, default=20_000)
    parser.add_argument("--candidates", type=int, default=10_000)
    parser.add_argument("--limit", type=int, default=10)
    arguments = parser.parse_args()
    console = Console(width=120)
    with tempfile.TemporaryDirectory() as name:
        artifact, output = Path(name) / "likes", Path(name) / "predictions.parquet"
        write_artifact(artifact, to_artifact(model(arguments.sources, arguments.candidates), {}))
        seconds, processor, peak = run(
            *("predict", artifact, "--all", "--limit", arguments.limit, "--output", output)
        )
        rows = pyarrow.parquet.read_metadata(output).num_rows
        table = Table("Sources", "Candidates", "Rows", "Seconds", "of processor", "Rows/s", "MiB")
        table.add_row(
            f"{arguments.sources:,}", f"{arguments.candidates:,}", f"{rows:,}", f"{seconds:,.0f}",
            f"{processor:,.0f}", f"{rows / seconds:,.0f}", f"{peak:,.0f}",
        )  # fmt: skip
        console.print(table)
        return compare(console, gremlink.load(artifact), arguments.limit)


def model(sources: int, candidates: int) -> LinkModel:
    """Return a model of people and films; some films of each kind are better known than others."""
    random = np.random.default_rng(0)
    heads = np.repeat(np.arange(sources), LINKS)
    kinds = random.integers(0, KINDS, sources)[heads]
    near = (random.random(len(heads)) ** 2 * (candidates // KINDS)).astype(np.int64) * KINDS + kinds
    far = random.integers(0, candidates, len(heads))
    tails = np.where(random.random(len(heads)) < NOISE, far, np.minimum(near, candidates - 1))
    pairs = np.unique(heads * candidates + tails)
    edges = Edges(pairs // candidates, pairs % candidates)
    graph = TypedGraph({"Person": sources, "Film": candidates}, {LIKES: edges})
    learned = PureSvd.learn(graph, LIKES, SvdSetting(RANK, 1.0, 0.0, "own-directed"))
    ids = {
        "Person": [Literal.string(f"p{number}") for number in range(sources)],
        "Film": [Literal.string(f"f{number}") for number in range(candidates)],
    }
    ways = RelationModel(
        LIKES,
        (PureSvd.name,),
        dict.fromkeys(DIRECTIONS, np.ones(1)),
        dict.fromkeys(DIRECTIONS, Calibration(1.0, 0.0)),
    )
    stored = StoredGraph(graph, ids, {"Person": [], "Film": []})
    return LinkModel(stored, (ways,), {}, (), {LIKES: {PureSvd.name: learned.tensors()}})


def run(*words: object) -> tuple[float, float, float]:
    """Run a command of gremlink in a process of its own.

    Return its seconds, those of processors, and its peak memory in MiB.
    """
    start = time.monotonic()
    command = [sys.executable, "-m", "gremlink", *map(str, words)]
    process = os.posix_spawn(
        sys.executable, command, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, 2, 1)]
    )
    _, status, used = os.wait4(process, 0)
    if status:
        sys.exit("gremlink predict failed")
    return time.monotonic() - start, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def compare(console: Console, loaded: Any, limit: int) -> int:
    """Print what a person takes in each way; 1 if the rows differ."""
    people = loaded.ids("Person")[:SAMPLE]
    films = loaded.embeddings("pure-svd")["Film"]
    factors = np.ascontiguousarray(films[np.arange(len(people)) % len(films)])
    loaded.predict(people[0], limit=limit)

    def one_by_one() -> list[Any]:
        return [row for each in people for row in loaded.predict(each, limit=limit)]

    apart, single = timed(one_by_one)
    together, batch = timed(lambda: list(loaded.predict(people, limit=limit)))
    bare, _ = timed(lambda: [factors[at : at + 64] @ films.T for at in range(0, SAMPLE, 64)])
    table = Table("One by one, ms", "In batches, ms", "Bare product, ms")
    each = (1000 * seconds / len(people) for seconds in (apart, together, bare))
    table.add_row(*(f"{milliseconds:.2f}" for milliseconds in each))
    console.print(table)
    return int([row[:2] for row in single] != [row[:2] for row in batch])


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return seconds of some work, and its result."""
    start = time.perf_counter()
    found = work()
    return time.perf_counter() - start, found


if __name__ == "__main__":
    sys.exit(main())
