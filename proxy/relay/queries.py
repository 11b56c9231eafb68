"""The queries in flight, of all clients, for whoever asks what the database is busy with.

A query that is cancelled ends for its client. The database has no message for that, and works on
until its own time-out; what it then sends is dropped.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID, uuid4

from aiohttp import web

from grammar import script
from grammar.errors import GremlinError
from grammar.traversal import Literal, Traversal
from proxy.inference.errors import CancelledByUser
from proxy.relay.connection import Connection
from proxy.relay.ledger import OpenRequest
from proxy.wire.errors import MessageError
from proxy.wire.excerpt import script_excerpt
from proxy.wire.http import read_http_request
from proxy.wire.request import RequestMessage, read_request

CANCELLED = "The query was cancelled."
LONGEST_TEXT = 10_000
"""Characters of a query that are told."""

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class OpenQuery:
    """A query without its last response; `started` is in seconds of the monotonic clock.

    `excerpt` tells the beginning of what cannot be read, because not all of it was kept.
    """

    id: str
    started: float
    read: Callable[[], RequestMessage]
    excerpt: Callable[[], str] = str

    def text(self) -> str:
        """The query as a script, cut off if long; empty if it cannot be read."""
        try:
            return text_of(self.read())[:LONGEST_TEXT]
        except (MessageError, GremlinError):
            return self.excerpt()


class Told(Protocol):
    """A query in flight, wherever it is."""

    @property
    def id(self) -> str:
        """The client's own id of the request."""
        ...

    @property
    def started(self) -> float:
        """Seconds of the monotonic clock."""
        ...

    def text(self) -> str:
        """The query as a script."""
        ...


class Queries(Protocol):
    """Who knows the queries in flight."""

    async def open(self) -> Sequence[Told]:
        """All of them, oldest first."""
        ...

    async def cancel(self, id: str) -> bool:
        """End the query of that id; whether there is one."""
        ...


@dataclass(eq=False, slots=True)
class _OverHttp:
    query: OpenQuery
    work: asyncio.Future[web.StreamResponse]
    cancelled: bool = False


class OpenQueries:
    """The queries of `connections`, and those that come over HTTP."""

    def __init__(self, connections: Collection[Connection]) -> None:
        self._connections = connections
        self._http: dict[str, _OverHttp] = {}

    async def open(self) -> Sequence[OpenQuery]:
        """All of them, oldest first."""
        found = [
            _query_of(request_id, request)
            for connection in self._connections
            for request_id, request in connection.open_requests()
        ]
        found += [each.query for each in self._http.values()]
        return sorted(found, key=lambda query: query.started)

    async def cancel(self, id: str) -> bool:
        """End the query of that id for its client; whether there is one."""
        if id in self._http:
            self._http[id].cancelled = True
            self._http[id].work.cancel()
            return True
        try:
            request_id = UUID(id)
        except ValueError:
            return False
        error = CancelledByUser(CANCELLED)
        return any(connection.cancel(request_id, error) for connection in self._connections)

    def watched(self, handler: _Handler) -> _Handler:
        """A handler of queries over HTTP that is among the queries while it works."""

        async def handle(request: web.Request) -> web.StreamResponse:
            request_id = uuid4()
            body = await request.read()
            query = OpenQuery(
                str(request_id),
                time.monotonic(),
                lambda: read_http_request(request.content_type, body, request.query),
            )
            each = _OverHttp(query, asyncio.ensure_future(handler(request)))
            self._http[query.id] = each
            try:
                return await each.work
            except asyncio.CancelledError:
                if not each.cancelled:
                    each.work.cancel()
                    raise
                error = CancelledByUser(CANCELLED)
                return web.Response(
                    status=error.http_status,
                    text=error.detail(request_id),
                    content_type="application/json",
                )
            finally:
                del self._http[query.id]

        return handle


def text_of(message: RequestMessage) -> str:
    """The query of a request as a script."""
    gremlin = message.args["gremlin"]
    if isinstance(gremlin, Traversal):
        return script.write(gremlin)
    return str(gremlin.value) if isinstance(gremlin, Literal) else ""


def _query_of(request_id: UUID, request: OpenRequest) -> OpenQuery:
    return OpenQuery(
        str(request_id),
        request.started,
        lambda: read_request(request.opcode, request.payload),
        lambda: script_excerpt(request.payload),
    )
