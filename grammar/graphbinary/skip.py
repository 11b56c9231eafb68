"""Walking GraphBinary bytes: where does a value end?

A `Cursor` knows sizes and limits, not meanings. Every count and length is checked against the
bytes that are left before anything is built from it.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from gremlink.grammar.errors import LimitExceeded, MalformedRequest
from gremlink.grammar.graphbinary import codes
from gremlink.grammar.graphbinary.codes import Part

MAX_DEPTH = 64
"""Largest depth of values in each other."""

MAX_VALUES = 2_000_000
"""Largest number of values in one request; a null costs a hostile sender only two bytes."""

STRING_HEAD = bytes((codes.STRING, 0))

_SIZES = {
    **{bytes((code, 1)): 2 for code in (*codes.LAYOUTS, codes.UNSPECIFIED_NULL)},
    **{
        bytes((code, 0)): 2 + sum(part for part in layout if isinstance(part, int))
        for code, layout in codes.LAYOUTS.items()
        if all(isinstance(part, int) for part in layout)
    },
}
"""Bytes of a null, or of a value that has always as many, by type code and flag."""

_INT = struct.Struct(">i").unpack_from

Move = Callable[[Any], object]
"""Moves a cursor over a value or a part of it."""


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


class Cursor:
    """A position in a buffer, and the steps that move it over values."""

    __slots__ = ("data", "depth", "pos", "size", "values")

    moves: ClassVar[Mapping[int, Move]]
    """Moves by type code: over a value, from behind its type code and flag."""

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
        """Read a signed integer of four bytes."""
        start = self.pos
        if start + 4 > self.size:
            self.take(4)
        self.pos = start + 4
        (number,) = _INT(self.data, start)
        return int(number)

    def length(self) -> int:
        """Read a length in bytes and check it against the rest."""
        start = self.take(4)
        (found,) = _INT(self.data, start)
        left = self.size - self.pos
        if 0 <= found <= left:
            return int(found)
        if found < 0:
            raise MalformedRequest(f"negative length {found} at {start}")
        raise LimitExceeded("REMAINING_BYTES", left, found)

    def count(self, smallest: int) -> int:
        """Read a count of things of at least `smallest` bytes each and check it against the
        rest."""
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
        """Move over a length and that many bytes."""
        size = self.length()
        begin = self.pos
        self.pos = begin + size
        return self.data[begin : self.pos]

    def string(self) -> str:
        """Read a bare string: length and UTF-8."""
        start = self.pos
        try:
            return self.blob().decode("utf-8")
        except UnicodeDecodeError as error:
            raise MalformedRequest(f"the string at {start} is not UTF-8") from error

    def head(self) -> tuple[int, bool]:
        """Read the type code, and if a value follows. For a custom type stops before its name."""
        code = self.data[self.take(1)]
        return code, code == codes.CUSTOM or self.flag()

    def flag(self) -> bool:
        """Return `True` if a value follows the flag byte at the position."""
        start = self.take(1)
        match self.data[start]:
            case 0:
                return True
            case 1:
                return False
            case other:
                raise MalformedRequest(f"value flag {other:#04x} at {start} is neither 0 nor 1")

    def enter(self) -> None:
        """Go one level deeper; every `enter` has its `leave`."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise LimitExceeded("MAX_DEPTH", MAX_DEPTH, self.depth)

    def leave(self) -> None:
        """Go one level up."""
        self.depth -= 1

    # -- skipping

    def skip(self, count: int = 1) -> None:
        """Move over so many qualified values of any type."""
        data, size, pos = self.data, self.size, self.pos
        for _ in range(count):
            head = data[pos : pos + 2]
            fixed = _SIZES.get(head)
            if fixed is not None:
                if pos + fixed <= size:
                    pos += fixed
                    continue
            elif head == STRING_HEAD and pos + 6 <= size:
                (length,) = _INT(data, pos + 2)
                if 0 <= length <= size - pos - 6:
                    pos += 6 + length
                    continue
            self.pos = pos
            code, follows = self.head()
            if follows:
                self.move(code)(self)
            pos = self.pos
        self.pos = pos

    def move(self, code: int) -> Move:
        """Return the function that moves over a value of this type."""
        found = self.moves.get(code)
        if found is None:
            raise MalformedRequest(f"unknown type code {code:#04x} before {self.pos}")
        return found

    def skip_blob(self) -> None:
        """Move over a length and that many bytes."""
        size = self.length()  # which moves, too
        self.pos += size

    def skip_list(self) -> None:
        """Move over a count and that many values."""
        self.skip(self.count(2))

    def skip_map(self) -> None:
        """Move over a count and that many keys and values."""
        self.skip(2 * self.count(4))

    def skip_bulk_set(self) -> None:
        """Move over a count and that many values, each with its bulk."""
        for _ in range(self.count(10)):
            self.skip()
            self.take(8)

    def skip_tree(self) -> None:
        """Move over a count and that many keys, each with its tree."""
        for _ in range(self.count(6)):
            self.skip()
            self.enter()
            self.skip_tree()
            self.leave()

    def skip_instructions(self) -> None:
        """Move over a count and that many names, each with its arguments."""
        for _ in range(self.count(8)):
            self.skip_blob()
            self.skip(self.count(2))

    def skip_graph_vertices(self) -> None:
        """Move over a graph's vertices with their properties."""
        for _ in range(self.count(10)):
            self.skip()
            self.skip_blob()
            for _ in range(self.count(12)):
                _VERTEX_PROPERTY_IN_GRAPH(self)

    def skip_graph_edges(self) -> None:
        """Move over a graph's edges."""
        for _ in range(self.count(18)):
            _EDGE_IN_GRAPH(self)

    def skip_char(self) -> None:
        """Move over one character in UTF-8."""
        first = self.data[self.take(1)]
        self.take(0 if first < 0x80 else 1 if first < 0xE0 else 2 if first < 0xF0 else 3)

    # -- custom types

    def custom(self) -> str:
        """Move over a custom type, from its name to its end; the name.

        The format asks for `{name}{blob: type information}{flag}{blob: value}`. JanusGraph writes
        four bytes of type information and its own layouts instead.
        """
        name = self.string()
        janusgraph = _JANUSGRAPH.get(name)
        if janusgraph is None:
            self.skip_blob()
            if self.flag():
                self.skip_blob()
            return name
        self.take(4)
        if self.flag():
            self.enter()
            janusgraph(self)
            self.leave()
        return name


_PARTS: dict[Part, Move] = {
    Part.BLOB: Cursor.skip_blob,
    Part.QUALIFIED: Cursor.skip,
    Part.LIST: Cursor.skip_list,
    Part.MAP: Cursor.skip_map,
    Part.BULK_SET: Cursor.skip_bulk_set,
    Part.TREE: Cursor.skip_tree,
    Part.INSTRUCTIONS: Cursor.skip_instructions,
    Part.GRAPH_VERTICES: Cursor.skip_graph_vertices,
    Part.GRAPH_EDGES: Cursor.skip_graph_edges,
    Part.CHAR: Cursor.skip_char,
}


def _over(size: int) -> Move:
    def move(cursor: Cursor) -> None:
        cursor.take(size)

    return move


def _through(layout: tuple[int | Part, ...]) -> Move:
    """Return a move over all parts of a value, which are one level deeper than it."""
    moves = [_over(part) if isinstance(part, int) else _PARTS[part] for part in layout]

    def move(cursor: Cursor) -> None:
        cursor.enter()
        for over in moves:
            over(cursor)
        cursor.leave()

    return move


_VERTEX_PROPERTY_IN_GRAPH = _through(codes.VERTEX_PROPERTY_IN_GRAPH)
_EDGE_IN_GRAPH = _through(codes.EDGE_IN_GRAPH)

Cursor.moves = {
    **{code: _through(layout) for code, layout in codes.LAYOUTS.items()},
    codes.CUSTOM: Cursor.custom,
}


def _relation_identifier(cursor: Cursor) -> None:
    """Move over an id of JanusGraph 1.x: out-vertex id, type id, relation id, in-vertex id."""
    _janusgraph_id(cursor)
    cursor.take(16)
    _janusgraph_id(cursor)


def _janusgraph_id(cursor: Cursor) -> None:
    """Move over a marker and a long, or a marker and ASCII whose last character has its high bit
    set."""
    marker = cursor.data[cursor.take(1)]
    if marker != 1:
        cursor.take(8)
        return
    while not cursor.data[cursor.take(1)] & 0x80:
        pass


def _janusgraph_predicate(cursor: Cursor) -> None:
    cursor.skip_blob()
    cursor.skip()


_JANUSGRAPH: dict[str, Move] = {
    "janusgraph.RelationIdentifier": _relation_identifier,
    "janusgraph.P": _janusgraph_predicate,
}
