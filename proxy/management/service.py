"""The whole management API as routes for the proxy's port, and the jobs behind it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from proxy.config import Configuration
from proxy.management.access import Access
from proxy.management.aftermath import RunnerElsewhere
from proxy.management.endpoints import Endpoints
from proxy.management.engine import Engine
from proxy.management.export import ExportService
from proxy.management.http import Handler, answering
from proxy.management.loader import Loader
from proxy.management.ml import MachineLearning
from proxy.management.queries import Queries, QueryStatus
from proxy.management.refused import not_allowed, unknown, unsupported
from proxy.management.statistics import Statistics
from proxy.management.workshop import open_workshop

log = logging.getLogger(__name__)

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@asynccontextmanager
async def managing(
    configuration: Configuration,
    application: web.Application,
    queries: Queries,
    metrics: Callable[[], Awaitable[bytes]],
) -> AsyncIterator[None]:
    """Add the API to an application that has not started; jobs run while the context lasts.

    `metrics` gives the proxy's figures in the text format of Prometheus.
    """

    async def figures(request: web.Request) -> web.Response:
        return web.Response(body=await metrics(), headers={"Content-Type": METRICS_TYPE})

    workshop = open_workshop(configuration)
    access = Access(configuration)
    engine = Engine(workshop.graph)
    models = MachineLearning(workshop)
    routes: list[tuple[str, str, Handler]] = [
        *models.routes(),
        *Endpoints(workshop, models).routes(),
        *ExportService(workshop).routes(),
        *Loader(workshop).routes(),
        *Statistics(workshop.graph).routes(),
        *QueryStatus(queries, configuration.listen.path).routes(),
        *engine.routes(),
        ("GET", "/metrics", figures),
    ]
    for method, path, handler in (
        *routes,
        *not_allowed(routes),
        *unsupported(),
        *unknown(routes),
    ):
        application.router.add_route(method, path, answering(access, handler))
    # Whoever watches over the process has no credentials, and learns one word.
    application.router.add_get("/health/live", engine.live)
    application.router.add_get("/health/ready", engine.ready)
    try:
        await asyncio.to_thread(workshop.runner.open)
    except RunnerElsewhere as error:
        log.warning("this proxy starts no jobs: %s", error)
    try:
        yield
    finally:
        await asyncio.to_thread(workshop.runner.close)
