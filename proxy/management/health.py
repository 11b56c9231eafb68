"""`/status`, `/health/live` and `/health/ready`: the state of the proxy and what is behind it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from gremlink.proxy.config import Sparql
from gremlink.proxy.graph import GraphError, Server
from gremlink.proxy.graph.server.connection import GraphConnection
from gremlink.proxy.management.http import Handler

DATABASE_TIMEOUT = 3.0
"""Seconds for the database to accept a connection and to return its version."""


@dataclass(slots=True)
class Health:
    """The handlers; `database` is that of Gremlin, `None` if there is none, `sparql` names an RDF
    store, if there is one.
    """

    database: Server | None
    sparql: Sparql = field(default_factory=Sparql)
    started: float = field(default_factory=time.time)
    _gremlin: str | None = None

    def routes(self) -> list[tuple[str, str, Handler]]:
        """Return method, path and handler of the routes that need access."""
        return [("GET", "/status", self.status)]

    async def status(self, request: web.Request) -> dict[str, Any]:
        """`GET /status`, in Neptune's form."""
        healthy = await self.database_answers()
        document: dict[str, Any] = {
            "status": "healthy" if healthy else "unhealthy",
            "startTime": time.strftime("%a %b %d %H:%M:%S UTC %Y", time.gmtime(self.started)),
            "dbEngineVersion": f"gremlink-{version('gremlink')}",
            "role": "writer",
            "labMode": {},
            "settings": {},
        }
        if healthy and self._gremlin is None and self.database is not None:
            self._gremlin = await asyncio.to_thread(self._ask_version, self.database)
        if self.sparql.is_set:
            document["sparql"] = {"version": "sparql-1.1"}
        if self._gremlin:
            document["gremlin"] = {"version": f"tinkerpop-{self._gremlin}"}
        return document

    async def live(self, request: web.Request) -> web.Response:
        """`GET /health/live`: the process answers."""
        return web.Response(text="live\n")

    async def ready(self, request: web.Request) -> web.Response:
        """`GET /health/ready`: the process answers, and the database accepts connections."""
        if await self.database_answers():
            return web.Response(text="ready\n")
        return web.Response(status=503, text="the database does not answer\n")

    async def database_answers(self) -> bool:
        """Return True if the database, and the RDF store, accept a connection now."""
        addresses = [] if self.database is None else [self.database.url]
        if self.sparql.is_set:
            addresses.append(self.sparql.addresses().query)
        return all(await asyncio.gather(*map(_accepts, addresses)))

    def _ask_version(self, database: Server) -> str:
        """Return the database's version of TinkerPop, empty if unknown."""
        try:
            with GraphConnection(database) as connection:
                return str(
                    next(connection.submit("Gremlin.version()", seconds=DATABASE_TIMEOUT), "")
                )
        except GraphError:
            return ""


async def _accepts(address: str) -> bool:
    """Return True if something accepts a connection at this address."""
    parts = urlsplit(address)
    port = parts.port or (443 if parts.scheme in ("wss", "https") else 80)
    try:
        opening = asyncio.open_connection(parts.hostname, port)
        _, writer = await asyncio.wait_for(opening, DATABASE_TIMEOUT)
    except (OSError, asyncio.TimeoutError):
        return False
    writer.close()
    return True
