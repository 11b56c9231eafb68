"""The listener: WebSocket and HTTP on one port, each connection tied to one of the database's."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from collections.abc import AsyncIterator, Callable

from aiohttp import ClientSession, DummyCookieJar, TCPConnector, web
from multidict import CIMultiDict

from proxy.config import Configuration
from proxy.inference.predicates import Settings
from proxy.relay.connection import Connection, Predictor, transport_of
from proxy.relay.conversation import Conversation
from proxy.relay.http import HttpRelay
from proxy.relay.predictions import Predictions
from proxy.relay.upstream import Declined, Opened, Unreachable, open_upstream
from proxy.store.records import Store

log = logging.getLogger(__name__)


class ListenError(Exception):
    """The address to listen on cannot be used."""


class Server:
    """Connections of clients, each with its own connection to the database at `upstream`."""

    def __init__(
        self,
        configuration: Configuration,
        upstream: str,
        session: ClientSession,
        predict: Predictor,
    ) -> None:
        self._configuration = configuration
        self._upstream = upstream
        self._session = session
        self._predict = predict
        self._settings = Settings(
            default_endpoint=configuration.inference.default_endpoint,
            limit_cap=configuration.inference.limit_cap,
        )
        self._http = HttpRelay(
            session=session,
            upstream=upstream,
            predict=predict,
            settings=self._settings,
            connect_timeout=configuration.limits.connect_timeout,
        )
        self._connections: set[Connection] = set()

    def application(self) -> web.Application:
        """The routes, for aiohttp."""
        limits = self._configuration.limits
        application = web.Application(client_max_size=limits.max_message_bytes)
        application.router.add_route("*", self._configuration.listen.path, self._gremlin)
        application.on_shutdown.append(self._shut_down)
        return application

    async def _shut_down(self, application: web.Application) -> None:
        ending = [connection.ended for connection in self._connections]
        for connection in list(self._connections):
            connection.shut_down()
        if ending:
            await asyncio.wait(ending, timeout=5)

    async def _gremlin(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._websocket(request)
        if request.method not in ("GET", "POST"):
            raise web.HTTPMethodNotAllowed(request.method, ("GET", "POST"))
        return await self._http.handle(request)

    async def _websocket(self, request: web.Request) -> web.StreamResponse:
        connection = Connection(
            Conversation(self._settings, self._upstream),
            self._predict,
            message_limit=self._configuration.limits.max_message_bytes,
            upstream=self._upstream,
        )
        opened: Opened | None = None
        unreachable = ""
        try:
            answer = await open_upstream(
                self._session,
                self._upstream,
                CIMultiDict(request.headers),
                timeout=self._configuration.limits.connect_timeout,
            )
            if isinstance(answer, Declined):
                return web.Response(
                    status=answer.status,
                    reason=answer.reason,
                    headers=answer.headers,
                    body=answer.body,
                )
            opened = answer
        except Unreachable as error:
            log.warning("%s", error)
            unreachable = str(error)
        protocols = (opened.protocol,) if opened is not None and opened.protocol else ()
        response = web.WebSocketResponse(
            autoping=False, autoclose=False, compress=False, protocols=protocols
        )
        transport = transport_of(request.transport)
        transport.pause_reading()  # no frame may reach aiohttp's own reader
        try:
            await response.prepare(request)
        except BaseException:
            if opened is not None:
                opened.transport.abort()
            raise
        listener = request.protocol
        connection.attach_client(transport)
        if opened is None:
            connection.upstream_unreachable(unreachable)
        else:
            connection.attach_upstream(opened.transport, opened.early)
        transport.resume_reading()
        self._connections.add(connection)
        try:
            await connection.ended
        finally:
            self._connections.discard(connection)
            if opened is not None:
                opened.response.close()
            listener.connection_lost(None)
        return response


@contextlib.asynccontextmanager
async def serving(configuration: Configuration) -> AsyncIterator[str]:
    """Serve as long as the context lasts; its value is the address of the Gremlin endpoint.

    Raises `ListenError`, and `ValueError` if no database is configured.
    """
    if configuration.upstream.url is None:
        raise ValueError("upstream.url is not set")
    predictions = Predictions(Store(configuration.store.directory))
    connector = TCPConnector(limit=0, force_close=False)
    async with ClientSession(
        connector=connector, cookie_jar=DummyCookieJar(), auto_decompress=False
    ) as session:
        server = Server(configuration, configuration.upstream.url, session, predictions)
        runner = web.AppRunner(server.application(), access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        listen = configuration.listen
        site = web.TCPSite(runner, listen.host, listen.port)
        try:
            try:
                await site.start()
            except OSError as error:
                raise ListenError(
                    f"cannot listen on {listen.host}:{listen.port}: {error.strerror or error};"
                    " choose another port, or stop what uses it"
                ) from error
            host, port = runner.addresses[0][:2]
            yield f"ws://{f'[{host}]' if ':' in host else host}:{port}{listen.path}"
        finally:
            await runner.cleanup()
            predictions.close()


async def run(configuration: Configuration, *, ready: Callable[[str], None] | None = None) -> None:
    """Serve until cancelled, or until SIGTERM or SIGINT; `ready` is told the address."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    signals = (signal.SIGTERM, signal.SIGINT)
    async with serving(configuration) as address:
        for number in signals:
            loop.add_signal_handler(number, stop.set)
        try:
            if ready is not None:
                ready(address)
            await stop.wait()
        finally:
            for number in signals:
                loop.remove_signal_handler(number)
