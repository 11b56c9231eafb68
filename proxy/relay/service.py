"""The server as it is run: with the models of a store, on an address, until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Callable

from aiohttp import web

from proxy.config import Configuration
from proxy.relay.predictions import Predictions
from proxy.relay.server import Server, upstream_session
from proxy.store.records import Store


class ListenError(Exception):
    """The address to listen on cannot be used."""


@contextlib.asynccontextmanager
async def serving(configuration: Configuration) -> AsyncIterator[str]:
    """Serve as long as the context lasts; its value is the address of the Gremlin endpoint.

    Raises `ListenError`, and `ValueError` if no database is configured.
    """
    if configuration.upstream.url is None:
        raise ValueError("upstream.url is not set")
    predictions = Predictions(Store(configuration.store.directory))
    async with upstream_session() as session:
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
