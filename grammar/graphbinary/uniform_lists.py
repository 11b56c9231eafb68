"""Many values of one type in a row: GraphBinary bytes → `Alike`, all of them at a time.

Ids come in crowds, and to read each as a value takes most of the time in which a query for ten
thousand of them is answered. What is unusual about them is left to whoever reads one by one.
"""

from __future__ import annotations

import struct

from gremlink.grammar.graphbinary import codes
from gremlink.grammar.traversal import Alike, Kind

_SHORT_STRING = bytes((codes.STRING, 0, 0, 0, 0))
"""What a string of less than 256 bytes begins with, up to the last byte of its length."""
_MARK = _SHORT_STRING.decode("latin-1")
_LONGEST = len(_SHORT_STRING) + 256

_NUMBERS = {
    bytes((codes.INT, 0)): (Kind.INT, "i"),
    bytes((codes.LONG, 0)): (Kind.LONG, "q"),
}


def read_alike(data: bytes, begin: int, count: int) -> tuple[Alike, int] | None:
    """`count` qualified values from `begin` on, and the offset behind them.

    `None` if they are anything but short strings, Integers or Longs only.
    """
    head = data[begin : begin + 2]
    if head in _NUMBERS:
        return _read_numbers(data, begin, count, head)
    if data.startswith(_SHORT_STRING, begin):
        return _read_strings(data, begin, count)
    return None


def _read_strings(data: bytes, begin: int, count: int) -> tuple[Alike, int] | None:
    """Cut where strings may begin. If each piece has the length that it tells, they do begin there.

    In Latin-1 a character is a byte.
    """
    window = data[begin : begin + count * _LONGEST]
    pieces = window.decode("latin-1").split(_MARK, count)[1:]
    if len(pieces) < count or not all(pieces):
        return None
    pieces[-1] = pieces[-1][: 1 + ord(pieces[-1][0])]
    texts = [piece[1:] for piece in pieces]
    told = "".join([piece[0] for piece in pieces])
    try:
        if bytes(map(len, texts)) != told.encode("latin-1"):
            return None
        end = begin + len(_SHORT_STRING) * count + sum(map(len, pieces))
        if not data[begin:end].isascii():
            texts = [text.encode("latin-1").decode("utf-8") for text in texts]
    except ValueError:  # a piece of more than 255 bytes, or one that is not UTF-8
        return None
    return Alike(Kind.STRING, texts), end


def _read_numbers(data: bytes, begin: int, count: int, head: bytes) -> tuple[Alike, int] | None:
    """Every so many bytes there are type code and flag; what is between them are the numbers."""
    kind, code = _NUMBERS[head]
    layout = struct.Struct(f">{count}{code}")
    size = layout.size // count
    width = len(head) + size
    end = begin + count * width
    values = data[begin:end]
    if len(values) < count * width:
        return None
    if any(values[place::width] != head[place : place + 1] * count for place in range(len(head))):
        return None
    numbers = bytearray(layout.size)
    for place in range(size):
        numbers[place::size] = values[len(head) + place :: width]
    return Alike(kind, layout.unpack(numbers)), end
