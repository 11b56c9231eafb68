"""GraphBinary bytes → `grammar.traversal`."""

from __future__ import annotations

import struct
import uuid
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from grammar.collector import without_collection
from grammar.errors import MalformedRequest
from grammar.graphbinary import codes
from grammar.graphbinary.walk import Slice, Walker
from grammar.traversal import (
    Argument,
    Bulked,
    Entries,
    EnumConstant,
    Instruction,
    Items,
    Kind,
    Literal,
    Opaque,
    Predicate,
    Strategy,
    Traversal,
)

MAX_DECIMAL_BYTES = 512
"""Larger BigDecimals and BigIntegers stay opaque: no query needs them, printing them is costly."""


def read_bytecode(data: bytes | memoryview, offset: int = 0) -> tuple[Traversal, int]:
    """The traversal whose Bytecode *value* (behind type code and flag) begins at `offset`.

    Returns it and the offset behind it. Raises `MalformedRequest` and `LimitExceeded`.
    """
    with without_collection():
        reader = _Reader(data, offset)
        reader.enter()
        return reader.bytecode("g"), reader.pos


def read_value(data: bytes | memoryview, offset: int = 0) -> tuple[Argument, int]:
    """The qualified value (type code, flag, value) at `offset`, and the offset behind it."""
    with without_collection():
        reader = _Reader(data, offset)
        return reader.value(), reader.pos


def skip_value(data: bytes | memoryview, offset: int = 0) -> int:
    """The offset behind the qualified value at `offset`."""
    walker = Walker(data, offset)
    walker.skip()
    return walker.pos


class _Reader(Walker):
    """A walker that keeps what it walks over.

    Instructions and traversals keep their origin. Most other values need none: their encoding is
    canonical, writing them again gives the same bytes. Where it is not (typed nulls, NaN, padded
    integers, bulk sets, bindings, class names), it is kept. Equal strings share one literal: names
    and labels come again and again.
    """

    __slots__ = ("strings",)

    def __init__(self, data: bytes | memoryview, offset: int) -> None:
        super().__init__(data, offset)
        self.strings: dict[bytes, Literal] = {}

    def value(self) -> Argument:
        start = self.pos
        read = _BY_HEAD.get(self.data[start : start + 2])
        if read is None:
            return self._other_value(start)
        self.pos = start + 2
        return read(self, start)

    def _other_value(self, start: int) -> Argument:
        """Nulls, enums, custom types, and everything that stays opaque."""
        code, follows = self.head()
        if not follows:
            return self._null(code, start)
        if code in codes.ENUMS:
            return self._enum(code, start)
        return self._opaque(code, start)

    def _null(self, code: int, start: int) -> Literal:
        if code == codes.UNSPECIFIED_NULL:
            return Literal(Kind.NULL, None)
        self.layout(code)
        return Literal(Kind.NULL, None, origin=self._since(start))

    def _since(self, start: int) -> Slice:
        return Slice(self.data, start, self.pos)

    def _opaque(self, code: int, start: int) -> Opaque:
        if code == codes.CUSTOM:
            what = f"custom type {self.custom()}"
        else:
            self.skip_layout(self.layout(code))
            what = codes.NAMES.get(code, "value")
        return Opaque("graphbinary", self.data[start : self.pos], what)

    def _enum(self, code: int, start: int) -> Argument:
        if self.head() != (codes.STRING, True):
            raise MalformedRequest(f"the {codes.ENUMS[code]} at {start} has no name")
        return EnumConstant(codes.ENUMS[code], self._name())

    def bytecode(self, root: str) -> Traversal:
        start = self.pos
        steps = self._instructions()
        source = self._instructions()
        return Traversal(source, steps, root=root, origin=self._since(start))

    def _instructions(self) -> tuple[Instruction, ...]:
        instructions = []
        for _ in range(self.count(8)):
            start = self.pos
            name = self._name()
            arguments = self._many()
            origin = Slice(self.data, start, self.pos)
            instructions.append(Instruction(name, arguments, origin=origin))
        return tuple(instructions)

    def _name(self) -> str:
        """A bare string that is likely to come again."""
        start = self.pos
        raw = self.blob()
        known = self.strings.get(raw) or _text(self, raw, start)
        return str(known.value)

    def _many(self) -> tuple[Argument, ...]:
        return tuple([self.value() for _ in range(self.count(2))])

    # -- composites; `start` is where the type code stands

    def _nested(self, start: int) -> Argument:
        return self.bytecode("g" if self.depth == 1 else "__")

    def _list(self, start: int) -> Argument:
        return Items("list", self._many())

    def _set(self, start: int) -> Argument:
        return Items("set", self._many())

    def _map(self, start: int) -> Argument:
        entries = tuple([(self.value(), self.value()) for _ in range(self.count(4))])
        return Entries(entries)

    def _bulk_set(self, start: int) -> Argument:
        items = []
        for _ in range(self.count(10)):
            value = self.value()
            items.append(Bulked(value, self._int64()))
        return Items("list", tuple(items), origin=self._since(start))

    def _traverser(self, start: int) -> Argument:
        bulk = self._int64()
        return Bulked(self.value(), bulk)

    def _int64(self) -> int:
        return int(_LONG.unpack_from(self.data, self.take(8))[0])

    def _predicate(self, start: int) -> Argument:
        return Predicate("P", self._name(), self._many())

    def _text_predicate(self, start: int) -> Argument:
        return Predicate("TextP", self._name(), self._many())

    def _strategy(self, start: int) -> Argument:
        name = self.string().rpartition(".")[2]
        configuration = []
        for _ in range(self.count(4)):
            key = self.value()
            if not isinstance(key, Literal) or not isinstance(key.value, str):
                raise MalformedRequest(f"a key of {name} at {start} is not a string")
            configuration.append((key.value, self.value()))
        return Strategy(name, tuple(configuration), origin=self._since(start))

    def _binding(self, start: int) -> Argument:
        self.string()
        value = self.value()
        if isinstance(value, Traversal):
            return value
        return replace(value, origin=self._since(start))


_LONG = struct.Struct(">q")
_Read = Callable[[_Reader, int], Argument]


def _number(kind: Kind, layout: str) -> _Read:
    unpack = struct.Struct(layout).unpack_from
    size = struct.calcsize(layout)

    def read(reader: _Reader, start: int) -> Argument:
        (value,) = unpack(reader.data, reader.take(size))
        if value != value:
            return Literal(kind, value, origin=Slice(reader.data, start, reader.pos))
        return Literal(kind, value)

    return read


def _string(reader: _Reader, start: int) -> Argument:
    raw = reader.blob()
    return reader.strings.get(raw) or _text(reader, raw, start)


def _text(reader: _Reader, raw: bytes, start: int) -> Literal:
    try:
        literal = Literal(Kind.STRING, raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise MalformedRequest(f"the string at {start} is not UTF-8") from error
    reader.strings[raw] = literal
    return literal


def _boolean(reader: _Reader, start: int) -> Argument:
    byte = reader.data[reader.take(1)]
    if byte > 1:
        raise MalformedRequest(f"the boolean at {start} is {byte:#04x}, neither 0 nor 1")
    return Literal(Kind.BOOLEAN, bool(byte))


def _uuid(reader: _Reader, start: int) -> Argument:
    begin = reader.take(16)
    return Literal(Kind.UUID, uuid.UUID(bytes=reader.data[begin : begin + 16]))


def _big_integer(reader: _Reader, start: int) -> Argument:
    raw = reader.blob()
    origin = Slice(reader.data, start, reader.pos)
    if not 0 < len(raw) <= MAX_DECIMAL_BYTES:
        return Opaque("graphbinary", origin.bytes, "BigInteger")
    return Literal(Kind.BIG_INTEGER, int.from_bytes(raw, "big", signed=True), origin=origin)


def _big_decimal(reader: _Reader, start: int) -> Argument:
    scale = reader.int32()
    raw = reader.blob()
    origin = Slice(reader.data, start, reader.pos)
    if not 0 < len(raw) <= MAX_DECIMAL_BYTES:
        return Opaque("graphbinary", origin.bytes, "BigDecimal")
    unscaled = int.from_bytes(raw, "big", signed=True)
    digits = tuple(int(digit) for digit in str(abs(unscaled)))
    value = Decimal((int(unscaled < 0), digits, -scale))
    return Literal(Kind.BIG_DECIMAL, value, origin=origin)


_SCALARS: dict[int, _Read] = {
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


def _composite(read: _Read) -> _Read:
    """A value with values in it is one level deeper than they are."""

    def read_deeper(reader: _Reader, start: int) -> Argument:
        reader.enter()
        node = read(reader, start)
        reader.leave()
        return node

    return read_deeper


_COMPOSITES: dict[int, _Read] = {
    codes.BYTECODE: _Reader._nested,
    codes.LIST: _Reader._list,
    codes.SET: _Reader._set,
    codes.MAP: _Reader._map,
    codes.BULK_SET: _Reader._bulk_set,
    codes.TRAVERSER: _Reader._traverser,
    codes.P: _Reader._predicate,
    codes.TEXT_P: _Reader._text_predicate,
    codes.STRATEGY: _Reader._strategy,
    codes.BINDING: _Reader._binding,
}

_BY_HEAD: dict[bytes, _Read] = {
    **{bytes((code, 0)): read for code, read in _SCALARS.items()},
    **{bytes((code, 0)): _composite(read) for code, read in _COMPOSITES.items()},
}
"""By type code and the flag that says that a value follows: one look-up for most values."""
