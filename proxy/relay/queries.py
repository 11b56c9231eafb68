"""Queries in flight, of all clients, for the status API.

A query has the id that its client gave it (`queryId`), else the id of its request. One that is
cancelled ends for its client. A Gremlin Server has no message for that, and works on until its own
time-out; what it then sends is dropped. Neptune has one, which `languages` sends on.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID, uuid4

from aiohttp import web

from gremlink.grammar import script
from gremlink.grammar.errors import GremlinError
from gremlink.grammar.traversal import Literal, Traversal
from gremlink.proxy.inference.errors import CancelledByUser
from gremlink.proxy.relay.http.errors import error_response
from gremlink.proxy.relay.query_ids import peek_query_id, query_id_of
from gremlink.proxy.relay.websocket.connection import Connection
from gremlink.proxy.relay.websocket.open_requests import OpenRequest
from gremlink.proxy.wire.errors import MessageError
from gremlink.proxy.wire.excerpt import script_excerpt
from gremlink.proxy.wire.http import peek_http_id, read_http_request
from gremlink.proxy.wire.request import RequestMessage, read_request

CANCELLED = "The query was cancelled."
GREMLIN, SPARQL = "gremlin", "sparql"
"""Languages of queries: each has a status of its own."""
LONGEST_TEXT = 10_000
"""Characters of a query that are shown."""

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class OpenQuery:
    """A query without its last response; `started` is in seconds of the monotonic clock.

    Of a query that cannot be read, because not all of it was kept, `excerpt` returns the beginning,
    and `peek` the id that its client gave it.
    """

    request_id: UUID
    started: float
    read: Callable[[], RequestMessage]
    excerpt: Callable[[], str] = str
    peek: Callable[[], str | None] = lambda: None

    @property
    def id(self) -> str:
        """The id that its client gave it, else the id of its request."""
        try:
            name = query_id_of(self.read())
        except (MessageError, GremlinError):
            name = self.peek()
        return name or str(self.request_id)

    def has_id(self, id: str) -> bool:
        """Tell whether the query has this id."""
        return id == str(self.request_id) or id == self.id

    def text(self) -> str:
        """Return the query as a script, cut off if long; empty if it cannot be read."""
        try:
            return text_of(self.read())[:LONGEST_TEXT]
        except (MessageError, GremlinError):
            return self.excerpt()


class QueryInFlight(Protocol):
    """A query in flight, in this process or another."""

    @property
    def id(self) -> str:
        """The id that its client gave it, else the id of its request."""
        ...

    @property
    def started(self) -> float:
        """Seconds of the monotonic clock."""
        ...

    def text(self) -> str:
        """Return the query as a script."""
        ...


class Queries(Protocol):
    """The queries in flight."""

    async def open(self, language: str = GREMLIN) -> Sequence[QueryInFlight]:
        """List all queries in a language, oldest first."""
        ...

    async def cancel(self, id: str, language: str = GREMLIN, *, silent: bool = False) -> bool:
        """End the query of that id, and return whether there is one.

        To the client of one that ends `silent`ly it looks like one without results.
        """
        ...


@dataclass(frozen=True, slots=True)
class OpenSparqlQuery:
    """A query or an update in SPARQL; `started` as above. `name` returns what its client called
    it, `written` its text, empty if that cannot be read yet.
    """

    request_id: UUID
    started: float
    name: Callable[[], str | None]
    written: Callable[[], str]

    @property
    def id(self) -> str:
        """The id that its client gave it, else one of the proxy's."""
        return self.name() or str(self.request_id)

    def has_id(self, id: str) -> bool:
        """Tell whether the query has this id."""
        return id in (str(self.request_id), self.id)

    def text(self) -> str:
        """Return the text, cut off if long."""
        return self.written()[:LONGEST_TEXT]


@dataclass(eq=False, slots=True)
class _OverHttp:
    query: OpenQuery | OpenSparqlQuery
    work: asyncio.Future[web.StreamResponse]
    cancelled: bool = False
    silent: bool = False

    @property
    def language(self) -> str:
        return SPARQL if isinstance(self.query, OpenSparqlQuery) else GREMLIN


class OpenQueries:
    """The queries of `connections`, and those that come over HTTP."""

    def __init__(self, connections: Collection[Connection]) -> None:
        self._connections = connections
        self._http: set[_OverHttp] = set()

    async def open(self, language: str = GREMLIN) -> Sequence[OpenQuery | OpenSparqlQuery]:
        """List all queries in a language, oldest first."""
        found: list[OpenQuery | OpenSparqlQuery] = [
            each.query for each in self._http if each.language == language
        ]
        if language == GREMLIN:
            found += [
                _query_of(request_id, request)
                for connection in self._connections
                for request_id, request in connection.open_requests()
            ]
        return sorted(found, key=lambda query: query.started)

    async def cancel(self, id: str, language: str = GREMLIN, *, silent: bool = False) -> bool:
        """End the queries of that id for their clients, and return whether there are any."""
        over_http = [
            each for each in self._http if each.language == language and each.query.has_id(id)
        ]
        for each in over_http:
            each.cancelled, each.silent = True, silent
            each.work.cancel()
        if language != GREMLIN:
            return bool(over_http)
        error = CancelledByUser(CANCELLED)
        ended = [
            connection.cancel(request_id, error)
            for connection in self._connections
            for request_id, request in list(connection.open_requests())
            if _query_of(request_id, request).has_id(id)
        ]
        return bool(over_http) or any(ended)

    def tracked(self, handler: _Handler) -> _Handler:
        """Wrap a handler of queries over HTTP so that each counts as open while it runs."""

        async def handle(request: web.Request) -> web.StreamResponse:
            body = await request.read()
            content_type = request.headers.get("Content-Type", "")
            request_id = peek_http_id(content_type, body) or uuid4()
            query = OpenQuery(
                request_id,
                time.monotonic(),
                lambda: read_http_request(content_type, body, request.query),
            )
            return await self.run(query, handler(request))

        return handle

    async def run(
        self,
        query: OpenQuery | OpenSparqlQuery,
        work: Awaitable[web.StreamResponse],
        nothing: Callable[[], web.StreamResponse] = web.Response,
    ) -> web.StreamResponse:
        """Do the work of a query over HTTP, which counts as open until that is done.

        `nothing` makes the response to one that is ended silently.
        """
        each = _OverHttp(query, asyncio.ensure_future(work))
        self._http.add(each)
        try:
            return await each.work
        except asyncio.CancelledError:
            if not each.cancelled:
                each.work.cancel()
                raise
            if each.silent:
                return nothing()
            return error_response(CancelledByUser(CANCELLED), query.request_id)
        finally:
            self._http.discard(each)


def text_of(message: RequestMessage) -> str:
    """Return the query of a request as a script."""
    gremlin = message.args["gremlin"]
    if isinstance(gremlin, Traversal):
        return script.write(gremlin)
    return str(gremlin.value) if isinstance(gremlin, Literal) else ""


def _query_of(request_id: UUID, request: OpenRequest) -> OpenQuery:
    return OpenQuery(
        request_id,
        request.started,
        lambda: read_request(request.opcode, request.payload),
        lambda: script_excerpt(request.payload),
        lambda: peek_query_id(request.payload, request.rest),
    )
