"""Filters of an export: what they may hold, and the scripts that they become."""

import pytest

from gremlink.proxy.graph.errors import BadParameters
from gremlink.proxy.graph.export import filters
from gremlink.proxy.graph.export.parameters import ExportParameters


def test_a_filter_is_parsed_and_written_anew() -> None:
    steps = filters.read_filter(" has('age', gt(30)).not(__.out('knows')) ", "f")
    assert filters.vertices((), steps) == (
        "g.V().has('age', gt(30)).not(__.out('knows'))"
        ".project('i', 'l', 'p').by(T.id).by(T.label).by(__.valueMap())"
    )
    asked = filters.edges(("a", "b"), steps)
    assert asked.startswith("g.E().hasLabel('a', 'b').has('age', gt(30))")


@pytest.mark.parametrize("text", ["", "  ", "__"])
def test_no_filter(text: str) -> None:
    assert filters.read_filter(text, "f") == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("drop()", "the step drop may not"),
        ("has('a').addV('x')", "the step addV may not"),
        ("where(__.addE('x'))", "the step addE may not"),
        ("out('knows')", "the step out may not"),
        ("has('a'); g.V().drop()", "more than steps"),
        ("has('a", "cannot be read"),
        ("filter{it.get()}", "the step filter"),
        ("has(name)", "no plain value"),
    ],
)
def test_what_is_no_filter(text: str, said: str) -> None:
    with pytest.raises(BadParameters, match=said) as caught:
        filters.read_filter(text, "params.gremlinFilter")
    assert caught.value.context == "params.gremlinFilter"


def test_one_filter_for_both_wins() -> None:
    params = {"gremlinFilter": "has('a')", "gremlinNodeFilter": "has('b')"}
    found = ExportParameters.parse({"params": params})
    assert found.node_filter == found.edge_filter == filters.read_filter("has('a')", "")
    found = ExportParameters.parse({"params": {"gremlinEdgeFilter": "has('c')"}})
    assert found.node_filter == ()
    assert found.edge_filter == filters.read_filter("has('c')", "")
