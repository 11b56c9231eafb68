"""The rows of an export, one at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gremlink.grammar.traversal import Literal
from gremlink.proxy.graph import Chunk, EdgeFile, NodeFile


@dataclass(frozen=True)
class NodeRow:
    """A vertex and its cells, those of the system left out."""

    id: Literal
    values: Mapping[str, str]


@dataclass(frozen=True)
class EdgeRow:
    """An edge."""

    source: Literal
    dest: Literal
    values: Mapping[str, str]


def vertices_of(file: NodeFile) -> Iterator[NodeRow]:
    for chunk in file.chunks():
        for row, id_ in enumerate(file.ids(chunk)):
            yield NodeRow(id_, _values(chunk, row))


def edges_of(file: EdgeFile) -> Iterator[EdgeRow]:
    for chunk in file.chunks():
        ends = zip(file.sources(chunk), file.dests(chunk), strict=True)
        for row, (source, dest) in enumerate(ends):
            yield EdgeRow(source, dest, _values(chunk, row))


def _values(chunk: Chunk, row: int) -> dict[str, str]:
    return {name: cells[row] for name, cells in chunk.columns.items() if not name.startswith("~")}
