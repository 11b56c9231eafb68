"""Paths of SPARQL: `/sparql` and below it, and the root, where graph-notebook sends its queries."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import uuid4

from aiohttp import web
from aiohttp.typedefs import Middleware

from gremlink.proxy.relay.http.browsers import ENDS_WITH_CLIENT
from gremlink.proxy.relay.queries import OpenQueries, OpenSparqlQuery
from gremlink.proxy.relay.sparql.arriving import ARRIVED
from gremlink.proxy.relay.sparql.relay import SparqlRelay
from gremlink.proxy.wire.errors import MessageError
from gremlink.proxy.wire.operations import is_operation
from gremlink.proxy.wire.sparql import SparqlMessage, is_sparql_at_root, read_sparql
from gremlink.proxy.wire.sparql_results import JSON, write_results

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

PATH = "/sparql"
STORE_PATH = f"{PATH}/gsp"
"""The path of the graph store protocol, as Neptune has it."""


@dataclass(frozen=True, slots=True)
class SparqlRoutes:
    """Hands requests in SPARQL to the relay; `counted` wraps handlers for the metrics."""

    relay: SparqlRelay
    queries: OpenQueries
    counted: Callable[[Handler], Handler]

    def by_path(self) -> Middleware:
        """Return a middleware for requests whose body need not be complete."""
        protocol, whole = self.counted(self._query), self.counted(self._graph)

        @web.middleware
        async def passed(request: web.Request, handler: Handler) -> web.StreamResponse:
            path = request.path
            if not path.startswith(PATH):
                return await handler(request)
            if path in (PATH, f"{PATH}/"):
                return await protocol(request)
            if path == STORE_PATH or path.startswith(f"{STORE_PATH}/"):
                return await whole(request)
            return await handler(request)

        return passed

    def at_root(self) -> Middleware:
        """Return a middleware for requests to the root, where queries in Gremlin come, too."""
        protocol = self.counted(self._query)

        @web.middleware
        async def passed(request: web.Request, handler: Handler) -> web.StreamResponse:
            if (
                request.path != "/"
                or request.method not in ("GET", "HEAD", "POST")
                or "Upgrade" in request.headers
                or is_operation(request.method, request.path, request.headers)
            ):
                return await handler(request)
            content_type = request.headers.get("Content-Type", "")
            query_string = request.raw_path.partition("?")[2]
            if is_sparql_at_root(content_type, query_string, await request.read()):
                return await protocol(request)
            return await handler(request)

        return passed

    async def _query(self, request: web.Request) -> web.StreamResponse:
        request[ENDS_WITH_CLIENT] = True

        def message() -> SparqlMessage | None:
            try:
                return read_sparql(
                    request.headers.get("Content-Type", ""),
                    request.raw_path.partition("?")[2],
                    request.get(ARRIVED, b""),
                )
            except MessageError:
                return None

        def text() -> str:
            read = message()
            return "" if read is None else read.text

        def name() -> str | None:
            read = message()
            return None if read is None else read.parameter("queryId")

        query = OpenSparqlQuery(uuid4(), time.monotonic(), name, text)
        return await self.queries.run(query, self.relay.handle(request), _nothing)

    async def _graph(self, request: web.Request) -> web.StreamResponse:
        request[ENDS_WITH_CLIENT] = True
        return await self.relay.store(
            request, request.raw_path.partition("?")[0][len(STORE_PATH) + 1 :]
        )


def _nothing() -> web.Response:
    return web.Response(body=write_results(JSON, (), ()), headers={"Content-Type": JSON})
