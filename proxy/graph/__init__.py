"""A graph as data: loading files into a Gremlin server, and exporting one into files."""

from __future__ import annotations

from proxy.graph.errors import (
    BadExport,
    BadParameters,
    ConnectionFailed,
    ExportFailed,
    FileProblem,
    GraphError,
    IdsRefused,
    ServerRefused,
)
from proxy.graph.export import ExportReport, export_graph
from proxy.graph.export_files import (
    EdgeFile,
    EdgeRow,
    EdgeTable,
    Export,
    Feature,
    NodeFile,
    NodeRow,
    NodeTable,
    Target,
    read_export,
)
from proxy.graph.export_parameters import ExportParameters
from proxy.graph.gremlin_text import QueriesReport, load_gremlin
from proxy.graph.load import LoadReport, load_csv
from proxy.graph.progress import Progress
from proxy.graph.schema import Schema, discover_schema

__all__ = [
    "BadExport",
    "BadParameters",
    "ConnectionFailed",
    "EdgeFile",
    "EdgeRow",
    "EdgeTable",
    "Export",
    "ExportFailed",
    "ExportParameters",
    "ExportReport",
    "Feature",
    "FileProblem",
    "GraphError",
    "IdsRefused",
    "LoadReport",
    "NodeFile",
    "NodeRow",
    "NodeTable",
    "Progress",
    "QueriesReport",
    "Schema",
    "ServerRefused",
    "Target",
    "discover_schema",
    "export_graph",
    "load_csv",
    "load_gremlin",
    "read_export",
]
