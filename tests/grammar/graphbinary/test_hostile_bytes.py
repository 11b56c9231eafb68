"""Bytes that lie: refused with a named limit or as malformed, before anything is built of them."""

from __future__ import annotations

import struct
import tracemalloc
from collections.abc import Callable

import pytest

from gremlink.grammar.errors import GremlinError, LimitExceeded, MalformedRequest
from gremlink.grammar.graphbinary import (
    MAX_DEPTH,
    MAX_VALUES,
    read_bytecode,
    read_value,
    skip_value,
    write_value,
)
from gremlink.grammar.traversal import Literal, Opaque, Traversal


def int32(number: int) -> bytes:
    return struct.pack(">i", number)


NULL = b"\xfe\x01"
READERS: list[Callable[[bytes], object]] = [read_value, skip_value]


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("code", [0x09, 0x0A, 0x0B, 0x2A, 0x03, 0x23, 0x25, 0x2B])
@pytest.mark.parametrize("size", [2**31 - 1, 2**24, 1000])
def test_lengths_beyond_the_bytes(read: Callable[[bytes], object], code: int, size: int) -> None:
    tracemalloc.start()
    with pytest.raises(LimitExceeded) as caught:
        read(bytes([code, 0]) + int32(size) + b"\xfe\x01" * 10)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert caught.value.limit == "REMAINING_BYTES"
    assert peak < 100_000


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("code", [0x09, 0x0A, 0x03, 0x15, 0x1E, 0x29])
def test_negative_lengths(read: Callable[[bytes], object], code: int) -> None:
    with pytest.raises(MalformedRequest, match="negative"):
        read(bytes([code, 0]) + int32(-1) + bytes(20))


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize(
    "level",
    [
        b"\x09\x00" + int32(1),
        b"\x0b\x00" + int32(1),
        b"\x0a\x00" + int32(1) + NULL,
        b"\x21\x00" + bytes(8),
        b"\x15\x00" + int32(1) + int32(0) + int32(1),
        b"\x1e\x00" + int32(0) + int32(1),
        b"\x14\x00" + int32(0),
        b"\x20\x00",
        b"\x0e\x00",
        b"\x11\x00",
    ],
)
def test_nesting(read: Callable[[bytes], object], level: bytes) -> None:
    with pytest.raises(GremlinError) as caught:
        read(level * 50_000 + NULL * 10)
    if isinstance(caught.value, LimitExceeded):
        assert (caught.value.limit, caught.value.allowed) == ("MAX_DEPTH", MAX_DEPTH)


@pytest.mark.parametrize("read", READERS)
def test_trees_in_trees(read: Callable[[bytes], object]) -> None:
    with pytest.raises(LimitExceeded, match="MAX_DEPTH"):
        read(b"\x2b\x00" + (int32(1) + NULL) * 50_000)


@pytest.mark.parametrize("read", READERS)
def test_many_small_values(read: Callable[[bytes], object]) -> None:
    count = MAX_VALUES + 1
    with pytest.raises(LimitExceeded, match="MAX_VALUES"):
        read(b"\x09\x00" + int32(count) + NULL * count)


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "the bytes end at 0"),
        (b"\x03", "the bytes end at 1"),
        (b"\x01\x00\x00", "needs 4 more"),
        (b"\x03\x02\x00\x00\x00\x00", "value flag 0x02"),
        (b"\x7f\x00", "unknown type code 0x7f"),
        (b"\xfe\x00", "unknown type code 0xfe"),
    ],
)
def test_malformed(read: Callable[[bytes], object], data: bytes, message: str) -> None:
    with pytest.raises(MalformedRequest, match=message):
        read(data)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\x1a\x00\x01\x00" + int32(1), "has no name"),
        (b"\x29\x00" + int32(1) + b"X" + int32(1) + NULL + NULL, "is not a string"),
    ],
)
def test_values_that_mean_nothing(data: bytes, message: str) -> None:
    with pytest.raises(MalformedRequest, match=message):
        read_value(data)
    with pytest.raises(MalformedRequest, match=message):
        read_bytecode(int32(1) + int32(1) + b"V" + int32(1) + data + int32(0))


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"\x03\x00" + int32(1) + b"\xff", "string that is not UTF-8"),
        (b"\x27\x00\x02", "boolean that is neither 0 nor 1"),
    ],
)
def test_what_the_database_may_judge_stays_as_it_is(data: bytes, what: str) -> None:
    value, _ = read_value(data)
    assert isinstance(value, Opaque)
    assert value.what == what
    assert write_value(value) == data


def test_every_cut_of_a_message_is_refused() -> None:
    """No prefix of a value is a value."""
    nested = b"\x09\x00" + int32(2) + write_value(Literal.of("a")) + b"\x0a\x00" + int32(0)
    for end in range(len(nested)):
        for read in READERS:
            with pytest.raises(GremlinError):
                read(nested[:end])


def test_the_deepest_traversal_can_be_walked_and_written() -> None:
    value = int32(1) + int32(1) + b"V" + int32(0) + int32(0)
    for _ in range(MAX_DEPTH - 1):
        value = int32(1) + int32(1) + b"w" + int32(1) + b"\x15\x00" + value + int32(0)
    traversal, end = read_bytecode(value)
    assert end == len(value)
    assert isinstance(traversal, Traversal)
    assert traversal == read_bytecode(value)[0]
    with pytest.raises(LimitExceeded, match="MAX_DEPTH"):
        read_bytecode(int32(1) + int32(1) + b"w" + int32(1) + b"\x15\x00" + value + int32(0))


def test_offsets_outside_of_the_data() -> None:
    for offset in (-1, 5):
        with pytest.raises(MalformedRequest, match="lies outside"):
            skip_value(b"\xfe\x01", offset)
