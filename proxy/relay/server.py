"""The server: WebSocket and HTTP on one port, each connection tied to one of the database's."""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from aiohttp import ClientSession, DummyCookieJar, TCPConnector, web
from multidict import CIMultiDict

from gremlink.proxy.config import Configuration
from gremlink.proxy.inference.analysis.options import Settings
from gremlink.proxy.inference.commands import Predictor
from gremlink.proxy.inference.errors import UnsupportedOperation
from gremlink.proxy.inference.query_cache import QueryCache
from gremlink.proxy.messages.addresses import without_credentials
from gremlink.proxy.relay.headers import require_text
from gremlink.proxy.relay.http.bodies import complete_bodies
from gremlink.proxy.relay.http.browsers import Runner, forbid_sniffing
from gremlink.proxy.relay.http.cross_origin import Gate
from gremlink.proxy.relay.http.errors import error_body, error_response
from gremlink.proxy.relay.http.explain import Explainer
from gremlink.proxy.relay.http.forwarding import Forwarder
from gremlink.proxy.relay.http.invocations import Invocations
from gremlink.proxy.relay.http.languages import Languages
from gremlink.proxy.relay.http.log_filter import SERVER_LOG
from gremlink.proxy.relay.http.other_paths import queries_at_other_paths
from gremlink.proxy.relay.http.relay import HttpRelay
from gremlink.proxy.relay.metrics import Metrics
from gremlink.proxy.relay.offload import Offload
from gremlink.proxy.relay.queries import SPARQL, OpenQueries
from gremlink.proxy.relay.sparql.federation import Federation
from gremlink.proxy.relay.sparql.relay import SparqlRelay
from gremlink.proxy.relay.sparql.routes import SparqlRoutes
from gremlink.proxy.relay.waits import WAITS, Waits
from gremlink.proxy.relay.websocket.connection import Connection
from gremlink.proxy.relay.websocket.conversation import Conversation
from gremlink.proxy.relay.websocket.id_cache import RecentIds
from gremlink.proxy.relay.websocket.open_requests import RequestTable
from gremlink.proxy.relay.websocket.upstream import Declined, Opened, Unreachable, open_upstream

log = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


NO_DATABASE = (
    "There is no Gremlin database behind this proxy, only an RDF store, which is asked in SPARQL at"
    " /sparql: name the database as url below [upstream] in the settings file, or with --upstream."
)
"""The error for queries in Gremlin where only an RDF store is configured."""

METHODS = ("GET", "POST")
"""Ways to send a query over HTTP."""

LONGEST_LINE = 64 * 1024
"""Bytes of the first line of a request: clients of SPARQL send queries in addresses."""

LINGERING = 1.0
"""Seconds for which the rest of a refused body is read, so that the client reads why."""


class Server:
    """Connections of clients, each with its own connection to the database at `upstream`.

    `None` is no database: there may be an RDF store alone. `kept` is a session for it that keeps
    connections, `session` one that makes new ones. For the metrics `models` lists endpoint and task
    of each model in memory, `open_circuits` the endpoints whose models keep failing.
    """

    def __init__(
        self,
        configuration: Configuration,
        upstream: str | None,
        session: ClientSession,
        predict: Predictor,
        models: Callable[[], Iterable[tuple[str, str]]] = tuple,
        open_circuits: Callable[[], Iterable[str]] = tuple,
        waits: Waits = WAITS,
        *,
        kept: ClientSession | None = None,
    ) -> None:
        self._configuration = configuration
        self._waits = waits
        # Credentials in `upstream.url` are for the proxy's own jobs: clients bring theirs.
        self._upstream = upstream = without_credentials(upstream) if upstream else ""
        self._session = session
        self._connections: set[Connection] = set()
        self.metrics = Metrics(self._connections, models, open_circuits, waits.counting)
        self._predict = self.metrics.timed(predict)
        self._offload = Offload()
        self._settings = Settings(
            default_endpoint=configuration.inference.default_endpoint,
            limit_cap=configuration.inference.limit_cap,
            one_inference=configuration.inference.one_inference,
            default_role=configuration.inference.default_iam_role,
            roles=configuration.inference.iam_roles,
            unoptimised=frozenset(configuration.inference.unoptimized_steps),
        )
        self._http = HttpRelay(
            forwarder=Forwarder(session, configuration.limits.connect_timeout),
            upstream=upstream,
            predict=self._predict,
            settings=self._settings,
            offload=self._offload,
            evaluation_timeout=configuration.limits.evaluation_timeout,
            message_limit=configuration.limits.max_message_bytes,
        )
        self._invoke = Invocations(
            self._predict,
            configuration.inference.limit_cap,
            configuration.limits.evaluation_timeout,
            self._offload,
        )
        self._federate = Federation(
            self._predict,
            self._settings,
            self._offload,
            configuration.limits.evaluation_timeout,
        )
        self._requests: set[asyncio.Future[None]] = set()
        """Plain HTTP requests that are being answered."""
        self._draining = False
        self._shapes = QueryCache()
        self._recent = RecentIds()
        self.queries = OpenQueries(self._connections)
        self._plain = self._gremlin_alone(self._counted(self.queries.tracked(self._http.handle)))
        self._languages = Languages(
            self._http,
            configuration.upstream,
            configuration.sparql,
            configuration.listen.path,
            lambda id: self.queries.cancel(id, SPARQL),
        )
        self._sparql = SparqlRelay(
            kept=self._to_store(kept or session),
            fresh=self._to_store(session),
            addresses=self._languages.rdf_store,
            token=None
            if (token := configuration.sparql.token) is None
            else token.get_secret_value(),
            predict=self._predict,
            settings=self._settings,
            offload=self._offload,
            limits=configuration.limits,
        )

    def _to_store(self, session: ClientSession) -> Forwarder:
        limits = self._configuration.limits
        return Forwarder(session, limits.connect_timeout, "RDF store", limits.write_timeout)

    async def figures(self) -> bytes:
        """Return the metrics in the text format of Prometheus."""
        return self.metrics.text()

    def application(self) -> web.Application:
        """Build the application with its routes, for aiohttp."""
        limits = self._configuration.limits
        gate = Gate(self._configuration.listen, self._configuration.access)
        path = self._configuration.listen.path
        sparql = SparqlRoutes(
            self._sparql, self.queries, lambda handler: self._counted(handler, None, "sparql")
        )
        application = web.Application(
            client_max_size=limits.max_message_bytes,
            middlewares=[
                gate.check,
                sparql.by_path(),  # which hands on bodies that are not complete
                complete_bodies(limits),
                sparql.at_root(),
                self._languages.middleware(lambda handler: self._counted(handler, None)),
                queries_at_other_paths(path, self._plain),
            ],
        )
        application.on_response_prepare.extend([gate.answer, forbid_sniffing])
        explainer = Explainer(self._http)
        application.router.add_route("*", path, self._gremlin)
        for name, handler in (
            ("explain", explainer.explain),
            ("profile", self.queries.tracked(explainer.profile)),
        ):
            answer = self._gremlin_alone(self._counted(handler))
            for slash in ("", "/"):
                application.router.add_route("*", f"{path}/{name}{slash}", answer)
        application.on_startup.append(self._start)
        application.on_shutdown.append(self._shut_down)
        return application

    async def _start(self, application: web.Application) -> None:
        for measured in self.metrics.latencies.values():
            measured.start()

    async def _shut_down(self, application: web.Application) -> None:
        self._draining = True
        ending = [connection.ended for connection in self._connections]
        for connection in list(self._connections):
            connection.shut_down()
        if ending:
            await asyncio.wait(ending, timeout=self._waits.shutdown)
        self._offload.close()
        for measured in self.metrics.latencies.values():
            measured.stop()

    async def drain(self, timeout: float) -> None:
        """Close each client's connection once all its requests are answered; return when all are
        closed, or after `timeout` seconds.
        """
        self._draining = True
        for connection in list(self._connections):
            connection.drain()
        left = {connection.ended for connection in self._connections} | self._requests
        if not left:
            return
        log.info("draining: %d connections have open requests", len(left))
        _, left = await asyncio.wait(left, timeout=timeout)
        if left:
            log.warning("%d connections still have open requests after %g s", len(left), timeout)

    async def _gremlin(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Upgrade", "").lower() == "websocket":
            require_text(request.headers)
            return await self._websocket(request)
        return await self._plain(request)

    def _gremlin_alone(self, handler: Handler) -> Handler:
        """Wrap a handler of queries in Gremlin: without a database there is one error."""

        async def refuse(request: web.Request) -> web.StreamResponse:
            return error_response(UnsupportedOperation(NO_DATABASE), uuid4())

        return handler if self._upstream else self._counted(refuse)

    def _counted(
        self, handler: Handler, methods: Collection[str] | None = METHODS, kind: str = "http"
    ) -> Handler:
        """Wrap a handler of queries: they are counted, and awaited before the server ends."""

        async def handle(request: web.Request) -> web.StreamResponse:
            if methods is not None and request.method not in methods:
                why = f"{request.path} takes {', '.join(METHODS)}, not {request.method}."
                raise web.HTTPMethodNotAllowed(
                    request.method, METHODS, **error_body("MethodNotAllowedException", why)
                )
            require_text(request.headers)
            status, started = 500, time.monotonic()
            with self._awaited_by_drain():
                try:
                    response = await handler(request)
                    status = response.status
                    return response
                except web.HTTPException as error:
                    status = error.status
                    raise
                finally:
                    self.metrics.answered(status, time.monotonic() - started, kind)

        return handle

    async def federate(self, query: str, accept: str) -> tuple[str, str]:
        """Answer a block of SPARQL alone; it is awaited before the server ends.

        Raises `InferenceError`.
        """
        with self._awaited_by_drain():
            return await self._federate(query, accept)

    async def invoke(self, endpoint: str, body: bytes) -> dict[str, Any]:
        """Answer a payload for an endpoint; it is awaited before the server ends.

        Raises `InferenceError`.
        """
        with self._awaited_by_drain():
            return await self._invoke(endpoint, body)

    @contextmanager
    def _awaited_by_drain(self) -> Iterator[None]:
        """Let `drain` wait for a request."""
        answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._requests.add(answered)
        try:
            yield
        finally:
            self._requests.discard(answered)
            answered.set_result(None)

    async def _websocket(self, request: web.Request) -> web.StreamResponse:
        if not self._upstream:
            return await self._connect(request, None, NO_DATABASE)
        limits = self._configuration.limits
        unreachable = ""
        opened: Opened | None = None
        try:
            answer = await open_upstream(
                self._session,
                self._upstream,
                CIMultiDict(request.headers),
                timeout=limits.connect_timeout,
            )
        except Unreachable as error:
            log.warning("%s", error)
            self.metrics.upstream_failed()
            unreachable = str(error)
        else:
            if isinstance(answer, Declined):
                return web.Response(
                    status=answer.status,
                    reason=answer.reason,
                    headers=answer.headers,
                    body=answer.body,
                )
            opened = answer
        try:
            return await self._connect(request, opened, unreachable)
        except BaseException:
            if opened is not None:
                opened.close()
            raise

    async def _connect(
        self, request: web.Request, opened: Opened | None, unreachable: str
    ) -> web.StreamResponse:
        """Answer the handshake, and let client and database talk until one of them goes.

        For aiohttp the connection ends here: it would keep its request, its parser and two tasks
        for as long as that lasts.
        """
        protocols = (opened.protocol,) if opened is not None and opened.protocol else ()
        response = web.WebSocketResponse(
            autoping=False, autoclose=False, compress=False, protocols=protocols
        )
        limits = self._configuration.limits
        if request.transport is None or request.transport.is_closing():
            if opened is not None:
                opened.close()
            return web.Response()  # is not sent: the client did not wait
        transport = request.transport
        transport.pause_reading()  # no frame may reach aiohttp's own reader
        try:
            await response.prepare(request)
        except BaseException:
            transport.resume_reading()
            raise
        connection = Connection(
            Conversation(
                self._settings,
                self._upstream,
                limits,
                self._shapes,
                RequestTable(took=self.metrics.latencies["websocket"].took),
                self._recent,
            ),
            self._predict,
            self._offload,
            limits,
            upstream=self._upstream,
            close_timeout=self._waits.close,
        )
        listener = request.protocol
        connection.attach_client(transport)
        if opened is None:
            connection.upstream_unreachable(unreachable)
        else:
            connection.attach_upstream(opened.take(), opened.early)
        listener.transport = None
        listener.connection_lost(None)
        transport.resume_reading()
        self._connections.add(connection)
        connection.ended.add_done_callback(lambda _: self._ended(connection))
        if self._draining:
            connection.drain()
        return _AlreadyAnswered()

    def _ended(self, connection: Connection) -> None:
        self._connections.discard(connection)
        self.metrics.over(connection)

    @property
    def websocket_count(self) -> int:
        """The number of clients that talk with the database."""
        return len(self._connections)


class _AlreadyAnswered(web.StreamResponse):
    """The response of a handler whose connection is no longer aiohttp's."""

    async def prepare(self, request: web.BaseRequest) -> None:
        """Do nothing: the handshake was answered."""

    async def write_eof(self, data: bytes = b"") -> None:
        """Do nothing."""


def runner_of(application: web.Application) -> web.AppRunner:
    """Return a runner for an application here: `bodies.complete_bodies` inflates the bodies."""
    return Runner(
        application,
        access_log=None,
        logger=SERVER_LOG,
        shutdown_timeout=1.0,
        auto_decompress=False,
        lingering_time=LINGERING,
        max_line_size=LONGEST_LINE,
    )


def upstream_session(tls: ssl.SSLContext | None = None, *, kept: bool = False) -> ClientSession:
    """Open a session that makes a new connection to the database each time; `tls` is for wss.

    With `kept` it keeps connections, for an RDF store. On a connection that has carried a plain
    HTTP request a Gremlin Server takes no WebSocket handshake any more, and one that was kept may
    be gone when it is needed.
    """
    return ClientSession(
        connector=TCPConnector(limit=0, force_close=not kept, ssl=True if tls is None else tls),
        cookie_jar=DummyCookieJar(),
        auto_decompress=False,
    )
