"""Values of one type in a row are read together, as if they were read one by one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gremlink.grammar import graphbinary
from gremlink.grammar.errors import GremlinError
from gremlink.grammar.graphbinary import read
from gremlink.grammar.lazy import UniformLiterals, literals_of
from gremlink.grammar.traversal import Items, Kind, Literal, children

FEW = read._MANY
BITS = {Kind.INT: 31, Kind.LONG: 63}
MARK = "\x03\0\0\0\0"
"""What strings begin with, in a string."""

texts = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=6),
    st.integers(0, 300).map("x".__mul__),
    st.sampled_from([MARK, f"a{MARK}\x02b", MARK[:-1], "\0", "\x03"]),
).map(Literal.string)
numbers = {
    kind: st.integers(-(2**bits), 2**bits - 1).map(lambda value, kind=kind: Literal(kind, value))
    for kind, bits in BITS.items()
}
crowds = st.one_of(
    *(st.lists(each, min_size=FEW, max_size=FEW + 20) for each in (texts, *numbers.values())),
    st.lists(st.one_of(texts, *numbers.values()), min_size=FEW, max_size=FEW + 20),
)


def in_bytes(items: list[Literal]) -> bytes:
    return graphbinary.write_value(Items("list", tuple(items)))


def outcome(data: bytes) -> object:
    try:
        return graphbinary.read_value(data)
    except GremlinError as error:
        return type(error), str(error)


def one_by_one(data: bytes) -> object:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(read, "_MANY", 1 << 30)
        return outcome(data)


def together(data: bytes) -> UniformLiterals | None:
    found, end = graphbinary.read_value(data)
    assert isinstance(found, Items)
    assert end == len(data)
    return found.origin if isinstance(found.origin, UniformLiterals) else None


@given(crowds)
def test_what_was_written(items: list[Literal]) -> None:
    data = in_bytes(items)
    assert outcome(data) == (Items("list", tuple(items)), len(data))
    found, _ = graphbinary.read_value(data)
    assert graphbinary.write_value(found) == data


@given(crowds, st.data())
def test_broken_bytes(items: list[Literal], data: st.DataObject) -> None:
    whole = bytearray(in_bytes(items))
    place = data.draw(st.integers(2, len(whole) - 1))
    whole[place] = data.draw(st.integers(0, 255))
    broken = bytes(whole[: data.draw(st.integers(place, len(whole)))])
    assert outcome(broken) == one_by_one(broken)


@pytest.mark.parametrize(
    "items",
    [
        literals_of(Kind.STRING, [f"user_{number}" for number in range(FEW)]),
        literals_of(Kind.STRING, ["Zoë", "", "x" * 255] * FEW),
        literals_of(Kind.LONG, range(-FEW, FEW)),
        literals_of(Kind.INT, [-(2**31), 2**31 - 1] * FEW),
    ],
)
def test_values_without_literals(items: list[Literal]) -> None:
    found = together(in_bytes(items))
    assert found is not None
    assert (found.kind, len(found)) == (items[0].kind, len(items))
    assert list(found.values) == [item.value for item in items]
    assert list(found) == items
    assert (found[1], list(found[1:3])) == (items[1], items[1:3])


@pytest.mark.parametrize("odd", [Literal.of(None), Literal.of(7), Literal.string("x" * 256)])
def test_what_is_read_one_by_one(odd: Literal) -> None:
    ordinary = literals_of(Kind.STRING, ["a"] * FEW)
    for items in ([*ordinary, odd], [odd, *ordinary], [*ordinary, odd, *ordinary]):
        assert together(in_bytes(items)) is None
        assert outcome(in_bytes(items)) == one_by_one(in_bytes(items))


def test_a_list_that_was_read_so_is_like_any_other() -> None:
    items = literals_of(Kind.STRING, ["a"] * FEW)
    found, _ = graphbinary.read_value(in_bytes(items))
    assert isinstance(found, Items)
    assert children(found) == ()
    assert hash(found) == hash(Items("list", tuple(items)))
    assert repr(found) == repr(Items("list", tuple(items)))
    with pytest.raises(AttributeError, match="no 'item'"):
        found.item  # type: ignore[attr-defined]  # noqa: B018
