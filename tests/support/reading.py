"""What would be read of a live graph: made by hand, or around the vertices of a stored graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gremlink.grammar.traversal import Literal
from gremlink.proxy.learning.graph import Direction
from gremlink.proxy.learning.trained.stored_graph import StoredGraph


@dataclass(frozen=True)
class Vertex:
    id: Literal
    label: str
    values: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Links:
    vertex: Literal
    label: str
    direction: Direction
    others: Sequence[Literal]
    complete: bool = True
    values: Sequence[Sequence[str]] = ()


@dataclass(frozen=True)
class Read:
    vertices: Sequence[Vertex]
    links: Sequence[Links] = ()


def name(text: str) -> Literal:
    return Literal.string(text)


def links(vertex: str, label: str, direction: Direction, *others: str, **more: bool) -> Links:
    return Links(name(vertex), label, direction, [name(other) for other in others], **more)


def everything(stored: StoredGraph, cells: Mapping[Literal, Mapping[str, Sequence[str]]]) -> Read:
    """The whole of a stored graph, as if it had been read and nothing had changed."""
    vertices = [
        Vertex(literal, type_name.replace(";", "::"), cells.get(literal, {}))
        for type_name, ids in stored.ids.items()
        for literal in ids
    ]
    found: dict[tuple[Literal, str, Direction], list[Literal]] = {}
    for vertex in vertices:
        for relation in stored.graph.edges:
            for direction in ("out", "in"):
                if relation.source_type(direction) == vertex.label.replace("::", ";"):
                    found.setdefault((vertex.id, relation.label, direction), [])
    for relation, edges in stored.graph.edges.items():
        for head, tail in zip(edges.heads.tolist(), edges.tails.tolist(), strict=True):
            source, target = stored.ids[relation.head][head], stored.ids[relation.tail][tail]
            found[source, relation.label, "out"].append(target)
            found[target, relation.label, "in"].append(source)
    return Read(vertices, [Links(*key, others) for key, others in found.items()])
