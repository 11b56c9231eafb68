"""Walking GraphBinary bytes: where does a value end?

A `Walker` knows sizes and limits, not meanings. Every count and length is checked against the
bytes that are left before anything is built from it.
"""

from __future__ import annotations

import struct

from grammar.errors import LimitExceeded, MalformedRequest
from grammar.graphbinary import codes
from grammar.graphbinary.codes import Part

MAX_DEPTH = 64
"""How deep values may be nested in each other."""

MAX_VALUES = 2_000_000
"""How many values one request may hold; a null costs a hostile sender only two bytes."""

_FLAG_VALUE, _FLAG_NULL = 0, 1


_INT = struct.Struct(">i").unpack_from


class Slice:
    """The origin of a node that was read from GraphBinary: `data[start:end]`."""

    __slots__ = ("data", "end", "start")
    __match_args__ = ("data", "start", "end")

    def __init__(self, data: bytes, start: int, end: int) -> None:
        self.data = data
        self.start = start
        self.end = end

    @property
    def bytes(self) -> bytes:
        """The piece itself."""
        return self.data[self.start : self.end]

    @property
    def view(self) -> memoryview:
        """The piece without a copy."""
        return memoryview(self.data)[self.start : self.end]

    def __repr__(self) -> str:
        return f"Slice({self.start}:{self.end} of {len(self.data)} bytes)"


class Walker:
    """A position in a buffer, and the steps that move it over values."""

    __slots__ = ("data", "depth", "pos", "size", "values")

    def __init__(self, data: bytes | memoryview, offset: int = 0) -> None:
        self.data = data if isinstance(data, bytes) else bytes(data)
        self.size = len(self.data)
        if not 0 <= offset <= self.size:
            raise MalformedRequest(f"offset {offset} lies outside of the {self.size} bytes")
        self.pos = offset
        self.depth = 0
        self.values = 0

    # -- the parts that all values are made of

    def take(self, size: int) -> int:
        """Move over `size` bytes that must be there; the position before them."""
        start = self.pos
        if size > self.size - start:
            raise MalformedRequest(
                f"the bytes end at {self.size}, a value at {start} needs {size} more"
            )
        self.pos = start + size
        return start

    def int32(self) -> int:
        """A signed integer of four bytes."""
        start = self.pos
        if start + 4 > self.size:
            self.take(4)
        self.pos = start + 4
        (number,) = _INT(self.data, start)
        return int(number)

    def count(self, smallest: int) -> int:
        """A count of things of at least `smallest` bytes each, checked against what is left."""
        start = self.pos
        found = self.int32()
        if found < 0:
            raise MalformedRequest(f"negative count {found} at {start}")
        left = self.size - self.pos
        if found * smallest > left:
            raise LimitExceeded("REMAINING_BYTES", left, found * smallest)
        self.values += found
        if self.values > MAX_VALUES:
            raise LimitExceeded("MAX_VALUES", MAX_VALUES, self.values)
        return found

    def blob(self) -> bytes:
        """A length and that many bytes."""
        size = self.int32_length()
        begin = self.pos
        self.pos = begin + size
        return self.data[begin : self.pos]

    def string(self) -> str:
        """A bare string: length and UTF-8."""
        start = self.pos
        try:
            return self.blob().decode("utf-8")
        except UnicodeDecodeError as error:
            raise MalformedRequest(f"the string at {start} is not UTF-8") from error

    def head(self) -> tuple[int, bool]:
        """Type code and whether a value follows. For a custom type stops before its name."""
        data, start = self.data, self.pos
        code = data[start] if start < self.size else data[self.take(1)]
        self.pos = start + 1
        if code == codes.CUSTOM:
            return code, True
        if self.pos < self.size and not data[self.pos]:
            self.pos += 1
            return code, True
        return code, self.flag()

    def flag(self) -> bool:
        """Whether a value follows the flag byte at the position."""
        start = self.take(1)
        match self.data[start]:
            case 0:
                return True
            case 1:
                return False
            case other:
                raise MalformedRequest(f"value flag {other:#04x} at {start} is neither 0 nor 1")

    def enter(self) -> None:
        """One level deeper; every `enter` has its `leave`."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise LimitExceeded("MAX_DEPTH", MAX_DEPTH, self.depth)

    def leave(self) -> None:
        """One level up."""
        self.depth -= 1

    # -- skipping

    def skip(self) -> None:
        """Move over one qualified value of any type."""
        code, follows = self.head()
        if code == codes.CUSTOM:
            self.custom()
        elif follows:
            self.skip_layout(self.layout(code))

    def layout(self, code: int) -> tuple[int | Part, ...]:
        """How values of this type are laid out."""
        found = codes.LAYOUTS.get(code)
        if found is None:
            raise MalformedRequest(f"unknown type code {code:#04x} before {self.pos}")
        return found

    def skip_layout(self, layout: tuple[int | Part, ...]) -> None:
        """Move over the parts of a value."""
        self.enter()
        for part in layout:
            if isinstance(part, int):
                self.take(part)
            else:
                self._skip_part(part)
        self.leave()

    def _skip_part(self, part: Part) -> None:
        match part:
            case Part.QUALIFIED:
                self.skip()
            case Part.BLOB:
                start = self.int32_length()
                self.take(start)
            case Part.LIST:
                for _ in range(self.count(2)):
                    self.skip()
            case Part.MAP:
                for _ in range(self.count(4)):
                    self.skip()
                    self.skip()
            case Part.BULK_SET:
                for _ in range(self.count(10)):
                    self.skip()
                    self.take(8)
            case Part.TREE:
                for _ in range(self.count(6)):
                    self.skip()
                    self.skip_layout(codes.LAYOUTS[codes.TREE])
            case Part.INSTRUCTIONS:
                for _ in range(self.count(8)):
                    self.take(self.int32_length())
                    self._skip_part(Part.LIST)
            case Part.GRAPH_VERTICES:
                for _ in range(self.count(10)):
                    self.skip()
                    self.take(self.int32_length())
                    for _ in range(self.count(12)):
                        self.skip_layout(codes.VERTEX_PROPERTY_IN_GRAPH)
            case Part.GRAPH_EDGES:
                for _ in range(self.count(18)):
                    self.skip_layout(codes.EDGE_IN_GRAPH)
            case Part.CHAR:
                first = self.data[self.take(1)]
                self.take(0 if first < 0x80 else 1 if first < 0xE0 else 2 if first < 0xF0 else 3)

    def int32_length(self) -> int:
        """A length in bytes, checked against what is left."""
        start = self.pos
        found = self.int32()
        if found < 0:
            raise MalformedRequest(f"negative length {found} at {start}")
        left = self.size - self.pos
        if found > left:
            raise LimitExceeded("REMAINING_BYTES", left, found)
        return found

    # -- custom types

    def custom(self) -> str:
        """Move over a custom type, from its name to its end; the name.

        The format asks for `{name}{blob: type information}{flag}{blob: value}`. JanusGraph writes
        four bytes of type information and its own layouts instead.
        """
        name = self.string()
        janusgraph = _JANUSGRAPH.get(name)
        if janusgraph is None:
            self.take(self.int32_length())
            if self.flag():
                self.take(self.int32_length())
            return name
        self.take(4)
        if self.flag():
            self.enter()
            janusgraph(self)
            self.leave()
        return name


def _relation_identifier(walker: Walker) -> None:
    """JanusGraph 1.x: out-vertex id, type id, relation id, in-vertex id."""
    _janusgraph_id(walker)
    walker.take(16)
    _janusgraph_id(walker)


def _janusgraph_id(walker: Walker) -> None:
    """A marker and a long, or a marker and ASCII whose last character has its high bit set."""
    marker = walker.data[walker.take(1)]
    if marker != 1:
        walker.take(8)
        return
    while not walker.data[walker.take(1)] & 0x80:
        pass


def _janusgraph_predicate(walker: Walker) -> None:
    walker.take(walker.int32_length())
    walker.skip()


_JANUSGRAPH = {
    "janusgraph.RelationIdentifier": _relation_identifier,
    "janusgraph.P": _janusgraph_predicate,
}
