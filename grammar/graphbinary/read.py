"""GraphBinary bytes → `gremlink.grammar.traversal`.

A bytecode is walked once. The walk finds the instructions, their names and the traversals nested in
them; arguments are read on first use, and most of a large request never is. Everything that can be
wrong with the shape of a request is found by the walk, and reading arguments cannot fail.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from gremlink.grammar.errors import MalformedRequest
from gremlink.grammar.gc_pause import without_collection
from gremlink.grammar.graphbinary import codes
from gremlink.grammar.graphbinary.offsets import Offsets, SkippedBytecode
from gremlink.grammar.graphbinary.scalars import SCALARS
from gremlink.grammar.graphbinary.skip import Cursor, Move, Slice
from gremlink.grammar.graphbinary.uniform_lists import read_uniform
from gremlink.grammar.lazy import LazyItems, LazyTraversal, literals_of
from gremlink.grammar.traversal import (
    Argument,
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
)


def read_bytecode(data: bytes | memoryview, offset: int = 0) -> tuple[Traversal, int]:
    """Read the traversal whose Bytecode *value* (behind type code and flag) begins at `offset`.

    Returns it and the offset behind it. Raises `MalformedRequest` and `LimitExceeded`.
    """
    with without_collection():
        reader = Reader(data, offset)
        reader.enter()
        return reader.bytecode(), reader.pos


def read_value(data: bytes | memoryview, offset: int = 0) -> tuple[Argument, int]:
    """Read the qualified value (type code, flag, value) at `offset`; return it and the offset
    behind it."""
    with without_collection():
        reader = Reader(data, offset)
        return reader.value(), reader.pos


def skip_value(data: bytes | memoryview, offset: int = 0) -> int:
    """Return the offset behind the qualified value at `offset`."""
    cursor = Cursor(data, offset)
    cursor.skip()
    return cursor.pos


def _read_arguments(data: bytes, offset: int, nested: Sequence[Traversal]) -> tuple[Argument, ...]:
    with without_collection():
        return Reader(data, offset, nested).many()


class Reader(Cursor):
    """A cursor that keeps the instructions it walks over, and reads arguments.

    Instructions and traversals keep their origin. Most other values need none: their encoding is
    canonical, writing them again gives the same bytes. Where it is not (typed nulls, NaN, padded
    integers, bulk sets, bindings, class names), it is kept.
    """

    __slots__ = ("names", "offsets", "skipped")

    def __init__(
        self, data: bytes | memoryview, offset: int, skipped: Sequence[Traversal] = ()
    ) -> None:
        super().__init__(data, offset)
        self.offsets = Offsets(self.data, _read_arguments)
        self.names: dict[bytes, str] = self.offsets.names
        self.skipped: Iterator[Traversal] = iter(skipped)
        """The traversals in the arguments that are about to be read, if they were skipped."""

    # -- instructions

    def bytecode(self) -> Traversal:
        """Walk over a Bytecode value; its instructions are read from the offsets."""
        index = len(self.offsets.numbers)
        self.skip_bytecode()
        root = "g" if self.depth == 1 else "__"
        return LazyTraversal.make(root, SkippedBytecode(self.offsets, index))

    def skip_bytecode(self) -> None:
        """Walk over a Bytecode value and note its offsets."""
        numbers = self.offsets.numbers
        index = len(numbers)
        numbers += (self.pos, 0)
        self.skip_instructions()
        self.skip_instructions()
        numbers[index + 1] = len(numbers)

    def skip_instructions(self) -> None:
        """Walk over a count and that many instructions and note their offsets."""
        numbers = self.offsets.numbers
        count = self.count(8)
        numbers.append(count)
        for _ in range(count):
            index = len(numbers)
            numbers += (self.pos, 0)
            self.name()
            self.skip(self.count(2))
            numbers[index + 1] = len(numbers)
        numbers.append(self.pos)

    def name(self) -> str:
        """Read a bare string that is likely to come again: known ones are found with their
        length."""
        data, start = self.data, self.pos
        if start + 4 <= self.size:
            end = start + 4 + _INT(data, start)[0]
            known = self.names.get(data[start:end])
            if known is not None:
                self.pos = end
                return known
        known = self.string()
        self.names[data[start : self.pos]] = known
        return known

    # -- values

    def many(self) -> tuple[Argument, ...]:
        """Read a count and that many values."""
        return self._values(self.count(2))

    def _values(self, count: int) -> tuple[Argument, ...]:
        values: list[Argument] = []
        if count >= _MANY:
            values += self._strings(count)
        values += [self.value() for _ in range(count - len(values))]
        return tuple(values)

    def _strings(self, most: int) -> list[Literal]:
        """Read the strings that come next, up to the first with anything unusual."""
        data, pos, last = self.data, self.pos, self.size - 6
        texts: list[str] = []
        keep = texts.append
        try:
            for _ in range(most):
                if pos > last:
                    break
                head, length = _HEAD_AND_LENGTH(data, pos)
                behind = pos + 6 + length
                if head != _STRING or length < 0 or behind > self.size:
                    break
                keep(str(data[pos + 6 : behind], "utf-8"))
                pos = behind
        except UnicodeDecodeError:
            pass
        self.pos = pos
        return literals_of(Kind.STRING, texts)

    def value(self) -> Argument:
        """Read a qualified value."""
        start = self.pos
        read = _BY_HEAD.get(self.data[start : start + 2])
        if read is None:
            return self._other_value(start)
        self.pos = start + 2
        return read(self, start)

    def _other_value(self, start: int) -> Argument:
        """Read nulls, enums, custom types, and everything that stays opaque."""
        code, follows = self.head()
        if not follows:
            return self._null(code, start)
        if code in codes.ENUMS:
            return EnumConstant(codes.ENUMS[code], self.enum_name())
        if code == codes.CUSTOM:
            what = f"custom type {self.custom()}"
        else:
            self.move(code)(self)
            what = codes.NAMES.get(code, "value")
        return Opaque("graphbinary", self.data[start : self.pos], what)

    def _null(self, code: int, start: int) -> Literal:
        if code == codes.UNSPECIFIED_NULL:
            return Literal(Kind.NULL, None)
        self.move(code)
        return Literal(Kind.NULL, None, origin=self._since(start))

    def enum_name(self) -> str:
        """Read the qualified string that is the value of an enum."""
        start = self.pos
        if self.head() != (codes.STRING, True):
            raise MalformedRequest(f"the enum constant at {start} has no name")
        return self.name()

    def _since(self, start: int) -> Slice:
        return Slice(self.data, start, self.pos)

    # -- composites; `start` is the offset of the type code

    def _nested(self, start: int) -> Argument:
        skipped = next(self.skipped, None)
        if skipped is None:
            return self.bytecode()
        self.pos = skipped.origin.end
        return skipped

    def _list(self, start: int) -> Argument:
        count = self.count(2)
        uniform = read_uniform(self.data, self.pos, count) if count >= _MANY else None
        if uniform is None:
            return Items("list", self._values(count))
        literals, self.pos = uniform
        return LazyItems.make("list", literals)

    def _set(self, start: int) -> Argument:
        return Items("set", self.many())

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
        return Predicate("P", self.name(), self.many())

    def _text_predicate(self, start: int) -> Argument:
        return Predicate("TextP", self.name(), self.many())

    def _strategy(self, start: int) -> Argument:
        name = self.string().rpartition(".")[2]
        configuration = [(self.key(), self.value()) for _ in range(self.count(4))]
        return Strategy(name, tuple(configuration), origin=self._since(start))

    def key(self) -> str:
        """Read a qualified string."""
        start = self.pos
        if self.head() != (codes.STRING, True):
            raise MalformedRequest(f"a strategy's key at {start} is not a string")
        return self.name()

    def _binding(self, start: int) -> Argument:
        self.skip_blob()
        value = self.value()
        if isinstance(value, Traversal):
            return value
        return replace(value, origin=self._since(start))


_INT = struct.Struct(">i").unpack_from
_LONG = struct.Struct(">q")
_HEAD_AND_LENGTH = struct.Struct(">Hi").unpack_from
_STRING = codes.STRING << 8
_MANY = 32
"""Values from which on it pays to look whether they are all strings."""

_Read = Callable[[Reader, int], Argument]

_COMPOSITES: dict[int, _Read] = {
    codes.BYTECODE: Reader._nested,
    codes.LIST: Reader._list,
    codes.SET: Reader._set,
    codes.MAP: Reader._map,
    codes.BULK_SET: Reader._bulk_set,
    codes.TRAVERSER: Reader._traverser,
    codes.P: Reader._predicate,
    codes.TEXT_P: Reader._text_predicate,
    codes.STRATEGY: Reader._strategy,
    codes.BINDING: Reader._binding,
}
"""Values that may hold traversals: `children` finds them there, and so does the walk."""


def _deeper(read: _Read) -> _Read:
    """Return a reader of a value with values in it, which are one level deeper."""

    def read_deeper(reader: Reader, start: int) -> Argument:
        reader.enter()
        node = read(reader, start)
        reader.leave()
        return node

    return read_deeper


_BY_HEAD: dict[bytes, _Read] = {
    **{bytes((code, 0)): read for code, read in SCALARS.items()},
    **{bytes((code, 0)): _deeper(read) for code, read in _COMPOSITES.items()},
}
"""Readers by type code and the flag of a value: one look-up for most values."""


# -- skipping what will be read later: everything that could fail then has to fail now


def _skip_bytecode(reader: Reader) -> None:
    reader.enter()
    reader.skip_bytecode()
    reader.leave()


def _skip_predicate(reader: Reader) -> None:
    reader.enter()
    reader.name()
    reader.skip_list()
    reader.leave()


def _skip_strategy(reader: Reader) -> None:
    reader.enter()
    reader.string()
    for _ in range(reader.count(4)):
        reader.key()
        reader.skip()
    reader.leave()


def _skip_enum(reader: Reader) -> None:
    reader.enum_name()


def _aside(move: Move) -> Move:
    """Return a move over an opaque value that forgets the traversals in it."""

    def move_aside(reader: Reader) -> None:
        known = len(reader.offsets.numbers)
        move(reader)
        del reader.offsets.numbers[known:]

    return move_aside


Reader.moves = {
    **{
        code: move if code in _COMPOSITES or code in SCALARS else _aside(move)
        for code, move in Cursor.moves.items()
    },
    **dict.fromkeys(codes.ENUMS, _skip_enum),
    codes.BYTECODE: _skip_bytecode,
    codes.P: _skip_predicate,
    codes.TEXT_P: _skip_predicate,
    codes.STRATEGY: _skip_strategy,
}
