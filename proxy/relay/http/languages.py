"""openCypher and SPARQL in front of Neptune, which answers them and Gremlin on one port.

Its clients expect that: such requests are forwarded if the database is sure to speak the language,
or a setting says so. The management API refuses the others. Queries in SPARQL are `relay.sparql`'s,
which learns here where the store is.

Neptune can also end a query that runs: requests to `/gremlin/status` are sent to it, too.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qs
from uuid import uuid4

from aiohttp import ClientError, ClientTimeout, web
from aiohttp.typedefs import Middleware
from yarl import URL

from gremlink.proxy.config import Addresses, Sparql, Upstream
from gremlink.proxy.config.sparql_addresses import NEPTUNE_HOSTS
from gremlink.proxy.inference.errors import InferenceError, UnsupportedOperation
from gremlink.proxy.messages.addresses import without_credentials
from gremlink.proxy.relay.headers import http_url
from gremlink.proxy.relay.http.errors import error_response
from gremlink.proxy.relay.http.relay import HttpRelay

log = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

OPEN_CYPHER, SPARQL = "openCypher", "SPARQL"
PATHS = {"openCypher": OPEN_CYPHER, "opencypher": OPEN_CYPHER, "sparql": SPARQL, "rdf": SPARQL}
"""First parts of paths, and the language that they are for."""

STATUS_TIMEOUT = 3.0
"""Seconds that the database has to say what it is."""
CACHE_SECONDS = 60.0
"""Seconds after which a database that speaks only Gremlin is asked again."""

_IN_STATUS = {"opencypher": OPEN_CYPHER, "sparql": SPARQL}
_NOTHING: frozenset[str] = frozenset()


@dataclass(slots=True)
class Languages:
    """A forwarder of requests in other languages; `endpoint` is the path of Gremlin here.

    `cancel` ends a query in SPARQL that is still here.
    """

    relay: HttpRelay
    settings: Upstream
    sparql: Sparql
    endpoint: str
    cancel: Callable[[str], Awaitable[bool]]
    _found: frozenset[str] | None = None
    _asked: float = 0.0
    _asking: asyncio.Lock = field(default_factory=asyncio.Lock)

    def middleware(self, counted: Callable[[Handler], Handler]) -> Middleware:
        """Return a middleware that forwards what the database answers, in a `counted` handler."""
        pass_on = counted(self._forward)

        @web.middleware
        async def passed(request: web.Request, handler: Handler) -> web.StreamResponse:
            if await self.target(request) is not None:
                return await pass_on(request)
            if f"{request.path}/".startswith(f"{self.endpoint}/status/"):
                return await self._status(request, handler)
            return await handler(request)

        return passed

    async def target(self, request: web.Request) -> URL | None:
        """Return the address for a request in another language; `None` if it is in none, or not
        answered.
        """
        path, _, query = request.raw_path.partition("?")
        first, slash, rest = path[1:].partition("/")
        language = PATHS.get(first)
        if language is None:
            return None
        if language is SPARQL and self.sparql.is_set:
            return None
        setting = self._setting(language)
        if not await self._speaks(language):
            return None
        if setting in ("auto", "on"):
            address = f"{self._root}{path}"
        else:
            address = f"{setting.rstrip('/')}{slash}{rest}"
        return URL(f"{address}?{query}" if query else address, encoded=True)

    async def rdf_store(self) -> Addresses | None:
        """Return the addresses of the RDF store, `None` if there is none.

        Credentials in them are for the proxy's own jobs: clients bring theirs.
        """
        if self.sparql.is_set:
            found = self.sparql.addresses()
            bare = (without_credentials(each) for each in (found.query, found.update, found.store))
            return Addresses(*bare)
        if not await self._speaks(SPARQL):
            return None
        address = f"{self._root}/sparql"
        return Addresses(address, address, f"{address}/gsp/")

    def _setting(self, language: str) -> str:
        return self.settings.open_cypher if language is OPEN_CYPHER else self.settings.sparql

    async def _speaks(self, language: str) -> bool:
        """Tell whether requests in a language are forwarded at all."""
        setting = self._setting(language)
        if setting == "auto":
            return language in await self.known()
        return setting not in ("on", "off") or (setting == "on" and bool(self.relay.upstream))

    async def known(self) -> frozenset[str]:
        """Return the languages that the database is sure to speak beside Gremlin."""
        if not self.relay.upstream:
            return _NOTHING
        host = URL(self._root).host or ""
        if host.endswith(NEPTUNE_HOSTS):
            return frozenset((OPEN_CYPHER, SPARQL))
        async with self._asking:
            now = time.monotonic()
            if self._found is None or (not self._found and now - self._asked > CACHE_SECONDS):
                self._found, self._asked = await self._ask_database(), now
        return self._found or _NOTHING

    async def _ask_database(self) -> frozenset[str] | None:
        """Ask the database which languages it speaks, at Neptune's `/status`.

        A Gremlin Server answers there that it has got no script.
        """
        try:
            async with self.relay.forwarder.session.get(
                f"{self._root}/status",
                headers={"Accept": "application/json", "Accept-Encoding": "identity"},
                allow_redirects=False,
                timeout=ClientTimeout(total=STATUS_TIMEOUT),
            ) as answer:
                document = json.loads(await answer.read()) if answer.status == 200 else None
        except ValueError:
            return _NOTHING
        except (ClientError, OSError, asyncio.TimeoutError):
            return None
        if not isinstance(document, dict) or "dbEngineVersion" not in document:
            return _NOTHING
        return frozenset(
            language
            for name, language in _IN_STATUS.items()
            if isinstance(document.get(name), dict)
        )

    @property
    def _root(self) -> str:
        """The database's address without the path of its Gremlin endpoint."""
        return http_url(self.relay.upstream).removesuffix("/").removesuffix("/gremlin")

    async def _forward(self, request: web.Request) -> web.StreamResponse:
        target = await self.target(request)
        assert target is not None
        try:
            if await self.relay.is_marked(request, await request.read()):
                raise UnsupportedOperation(
                    "Steps with Neptune#ml. are Gremlin's: send them to the Gremlin endpoint."
                )
        except InferenceError as error:
            return error_response(error, uuid4())
        if request.path.startswith("/sparql/status"):
            await self._cancel_here(request)
        return await self.relay.forward(request, target)

    async def _cancel_here(self, request: web.Request) -> None:
        """End a query of which the database knows nothing yet: its inputs are still asked."""
        form = parse_qs((await request.read()).decode("utf-8", "replace"), keep_blank_values=True)
        arguments = {name: values[-1] for name, values in form.items()} | dict(request.query)
        if arguments.get("cancelQuery", "false").lower() in ("", "true") and (
            id := arguments.get("queryId")
        ):
            await self.cancel(id)

    async def _status(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer here; Neptune answers for queries that are not known here, and ends queries."""
        here = await handler(request)
        if here.status not in (200, 400) or not await self._is_neptune():
            return here
        body = await request.read()
        text = (request.query_string + body.decode("utf-8", "replace")).lower()
        ends = request.method == "DELETE" or "cancelquery" in text
        if here.status == 200 and not ends:
            return here
        path, _, query = request.raw_path.partition("?")
        target = f"{http_url(self.relay.upstream)}{path.removeprefix(self.endpoint)}"
        there = await self.relay.fetch(request, URL(f"{target}?{query}", encoded=True))
        return there if there is not None and here.status != 200 else here

    async def _is_neptune(self) -> bool:
        return "on" in (self.settings.open_cypher, self.settings.sparql) or bool(await self.known())
