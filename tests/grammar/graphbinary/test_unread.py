"""Arguments and nested traversals that are read when somebody asks for them."""

from __future__ import annotations

import struct
from dataclasses import FrozenInstanceError, replace

import pytest

from grammar.graphbinary import read_bytecode, write_bytecode
from grammar.script import parse
from grammar.traversal import Traversal, children, may_mention, step, walk

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
    assert not may_mention(where, "marker")
    assert children(where, "marker") == ()
    (inner,) = children(where, "hidden")
    assert may_mention(inner.steps[1], "hidden")
    assert not may_mention(inner.steps[0], "hidden")
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
