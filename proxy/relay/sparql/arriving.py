"""Bodies of SPARQL requests: read as far as an inference may be long, then handed on as they come.

An update may bring a whole graph. It is searched for the marker while it passes. Where that turns
up late the store gets half a request, which it does not run.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

from aiohttp import web

from gremlink.proxy.config import Limits
from gremlink.proxy.relay.detect import holds_sparql_marker
from gremlink.proxy.relay.http.bodies import (
    COMPRESSED_BODY,
    encoding_of,
    inflated,
    too_long,
)
from gremlink.proxy.relay.http.errors import error_body

OVERLAP = 1024
"""Bytes that are searched again with those that follow: more than a marker with every character as
an escape, and each of those percent-encoded."""

ARRIVED = web.RequestKey("arrived", bytes)
"""The content of a request, or its beginning, for those who show it."""

SearchAside = Callable[..., Awaitable[bool]]
"""Searches a piece, away from the event loop if it is long."""


@dataclass(slots=True)
class Arriving:
    """A body: `raw` are its bytes as they came, `plain` those of the content, inflated.

    `rest` is what is still to come of a long one, `None` if this is all. `refused` is the reason
    why the rest was not handed on, if there is one.
    """

    raw: bytes
    plain: bytes
    rest: AsyncIterator[bytes] | None = None
    refused: web.HTTPException | None = None
    _limit: int = field(default=0, repr=False)

    def handed_on(self, search: SearchAside | None = None) -> bytes | AsyncIterator[bytes]:
        """Return the body to hand on; it ends with an error where `search` finds the marker."""
        return self.raw if self.rest is None else self._pieces(self.rest, search)

    async def _pieces(
        self, rest: AsyncIterator[bytes], search: SearchAside | None
    ) -> AsyncIterator[bytes]:
        if self.raw:
            yield self.raw
        before = self.raw[-OVERLAP:]
        try:
            async for piece in rest:
                if search is not None:
                    if await search(holds_sparql_marker, before + piece):
                        raise too_long(self._limit)
                    before = (before + piece)[-OVERLAP:]
                yield piece
        except web.HTTPException as error:
            self.refused = error
            raise


async def read_arriving(request: web.Request, limits: Limits) -> Arriving:
    """Read a body, or as much of it as a request with an inference may have.

    Raises `HTTPRequestTimeout` if it does not go on, `ConnectionError` if the client goes, and for
    a compressed body what `bodies.complete_bodies` raises.
    """
    read = request._read_bytes
    if read is not None:  # at the root, where it may have been a query in Gremlin
        return Arriving(request.get(COMPRESSED_BODY) or read, read)
    if not request.can_read_body:
        return Arriving(b"", b"")
    limit = limits.max_message_bytes
    pieces = _pieces(request, limits.message_timeout)
    raw = bytearray()
    async for piece in pieces:
        raw += piece
        if len(raw) > limit:
            break
    content = bytes(raw)
    encoding = encoding_of(request)
    if encoding:
        if len(content) > limit:
            raise too_long(limit)
        return Arriving(content, await inflated(content, encoding, limit))
    if len(content) <= limit:
        return Arriving(content, content)
    return Arriving(content, content, pieces, _limit=limit)


def unread(request: web.Request, limits: Limits) -> Arriving:
    """Return a body to hand on without a look at it."""
    rest = _pieces(request, limits.message_timeout) if request.can_read_body else None
    return Arriving(b"", b"", rest)


async def _pieces(request: web.Request, timeout: float) -> AsyncIterator[bytes]:
    content = request.content
    while not content.at_eof():
        if content.is_eof():  # all is there
            yield content.read_nowait()
            continue
        try:
            piece = await asyncio.wait_for(content.readany(), timeout)
        except asyncio.TimeoutError:
            raise web.HTTPRequestTimeout(
                **error_body("ClientTimeoutException", "The body was begun and does not go on.")
            ) from None
        if piece:
            yield piece
