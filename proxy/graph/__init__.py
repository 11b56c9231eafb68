"""A graph as data: loading files into a Gremlin server, and exporting one into files."""

from __future__ import annotations

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

__all__ = [
    "EdgeFile",
    "EdgeRow",
    "EdgeTable",
    "Export",
    "Feature",
    "NodeFile",
    "NodeRow",
    "NodeTable",
    "Target",
    "read_export",
]
