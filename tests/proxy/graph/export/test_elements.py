"""Values of a graph as cells: what gremlinpython makes of GraphSON, and what is written of it."""

from __future__ import annotations

from typing import Any

import pytest

from gremlink.grammar.traversal import Kind
from gremlink.proxy.graph.errors import ExportFailed
from gremlink.proxy.graph.export.elements import Id, Value, read_edges, read_vertices
from gremlink.proxy.graph.server.connection import GraphConnection
from gremlink.proxy.graph.server.results import from_json


class Answers(GraphConnection):
    """A connection whose server has answered already."""

    def __init__(self, *rows: dict[str, Any]) -> None:
        self.rows = rows

    def submit(self, gremlin: object, **options: object) -> Any:
        return iter(self.rows)


def typed(kind: str, value: Any) -> dict[str, Any]:
    return {"@type": kind, "@value": value}


def read(value: Any) -> Any:
    return from_json(value)


def vertex(**changed: Any) -> Any:
    rows = Answers({"i": "a", "l": "A", "p": {}, **changed})
    (found,) = read_vertices(rows)
    return found


def values(*found: Any) -> list[Value]:
    properties: dict[str, list[Value]] = vertex(p={"p": list(found)}).properties
    return properties["p"]


@pytest.mark.parametrize(
    ("wire", "expected"),
    [
        ("1", Id(Kind.STRING, "1")),
        (typed("g:Int32", 1), Id(Kind.INT, "1")),
        (typed("g:Int64", 1), Id(Kind.LONG, "1")),
        (
            typed("g:UUID", "41d2e28a-20a4-4ab0-b379-d810dede3786"),
            Id(Kind.UUID, "41d2e28a-20a4-4ab0-b379-d810dede3786"),
        ),
    ],
)
def test_ids_keep_their_types(wire: Any, expected: Id) -> None:
    assert vertex(i=read(wire)).id == expected


@pytest.mark.parametrize("wire", [typed("g:Double", 1.0), typed("gx:Int16", 1), True])
def test_other_ids_are_refused(wire: Any) -> None:
    with pytest.raises(ExportFailed, match="must be of type String, Integer, Long or UUID"):
        vertex(i=read(wire))


@pytest.mark.parametrize(
    ("wire", "kind", "text"),
    [
        ("a", "String", "a"),
        (True, "Boolean", "true"),
        (typed("gx:Byte", 1), "Byte", "1"),
        (typed("gx:Int16", 1), "Short", "1"),
        (typed("g:Int32", 1), "Integer", "1"),
        (typed("g:Int64", 1), "Long", "1"),
        (typed("gx:BigInteger", "9" * 30), "Double", "9" * 30),
        (typed("g:Float", 0.5), "Double", "0.5"),
        (typed("g:Double", "NaN"), "Double", "NaN"),
        (typed("g:Double", "-Infinity"), "Double", "-Infinity"),
        (typed("gx:BigDecimal", "1.50"), "Double", "1.50"),
        (typed("g:Date", 1), "Date", "1970-01-01T00:00:00.001Z"),
        (typed("g:Date", -1000), "Date", "1969-12-31T23:59:59Z"),
        (typed("g:Timestamp", 1000), "Date", "1970-01-01T00:00:01Z"),
        (typed("gx:OffsetDateTime", "2020-01-01T00:00:00+01:00"), "Date", None),
        (typed("gx:LocalDate", "2020-01-01"), "Date", "2020-01-01"),
        (typed("gx:Year", "2020"), "String", "2020"),
        (typed("gx:Char", "c"), "String", "c"),
        (typed("g:UUID", "41d2e28a-20a4-4ab0-b379-d810dede3786"), "String", None),
        (typed("g:Map", ["k", "v"]), "String", '{"k": "v"}'),
    ],
)
def test_values(wire: Any, kind: str, text: str | None) -> None:
    assert values(read(wire)) == [Value(kind, text if text is not None else wire["@value"])]


def test_dates_may_lie_beyond_those_of_python() -> None:
    dates = [values(read(typed("g:Date", moment)))[0].text for moment in (2**63 - 1, -(2**63))]
    assert dates == ["+292278994-08-17T07:12:55.807Z", "-292275055-05-16T16:47:04.192Z"]


def test_lists_and_sets_are_several_values() -> None:
    assert values(["a", ["b"]], None) == [Value("String", "a"), Value("String", "b")]


def test_labels() -> None:
    assert vertex(l="B::A").labels == ("A", "B")


def edge(identity: Any) -> Any:
    ends = {"from": "a", "to": "b", "fl": "A", "tl": "B::A"}
    (found,) = read_edges(Answers({"i": identity, "l": "r", "p": {"w": 1.5}, **ends}))
    return found


def test_edge() -> None:
    found = edge("e")
    assert (found.id, found.label, found.source.text, found.dest.text) == ("e", "r", "a", "b")
    assert found.dest_labels == ("A", "B")
    assert found.properties == {"w": [Value("Double", "1.5")]}


def test_edge_ids_of_janusgraph() -> None:
    wire = typed("janusgraph:RelationIdentifier", {"relationId": "4r6-39s-2dh-3a8"})
    assert edge(read(wire)).id == "4r6-39s-2dh-3a8"
