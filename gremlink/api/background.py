"""The proxy in a thread of this process, for commands that are its clients."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Thread

from gremlink.proxy.config import Configuration
from gremlink.proxy.relay.service import in_event_loop, serving
from gremlink.proxy.studio.application import managing_with_pages


@dataclass(frozen=True, slots=True)
class _Running:
    address: str
    loop: asyncio.AbstractEventLoop
    stop: asyncio.Event


@contextmanager
def relay(configuration: Configuration) -> Iterator[str]:
    """Serve while the context lasts, and yield the address. Raises the errors of `serving`."""
    started: Future[_Running] = Future()
    thread = Thread(
        target=lambda: in_event_loop(_serve(configuration, started)), name="relay", daemon=True
    )
    thread.start()
    running = started.result()
    try:
        yield running.address
    finally:
        running.loop.call_soon_threadsafe(running.stop.set)
        thread.join()


async def _serve(configuration: Configuration, started: Future[_Running]) -> None:
    stop = asyncio.Event()
    try:
        async with serving(configuration, managing_with_pages) as server:
            started.set_result(_Running(server.address, asyncio.get_running_loop(), stop))
            await stop.wait()
    except BaseException as error:
        if started.done():
            raise
        started.set_exception(error)
