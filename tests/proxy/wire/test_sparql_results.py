"""Results of SPARQL: written in each format as others read them, and read from JSON."""

from __future__ import annotations

import csv
import io

import pyoxigraph as ox
import pytest

from gremlink.grammar.sparql.terms import BlankNode, Iri, RdfLiteral
from gremlink.proxy.graph.rdf.client import term_of
from gremlink.proxy.wire.errors import MessageError
from gremlink.proxy.wire.sparql_results import (
    CSV,
    JSON,
    TSV,
    XML,
    format_accepted,
    read_json,
    write_results,
)

INTEGER = "http://www.w3.org/2001/XMLSchema#integer"
ROWS = [
    (Iri("http://x/é"), RdfLiteral("a\"b\n\t\r<&>,'")),
    (BlankNode("b0"), RdfLiteral("x", language="en")),
    (RdfLiteral("01", INTEGER), None),
    (RdfLiteral(""), Iri("http://x/a&b")),
]
FORMATS = {
    JSON: ox.QueryResultsFormat.JSON,
    XML: ox.QueryResultsFormat.XML,
    TSV: ox.QueryResultsFormat.TSV,
}


@pytest.mark.parametrize("kind", FORMATS)
def test_others_read_what_is_written(kind):
    found = ox.parse_query_results(write_results(kind, ["s", "o"], ROWS), FORMATS[kind])
    assert [variable.value for variable in found.variables] == ["s", "o"]
    rows = [tuple(term_of(row[at]) for at in range(2)) for row in found]
    assert rows == ROWS


def test_csv_has_values_alone():
    lines = list(csv.reader(io.StringIO(write_results(CSV, ["s", "o"], ROWS).decode(), newline="")))
    assert lines == [
        ["s", "o"],
        ["http://x/é", "a\"b\n\t\r<&>,'"],
        ["_:b0", "x"],
        ["01", ""],
        ["", "http://x/a&b"],
    ]


def test_json_is_read():
    assert read_json(write_results(JSON, ["s", "o"], ROWS)) == (("s", "o"), ROWS)
    assert read_json(b'{"head": {}, "boolean": true}') == ((), [()])
    assert read_json(b'{"head": {}, "boolean": false}') == ((), [])
    old = (
        b'{"head": {"vars": ["a", "b"]}, "results": {"bindings": [{"a": {"type": "typed-literal",'
        b' "value": "1", "datatype": "http://d"}, "b": {"type": "triple", "value": {}}}]}}'
    )
    assert read_json(old) == (("a", "b"), [(RdfLiteral("1", "http://d"), None)])


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"head": {"vars": ["a"]}}', b"<a/>"])
def test_what_is_no_result_says_so(content):
    with pytest.raises(MessageError, match="no results of SPARQL"):
        read_json(content)


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", JSON),
        ("*/*", JSON),
        ("text/html", JSON),
        ("application/sparql-results+xml", XML),
        ("application/xml;q=0.9, text/csv;q=1.0", CSV),
        ("text/tab-separated-values, */*;q=0.1", TSV),
        ("application/sparql-results+json, application/sparql-results+xml", JSON),
        ("application/sparql-results+xml;q=x, application/json;q=0.1", JSON),
        ("text/*", CSV),
    ],
)
def test_the_format_is_the_best_that_is_accepted(accept, expected):
    assert format_accepted(accept) == expected
