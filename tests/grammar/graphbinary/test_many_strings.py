"""Many strings in a row are read in a loop of their own, as if they were read one by one."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gremlink.grammar import graphbinary
from gremlink.grammar.errors import GremlinError
from gremlink.grammar.graphbinary import read
from gremlink.grammar.traversal import Items, Kind, Literal, Opaque

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=6).map(Literal.string)
others = st.sampled_from(
    [Literal.of(None), Literal.of(7), Literal(Kind.DOUBLE, 0.5), Literal.of(True)]
)


def in_bytes(items: list[Literal]) -> bytes:
    return graphbinary.write_value(Items("list", tuple(items)))


def one_by_one(data: bytes) -> object:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(read, "_MANY", 1 << 30)
        return outcome(data)


def outcome(data: bytes) -> object:
    try:
        return graphbinary.read_value(data)
    except GremlinError as error:
        return type(error), str(error)


@given(st.lists(st.one_of(texts, texts, texts, others), min_size=read._MANY, max_size=80))
def test_strings_and_what_stands_between_them(items: list[Literal]) -> None:
    data = in_bytes(items)
    found, end = graphbinary.read_value(data)
    assert found == Items("list", tuple(items))
    assert end == len(data)
    assert graphbinary.write_value(found) == data


@given(st.lists(texts, min_size=read._MANY, max_size=50), st.data())
def test_broken_bytes(items: list[Literal], data: st.DataObject) -> None:
    whole = bytearray(in_bytes(items))
    place = data.draw(st.integers(6, len(whole) - 1))
    whole[place] = data.draw(st.integers(0, 255))
    broken = bytes(whole[: data.draw(st.integers(place, len(whole)))])
    assert outcome(broken) == one_by_one(broken)


def test_a_string_that_is_no_utf8_ends_the_loop_and_not_the_list() -> None:
    strings = [Literal.string(f"s{n}") for n in range(read._MANY)]
    data = in_bytes([*strings, Literal.string("??"), *strings]).replace(b"??", b"\xff\xfe")
    found, _ = graphbinary.read_value(data)
    assert isinstance(found, Items)
    assert found.items[: len(strings)] == tuple(strings)
    assert isinstance(found.items[len(strings)], Opaque)
    assert found.items[len(strings) + 1 :] == tuple(strings)


def test_a_negative_length_is_refused() -> None:
    data = in_bytes([Literal.string("abc")] * read._MANY)
    last = data.rindex(b"abc") - 4
    broken = data[:last] + struct.pack(">i", -1) + data[last + 4 :]
    with pytest.raises(GremlinError, match="negative length"):
        graphbinary.read_value(broken)


def test_literals_of_texts_are_like_others() -> None:
    data = in_bytes([Literal.string("a")] * read._MANY)
    found, _ = graphbinary.read_value(data)
    assert isinstance(found, Items)
    first = found.items[0]
    assert isinstance(first, Literal)
    assert (first.kind, first.value, first.origin) == (Kind.STRING, "a", None)
    assert first == Literal.string("a")
    assert hash(first) == hash(Literal.string("a"))
    assert repr(first) == "'a'"
