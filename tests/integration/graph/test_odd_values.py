"""Values that Python has no type for, or the server no words: text, or named by vertex and key."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from gremlink.proxy.cli.output.results import json_line, lines
from gremlink.proxy.cli.query import submit
from gremlink.proxy.graph import ExportFailed, discover_schema, export_graph, load_csv
from gremlink.proxy.graph.server.connection import GraphConnection

TEXTS = {
    "new Date(Long.MAX_VALUE)": ("Date", "+292278994-08-17T07:12:55.807Z"),
    "new Date(Long.MIN_VALUE)": ("Date", "-292275055-05-16T16:47:04.192Z"),
    "new Date(-62198755200000L)": ("Date", "-0001-01-01T00:00:00Z"),
    "new Date(253402300800000L)": ("Date", "+10000-01-01T00:00:00Z"),
    "new java.sql.Timestamp(Long.MAX_VALUE)": ("Date", "+292278994-08-17T07:12:55.807Z"),
    "java.time.ZonedDateTime.parse('2020-01-01T00:00:00+01:00[Europe/Paris]')": (
        "Date",
        "2020-01-01T00:00+01:00[Europe/Paris]",
    ),
    "java.time.OffsetDateTime.MIN": ("Date", "-999999999-01-01T00:00+18:00"),
    "java.time.Instant.MAX": ("Date", "+1000000000-12-31T23:59:59.999999999Z"),
    "java.time.LocalDate.MAX": ("Date", "+999999999-12-31"),
    "java.time.LocalTime.NOON": ("String", "12:00"),
    "java.time.Duration.ofSeconds(Long.MAX_VALUE)": ("Double", "9.223372036854776e+18"),
    "java.time.Period.of(2147483647, 1, 1)": ("String", "P2147483647Y1M1D"),
    r"'a\ud83d'": ("String", r"a\ud83d"),
    r"'\ude00b'": ("String", r"\ude00b"),
    r"(char)0xd83d": ("String", r"\ud83d"),
    r"'\ud83d\ude00'": ("String", "😀"),
    r"['k':'\ud83d']": ("String", r'{"k": "\ud83d"}'),
    "java.nio.ByteBuffer.wrap([1, 2, 3] as byte[])": ("String", "AQID"),
    "new BigInteger('9' * 40)": ("Double", "9" * 40),
    "new BigDecimal('1E+2000000000')": ("Double", "1E+2000000000"),
    "1.10G": ("Double", "1.10"),
    "Double.NaN": ("Double", "NaN"),
    "Float.NEGATIVE_INFINITY": ("Double", "-Infinity"),
    "[(1):2, (T.id):3]": ("String", '{"1": 2, "id": 3}'),
    "[1, [2, [3, 'x']]]": ("String", "1;2;3;x"),
    "UUID.fromString('00000000-0000-0001-8000-000000000000')": (
        "String",
        "00000000-0000-0001-8000-000000000000",
    ),
}

UNSENDABLE = (
    "[1, 2, 3] as byte[]",
    "java.time.DayOfWeek.MONDAY",
    "new java.sql.Date(1L)",
    "new URI('http://x')",
    "Thread.currentThread()",
)


@pytest.fixture
def graph(empty_graph: str) -> Iterator[GraphConnection]:
    with GraphConnection(empty_graph) as connection:
        yield connection


def put(graph: GraphConnection, value: str, key: str = "k") -> None:
    for _ in graph.submit(
        "g.addV('a').property(id, 'before').property('x', 1)"
        f".addV('a').property(id, 'v').property('{key}', {value}).property('other', 2)"
        ".addV('a').property(id, 'after').iterate()"
    ):
        pass


@pytest.mark.parametrize(("value", "expected"), TEXTS.items(), ids=TEXTS.keys())
def test_values_are_carried_as_text(
    graph: GraphConnection, tmp_path: Path, value: str, expected: tuple[str, str]
) -> None:
    put(graph, value)
    report = export_graph(graph.url, tmp_path / "e")
    with (report.directory / "nodes/a.consolidated.csv").open(encoding="utf-8") as file:
        (row,) = [row for row in csv.DictReader(file) if row["~id"] == "v"]
    (node,) = json.loads((report.directory / "config.json").read_text())["nodes"]
    (kind,) = [each["dataType"] for each in node["properties"] if each["property"] == "k"]
    assert (kind, row["k"]) == expected
    assert discover_schema(graph.url).nodes["a"].count == 3
    for steps in ("", ".valueMap()", ".elementMap()", ".values('k')", ".properties()", ".path()"):
        results = submit(graph.url, f"g.V('v'){steps}", {})
        for line in (*map(json_line, results), *lines(results)):
            line.encode()


SHOWN = {
    "new Date(0L)": "1970-01-01 00:00:00",
    "new Date(Long.MAX_VALUE)": "+292278994-08-17T07:12:55.807Z",
    "java.time.Instant.MAX": "+1000000000-12-31T23:59:59.999999999Z",
    "java.time.Period.ofYears(3)": "P3Y",
    "java.time.Year.of(2020)": "2020",
    "1e500G": "1E+500",
    "12345678901234567890.123456789G": "12345678901234567890.123456789",
}


@pytest.mark.parametrize(("value", "text"), SHOWN.items(), ids=SHOWN.keys())
def test_a_query_shows_the_text(graph: GraphConnection, value: str, text: str) -> None:
    put(graph, value)
    assert list(lines(submit(graph.url, "g.V('v').values('k')", {}))) == [text]
    (vertex,) = submit(graph.url, "g.V('v')", {})
    assert (vertex.id, vertex.label) == ("v", "a")
    (line,) = map(json_line, submit(graph.url, "g.V('v').valueMap()", {}))
    assert json.loads(line) == {"k": [text], "other": [2]}
    mixed = submit(graph.url, "g.inject(new Date(0L)).union(identity(), V('v').values('k'))", {})
    assert list(lines(mixed)) == ["1970-01-01 00:00:00", text]


@pytest.mark.parametrize("value", UNSENDABLE)
def test_what_the_server_cannot_send_is_named(
    graph: GraphConnection, tmp_path: Path, value: str
) -> None:
    put(graph, value)
    with pytest.raises(ExportFailed, match="property 'k' of the vertex 'v'"):
        export_graph(graph.url, tmp_path / "e")
    assert not (tmp_path / "e").exists()
    with pytest.raises(ExportFailed, match="property 'k' of the vertex 'v'"):
        discover_schema(graph.url)


def test_on_an_edge(graph: GraphConnection, tmp_path: Path) -> None:
    put(graph, "1")
    for _ in graph.submit(
        "g.V('v').addE('r').to(__.V('after')).property(id, 'e')"
        ".property('w', [1] as byte[]).iterate()"
    ):
        pass
    with pytest.raises(ExportFailed, match="property 'w' of the edge 'e'"):
        export_graph(graph.url, tmp_path / "e")


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (r"g.addV('a').property(id, '\ud83d').iterate()", r"the id '\\\\ud83d' of the vertex"),
        (
            r"g.addV('a\ud83d').property(id, 'v').iterate()",
            r"the label 'a\\\\ud83d' of the vertex 'v'",
        ),
        (
            r"g.addV('a').property(id, 'v').property('k\ud83d', 1).iterate()",
            r"the property 'k\\\\ud83d' of the vertex 'v'",
        ),
    ],
)
def test_names_that_no_file_can_hold(
    graph: GraphConnection, tmp_path: Path, script: str, expected: str
) -> None:
    for _ in graph.submit(script):
        pass
    with pytest.raises(ExportFailed, match=expected):
        export_graph(graph.url, tmp_path / "e")


@pytest.mark.parametrize("value", ["java.time.Instant.MAX", "1e500G", "new BigInteger('9' * 400)"])
def test_what_its_type_has_no_room_for_is_loaded_as_text(
    graph: GraphConnection, tmp_path: Path, value: str
) -> None:
    put(graph, value)
    directory = export_graph(graph.url, tmp_path / "e").directory
    (text,) = graph.submit(f"({value}).toString()")
    for _ in graph.submit("g.V().drop().iterate()"):
        pass
    assert load_csv(graph.url, directory / "nodes").vertices == 3
    assert list(graph.submit("g.V('v').values('k')")) == [text]


def test_an_export_with_dates_of_all_ages_is_loaded_again(
    graph: GraphConnection, tmp_path: Path
) -> None:
    put(graph, "new Date(Long.MAX_VALUE)")
    directory = export_graph(graph.url, tmp_path / "e").directory
    for _ in graph.submit("g.V().drop().iterate()"):
        pass
    assert load_csv(graph.url, directory / "nodes").vertices == 3
    (moment,) = graph.submit("g.V('v').values('k').next().getTime()")
    assert moment == 2**63 - 1
