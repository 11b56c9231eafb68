"""Schema of a graph: its kinds of vertices and edges, found by reading every one of them.

Gremlin has no step that tells the type of a value, so the elements are streamed and counted.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import quote_plus

from gremlink.grammar.traversal import Kind
from gremlink.proxy.graph.export.elements import (
    NUMBERS,
    STRING,
    EdgeElement,
    Value,
    VertexElement,
    read_edges,
    read_vertices,
)
from gremlink.proxy.graph.files.export_rows import MIXED
from gremlink.proxy.graph.labels import Labels
from gremlink.proxy.graph.server.connection import GraphConnection, Server

Triple = tuple[Labels, str, Labels]
"""Labels of the source, label of the edge, labels of the destination."""
_LONGEST_NAME = 230
"""Bytes; the file systems' 255 less the suffix."""


@dataclass(slots=True)
class Property:
    """A property of a kind of elements: the number of elements that have it, and the types of its
    values."""

    name: str
    types: Counter[str] = field(default_factory=Counter)
    elements: int = 0
    is_multi_value: bool = False

    @property
    def type(self) -> str:
        """The narrowest data type that holds all values: mixed numbers widen, else it is text."""
        found = set(self.types)
        if len(found) == 1:
            return next(iter(found))
        if found and found <= set(NUMBERS):
            return max(found, key=NUMBERS.index)
        return STRING

    @property
    def is_number(self) -> bool:
        """`True` if all values are numbers."""
        return self.type in NUMBERS

    def see(self, values: Sequence[Value]) -> None:
        """Count one element's values."""
        self.elements += 1
        self.types.update(value.type for value in values)
        if len(values) > 1:
            self.is_multi_value = True


@dataclass(slots=True)
class NodeKind:
    """All vertices with the same labels."""

    labels: Labels
    count: int = 0
    ids: Counter[Kind] = field(default_factory=Counter)
    properties: dict[str, Property] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The labels joined by `;`."""
        return ";".join(self.labels)

    @property
    def file_name(self) -> str:
        """The kind's file in an export."""
        return f"nodes/{_file_name(self.name)}"

    def see(self, vertex: VertexElement) -> None:
        """Count one vertex."""
        self.count += 1
        self.ids[vertex.id.kind] += 1
        _see(self.properties, vertex.properties)


@dataclass(slots=True)
class EdgeKind:
    """All edges of one label between vertices of the same labels."""

    triple: Triple
    count: int = 0
    source_ids: Counter[Kind] = field(default_factory=Counter)
    dest_ids: Counter[Kind] = field(default_factory=Counter)
    properties: dict[str, Property] = field(default_factory=dict)

    @property
    def source(self) -> str:
        """The labels of the source, joined by `;`."""
        return ";".join(self.triple[0])

    @property
    def label(self) -> str:
        """The label of the edge."""
        return self.triple[1]

    @property
    def dest(self) -> str:
        """The labels of the destination, joined by `;`."""
        return ";".join(self.triple[2])

    @property
    def name(self) -> str:
        """`(from)-label-(to)`."""
        return f"({self.source})-{self.label}-({self.dest})"

    @property
    def file_name(self) -> str:
        """The kind's file in an export."""
        return f"edges/{_file_name(self.name)}"

    def see(self, edge: EdgeElement) -> None:
        """Count one edge."""
        self.count += 1
        self.source_ids[edge.source.kind] += 1
        self.dest_ids[edge.dest.kind] += 1
        _see(self.properties, edge.properties)


@dataclass(slots=True)
class Schema:
    """The kinds of vertices and edges seen so far, by their names."""

    nodes: dict[str, NodeKind] = field(default_factory=dict)
    edges: dict[str, EdgeKind] = field(default_factory=dict)
    _triples: dict[Triple, EdgeKind] = field(default_factory=dict, repr=False, compare=False)

    def see_vertex(self, vertex: VertexElement) -> NodeKind:
        """Count a vertex; its kind."""
        kind = NodeKind(vertex.labels)
        kind = self.nodes.setdefault(kind.name, kind)
        kind.see(vertex)
        return kind

    def see_edge(self, edge: EdgeElement) -> EdgeKind:
        """Count an edge; its kind."""
        triple = edge.source_labels, edge.label, edge.dest_labels
        kind = self._triples.get(triple)
        if kind is None:
            kind = EdgeKind(triple)
            kind = self._triples[triple] = self.edges.setdefault(kind.name, kind)
        kind.see(edge)
        return kind


def discover_schema(server: str | Server, *, traversal_source: str = "g") -> Schema:
    """Stream the whole graph past a `Schema`. Raises `ConnectionFailed` and `ServerRefused`."""
    schema = Schema()
    with GraphConnection(server, traversal_source) as connection:
        for vertex in read_vertices(connection):
            schema.see_vertex(vertex)
        for edge in read_edges(connection):
            schema.see_edge(edge)
    return schema


def schema_document(schema: Schema) -> dict[str, Any]:
    """Return `config.json`: Neptune's graph schema, with the types of ids added."""
    return {
        "nodes": [
            {
                "label": node.name,
                "idType": id_type(node.ids),
                "properties": [_property(found, node.count) for found in node.properties.values()],
                "files": [node.file_name],
            }
            for node in schema.nodes.values()
        ],
        "edges": [
            {
                "label": edge.name,
                "fromIdType": id_type(edge.source_ids),
                "toIdType": id_type(edge.dest_ids),
                "properties": [_property(found, edge.count) for found in edge.properties.values()],
                "files": [edge.file_name],
            }
            for edge in schema.edges.values()
        ],
    }


def statistics_document(schema: Schema) -> dict[str, Any]:
    """Return `stats.json`: the counts of everything."""

    def details(kinds: Sequence[NodeKind | EdgeKind]) -> list[dict[str, Any]]:
        return [
            {
                "description": kind.name,
                "count": kind.count,
                "properties": [
                    {
                        "name": found.name,
                        "count": found.types.total(),
                        "numberOfRecords": found.elements,
                        "dataTypes": dict(found.types),
                    }
                    for found in kind.properties.values()
                ],
            }
            for kind in kinds
        ]

    nodes, edges = list(schema.nodes.values()), list(schema.edges.values())
    kinds: list[NodeKind | EdgeKind] = [*nodes, *edges]
    values = (found.types.total() for kind in kinds for found in kind.properties.values())
    return {
        "stats": {
            "nodes": sum(node.count for node in nodes),
            "edges": sum(edge.count for edge in edges),
            "properties": sum(values),
            "details": {"nodes": details(nodes), "edges": details(edges)},
        }
    }


def id_type(kinds: Counter[Kind]) -> str:
    """Return the one type of the ids of a file, or that they are mixed."""
    return next(iter(kinds)).value if len(kinds) == 1 else MIXED


@cache
def _file_name(name: str) -> str:
    # As java.net.URLEncoder, which Neptune's exporter uses; its limit and what it does beyond, too.
    encoded = quote_plus(name, safe="*").replace("~", "%7E")
    if len(encoded) > _LONGEST_NAME:
        encoded = hashlib.sha1(name.encode(), usedforsecurity=False).hexdigest()
    return f"{encoded}.consolidated.csv"


def _see(properties: dict[str, Property], values: Mapping[str, Sequence[Value]]) -> None:
    for name, found in values.items():
        if name not in properties:
            properties[name] = Property(name)
        properties[name].see(found)


def _property(found: Property, count: int) -> dict[str, Any]:
    return {
        "property": found.name,
        "dataType": found.type,
        "isMultiValue": found.is_multi_value,
        "isNullable": found.elements < count,
        "allTypes": sorted(found.types),
    }
