"""Properties of vertices and edges: the model beside every baseline, on real graphs.

    pip install --no-deps --target seeds recbole==1.2.1 graph-notebook==5.3.0
    pip install 'gremlink[benchmark]'
    python benchmarks/properties.py seeds [--only genre rating] [--seed 0]

Reads MovieLens-100k (943 people, 1,682 films, 100,000 ratings), the HR attrition table (1,470
employees) and the fraud graph (25,307 transactions; it does not say which are fraud) where the two
packages have them, and writes exports as `gremlink export` would; nothing is copied or kept. Prints
a table for each task and ends with the ratios of the model to the best single method, and to
XGBoost with its defaults, which is what people would use without the graph: on the element's own
features, fitted and judged on the same rows. `auto` does not know of it. Exits with 1 if a ratio is
below 1 by more than `TOLERANCE`.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from gremlink.proxy.learning.reports.property_report import LOWER_IS_BETTER
from gremlink.proxy.learning.reports.property_table import property_table
from gremlink.proxy.learning.workflows.train import train

MOVIELENS = "recbole/dataset_example/ml-100k"
ATTRITION = (
    "graph_notebook/notebooks/03-Neptune-ML/03-Sample-Applications/01-People-Analytics/"
    "WA_Fn-UseC_-HR-Employee-Attrition.csv"
)
TOLERANCE = 0.01

Rows = list[dict[str, Any]]
NUMBER = {"norm": "min-max", "imputer": "median"}


@dataclass(frozen=True)
class Kind:
    """The rows of one file and the types of its features, `several` with values in each cell."""

    rows: Rows
    features: Mapping[str, str]
    several: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Graph:
    """Vertices by label, edges by triple; the name is for tables."""

    name: str
    vertices: Mapping[str, Kind]
    edges: Mapping[tuple[str, str, str], Kind]


@dataclass(frozen=True)
class Case:
    """A property to predict."""

    graph: Callable[[Path], Graph]
    owner: str | tuple[str, str, str]
    key: str
    task: str
    separator: str | None = None


SCALE = {1: "Hate", 2: "Dislike", 3: "Neutral", 4: "Like", 5: "Love"}


def movielens(seeds: Path) -> Graph:
    """People rate films."""
    directory = seeds / MOVIELENS
    people = [
        {
            "~id": f"user_{user}",
            "age": age,
            "gender": gender,
            "occupation": occupation,
        }
        for user, age, gender, occupation, _ in table(directory / "ml-100k.user")
    ]
    films = [
        {
            "~id": f"movie_{film}",
            "year": year if year.isdigit() else "",
            "genre": ";".join(genres.split(" ")),
        }
        for film, _, year, genres in table(directory / "ml-100k.item")
    ]
    ratings = [
        {
            "~id": f"rating_{number}",
            "~from": f"user_{user}",
            "~to": f"movie_{film}",
            "score": float(score),
            "scale": SCALE[int(float(score))],
        }
        for number, (user, film, score, _) in enumerate(table(directory / "ml-100k.inter"))
    ]
    return Graph(
        "MovieLens",
        {
            "user": Kind(people, {"age": "numerical", "gender": "category", "occupation": "auto"}),
            "movie": Kind(
                films, {"year": "numerical", "genre": "category"}, several=frozenset({"genre"})
            ),
        },
        {("user", "rated", "movie"): Kind(ratings, {})},
    )


def table(path: Path) -> Iterable[list[str]]:
    """The rows of a file of tab-separated values, without its header."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        next(rows)
        yield from rows


LINKS = {"JobRole": "works_as", "EducationField": "studied", "Department": "works_in"}
NEITHER = {"EmployeeNumber", "EmployeeCount", "Over18", "StandardHours", *LINKS}


def attrition(seeds: Path) -> Graph:
    """Employees with what is known of them, their roles, fields and departments."""
    with (seeds / ATTRITION).open(encoding="utf-8-sig", newline="") as file:
        staff = list(csv.DictReader(file))
    kept = [name for name in staff[0] if name not in NEITHER]
    employees = [
        {"~id": f"Employee-{row['EmployeeNumber']}", **{name: row[name] for name in kept}}
        for row in staff
    ]
    features = {name: "numerical" if staff[0][name].isdigit() else "category" for name in kept}
    vertices = {"Employee": Kind(employees, features)}
    edges = {}
    for label, relation in LINKS.items():
        names = sorted({row[label] for row in staff})
        vertices[label] = Kind([{"~id": f"{label}-{name}"} for name in names], {})
        edges["Employee", relation, label] = Kind(
            [
                {
                    "~id": f"{relation}-{row['EmployeeNumber']}",
                    "~from": f"Employee-{row['EmployeeNumber']}",
                    "~to": f"{label}-{row[label]}",
                }
                for row in staff
            ],
            {},
        )
    return Graph("HR attrition", vertices, edges)


FRAUD = "graph_notebook/seed/queries/propertygraph/gremlin/fraud_graph/fraud_graph.txt"
VALUE = re.compile(r"""property\("?(\w+)"?,(?:"([^"]*)"|datetime\('([^']*)'\)|([^)]*))\)""")
FRAUD_VALUES = {"Merchant": ("name",), "Account": (), "Transaction": ("amount", "created")}


def fraud(seeds: Path) -> Graph:
    """Transactions of accounts at merchants, and what accounts share: addresses, phones, ..."""
    script = (seeds / FRAUD).read_text(encoding="utf-8")
    steps = re.split(r"(?<=[g)])\.add(?=[VE]\()", script)[1:]
    vertices: dict[str, Rows] = {}
    edges: dict[tuple[str, str, str], Rows] = {}
    types: dict[str, str] = {}
    for step in steps:
        label = re.match(r'[VE]\("(\w+)"', step)
        assert label is not None
        name = label.group(1)
        found = {key: quoted or dated or plain for key, quoted, dated, plain in VALUE.findall(step)}
        if step.startswith("V"):
            types[found["id"]] = name
            row = {"~id": found["id"]}
            kept = FRAUD_VALUES.get(name, ())
            vertices.setdefault(name, []).append(row | {key: found[key] for key in kept})
            continue
        ends = re.findall(r'V\("([^"]+)"\)', step)
        triple = (types[ends[0]], name, types[ends[1]])
        row = {"~id": found["id"], "~from": ends[0], "~to": ends[1]}
        edges.setdefault(triple, []).append(row)
    features = {
        "Transaction": {"created": "datetime", "amount": "numerical"},
        "Merchant": {"name": "category"},
    }
    return Graph(
        "Fraud graph",
        {name: Kind(rows, features.get(name, {})) for name, rows in vertices.items()},
        {triple: Kind(rows, {}) for triple, rows in edges.items()},
    )


RATED = ("user", "rated", "movie")
CASES = {
    "attrition": Case(attrition, "Employee", "Attrition", "classification"),
    "genre": Case(movielens, "movie", "genre", "classification", ";"),
    "gender": Case(movielens, "user", "gender", "classification"),
    "age": Case(movielens, "user", "age", "regression"),
    "scale": Case(movielens, RATED, "scale", "classification"),
    "rating": Case(movielens, RATED, "score", "regression"),
    "amount": Case(fraud, "Transaction", "amount", "regression"),
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("seeds", type=Path, help="where the packages were installed")
    parser.add_argument("--only", nargs="+", choices=tuple(CASES), default=tuple(CASES))
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    try:
        from properties_xgboost import xgboost_row
    except ModuleNotFoundError:
        sys.exit("XGBoost is missing: pip install '.[benchmark]'")
    console = Console(width=120)
    summary = Table("Task", "Metric", "auto", "Best single", "", "Ratio", "XGBoost", "Ratio",
                    "Seconds", "MiB")  # fmt: skip
    worst = 1.0
    for name in arguments.only:
        case = CASES[name]
        graph = case.graph(arguments.seeds)
        with tempfile.TemporaryDirectory() as temporary:
            export = Path(temporary) / "export"
            write_export(export, graph, case)
            report = train(export, Path(temporary) / "artifact", seed=arguments.seed)
            tabular = xgboost_row(export, arguments.seed)
        console.print(property_table(report), "")
        best = report.best_alone()
        assert best is not None
        for metric in dict.fromkeys((report.metric, *(["auc"] if report.classes else []))):
            rows = (report.rows[0], best)
            own, other = (each.metrics[metric] for each in rows)
            boosted = tabular[metric]
            ratio, against = (
                each / own if metric in LOWER_IS_BETTER else own / each for each in (other, boosted)
            )
            if metric == report.metric:
                worst = min(worst, ratio, against)
            summary.add_row(
                f"{graph.name} {case.key}",
                metric,
                f"{own:.4f}",
                f"{other:.4f}",
                best.method,
                f"{ratio:.3f}",
                f"{boosted:.4f}",
                f"{against:.3f}",
                f"{report.seconds:.0f}",
                f"{report.peak_memory:.0f}",
            )
    console.print(summary)
    return 0 if worst >= 1.0 - TOLERANCE else 1


def write_export(directory: Path, graph: Graph, case: Case) -> None:
    """The files of an export, with the case's property as the target."""
    directory.mkdir()
    nodes, edges = [], []
    for number, (label, kind) in enumerate(graph.vertices.items()):
        entry = {"file_name": f"nodes-{number}.csv", "node": ["~id", label]}
        nodes.append(entry | configured(kind, case if label == case.owner else None))
        write_rows(directory / entry["file_name"], kind.rows)  # type: ignore[arg-type]
    for number, (triple, kind) in enumerate(graph.edges.items()):
        head, label, tail = triple
        entry = {
            "file_name": f"edges-{number}.csv",
            "source": ["~from", head],
            "relation": ["", label],
            "dest": ["~to", tail],
        }
        edges.append(entry | configured(kind, case if triple == case.owner else None))
        write_rows(directory / entry["file_name"], kind.rows)  # type: ignore[arg-type]
    document = {"graph": {"nodes": nodes, "edges": edges}}
    (directory / "training-data-configuration.json").write_text(json.dumps(document))


def configured(kind: Kind, case: Case | None) -> dict[str, Any]:
    """Features, without the target, and the target."""
    features = [
        {"feature": [name, name, type_]}
        | (NUMBER if type_ == "numerical" else {})
        | ({"separator": ";"} if name in kind.several else {})
        for name, type_ in kind.features.items()
        if case is None or name != case.key
    ]
    if case is None:
        return {"features": features}
    label: dict[str, Any] = {"label": [case.key, case.task], "split_rate": [0.8, 0.1, 0.1]}
    if case.separator:
        label["separator"] = case.separator
    return {"features": features, "labels": [label]}


def write_rows(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    sys.exit(main())
