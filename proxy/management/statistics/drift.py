"""`/ml/endpoints/{id}/drift`: an endpoint's model beside the graph as it is now; an extension."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from aiohttp import web

from gremlink.proxy.graph import GraphCounts, GraphError
from gremlink.proxy.management.errors import (
    BadRequest,
    MLResourceNotFound,
    StatisticsNotAvailable,
)
from gremlink.proxy.management.http import Handler
from gremlink.proxy.management.services import Services, present
from gremlink.proxy.management.statistics.handlers import Statistics
from gremlink.proxy.management.tasks.description import rdf_store
from gremlink.proxy.store.errors import StoreError

if TYPE_CHECKING:
    from gremlink.proxy.learning.workflows.drift import GraphDrift

CACHE_TIME = 60.0
"""Seconds for which the drift of a model is cached."""

MOST_CACHED = 64

NO_STORE = "The model is of an RDF graph, and this proxy knows no RDF store: set sparql.url."

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Found:
    drift: GraphDrift
    moment: float


class Drift:
    """The handler; `statistics` have the counts. Requests for one model share a comparison."""

    def __init__(self, services: Services, statistics: Statistics[GraphCounts, Any]) -> None:
        self._services = services
        self._statistics = statistics
        self._found: dict[Key, _Found] = {}
        self._comparing: dict[Key, asyncio.Task[GraphDrift]] = {}

    def routes(self) -> list[tuple[str, str, Handler]]:
        """Return method, path and handler."""
        return [("GET", "/ml/endpoints/{id}/drift", self.get)]

    async def get(self, request: web.Request) -> dict[str, Any]:
        """`GET /ml/endpoints/{id}/drift`."""
        id = request.match_info["id"]
        endpoint = await asyncio.to_thread(self._services.store.endpoint, id)
        if endpoint is None:
            raise MLResourceNotFound(f"There is no endpoint {id}.")
        key = endpoint.name, endpoint.checksum
        known = self._found.get(key)
        if known is None or time.time() - known.moment > CACHE_TIME:
            if key not in self._comparing:
                created = datetime.fromisoformat(endpoint.created).timestamp()
                work = asyncio.create_task(self._compare(key, endpoint.artifact, created))
                self._comparing[key] = work
                work.add_done_callback(lambda _: self._comparing.pop(key, None))
            drift = await asyncio.shield(self._comparing[key])
        else:
            drift = known.drift
        return {"id": id, "status": "200 OK", "drift": drift.to_document()}

    async def _compare(self, key: Key, artifact: Any, created: float) -> GraphDrift:
        """Compare. Raises `BadRequest`, `StatisticsNotAvailable`."""
        from gremlink.proxy.learning.workflows.drift import (
            SECONDS,
            graph_drift,
            rdf_drift,
            trained_graph,
        )

        try:
            trained = await asyncio.to_thread(trained_graph, artifact)
            if trained.stored.rdf:
                sparql = self._services.sparql
                if not sparql.is_set:
                    raise BadRequest(NO_STORE)
                store = rdf_store(sparql, self._services.upstream, SECONDS)
                drift = await asyncio.to_thread(rdf_drift, trained, created, store)
            else:
                server = present(self._services.graph)
                counts = await self._statistics.counts()
                drift = await asyncio.to_thread(graph_drift, trained, created, server, counts)
        except StoreError as error:
            raise BadRequest(f"{error}.") from error
        except GraphError as error:
            raise StatisticsNotAvailable(f"The graph cannot be compared: {error}.") from error
        if len(self._found) >= MOST_CACHED:
            self._found.clear()
        self._found[key] = _Found(drift, time.time())
        return drift
