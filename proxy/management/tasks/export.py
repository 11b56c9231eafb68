"""Export: the graph behind the proxy as files for training."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gremlink.proxy.graph import ExportParameters, export_graph
from gremlink.proxy.graph.rdf.export import export_rdf
from gremlink.proxy.graph.rdf.parameters import RdfExportParameters, is_rdf_request
from gremlink.proxy.management.jobs.events import Tell
from gremlink.proxy.management.tasks.description import graph_of, publish, rdf_store_of


def run(description: Mapping[str, Any], work: Path, tell: Tell) -> dict[str, Any]:
    """Export to `output`; return the size. Raises GraphError, StoreError."""
    if is_rdf_request(description["request"]):
        return _run_rdf(description, work, tell)
    report = export_graph(
        graph_of(description),
        work / "export",
        parameters=ExportParameters.parse(description["request"]),
        progress=lambda what, done, total: tell(what, done, total, ""),
    )
    publish(description, report.directory, tell)
    return {
        "vertices": report.vertices,
        "edges": report.edges,
        "configurations": list(report.configurations),
        "warnings": list(report.warnings),
    }


def _run_rdf(description: Mapping[str, Any], work: Path, tell: Tell) -> dict[str, Any]:
    report = export_rdf(
        rdf_store_of(description),
        work / "export",
        parameters=RdfExportParameters.parse(description["request"]),
        progress=lambda what, done, total: tell(what, done, total, ""),
    )
    publish(description, report.directory, tell)
    return {
        "statements": report.statements,
        "configurations": list(report.configurations),
        "warnings": list(report.warnings),
    }
