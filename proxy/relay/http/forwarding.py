"""Forwarding over HTTP: a request to what is behind the proxy, and its response as it comes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import (
    ClientError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    ServerDisconnectedError,
    web,
)
from multidict import CIMultiDict
from yarl import URL

from gremlink.proxy.inference.errors import InternalFailure
from gremlink.proxy.relay.headers import end_to_end, reason_of

log = logging.getLogger(__name__)

Body = bytes | AsyncIterator[bytes]
"""A body that is complete, or one that is still coming."""

UNREAD = 32 * 1024
"""Bytes that a connection takes without waiting for its client; it stops at twice as many."""

_AUTOMATIC = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")


@dataclass(frozen=True, slots=True)
class Forwarder:
    """Sends requests over a session, and hands the responses on.

    `what` is the other side in errors. `connect_timeout` is in seconds, and so is `write_timeout`,
    the time for which a client may stop reading; `None` waits for it.
    """

    session: ClientSession
    connect_timeout: float
    what: str = "database"
    write_timeout: float | None = None

    @asynccontextmanager
    async def send(
        self,
        method: str,
        url: URL,
        headers: CIMultiDict[str],
        body: Body,
        *,
        place: str | None = None,
        repeated: bool = False,
    ) -> AsyncIterator[ClientResponse]:
        """Send a request, and hold its response. Raises `InternalFailure` if there is none.

        `place` is shown instead of the address. One that is `repeated` goes out once more if the
        connection was kept from before and turns out to be closed.
        """
        try:
            async with self._response(method, url, headers, body, repeated) as response:
                yield response
        except (ClientError, OSError) as error:
            reason = reason_of(error)
            place = str(url.with_query(None)) if place is None else place
            log.warning("HTTP request to %s failed: %s", place, reason)
            message = f"The {self.what} at {place} cannot be reached: {reason}."
            raise InternalFailure(message) from error

    @asynccontextmanager
    async def _response(
        self, method: str, url: URL, headers: CIMultiDict[str], body: Body, repeated: bool
    ) -> AsyncIterator[ClientResponse]:
        def asked() -> Awaitable[ClientResponse]:
            return self.session.request(
                method,
                url,
                data=body or None,
                headers=headers,
                skip_auto_headers=_AUTOMATIC,
                allow_redirects=False,
                timeout=ClientTimeout(total=None, sock_connect=self.connect_timeout),
            )

        try:
            response = await asked()
        except (ServerDisconnectedError, ConnectionResetError):
            if not repeated:
                raise
            response = await asked()
        async with response:
            yield response

    async def forward(
        self,
        request: web.Request,
        method: str,
        url: URL,
        headers: CIMultiDict[str],
        body: Body,
        failed: Callable[[InternalFailure], web.StreamResponse],
        *,
        place: str | None = None,
        repeated: bool = False,
    ) -> web.StreamResponse:
        """Forward a request, and stream its response to the client of `request`.

        `failed` makes the response where there is none.
        """
        response: web.StreamResponse | None = None
        try:
            sent = self.send(method, url, headers, body, place=place, repeated=repeated)
            async with sent as answered:
                response = _Forwarded(
                    status=answered.status,
                    reason=answered.reason,
                    headers=end_to_end(CIMultiDict(answered.headers)),
                )
                if answered.content_length is not None:
                    response.content_length = answered.content_length
                await response.prepare(request)
                async for chunk in answered.content.iter_any():
                    await self._write(request, response, chunk)
                await response.write_eof()
                return response
        except asyncio.CancelledError:
            _abort(request, response)
            raise
        except InternalFailure as error:
            if response is None:
                return failed(error)
            # Part of the answer is with the client: only a broken connection tells that it ends.
            _abort(request, response)
            return response

    async def _write(
        self, request: web.Request, response: web.StreamResponse, chunk: bytes
    ) -> None:
        if self.write_timeout is None or _fits(request, chunk):
            await response.write(chunk)
            return
        try:
            await asyncio.wait_for(response.write(chunk), self.write_timeout)
        except asyncio.TimeoutError:
            raise ConnectionResetError("the client stopped reading") from None


class _Forwarded(web.StreamResponse):
    """A response whose head goes out with the first piece of its body."""

    _send_headers_immediately = False


def _fits(request: web.Request, chunk: bytes) -> bool:
    """Return `True` if a piece finds room in what the client may have unread."""
    transport = request.transport
    return transport is not None and transport.get_write_buffer_size() + len(chunk) < UNREAD


def _abort(request: web.Request, response: web.StreamResponse | None) -> None:
    if response is not None and request.transport is not None:
        request.transport.abort()
