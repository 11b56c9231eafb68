"""Air routes: load, export, train `route` link prediction with default settings, ask for Austin.

    pip install --no-deps --target seeds graph-notebook==5.3.0
    python benchmarks/airports.py seeds/graph_notebook/seed/queries/propertygraph/gremlin/airports

The argument is that directory of Gremlin text (3,748 vertices, 57,538 edges; data by Kelvin R.
Lawrence, Apache-2.0), or an export of the graph. The text is loaded into an embedded Gremlin
Server and exported from there. Ends with the ratio of the model's MRR to that of the best single
method on the same test edges, and exits with 1 if it is below 1.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console

from gremlink.grammar.traversal import Literal
from gremlink.proxy.embedded import EmbeddedServer
from gremlink.proxy.graph import ExportParameters, export_graph, load_gremlin, read_export
from gremlink.proxy.graph.files.export_files import CONFIGURATION
from gremlink.proxy.learning.links.prediction.predictor import LinkPredictor
from gremlink.proxy.learning.reports.tables import link_table
from gremlink.proxy.learning.workflows.train import train

TARGET = {"edge": ["airport", "route", "airport"], "type": "link_prediction"}
ASKED = "AUS"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path, help="directory of Gremlin text, or an export")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="directory for export and artifact")
    arguments = parser.parse_args()
    console = Console(width=120)
    with tempfile.TemporaryDirectory() as temporary:
        work = arguments.keep or Path(temporary)
        export = arguments.source
        if not (export / CONFIGURATION).exists():
            export = load_and_export(arguments.source, work, console)
        begun = time.perf_counter()
        report = train(export, work / "artifact", seed=arguments.seed)
        seconds = time.perf_counter() - begun
        console.print(link_table(report))
        answers = ask(export, work / "artifact")
    best = report.best_alone()
    assert best is not None
    ratio = report.row(report.model).metrics["mrr"] / best.metrics["mrr"]
    console.print(f"Next routes from {ASKED}: {' '.join(answers)}")
    console.print(f"Training took {seconds:.0f} s")
    console.print(f"MRR of {report.model} / MRR of {best.method}: {ratio:.3f}")
    return 0 if ratio >= 1.0 else 1


def load_and_export(text: Path, work: Path, console: Console) -> Path:
    """From Gremlin text through a server of its own to an export."""
    with EmbeddedServer(port=0, data_dir=work / "server") as server:
        loaded = load_gremlin(server.url, text)
        console.print(f"{loaded.queries:,} queries loaded in {loaded.seconds:.1f} s")
        parameters = ExportParameters.parse({"targets": [TARGET]})
        report = export_graph(server.url, work / "export", parameters=parameters)
        console.print(
            f"{report.vertices:,} vertices and {report.edges:,} edges exported "
            f"in {report.seconds:.1f} s"
        )
    return work / "export"


def ask(export: Path, artifact: Path) -> list[str]:
    """The codes of the ten likeliest new routes, without those that exist."""
    files = read_export(export)
    (airports,) = (file for file in files.nodes if file.type == "airport")
    (routes,) = (file for file in files.edges if file.relation == "route")
    codes: dict[Literal, str] = {}
    for chunk in airports.chunks(["code"]):
        codes.update(zip(airports.ids(chunk), chunk.columns["code"], strict=True))
    (asked,) = (vertex for vertex, code in codes.items() if code == ASKED)
    known = {
        dest
        for chunk in routes.chunks([])
        for source, dest in zip(routes.sources(chunk), routes.dests(chunk), strict=True)
        if source == asked
    }
    (answers,) = LinkPredictor.load(artifact).predict(
        edge_label="route",
        direction="out",
        target_label="airport",
        inputs=[asked],
        known=[known],
        limit=10,
    )
    return [codes[answer.id] for answer in answers]


if __name__ == "__main__":
    sys.exit(main())
