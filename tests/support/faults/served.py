"""`gremlink serve` with one more route: what the process holds, for whoever counts leftovers.

python served.py UPSTREAM STORE
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import psutil
import uvloop
from aiohttp import web

from gremlink.proxy.config import Configuration, Listen, StoreSettings, Upstream
from gremlink.proxy.inference.query_cache import QueryCache
from gremlink.proxy.management.routes import managing
from gremlink.proxy.relay.http.invocations import Invoke
from gremlink.proxy.relay.queries import Queries
from gremlink.proxy.relay.service import run
from gremlink.proxy.relay.sparql.federation import Federate

OURS = (
    "gremlink.proxy.relay",
    "gremlink.proxy.wire",
    "gremlink.proxy.inference",
    "gremlink.grammar",
)


async def holdings(request: web.Request) -> web.Response:
    """Tasks, descriptors, resident memory in bytes, blocks of Python's allocator, own objects.

    Those that are kept on purpose, and are never more than some, are let go before.
    """
    for shapes in [each for each in gc.get_objects() if isinstance(each, QueryCache)]:
        shapes.clear()
    gc.collect()
    ours = Counter(
        type(each).__qualname__
        for each in gc.get_objects()
        if str(type(each).__module__).startswith(OURS)
    )
    process = psutil.Process()
    return web.json_response(
        {
            "tasks": len(asyncio.all_tasks()),
            "descriptors": process.num_fds(),
            "resident": process.memory_info().rss,
            "blocks": sys.getallocatedblocks(),
            "connections": ours["Connection"] + ours["Conversation"],
            "objects": sum(ours.values()),
        }
    )


@contextlib.asynccontextmanager
async def watched(
    configuration: Configuration,
    application: web.Application,
    queries: Queries,
    metrics: Callable[[], Awaitable[bytes]],
    invoke: Invoke,
    federate: Federate,
) -> AsyncIterator[None]:
    """The management API, as always, and the holdings."""
    application.router.add_get("/holdings", holdings)
    async with managing(configuration, application, queries, metrics, invoke, federate):
        yield


def announce(address: str) -> None:
    """Say where clients connect."""
    print(f"gremlink listens at {address}", file=sys.stderr, flush=True)


def main(upstream: str, store: str) -> None:
    """Serve until SIGTERM."""
    logging.basicConfig(level="INFO", format="%(levelname)-7s %(name)s: %(message)s")
    configuration = Configuration(
        listen=Listen(port=0),
        upstream=Upstream(url=upstream),
        store=StoreSettings(directory=Path(store)),
    )
    uvloop.run(run(configuration, extension=watched, ready=announce))


if __name__ == "__main__":
    main(*sys.argv[1:])
