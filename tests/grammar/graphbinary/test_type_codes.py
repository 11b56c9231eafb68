"""Every type code of 3.5 to 3.8 is skipped exactly and kept as it is."""

from __future__ import annotations

import struct
from decimal import Decimal

import pytest

from gremlink.grammar.graphbinary import read_value, skip_value, write_value
from gremlink.grammar.graphbinary.codes import ENUMS, LAYOUTS
from gremlink.grammar.traversal import (
    Bulked,
    Entries,
    EnumConstant,
    Items,
    Kind,
    Literal,
    Opaque,
    Predicate,
    Strategy,
    Traversal,
    step,
)


def int32(number: int) -> bytes:
    return struct.pack(">i", number)


def bare(text: str) -> bytes:
    return int32(len(text)) + text.encode()


NULL = b"\xfe\x01"
A = b"\x03\x00" + bare("a")
VERTEX = A + bare("person") + NULL
VERTEX_PROPERTY = A + bare("name") + A + NULL + NULL
EDGE = A + bare("knows") + A + bare("person") + A + bare("person") + NULL + NULL
LIST = b"\x09\x00" + int32(1) + A

VALUES = {
    0x01: int32(1),
    0x02: bytes(8),
    0x03: bare("a"),
    0x04: bytes(8),
    0x05: bytes(8),
    0x06: bare("java.lang.String"),
    0x07: bytes(8),
    0x08: bytes(4),
    0x09: int32(2) + A + NULL,
    0x0A: int32(1) + A + NULL,
    0x0B: int32(1) + A,
    0x0C: bytes(16),
    0x0D: EDGE,
    0x0E: LIST + LIST,
    0x0F: bare("since") + A + NULL,
    0x10: int32(1)
    + A
    + bare("person")
    + int32(1)
    + (A + bare("name") + A + NULL + NULL)
    + int32(1)
    + (A + bare("knows") + A + NULL + A + NULL + NULL + NULL),
    0x11: VERTEX,
    0x12: VERTEX_PROPERTY,
    0x14: bare("x") + A,
    0x15: int32(1) + bare("V") + int32(1) + A + int32(0),
    0x1D: bare("gremlin-groovy") + bare("it") + int32(-1),
    0x1E: bare("gt") + int32(1) + A,
    0x21: struct.pack(">q", 2) + A,
    0x22: int32(1) + int32(1) + b"\x0f",
    0x23: int32(2) + b"\x01\x00",
    0x24: b"\x01",
    0x25: bare("bytes"),
    0x26: b"\x00\x01",
    0x27: b"\x01",
    0x28: bare("containing") + int32(1) + A,
    0x29: bare("a.b.ReadOnlyStrategy") + int32(1) + A + NULL,
    0x2A: int32(1) + A + struct.pack(">q", 3),
    0x2B: int32(1) + A + (int32(1) + A + int32(0)),
    0x2C: bare("id") + bare("name") + bytes(8) + (int32(1) + A + NULL) + int32(0) + int32(0),
    0x2D: bytes(8) + int32(0),
    0x80: "é".encode(),
    0x81: bytes(12),
    0x82: int32(4) + bytes(4),
    0x83: bytes(12),
    0x84: bytes(6),
    0x85: bytes(14),
    0x86: bytes(8),
    0x87: bytes(2),
    0x88: bytes(18),
    0x89: bytes(12),
    0x8A: bytes(12),
    0x8B: bytes(4),
    0x8C: bytes(5),
    0x8D: bytes(18),
    0x8E: bytes(4),
    **{code: b"\x03\x00" + bare("x") for code in ENUMS},
}


def test_there_is_an_example_of_every_type() -> None:
    assert VALUES.keys() == LAYOUTS.keys()


@pytest.mark.parametrize("code", VALUES, ids=hex)
def test_a_value_ends_where_it_ends(code: int) -> None:
    data = bytes([code, 0]) + VALUES[code]
    framed = b"##" + data + b"\xff\xff"
    assert skip_value(framed, 2) == 2 + len(data)
    value, end = read_value(framed, 2)
    assert end == 2 + len(data)
    assert write_value(value) == data
    null = bytes([code, 1])
    assert skip_value(null) == 2
    nothing, _ = read_value(null)
    assert nothing == Literal.of(None)
    assert write_value(nothing) == null


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (0x1E, Predicate("P", "gt", (Literal.of("a"),))),
        (0x28, Predicate("TextP", "containing", (Literal.of("a"),))),
        (0x20, EnumConstant("T", "x")),
        (0x30, EnumConstant("GType", "x")),
        (0x0B, Items("set", (Literal.of("a"),))),
        (0x0A, Entries(((Literal.of("a"), Literal.of(None)),))),
        (0x2A, Items("list", (Bulked(Literal.of("a"), 3),))),
        (0x21, Bulked(Literal.of("a"), 2)),
        (0x29, Strategy("ReadOnlyStrategy", (("a", Literal.of(None)),))),
        (0x14, Literal.of("a")),
        (0x15, Traversal((), (step("V", "a"),))),
        (0x22, Literal(Kind.BIG_DECIMAL, Decimal("1.5"))),
        (0x23, Literal(Kind.BIG_INTEGER, 256)),
    ],
)
def test_what_is_understood(code: int, expected: object) -> None:
    assert read_value(bytes([code, 0]) + VALUES[code])[0] == expected


@pytest.mark.parametrize("code", [0x04, 0x0D, 0x11, 0x1D, 0x2B, 0x88])
def test_what_is_opaque_keeps_its_bytes(code: int) -> None:
    data = bytes([code, 0]) + VALUES[code]
    value, _ = read_value(data + b"more")
    assert isinstance(value, Opaque)
    assert value.raw == data


CUSTOM = {
    "as the format has it": bare("x.Y") + int32(2) + b"zz" + b"\x00" + bare("value"),
    "null": bare("x.Y") + int32(0) + b"\x01",
    "an edge's id of JanusGraph": bare("janusgraph.RelationIdentifier")
    + int32(0x1001)
    + b"\x00"
    + (b"\x00" + bytes(8))
    + bytes(16)
    + (b"\x01" + b"ab" + bytes([ord("c") | 0x80])),
    "a predicate of JanusGraph": bare("janusgraph.P") + int32(0x1002) + b"\x00" + bare("p") + A,
}


@pytest.mark.parametrize("value", CUSTOM.values(), ids=CUSTOM.keys())
def test_custom_types(value: bytes) -> None:
    data = b"\x00" + value
    assert skip_value(data + b"\xff") == len(data)
    found, end = read_value(data + b"\xff")
    assert end == len(data)
    assert isinstance(found, Opaque)
    assert found.what.startswith("custom type ")
    assert write_value(found) == data
