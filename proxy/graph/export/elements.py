"""Vertices and edges as a server streams them, and property values as the cells of a CSV file."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from gremlin_python.process.graph_traversal import GraphTraversal, __
from gremlin_python.process.traversal import Bytecode, T
from gremlin_python.statics import SingleByte, bigint, long, short

from gremlink.grammar.surrogates import escaped, is_whole
from gremlink.grammar.temporal import iso_milliseconds, seconds_of
from gremlink.grammar.traversal import Kind
from gremlink.proxy.graph.errors import ExportFailed, ServerRefused
from gremlink.proxy.graph.export import filters
from gremlink.proxy.graph.export.unserializable import SERIALIZATION, unserializable
from gremlink.proxy.graph.labels import Labels, spellings, split_labels
from gremlink.proxy.graph.server.connection import GraphConnection
from gremlink.proxy.graph.server.source import g

STRING, BOOLEAN, DATE = "String", "Boolean", "Date"
NUMBERS = ("Byte", "Short", "Integer", "Long", "Float", "Double")
"""Names of data types, the numeric ones from narrow to broad."""

_TEMPORAL = (
    "Date",
    "Timestamp",
    "Instant",
    "LocalDate",
    "LocalDateTime",
    "OffsetDateTime",
    "ZonedDateTime",
)


@dataclass(frozen=True, slots=True)
class Id:
    """An id as text, and its type."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class Value:
    """A property value as text, and its data type."""

    type: str
    text: str


@dataclass(frozen=True, slots=True)
class VertexElement:
    """One vertex; a property has one value or several. `written` are its labels in the order that
    the database has them in, if it is another one."""

    id: Id
    labels: Labels
    properties: dict[str, list[Value]]
    written: str = ""


@dataclass(frozen=True, slots=True)
class EdgeElement:
    """One edge, with the labels of its ends."""

    id: str
    label: str
    source: Id
    dest: Id
    source_labels: Labels
    dest_labels: Labels
    properties: dict[str, list[Value]]


def read_vertices(
    connection: GraphConnection, labels: Sequence[str] = (), steps: filters.Steps = ()
) -> Iterator[VertexElement]:
    """Yield all vertices, or those with one of the labels, in the server's order.

    `steps` are a filter, which takes a server that evaluates scripts.
    """
    labels = [spelling for label in labels for spelling in spellings(label)]
    vertices = g.V().has_label(*labels) if labels else g.V()
    asked = filters.vertices(labels, steps) if steps else vertex_rows(vertices).bytecode
    return map(vertex_of, read_rows(connection, "vertex", asked, labels))


def read_edges(
    connection: GraphConnection, labels: Sequence[str] = (), steps: filters.Steps = ()
) -> Iterator[EdgeElement]:
    """Yield all edges, or those with one of the labels, in the server's order; `steps` as above."""
    edges = g.E().has_label(*labels) if labels else g.E()
    asked = filters.edges(labels, steps) if steps else edge_rows(edges).bytecode
    return map(edge_of, read_rows(connection, "edge", asked, labels))


def read_rows(
    connection: GraphConnection, what: str, asked: Bytecode | str, labels: Sequence[str] = ()
) -> Iterator[Any]:
    """Yield the rows of a query for each `vertex` or `edge`.

    Raises `ExportFailed`, which names the element, where the server cannot send a value.
    """
    try:
        yield from connection.submit(asked)
    except ServerRefused as refused:
        if refused.status != SERIALIZATION:
            raise
        raise unserializable(connection, what, labels, refused) from None


def vertex_rows(vertices: GraphTraversal) -> GraphTraversal:
    """Return the query for the rows that `vertex_of` reads."""
    return vertices.project("i", "l", "p").by(T.id).by(T.label).by(__.value_map())


def vertex_of(row: Mapping[str, Any]) -> VertexElement:
    """Read a row of a vertex. Raises `ExportFailed`."""
    id, own = id_of(row["i"]), split_labels(row["l"])
    _check_names("vertex", id.text, row["l"], row["p"])
    written = row["l"].replace("::", ";")
    other = "" if written == ";".join(own) else written
    return VertexElement(id, own, _properties(row["p"]), other)


def edge_rows(edges: GraphTraversal) -> GraphTraversal:
    """Return the query for the rows that `edge_of` reads."""
    return (
        edges.project("i", "l", "from", "to", "fl", "tl", "p")
        .by(T.id)
        .by(T.label)
        .by(__.out_v().id_())
        .by(__.in_v().id_())
        .by(__.out_v().label())
        .by(__.in_v().label())
        .by(__.value_map())
    )


def edge_of(row: Mapping[str, Any]) -> EdgeElement:
    """Read a row of an edge. Raises `ExportFailed`."""
    id = _edge_id(row["i"])
    _check_names("edge", id, row["l"], row["p"])
    return EdgeElement(
        id,
        row["l"],
        id_of(row["from"]),
        id_of(row["to"]),
        split_labels(row["fl"]),
        split_labels(row["tl"]),
        _properties(row["p"]),
    )


def _check_names(what: str, id: str, label: str, properties: Mapping[Any, Any]) -> None:
    """Raise `ExportFailed` where a name cannot be written, and so could not be found again."""
    keys = (("property", str(key)) for key in properties)
    for name, part in (("id", id), ("label", label), *keys):
        if not is_whole(part):
            raise ExportFailed(
                f"the {name} {escaped(part)!r} of the {what} {escaped(id)!r} has half of a "
                "surrogate pair, which no file can hold: correct it in the database"
            )


def id_of(value: Any) -> Id:
    """Read the id of a vertex. Raises `ExportFailed`."""
    # gremlinpython reads Int64 as `long`, a subclass of int, and Int32 as int itself.
    match value:
        case str():
            return Id(Kind.STRING, value)
        case long():
            return Id(Kind.LONG, str(int(value)))
        case UUID():
            return Id(Kind.UUID, str(value))
        case int() if type(value) is int:
            return Id(Kind.INT, str(value))
        case {
            "@type": str(),
            "@value": str(text),
        }:  # as OrientDB's record ids: `V(text)` finds them
            return Id(Kind.STRING, text)
    raise ExportFailed(
        f"the vertex id {value!r} is a {type(value).__name__}; "
        "vertex ids must be of type String, Integer, Long or UUID"
    )


def _edge_id(value: Any) -> str:
    """Return any edge id as text; JanusGraph's arrive as an object of a type of its own."""
    if isinstance(value, dict):
        inner = value.get("@value", value)
        return str(inner.get("relationId", inner) if isinstance(inner, dict) else inner)
    return str(value)


def _properties(values: dict[str, Any]) -> dict[str, list[Value]]:
    """Return the values of each key: a vertex has a list of them; so may an edge, when one value is
    a list."""
    return {
        str(key): [converted for item in _flat(value) for converted in (_value(item),)]
        for key, value in values.items()
    }


def _flat(value: Any) -> Iterator[Any]:
    if isinstance(value, list | set | frozenset | tuple):
        for item in value:
            yield from _flat(item)
    elif value is not None:
        yield value


def texts_of(value: Any) -> list[str]:
    """Return the values of a property as an export writes them."""
    return [_value(each).text for each in _flat(value)]


def _value(value: Any) -> Value:
    match value:
        case str():
            return Value(STRING, escaped(value))
        case bool():
            return Value(BOOLEAN, "true" if value else "false")
        case SingleByte():
            return Value("Byte", str(int(value)))
        case short():
            return Value("Short", str(int(value)))
        case long() | bigint():
            # What has no room in a Long has some in a Double, if not all of its digits.
            return Value("Long" if -(2**63) <= value < 2**63 else "Double", str(int(value)))
        case int():
            return Value("Integer", str(value))
        case float():
            return Value("Double", _decimal(value))
        case Decimal():
            return Value("Double", str(value))
        case {"@type": "g:Date" | "g:Timestamp", "@value": int(milliseconds)}:
            return Value(DATE, iso_milliseconds(milliseconds))
        case {"@type": "gx:Duration", "@value": str(text)}:
            seconds = seconds_of(text)
            return Value(STRING, text) if seconds is None else Value("Double", _decimal(seconds))
        case {"@type": str(kind), "@value": str(text)} if kind.partition(":")[2] in _TEMPORAL:
            return Value(DATE, text)
        case {"@type": _, "@value": str(text)}:
            return Value(STRING, escaped(text))
        case dict():
            return Value(STRING, escaped(json.dumps(value, default=str, ensure_ascii=False)))
    return Value(STRING, str(value))


def _decimal(value: float) -> str:
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return "NaN" if math.isnan(value) else repr(value)
