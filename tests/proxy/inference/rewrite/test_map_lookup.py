"""Answers in maps, and how an element finds the map with its own."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gremlink.grammar.traversal import Entries, Items, Kind, Literal, Predicate, children
from gremlink.proxy.inference.rewrite.map_lookup import TABLE_SIZE, TABLES, look_up


def table(ids: list[Literal]) -> Entries:
    return Entries(tuple((id, Items("list", (id,))) for id in ids))


def java(value):
    """What Java compares by."""
    match value:
        case str():
            return value.encode("utf-16-be", "surrogatepass")
        case uuid.UUID():
            halves = value.bytes[:8], value.bytes[8:]
            return [int.from_bytes(half, "big", signed=True) for half in halves]
    return value


def holds(token: Predicate, id: Literal) -> bool:
    mine = java(id.value)
    bounds = [java(each.value) for each in token.arguments]
    match token.name:
        case "lt":
            return mine < bounds[0]
        case "gte":
            return mine >= bounds[0]
        case "between":
            return bounds[0] <= mine < bounds[1]
        case "within":
            return id in token.arguments
    raise AssertionError(token.name)


def tables_of(steps, id: Literal) -> list[Entries]:
    """The maps in which an element looks for its id."""
    if steps[0].name == "flatMap":
        (child,) = children(steps[0])
        return [child.steps[2].arguments[0]]
    assert steps[0].name == "choose"
    *options, otherwise = steps[1:]
    assert otherwise.arguments[0].name == "none"
    assert len(options) <= TABLES
    found = []
    for option in options:
        token, then = option.arguments
        if holds(token, id):
            found += tables_of(then.steps, id)
    return found


@given(
    st.one_of(
        st.sets(st.text(max_size=3), max_size=40),
        st.sets(st.integers(-(2**40), 2**40), max_size=40),
        st.sets(st.uuids(), max_size=40),
        st.sets(st.one_of(st.text(max_size=2), st.uuids()), max_size=40),
    ),
    st.integers(1, 7),
)
def test_every_id_is_in_the_one_map_that_its_element_comes_to(values, size):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gremlink.proxy.inference.rewrite.map_lookup.TABLE_SIZE", size)
        ids = [Literal.of(value) for value in values]
        steps = look_up(ids, table)
    for id in ids:
        (found,) = tables_of(steps, id)
        assert id in [key for key, _ in found.entries]


def test_maps_are_neither_large_nor_many():
    ids = [Literal(Kind.LONG, number) for number in range(10_000)]
    choose, *options = look_up(ids, table)
    assert choose.name == "choose"
    assert len(options) <= TABLES + 1
    (found,) = tables_of([choose, *options], ids[1234])
    assert len(found.entries) <= TABLE_SIZE
    (alone,) = look_up(ids[:TABLE_SIZE], table)
    assert alone.name == "flatMap"
