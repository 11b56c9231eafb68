"""Filters of the page Ask: what people write, and what is asked."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gremlink.grammar import script
from gremlink.grammar.traversal import Instruction, Literal, Predicate
from gremlink.proxy.graph.server.source import g
from gremlink.proxy.studio.asking.filters import (
    LISTS,
    NOT_THERE,
    TEXTS,
    THERE,
    VALUES,
    Filter,
    items,
    read_list,
    read_value,
)
from gremlink.proxy.studio.errors import WrongInput
from gremlink.proxy.studio.languages import groovy, read

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@pytest.mark.parametrize(
    ("text", "value"),
    [("7", 7), ('"7"', "7"), ("-1.5", -1.5), ("true", True), ("1e9", "1e9"), ("", ""), ("٣", "٣")],
)
def test_values(text: str, value: Any) -> None:
    assert read_value(text) == value
    assert type(read_value(text)) is type(value)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("1, 2,3", [1, 2, 3]),
        (' a b ,"c, d", "7", ', ["a b", "c, d", "7"]),
        (r'"a\"b\\", x', ['a"b\\', "x"]),
        ('"open, 2', ['"open', 2]),
        ("'a','b'", ["'a'", "'b'"]),
    ],
)
def test_lists(text: str, values: list[Any]) -> None:
    assert read_list(text, 0) == values


@given(st.lists(TEXT.filter(bool), min_size=1, max_size=5))
def test_any_texts_can_be_written_as_a_list(texts: list[str]) -> None:
    quoted = ['"' + each.replace("\\", "\\\\").replace('"', '\\"') + '"' for each in texts]
    assert read_list(", ".join(quoted), 0) == texts


@given(TEXT)
def test_every_text_is_some_list_or_none(text: str) -> None:
    if not text.replace(",", "").strip():
        with pytest.raises(WrongInput, match="a list of 1 to"):
            items(text, 3)
    else:
        assert all(items(text, 3))


@given(
    TEXT.filter(bool),
    st.sampled_from([*VALUES, *TEXTS, *LISTS, THERE, NOT_THERE]),
    TEXT,
)
def test_what_is_written_is_a_literal_in_the_query(key: str, comparison: str, value: str) -> None:
    """No text of a filter becomes anything else than a text in Gremlin."""
    try:
        condition = Filter(key, comparison, value).condition(0)
    except WrongInput:
        return
    query = condition(g.V())
    (statement,) = script.parse(groovy(query)).traversals
    assert statement == read(query)
    assert len(statement.steps) == 2
    step = statement.steps[1]
    assert isinstance(step, Instruction)
    assert step.name == ("hasNot" if comparison == NOT_THERE else "has")
    assert step.arguments[0] == Literal.string(key)
    if len(step.arguments) > 1:
        assert isinstance(step.arguments[1], Predicate)
