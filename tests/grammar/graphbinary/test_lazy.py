"""Arguments and nested traversals that are read when somebody asks for them."""

from __future__ import annotations

import struct
from dataclasses import FrozenInstanceError, replace

import pytest

from gremlink.grammar import script
from gremlink.grammar.graphbinary import read_bytecode, write_bytecode
from gremlink.grammar.script import parse
from gremlink.grammar.traversal import Traversal, children, step, walk

SCRIPT = (
    "g.with('k', 1).V(1L, 'a').where(__.out('x').by(__.in('hidden')).count().is(P.gt(1)))"
    ".inject([a: __.both('b')], [__.both('c'), T.id]).has('n', P.within('a', __.id()))"
)


def written_and_read() -> tuple[Traversal, Traversal]:
    """A traversal, and what its bytecode is read as."""
    single = parse(SCRIPT).single
    assert single is not None
    return single, read_bytecode(write_bytecode(single))[0]


def test_unread_and_read_are_the_same() -> None:
    original, read = written_and_read()
    assert [path for path, _ in walk(read)] == [path for path, _ in walk(original)]
    assert read == original
    assert hash(read.steps) == hash(original.steps)
    assert repr(read) == repr(original)


def test_the_traversals_inside_are_the_same_before_and_after_reading() -> None:
    _, read = written_and_read()
    for instruction in read.steps:
        before = children(instruction)
        anew = replace(instruction, origin=None)
        assert all(one is other for one, other in zip(before, children(anew), strict=True))


def test_what_was_not_asked_for_is_not_read() -> None:
    _, read = written_and_read()
    where = read.steps[1]
    assert not where.may_mention("marker")
    assert children(where, "marker") == ()
    (inner,) = children(where, "hidden")
    assert inner.steps[1].may_mention("hidden")
    assert not inner.steps[0].may_mention("hidden")
    changed = read.with_steps([*read.steps[:-1], step("count")])
    written = write_bytecode(changed)
    for instruction in (*read.steps, *inner.steps):
        with pytest.raises(AttributeError):
            type(instruction).arguments.__get__(instruction)  # type: ignore[attr-defined]
    assert read_bytecode(written)[0] == changed


def test_unread_is_as_immutable() -> None:
    _, read = written_and_read()
    with pytest.raises(FrozenInstanceError):
        read.steps[0].arguments = ()  # type: ignore[misc]
    with pytest.raises(AttributeError, match="has no 'argument'"):
        read.steps[0].argument  # type: ignore[attr-defined]  # noqa: B018
    with pytest.raises(AttributeError, match="has no 'stop'"):
        read.stop  # type: ignore[attr-defined]  # noqa: B018


def test_a_bytecode_inside_an_opaque_value_stays_there() -> None:
    def int32(number: int) -> bytes:
        return struct.pack(">i", number)

    nested = b"\x15\x00" + int32(1) + int32(1) + b"V" + int32(0) + int32(0)
    path = b"\x0e\x00" + b"\x09\x00" + int32(0) + b"\x09\x00" + int32(1) + nested
    value = int32(1) + int32(1) + b"V" + int32(2) + path + nested + int32(0)
    read, end = read_bytecode(value)
    assert end == len(value)
    assert list(children(read.steps[0])) == [Traversal((), (step("V"),))]
    assert repr(read) == "g.V(<Path>, __.V())"
    assert write_bytecode(read.with_steps([step("x", *read.steps[0].arguments)])) == (
        value.replace(b"\0\1V", b"\0\1x", 1)
    )


def test_steps_are_replaced_between_copied_bytes() -> None:
    _, expected = written_and_read()
    new = [step("x", 1), step("y")]
    for begin in range(expected.length + 1):
        for end in range(begin, expected.length + 1):
            _, read = written_and_read()
            replaced = read.with_replaced(begin, end, new)
            anew = expected.with_steps([*expected.steps[:begin], *new, *expected.steps[end:]])
            assert write_bytecode(replaced) == write_bytecode(anew)
            assert replaced.length == anew.length
            assert [replaced.step(index) for index in range(replaced.length)] == list(anew.steps)
            assert replaced == anew
            assert repr(replaced) == repr(anew)
            for traversal in (read, replaced):
                assert traversal.with_replaced(0, 1, new).steps[:2] == tuple(new)


def test_what_is_replaced_is_replaced_again() -> None:
    _, read = written_and_read()
    once = read.with_replaced(1, 2, [step("x"), step("with", "k")])
    twice = once.with_replaced(0, 2, [step("y")])
    assert twice == read.with_steps([step("y"), step("with", "k"), *read.steps[2:]])
    assert read_bytecode(write_bytecode(twice))[0] == twice
    assert script.write(twice) == script.write(read_bytecode(write_bytecode(twice))[0])
    assert twice.may_mention("hidden")


def test_steps_of_a_name_and_those_with_traversals_are_told() -> None:
    _, read = written_and_read()
    assert read.named_or_nesting("V", "nowhere") == [0]
    assert read.named_or_nesting("W", "hidden") == [1]
    assert read.named_or_nesting("inject", "b") == [1, 2]  # the b of "by"
    replaced = read.with_replaced(1, 2, [step("x"), step("y")])
    assert replaced.named_or_nesting("V", "nowhere") == [0, 1, 2]
    assert replaced.named_or_nesting("has", "hidden") == [1, 2, 4]
    assert read.steps  # from here on they are there
    assert list(read.named_or_nesting("V", "nowhere")) == [0, 1, 2, 3]


def test_a_step_of_many_is_read_alone() -> None:
    _, read = written_and_read()
    assert read.step(2).name == "inject"
    with pytest.raises(AttributeError):
        type(read).steps.__get__(read)  # type: ignore[attr-defined]
    assert read.step(2) == read.steps[2]
