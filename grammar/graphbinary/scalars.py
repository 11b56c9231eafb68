"""Values without values in them: GraphBinary bytes → literals.

`SCALARS` has a function for each type code; it takes a cursor at the offset behind type code and
flag, and the offset of the type code. Values without a meaning (a string that is not UTF-8) stay
opaque.
"""

from __future__ import annotations

import struct
import uuid
from collections.abc import Callable
from decimal import Decimal

from gremlink.grammar.graphbinary import codes
from gremlink.grammar.graphbinary.skip import Cursor, Slice
from gremlink.grammar.traversal import Kind, Literal, Opaque

MAX_DECIMAL_BYTES = 512
"""Larger BigDecimals and BigIntegers stay opaque: no query needs them, printing them is costly."""

Scalar = Callable[[Cursor, int], Literal | Opaque]


def _opaque(cursor: Cursor, start: int, what: str) -> Opaque:
    return Opaque("graphbinary", cursor.data[start : cursor.pos], what)


def _number(kind: Kind, layout: str) -> Scalar:
    unpack = struct.Struct(layout).unpack_from
    size = struct.calcsize(layout)

    def read(cursor: Cursor, start: int) -> Literal:
        (value,) = unpack(cursor.data, cursor.take(size))
        if value != value:  # there is more than one NaN
            return Literal(kind, value, origin=Slice(cursor.data, start, cursor.pos))
        return Literal(kind, value)

    return read


def _string(cursor: Cursor, start: int) -> Literal | Opaque:
    raw = cursor.blob()
    try:
        return Literal(Kind.STRING, raw.decode("utf-8"))
    except UnicodeDecodeError:
        return _opaque(cursor, start, "string that is not UTF-8")


def _boolean(cursor: Cursor, start: int) -> Literal | Opaque:
    byte = cursor.data[cursor.take(1)]
    if byte > 1:
        return _opaque(cursor, start, "boolean that is neither 0 nor 1")
    return Literal(Kind.BOOLEAN, bool(byte))


def _uuid(cursor: Cursor, start: int) -> Literal:
    begin = cursor.take(16)
    return Literal(Kind.UUID, uuid.UUID(bytes=cursor.data[begin : begin + 16]))


def _big_integer(cursor: Cursor, start: int) -> Literal | Opaque:
    raw = cursor.blob()
    if not 0 < len(raw) <= MAX_DECIMAL_BYTES:
        return _opaque(cursor, start, "BigInteger")
    value = int.from_bytes(raw, "big", signed=True)
    return Literal(Kind.BIG_INTEGER, value, origin=Slice(cursor.data, start, cursor.pos))


def _big_decimal(cursor: Cursor, start: int) -> Literal | Opaque:
    scale = cursor.int32()
    raw = cursor.blob()
    if not 0 < len(raw) <= MAX_DECIMAL_BYTES:
        return _opaque(cursor, start, "BigDecimal")
    unscaled = int.from_bytes(raw, "big", signed=True)
    digits = tuple(int(digit) for digit in str(abs(unscaled)))
    value = Decimal((int(unscaled < 0), digits, -scale))
    return Literal(Kind.BIG_DECIMAL, value, origin=Slice(cursor.data, start, cursor.pos))


SCALARS: dict[int, Scalar] = {
    codes.STRING: _string,
    codes.INT: _number(Kind.INT, ">i"),
    codes.LONG: _number(Kind.LONG, ">q"),
    codes.DOUBLE: _number(Kind.DOUBLE, ">d"),
    codes.FLOAT: _number(Kind.FLOAT, ">f"),
    codes.BYTE: _number(Kind.BYTE, ">b"),
    codes.SHORT: _number(Kind.SHORT, ">h"),
    codes.BOOLEAN: _boolean,
    codes.UUID: _uuid,
    codes.BIG_INTEGER: _big_integer,
    codes.BIG_DECIMAL: _big_decimal,
}
