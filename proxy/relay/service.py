"""The server as the command runs it: with the models of a store, on an address, until a signal."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import resource
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvloop
from aiohttp import web

from gremlink.proxy.config import Configuration
from gremlink.proxy.config.tls import client_context
from gremlink.proxy.relay.http.invocations import Invoke
from gremlink.proxy.relay.listener import Listener, host_and_port
from gremlink.proxy.relay.malloc import keep_freed_memory
from gremlink.proxy.relay.queries import Queries
from gremlink.proxy.relay.server import Server, runner_of, upstream_session
from gremlink.proxy.relay.sparql.federation import Federate
from gremlink.proxy.relay.tls import server_certificate
from gremlink.proxy.relay.waits import WAITS, Waits
from gremlink.proxy.relay.workers.door import DOOR, opened, place
from gremlink.proxy.serving.predictions import Predictions
from gremlink.proxy.store.records import Store

log = logging.getLogger(__name__)

SWITCH_INTERVAL = 0.0005
"""Seconds for which a thread that computes keeps the interpreter's lock while the event loop waits
for it; `benchmarks/pings.py` shows what that is worth."""


@dataclass(frozen=True, slots=True)
class RunningServer:
    """A running server.

    `address` is that of its Gremlin endpoint. `drain` accepts no more connections and waits until
    the open requests have been answered, as long as the settings allow.
    """

    address: str
    drain: Callable[[], Awaitable[None]]


Extension = Callable[
    [Configuration, web.Application, Queries, Callable[[], Awaitable[bytes]], Invoke, Federate],
    contextlib.AbstractAsyncContextManager[None],
]
"""Adds routes to the application before it starts, and lives as long as it serves; gets the queries
in flight, the text of the metrics, and what answers payloads for endpoints and blocks of SPARQL."""


@contextlib.asynccontextmanager
async def serving(
    configuration: Configuration,
    extension: Extension | None = None,
    waits: Waits = WAITS,
    *,
    door: Path | None = None,
) -> AsyncIterator[RunningServer]:
    """Serve as long as the context lasts; then end open requests with an error, and close.

    `door` is the path of the socket for the proxy's own pages; without one there is a new path.

    Raises `ListenError`, `TlsError`, and `ValueError` if neither a database nor an RDF store is
    configured.
    """
    if configuration.upstream.url is None and not configuration.sparql.is_set:
        raise ValueError("neither upstream.url nor sparql.url is set")
    listen, limits = configuration.listen, configuration.limits
    certificate = server_certificate(listen)
    upstream_tls = client_context(configuration.upstream)
    predictions = Predictions(
        Store(configuration.store.directory),
        most=configuration.limits.max_predictions,
        memory=configuration.inference.model_memory,
    )
    listener = Listener(listen, limits, certificate, waits.renewal)
    async with (
        upstream_session(upstream_tls) as session,
        upstream_session(upstream_tls, kept=True) as kept,
    ):
        server = Server(
            configuration,
            configuration.upstream.url,
            session,
            predictions,
            predictions.loaded,
            predictions.open_circuits,
            waits,
            kept=kept,
        )
        application = server.application()
        company = contextlib.AsyncExitStack()
        door = company.enter_context(place(door))
        application[DOOR] = lambda: str(door)
        application.middlewares.insert(0, listener.arrived)  # before the body is waited for
        runner = runner_of(application)
        if extension is not None:
            watched = extension(
                configuration,
                application,
                server.queries,
                server.figures,
                server.invoke,
                server.federate,
            )
            await company.enter_async_context(watched)
        await runner.setup()
        handlers = runner.server
        assert handlers is not None

        async def drain() -> None:
            listener.close()
            handlers.pre_shutdown()  # kept HTTP connections without a request
            await server.drain(limits.drain_timeout)

        try:
            await company.enter_async_context(opened(runner, door))
            host, port = await listener.open(handlers, lambda: server.websocket_count)
            predictions.load_ahead()
            scheme = "ws" if certificate is None else "wss"
            yield RunningServer(f"{scheme}://{host_and_port(host, port)}{listen.path}", drain)
        finally:
            listener.close()
            await runner.cleanup()
            await company.aclose()
            predictions.close()


async def run(
    configuration: Configuration,
    *,
    extension: Extension | None = None,
    ready: Callable[[str], None] | None = None,
    door: Path | None = None,
) -> None:
    """Serve until cancelled, or until SIGTERM or SIGINT; `ready` is called with the address.

    `door` is that of `serving`.

    The first signal lets open requests end; the second one does not wait for them.
    """
    sys.setswitchinterval(SWITCH_INTERVAL)
    keep_freed_memory()
    _allow_descriptors()
    stop, at_once = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    signals = (signal.SIGTERM, signal.SIGINT)

    def request_stop() -> None:
        (at_once if stop.is_set() else stop).set()

    async with serving(configuration, extension, door=door) as server:
        for number in signals:
            loop.add_signal_handler(number, request_stop)
        try:
            if ready is not None:
                ready(server.address)
            await stop.wait()
            await _unless(at_once, server.drain())
        finally:
            for number in signals:
                loop.remove_signal_handler(number)


def in_event_loop(main: Coroutine[Any, Any, None]) -> None:
    """Run to the end in an event loop of uvloop.

    uvloop raises where it cannot close a loop at once, for a handle that the system still holds:
    all is over then, and the error would hide how it ended.
    """
    ended = False

    async def run_to_the_end() -> None:
        nonlocal ended
        await main
        ended = True

    try:
        uvloop.run(run_to_the_end())
    except OSError as error:
        if error.errno != errno.EBUSY or not ended:
            raise


def _allow_descriptors() -> None:
    """Raise the limit of open files, often 1024: each connection takes two."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


async def _unless(event: asyncio.Event, work: Awaitable[None]) -> None:
    """Do the work, or break it off when the event is set."""
    working = asyncio.ensure_future(work)
    waiting = asyncio.ensure_future(event.wait())
    await asyncio.wait({working, waiting}, return_when=asyncio.FIRST_COMPLETED)
    for task in (working, waiting):
        if not task.done():
            task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await working
