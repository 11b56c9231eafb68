"""Quality on MovieLens as RDF, beside the same graph as a property graph.

    pip install --no-deps --target seeds recbole==1.2.1
    python benchmarks/movielens_rdf.py seeds [--users 943] [--budget 60] [--seeds 1]

The RDF graph is that of AWS's notebooks with all that tells held-out links: `wasRecommendedBy`, the
inverse of the links to predict, a vertex for each rating, and `hasOriginalGenre`, a copy of the
genres. The property graph has none of these, but for the ratings where a property is predicted:
they are no copies of it, though the mean of a film's ratings tells its score. Each is trained with
the same settings; printed are the reports' figures, and RDF's as a share of the property graph's.
"""

from __future__ import annotations

import argparse
import csv
import importlib
import json
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

TOP = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TOP / "tests" / "support"), str(TOP / "docs" / "examples")]

import movielens  # noqa: E402 -- found by the lines above
from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

from gremlink.proxy.learning.settings import TrainingSettings  # noqa: E402
from gremlink.proxy.learning.workflows.train import train  # noqa: E402

ONTOLOGY = "http://aws.amazon.com/neptune/ontology/"
SPLIT = [0.8, 0.1, 0.1]
MOVIE, USER, RATING = "Movie", "User", "Rating"
TASKS = {
    "recommended": ("link_prediction", "mrr"),
    "hasGenre": ("classification", "micro_f1"),
    "criticScore": ("regression", "rmse"),
}
"""What is predicted: the task, and the figure."""


def main() -> None:
    """Train, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("package", type=Path, help="where recbole was installed")
    parser.add_argument("--users", type=int, default=943, help="only the first so many")
    parser.add_argument("--budget", type=float, default=60.0, help="seconds for each training")
    parser.add_argument("--seeds", type=int, default=1, help="trainings of each kind")
    parser.add_argument("--tasks", nargs="*", choices=list(TASKS), default=list(TASKS))
    arguments = parser.parse_args()
    data = movielens.read(arguments.package).of_first(arguments.users)
    table = Table("predicted", "figure", "property graph", "RDF", "RDF / property graph")
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder)
        movielens.write_raw(data, directory / "raw")
        statements = list(_statements(directory / "raw"))
        for task in arguments.tasks:
            exports = {
                "property graph": _property_graph(directory / f"pg-{task}", statements, task),
                "RDF": _rdf(directory / f"rdf-{task}", statements, task),
            }
            figures = {
                name: np.mean([
                    _figure(export, directory / "model", task, seed, arguments.budget)
                    for seed in range(arguments.seeds)
                ])
                for name, export in exports.items()
            }  # fmt: skip
            ratio = figures["RDF"] / figures["property graph"]
            cells = [f"{each:.4f}" for each in figures.values()]
            table.add_row(task, TASKS[task][1], *cells, f"{ratio:.1%}")
    Console().print(table)


Statement = tuple[str, str, str]


def _statements(raw: Path) -> Iterator[Statement]:
    """Yield the statements that the notebooks' preparation makes of the raw files."""
    helper = importlib.import_module("neptune_ml_sparql_utils")
    for made in (helper._movies, helper._genres, helper._users, helper._ratings, helper._critics):
        for subject, predicate, value, _graph in made(raw):
            yield subject, predicate, value


def _rdf(directory: Path, statements: Iterable[Statement], task: str) -> Path:
    """Write an RDF export of everything."""
    (directory / "statements").mkdir(parents=True)
    with (directory / "statements/statements-0.nt").open("w", encoding="utf-8") as file:
        file.writelines(f"{' '.join(each)} .\n" for each in statements)
    ends = {"subject": ONTOLOGY + USER, "object": ONTOLOGY + MOVIE}
    kind, _ = TASKS[task]
    target = ends if kind == "link_prediction" else {"node": ONTOLOGY + MOVIE}
    label = {
        "task_type": kind,
        "targets": [{**target, "predicate": ONTOLOGY + task, "split_rate": SPLIT}],
    }
    entry = {"file_name": "statements/statements-0.nt", "label": label}
    _configure(directory, {"query_engine": "sparql", "graph": {"rdfs": [entry]}})
    return directory


def _property_graph(directory: Path, statements: Sequence[Statement], task: str) -> Path:
    """Write an export of films, people and recommendations as Neptune's exporter has it."""
    from pyoxigraph import Literal, parse  # the values of literals, unescaped

    directory.mkdir(parents=True)
    rows: dict[str, dict[str, list[str]]] = {}
    links: dict[str, list[tuple[str, str]]] = {}
    text = "".join(f"{' '.join(each)} .\n" for each in statements)
    for quad in parse(text, format=_ntriples()):
        subject = quad.subject.value
        name = quad.predicate.value.rpartition("/")[2].rpartition("#")[2]
        if isinstance(quad.object, Literal):
            rows.setdefault(subject, {}).setdefault(name, []).append(quad.object.value)
        elif name == "type":
            rows.setdefault(subject, {})["type"] = [quad.object.value.rpartition("/")[2]]
        else:
            links.setdefault(name, []).append((subject, quad.object.value))
    kind, _ = TASKS[task]
    nodes = [
        _vertices(directory, rows, MOVIE, {"title": "auto", "label": "auto", "imdbURL": "auto",
            "releaseDate": "datetime", "hasGenre": "auto", "criticScore": "numerical"}, task),
        _vertices(directory, rows, USER, {"age": "numerical", "occupation": "auto",
            "gender": "auto", "zipCode": "auto"}, task),
    ]  # fmt: skip
    edges = [_edges(directory, links, USER, "recommended", MOVIE)]
    if kind == "link_prediction":
        edges[0]["labels"] = [{"label": ["", kind], "split_rate": SPLIT}]
    else:
        numbers = {"score": "numerical", "timestamp": "numerical"}
        nodes.append(_vertices(directory, rows, RATING, numbers, task))
        edges.append(_edges(directory, links, RATING, "forMovie", MOVIE))
        edges.append(_edges(directory, links, RATING, "byUser", USER))
    _configure(directory, {"query_engine": "gremlin", "graph": {"nodes": nodes, "edges": edges}})
    return directory


def _edges(
    directory: Path,
    links: Mapping[str, Sequence[tuple[str, str]]],
    source: str,
    relation: str,
    dest: str,
) -> dict[str, Any]:
    """Write a file of edges, and return its entry of the configuration."""
    with (directory / f"{relation}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["~from", "~to"])
        writer.writerows(links[relation])
    return {
        "file_name": f"{relation}.csv",
        "source": ["~from", source],
        "relation": ["", relation],
        "dest": ["~to", dest],
    }


def _vertices(
    directory: Path,
    rows: Mapping[str, Mapping[str, Sequence[str]]],
    type_: str,
    kinds: Mapping[str, str],
    task: str,
) -> dict[str, Any]:
    """Write a file of vertices, and return its entry of the configuration."""
    several = "hasGenre"
    with (directory / f"{type_}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["~id", *kinds])
        for subject, values in rows.items():
            if values.get("type") == [type_]:
                found = (";".join(values.get(name, ())).replace("nan", "") for name in kinds)
                writer.writerow([subject, *found])
    options = {"numerical": {"norm": "min-max", "imputer": "median"}}
    features = [
        {
            "feature": [name, name, kind],
            **options.get(kind, {}),
            **({"separator": ";"} if name == several else {}),
        }
        for name, kind in kinds.items()
        if name != task
    ]
    entry: dict[str, Any] = {
        "file_name": f"{type_}.csv",
        "node": ["~id", type_],
        "features": features,
    }
    if task in kinds:
        separator = {"separator": ";"} if task == several else {}
        entry["labels"] = [{"label": [task, TASKS[task][0]], "split_rate": SPLIT, **separator}]
    return entry


def _configure(directory: Path, document: Mapping[str, Any]) -> None:
    text = json.dumps({"version": "v2.0", **document, "warnings": []})
    (directory / "training-data-configuration.json").write_text(text, encoding="utf-8")


def _ntriples() -> Any:
    from pyoxigraph import RdfFormat

    return RdfFormat.N_TRIPLES


def _figure(export: Path, output: Path, task: str, seed: int, budget: float) -> float:
    settings = TrainingSettings(threads=1, budget=budget)
    report = train(export, output, seed=seed, settings=settings, speed="reference")
    for warning in report.warnings:
        print(f"{export.name}: {warning}", file=sys.stderr)
    print(f"{export.name}: {report.rows[0].metrics}", file=sys.stderr)
    return float(report.rows[0].metrics[TASKS[task][1]])


if __name__ == "__main__":
    main()
