"""Formats that the database reads over HTTP, found out by asking.

A client that sends whole messages has chosen a format that its server knows. One that sends JSON
has not: its server may know GraphSON 3, which the proxy's own queries then use, or only others.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from gremlink.proxy.wire.mime import GRAPHBINARY, GRAPHSON_2, GRAPHSON_3, Format
from gremlink.proxy.wire.request import RequestMessage

_ALL = (GRAPHSON_3, GRAPHBINARY, GRAPHSON_2)
_UNKNOWN = ("no serializer for requested", "body could not be parsed", "no gremlin script supplied")
"""How a Gremlin Server begins what it says to a format that it does not know; nothing has run."""


NO_KNOWN_FORMAT = (
    "Over HTTP the database reads none of GraphSON 3, GraphBinary and GraphSON 2, of which"
    " predictions need one: ask over WebSocket, or give the database one of these."
)
"""The error for clients after each format was tried."""


class UpstreamFormats:
    """The formats that a database has refused."""

    def __init__(self) -> None:
        self._unknown: set[str] = set()

    def forms(self, request: RequestMessage) -> Iterator[RequestMessage]:
        """Write the request in each format, first in its own and those that were not refused."""
        others = [format for format in _ALL if format.name != request.format.name]
        for format in sorted(
            (request.format, *others), key=lambda format: format.name in self._unknown
        ):
            yield request if format == request.format else _in(format, request)

    def to_database(self, request: RequestMessage) -> RequestMessage:
        """Return the request in its own format, or in another if the database refuses that."""
        if request.format.name not in self._unknown:
            return request
        for format in _ALL:
            if format.name not in self._unknown:
                return _in(format, request)
        return request

    def understood(self, format: Format, status: int, body: bytes) -> bool:
        """Tell whether a response is one to the query, and not to the format."""
        if status == 400 and _says_unknown(body):
            self._unknown.add(format.name)
            return False
        self._unknown.discard(format.name)
        return True


def _says_unknown(body: bytes) -> bool:
    try:
        document = json.loads(body)
    except ValueError:
        return False
    return isinstance(document, dict) and str(document.get("message")).startswith(_UNKNOWN)


def _in(format: Format, request: RequestMessage) -> RequestMessage:
    return request.derive(request_id=request.request_id, args={}, format=format)
