"""Values without values in them: GraphBinary bytes → literals.

`SCALARS` has a function for each type code; it takes a walker at the offset behind type code and
flag, and the offset of the type code. Values without a meaning (a string that is not UTF-8) stay
opaque.
"""

from __future__ import annotations

import struct
import uuid
from collections.abc import Callable
from decimal import Decimal

from gremlink.grammar.graphbinary import codes
from gremlink.grammar.graphbinary.skip import Slice, Walker
from gremlink.grammar.traversal import Kind, Literal, Opaque

MAX_DECIMAL_BYTES = 512
"""Larger BigDecimals and BigIntegers stay opaque: no query needs them, printing them is costly."""

Scalar = Callable[[Walker, int], Literal | Opaque]


def _opaque(walker: Walker, start: int, what: str) -> Opaque:
    return Opaque("graphbinary", walker.data[start : walker.pos], what)


def _number(kind: Kind, layout: str) -> Scalar:
    unpack = struct.Struct(layout).unpack_from
    size = struct.calcsize(layout)

    def read(walker: Walker, start: int) -> Literal:
        (value,) = unpack(walker.data, walker.take(size))
        if value != value:  # there is more than one NaN
            return Literal(kind, value, origin=Slice(walker.data, start, walker.pos))
        return Literal(kind, value)

    return read


def _string(walker: Walker, start: int) -> Literal | Opaque:
    raw = walker.blob()
    try:
        return Literal(Kind.STRING, raw.decode("utf-8"))
    except UnicodeDecodeError:
        return _opaque(walker, start, "string that is not UTF-8")


def _boolean(walker: Walker, start: int) -> Literal | Opaque:
    byte = walker.data[walker.take(1)]
    if byte > 1:
        return _opaque(walker, start, "boolean that is neither 0 nor 1")
    return Literal(Kind.BOOLEAN, bool(byte))


def _uuid(walker: Walker, start: int) -> Literal:
    begin = walker.take(16)
    return Literal(Kind.UUID, uuid.UUID(bytes=walker.data[begin : begin + 16]))


def _big_integer(walker: Walker, start: int) -> Literal | Opaque:
    raw = walker.blob()
    if not 0 < len(raw) <= MAX_DECIMAL_BYTES:
        return _opaque(walker, start, "BigInteger")
    value = int.from_bytes(raw, "big", signed=True)
    return Literal(Kind.BIG_INTEGER, value, origin=Slice(walker.data, start, walker.pos))


def _big_decimal(walker: Walker, start: int) -> Literal | Opaque:
    scale = walker.int32()
    raw = walker.blob()
    if not 0 < len(raw) <= MAX_DECIMAL_BYTES:
        return _opaque(walker, start, "BigDecimal")
    unscaled = int.from_bytes(raw, "big", signed=True)
    digits = tuple(int(digit) for digit in str(abs(unscaled)))
    value = Decimal((int(unscaled < 0), digits, -scale))
    return Literal(Kind.BIG_DECIMAL, value, origin=Slice(walker.data, start, walker.pos))


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
