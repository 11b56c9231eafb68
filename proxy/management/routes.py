"""Routes of the management API for the proxy's port, and the runner of its jobs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web
from aiohttp.typedefs import Middleware

from gremlink.proxy.config import Configuration
from gremlink.proxy.management.access.credentials import Access
from gremlink.proxy.management.endpoints import Endpoints
from gremlink.proxy.management.export import ExportService
from gremlink.proxy.management.federation import Federate, Federation
from gremlink.proxy.management.health import Health
from gremlink.proxy.management.http import Handler, answering
from gremlink.proxy.management.jobs.recovery import RunnerElsewhere
from gremlink.proxy.management.loader import Loader
from gremlink.proxy.management.ml import MachineLearning
from gremlink.proxy.management.pipelines.handlers import Pipelines
from gremlink.proxy.management.predictions import Predictions
from gremlink.proxy.management.queries import Queries, QueryStatus
from gremlink.proxy.management.sagemaker.operations import (
    Invoke,
    SageMaker,
    refuse_invocation,
    refuse_operation,
)
from gremlink.proxy.management.services import Services, open_services
from gremlink.proxy.management.statistics.drift import Drift
from gremlink.proxy.management.statistics.handlers import Statistics
from gremlink.proxy.management.statistics.property_graph import GraphCounting
from gremlink.proxy.management.statistics.rdf import RdfCounting
from gremlink.proxy.management.unsupported import not_allowed, unknown, unsupported
from gremlink.proxy.wire.operations import is_operation

log = logging.getLogger(__name__)

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@asynccontextmanager
async def managing(
    configuration: Configuration,
    application: web.Application,
    queries: Queries,
    metrics: Callable[[], Awaitable[bytes]],
    invoke: Invoke,
    federate: Federate,
) -> AsyncIterator[None]:
    """Add the API to an application that has not started; run jobs while the context lasts.

    `metrics` returns the proxy's metrics in the text format of Prometheus, `invoke` answers
    payloads for endpoints, `federate` blocks of SPARQL alone.
    """

    async def figures(request: web.Request) -> web.Response:
        return web.Response(body=await metrics(), headers={"Content-Type": METRICS_TYPE})

    services = open_services(configuration)
    access = Access(configuration)
    health = Health(services.database, configuration.sparql)
    models = MachineLearning(services)
    endpoints = Endpoints(services, models)
    exports = ExportService(services)
    sagemaker = SageMaker(endpoints, invoke)
    statistics = Statistics(GraphCounting(services.database))
    routes: list[tuple[str, str, Handler]] = [
        *models.routes(),
        *endpoints.routes(),
        *exports.routes(),
        *Pipelines(services, exports, endpoints).routes(),
        *Predictions(services, models).routes(),
        *Loader(services).routes(),
        *statistics.routes(),
        *Drift(services, statistics).routes(),
        *_of_rdf(services),
        *QueryStatus(queries, configuration.listen.path, "gremlin").routes(),
        *QueryStatus(queries, "/sparql", "sparql").routes(),
        *Federation(federate).routes(),
        *health.routes(),
        ("GET", "/metrics", figures),
    ]
    runtime = sagemaker.routes()
    for method, path, handler in runtime:
        checked = answering(access, handler, refuse_invocation)
        application.router.add_route(method, path, checked)
    application.middlewares.append(
        _operations_first(answering(access, sagemaker.operation, refuse_operation))
    )
    for method, path, handler in (
        *routes,
        *not_allowed([*routes, *runtime]),
        *unsupported(),
        *unknown([*routes, *runtime]),
    ):
        application.router.add_route(method, path, answering(access, handler))
    # Health checks have no credentials, and get one word.
    application.router.add_get("/health/live", health.live)
    application.router.add_get("/health/ready", health.ready)
    try:
        await asyncio.to_thread(services.runner.open)
    except RunnerElsewhere as error:
        log.warning("this proxy starts no jobs: %s", error)
    try:
        yield
    finally:
        await asyncio.to_thread(services.runner.close)


def _of_rdf(services: Services) -> list[tuple[str, str, Handler]]:
    """Return the routes that need an RDF store."""
    if not services.sparql.is_set:
        return []
    return Statistics(RdfCounting(services.sparql, services.upstream)).routes()


def _operations_first(
    operation: Callable[[web.Request], Awaitable[web.Response]],
) -> Middleware:
    """Give SageMaker's operations precedence over other routes at the root."""

    @web.middleware
    async def first(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        if is_operation(request.method, request.path, request.headers):
            return await operation(request)
        return await handler(request)

    return first
