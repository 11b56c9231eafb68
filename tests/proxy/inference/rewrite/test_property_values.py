"""Predicted properties in each of the forms of a query."""

from __future__ import annotations

import pytest

from gremlink.grammar.traversal import Items, Kind, Literal, Opaque, anonymous, walk
from gremlink.proxy.inference.queries.dialect import Dialect
from gremlink.proxy.inference.rewrite.choose_tree import FAN_OUT
from gremlink.proxy.inference.rewrite.property_values import PROPERTY_LIMIT, Properties
from gremlink.proxy.wire.mime import GRAPHBINARY, GRAPHSON_3, Format, format_of


def known(name: str) -> Format:
    format = format_of(name)
    assert format is not None
    return format


GRAPHSON_2 = known("application/vnd.gremlin-v2.0+json")
UNTYPED = known("application/vnd.gremlin-v3.0+json;types=false")


def predicted(count: int, make=lambda number: Literal.string(f"v{number}")):
    return {make(number): [("genre", Literal.string("Drama"))] for number in range(count)}


def names(written) -> list[str]:
    return [instruction.name for _, instruction in walk(anonymous(*written.steps))]


@pytest.mark.parametrize("format", [GRAPHBINARY, GRAPHSON_3, GRAPHSON_2])
@pytest.mark.parametrize("element", ["node", "edge"])
def test_many_are_looked_up_in_a_map(format, element):
    writing = Properties(element, Dialect(format, None), "b")
    written = writing.of_each(predicted(FAN_OUT + 1))
    assert names(written)[:2] == ["flatMap", "sack"]
    assert written.bindings == {}


def test_few_have_a_branch_each():
    written = Properties("node", Dialect(GRAPHBINARY, None), "b").of_each(predicted(FAN_OUT))
    assert names(written)[0] == "choose"
    assert names(written).count("constant") == FAN_OUT


@pytest.mark.parametrize(("format", "language"), [(GRAPHSON_2, None), (UNTYPED, "gremlin-groovy")])
def test_ids_that_a_map_would_change_have_a_branch_each(format, language):
    longs = predicted(FAN_OUT + 1, lambda number: Literal(Kind.LONG, number))
    written = Properties("node", Dialect(format, language), "b").of_each(longs)
    assert names(written)[0] == "choose"
    assert "flatMap" not in names(written)


def test_a_script_gets_the_answers_as_a_binding():
    writing = Properties("node", Dialect(GRAPHBINARY, "gremlin-groovy"), "answers")
    written = writing.of_each(predicted(1000))
    tables = written.bindings["answers"]
    assert isinstance(tables, Items)
    assert sum(len(table.items) for table in tables.items if isinstance(table, Items)) == 1000
    texts = [
        argument.raw
        for _, instruction in walk(anonymous(*written.steps))
        for argument in instruction.arguments
        if isinstance(argument, Opaque)
    ]
    assert [text.partition(".")[0] for text in texts] == [
        f"answers[{number}]" for number in range(len(tables.items))
    ]


def test_nothing_predicted_leads_nowhere():
    writing = Properties("node", Dialect(GRAPHBINARY, None), "b")
    assert names(writing.of_each({Literal.string("a"): []})) == ["not", "identity"]
    assert names(writing.from_start([])) == names(writing.values_from_start([]))
    assert names(writing.from_start([])) == ["inject", "limit"]


@pytest.mark.parametrize(("language", "bound"), [(None, False), ("gremlin-groovy", True)])
def test_values_begin_a_query_in_their_order(language, bound):
    values = tuple(Literal.string(f"genre {number}") for number in range(PROPERTY_LIMIT + 1))
    written = Properties("node", Dialect(GRAPHBINARY, language), "b").values_from_start(values)
    if bound:
        assert written.bindings == {"b": Items("list", values)}
    else:
        assert written.steps[0].arguments == values


def test_ids_of_predicted_properties_differ():
    writing = Properties("node", Dialect(GRAPHBINARY, None), "b")
    first, second = (
        writing.from_start([("genre", Literal.string("Drama"))]).steps[0] for _ in range(2)
    )
    assert first != second
