"""The id that a client gives its query, by which it can be found and cancelled.

Neptune takes it as `queryId` beside the query, and as a side effect of its source
(user guide, "Injecting a custom ID into a query").
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from gremlink.grammar import script
from gremlink.grammar.errors import GremlinError
from gremlink.grammar.traversal import Argument, Kind, Literal, Traversal
from gremlink.proxy.wire.request import RequestMessage

KEY = "queryId"
SIDE_EFFECT = "Neptune#queryId"

LONGEST = 1024
"""Bytes of a name that are kept of a request of which not all is."""

_KEY = KEY.encode()
_IN_BINARY = re.compile(rb"\x00\x00\x00\x07queryId\x03\x00\x00\x00(..)", re.DOTALL)
"""The argument in GraphBinary: its name, and the type, the flag and the length of a string."""
_IN_JSON = re.compile(rb'"queryId"\s*:\s*("(?:[^"\\]|\\.)*")', re.DOTALL)


def query_id_of(request: RequestMessage) -> str | None:
    """Return the id that a client gave its query, `None` if it gave none."""
    given = _text(request.args.get(KEY))
    if given:
        return given
    match request.args.get("gremlin"):
        case Traversal() as traversal:
            return _in_sources([traversal])
        case Literal(Kind.STRING, str(text)) if SIDE_EFFECT in text:
            try:
                return _in_sources(script.parse(text, request.bindings).traversals)
            except GremlinError:
                return None
    return None


def _in_sources(traversals: Sequence[Traversal]) -> str | None:
    for traversal in traversals:
        for each in traversal.source:
            if each.name == "withSideEffect" and len(each.arguments) == 2:
                key, value = each.arguments
                if _text(key) == SIDE_EFFECT and (name := _text(value)):
                    return name
    return None


def _text(value: Argument | None) -> str | None:
    match value:
        case Literal(Kind.STRING, str(text)):
            return text
    return None


def rest_with_query_id(payload: bytes | bytearray, kept: int) -> bytes:
    """Return the piece of a message beyond its `kept` first bytes that holds its query id."""
    first = max(0, kept - LONGEST)
    if payload.find(_KEY, first) < 0:  # faster than looking from behind, and hardly ever there
        return b""
    start = payload.rfind(_KEY, first)
    return bytes(payload[max(0, start - 8) : start + LONGEST])


def peek_query_id(*pieces: bytes) -> str | None:
    """Find the query id in pieces of a message; the last ones count most."""
    for piece in reversed(pieces):
        for found in reversed(list(_IN_JSON.finditer(piece))):
            try:
                return str(json.loads(found[1]))
            except ValueError:
                continue
        for found in reversed(list(_IN_BINARY.finditer(piece))):
            end = found.end() + int.from_bytes(found[1], "big")
            if end <= len(piece):
                return piece[found.end() : end].decode(errors="replace")
    return None
