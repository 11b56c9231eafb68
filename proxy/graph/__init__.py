"""A graph as data: loading files into a Gremlin server, and exporting one into files."""

from __future__ import annotations

from gremlink.proxy.graph.errors import (
    BadCell,
    BadExport,
    BadParameters,
    ConnectionFailed,
    ExportFailed,
    FileProblem,
    GraphError,
    IdsRefused,
    ServerRefused,
)
from gremlink.proxy.graph.export.parameters import ExportParameters
from gremlink.proxy.graph.export.schema import Schema, discover_schema
from gremlink.proxy.graph.export.write import ExportReport, export_graph
from gremlink.proxy.graph.files.export_files import (
    EdgeFile,
    Export,
    Feature,
    NodeFile,
    Target,
)
from gremlink.proxy.graph.files.export_rows import Chunk
from gremlink.proxy.graph.ids import Ids
from gremlink.proxy.graph.load.bulk_load import LoadReport, load_csv
from gremlink.proxy.graph.load.gremlin_text import QueriesReport, load_gremlin
from gremlink.proxy.graph.progress import Progress
from gremlink.proxy.graph.reading import read_export
from gremlink.proxy.graph.server.connection import Server
from gremlink.proxy.graph.server.counts import GraphCounts, count_graph, outgoing_labels

__all__ = [
    "BadCell",
    "BadExport",
    "BadParameters",
    "Chunk",
    "ConnectionFailed",
    "EdgeFile",
    "Export",
    "ExportFailed",
    "ExportParameters",
    "ExportReport",
    "Feature",
    "FileProblem",
    "GraphCounts",
    "GraphError",
    "Ids",
    "IdsRefused",
    "LoadReport",
    "NodeFile",
    "Progress",
    "QueriesReport",
    "Schema",
    "Server",
    "ServerRefused",
    "Target",
    "count_graph",
    "discover_schema",
    "export_graph",
    "load_csv",
    "outgoing_labels",
    "load_gremlin",
    "read_export",
]
