"""Bodies of requests over HTTP: read to the end, and inflated, before a handler looks at them.

aiohttp would inflate on the event loop, where 50 kB that become 50 MB block all clients. Here a
thread does it, outside the interpreter's lock, and stops at the limit of a message.
"""

from __future__ import annotations

import asyncio
import logging
import zlib
from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.typedefs import Middleware

from gremlink.proxy.config import Limits
from gremlink.proxy.relay.http.errors import error_body

log = logging.getLogger(__name__)

PIECE = 64 * 1024
"""Bytes that are inflated to at one time."""

COMPRESSED_BODY = web.RequestKey("as_it_came", bytes)
"""A compressed body, for those who pass it on with its signature."""

_WINDOW = {"gzip": zlib.MAX_WBITS | 16, "x-gzip": zlib.MAX_WBITS | 16, "deflate": zlib.MAX_WBITS}
_DEFLATED = 8

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class TooLong(Exception):
    """The content is longer than the limit."""


class Broken(Exception):
    """The body is not compressed as its header says, or not complete."""


def inflate(data: bytes, encoding: str, limit: int) -> bytes:
    """Inflate a compressed body (RFC 9110 section 8.4.1) to at most `limit` bytes.

    Raises `TooLong` with no more than `limit` and a piece held, `Broken`, and `LookupError` for an
    encoding that is not known.
    """
    window = _WINDOW[encoding.lower()]
    if encoding.lower() == "deflate" and data[:1] and data[0] & 0x0F != _DEFLATED:
        window = -zlib.MAX_WBITS  # without the head that it should have: many send it so
    content = bytearray()
    inflater = zlib.decompressobj(window)
    try:
        for start in range(0, len(data), PIECE):
            rest = data[start : start + PIECE]
            while rest:
                if inflater.eof:  # one more member of a gzip file
                    inflater = zlib.decompressobj(window)
                content += inflater.decompress(rest, PIECE)
                if len(content) > limit:
                    raise TooLong
                rest = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
        while not inflater.eof and (more := inflater.decompress(b"", PIECE)):
            content += more
            if len(content) > limit:
                raise TooLong
    except zlib.error as error:
        raise Broken(str(error)) from error
    if not inflater.eof:
        raise Broken("it ends too early")
    return bytes(content)


def complete_bodies(limits: Limits) -> Middleware:
    """Return a middleware that reads the whole body. aiohttp must not inflate
    (`auto_decompress=False`).

    It refuses a body that does not go on for `message_timeout` (408), one of more than
    `max_message_bytes`, inflated too (413), a broken one (400), an unknown encoding (415).
    """

    @web.middleware
    async def completed(request: web.Request, handler: _Handler) -> web.StreamResponse:
        try:
            if request.can_read_body:
                await _wait_for_body(request, limits.message_timeout)
        except ConnectionError:
            log.debug("a client went before its request was complete")
            return web.Response()  # is not sent
        except web.HTTPRequestEntityTooLarge:
            raise too_long(limits.max_message_bytes) from None
        encoding = encoding_of(request)
        if encoding and (body := await request.read()):
            request[COMPRESSED_BODY] = body
            # Where `read` looks first: handlers need not know that there was another form.
            request._read_bytes = await inflated(body, encoding, limits.max_message_bytes)
        return await handler(request)

    return completed


async def _wait_for_body(request: web.Request, timeout: float) -> None:
    """Wait for the body as long as it goes on."""
    if request.content.is_eof():
        await request.read()
        return
    reading = asyncio.ensure_future(request.read())
    try:
        while not reading.done():
            before = request.content.total_bytes
            await asyncio.wait({reading}, timeout=timeout)
            if not reading.done() and request.content.total_bytes == before:
                raise web.HTTPRequestTimeout(
                    **error_body("ClientTimeoutException", "The body was begun and does not go on.")
                )
        await reading
    finally:
        reading.cancel()


def encoding_of(request: web.Request) -> str:
    """Return the encoding of a request's body; empty if it is not compressed."""
    encoding = request.headers.get("Content-Encoding", "identity").strip()
    return "" if encoding.lower() == "identity" else encoding


async def inflated(body: bytes, encoding: str, limit: int) -> bytes:
    """Inflate a body in a thread. Raises the error for the client."""
    try:
        return await asyncio.to_thread(inflate, body, encoding, limit)
    except LookupError:
        known = ", ".join(sorted(_WINDOW))
        why = f"A body in the encoding {encoding!r} cannot be read; these can: {known}."
        raise web.HTTPUnsupportedMediaType(
            headers={"Accept-Encoding": known}, **error_body("UnsupportedOperationException", why)
        ) from None
    except TooLong:
        raise too_long(limit) from None
    except Broken as error:
        why = f"The body is no whole {encoding}: {error}."
        raise web.HTTPBadRequest(**error_body("BadRequestException", why)) from None


def too_long(limit: int) -> web.HTTPRequestEntityTooLarge:
    """Build the error for a body that is too long; its first sentence is Neptune's."""
    why = (
        f"Request size exceeds max allowed value of {limit} bytes. Send less at one time, or raise"
        " limits.max_message_bytes."
    )
    return web.HTTPRequestEntityTooLarge(limit, **error_body("BadRequestException", why))
