"""`/propertygraph/statistics` and `/propertygraph/statistics/summary`, also below `/pg`.

The database counts, and its counts are cached for a while. Counting stops when the client has got
an error: it may take no longer than the client waits. Only `refresh`, whose client learns no more
than that it has begun, may take any time.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, TypeVar

from aiohttp import web

from gremlink.proxy.graph import (
    GraphCounts,
    GraphError,
    Server,
    ServerRefused,
    count_graph,
    outgoing_labels,
)
from gremlink.proxy.graph.labels import Labels
from gremlink.proxy.graph.server.counts import Counted
from gremlink.proxy.management.errors import InvalidArgument, StatisticsNotAvailable
from gremlink.proxy.management.http import Handler, body_of
from gremlink.proxy.management.requests import StatisticsMode
from gremlink.proxy.management.services import present

log = logging.getLogger(__name__)

_T = TypeVar("_T")

CACHE_TIME = 60.0
"""Seconds for which statistics are cached."""

RESPONSE_TIMEOUT = 20.0
"""Seconds that a client waits for statistics that are being computed."""

CANCEL_TIMEOUT = 2.0
"""Additional seconds for the database to report that it ran out of time."""

_TIMED_OUT = 598
_LONGEST_REASON = 300

PATHS = ("/propertygraph", "/pg")


@dataclass(frozen=True, slots=True)
class _Found:
    counts: GraphCounts
    moment: float

    @property
    def date(self) -> str:
        return datetime.fromtimestamp(self.moment, timezone.utc).isoformat(timespec="milliseconds")


class Statistics:
    """The handlers; `database` is where the graph is, `None` if there is none."""

    def __init__(self, database: Server | None) -> None:
        self._database = database
        self._automatic = True
        self._found: _Found | None = None
        self._outgoing: tuple[_Found, Mapping[Labels, frozenset[str]]] | None = None
        self._computing: asyncio.Task[_Found] | None = None
        self._refreshing: asyncio.Task[StatisticsNotAvailable | None] | None = None

    @property
    def _graph(self) -> Server:
        """The database. Raises `BadRequest` if there is none."""
        return present(self._database)

    def routes(self) -> list[tuple[str, str, Handler]]:
        """Return method, path and handler of each route."""
        routes: list[tuple[str, str, Handler]] = []
        for path in PATHS:
            routes += [
                ("GET", f"{path}/statistics", self.get),
                ("POST", f"{path}/statistics", self.manage),
                ("DELETE", f"{path}/statistics", self.delete),
                ("GET", f"{path}/statistics/summary", self.summary),
            ]
        return routes

    async def get(self, request: web.Request) -> dict[str, Any]:
        """`GET …/statistics`."""
        found = await self._current()
        nodes, edges = found.counts.nodes, found.counts.edges
        kinds = [*nodes.values(), *edges.values()]
        predicates = {name for kind in kinds for name in kind.elements} | set(edges)
        return {
            "status": "200 OK",
            "payload": {
                "autoCompute": self._automatic,
                "active": True,
                "statisticsId": _id(found),
                "date": found.date,
                "note": "",
                "signatureInfo": {
                    "signatureCount": len(kinds),
                    "instanceCount": sum(kind.count for kind in nodes.values()),
                    "predicateCount": len(predicates),
                },
            },
        }

    async def manage(self, request: web.Request) -> dict[str, Any]:
        """`POST …/statistics`: compute anew, or switch automatic computation on or off."""
        mode = (await body_of(request, StatisticsMode)).mode
        if mode != "refresh":
            self._automatic = mode == "enableAutoCompute"
            return {"status": "200 OK"}
        return {"status": "200 OK", "payload": {"statisticsId": await self._refreshed()}}

    async def delete(self, request: web.Request) -> dict[str, Any]:
        """`DELETE …/statistics`."""
        self._found, self._automatic = None, False
        return {"status": "200 OK", "payload": {"active": False, "statisticsId": "-1"}}

    async def summary(self, request: web.Request) -> dict[str, Any]:
        """`GET …/statistics/summary`."""
        mode = request.query.get("mode", "basic").lower()
        if mode not in ("basic", "detailed"):
            raise InvalidArgument(f"mode is {mode!r}: it must be basic or detailed.")
        started = time.monotonic()
        found = await self._current()
        outgoing = None
        if mode == "detailed":
            outgoing = await self._outgoing_of(
                found, RESPONSE_TIMEOUT - (time.monotonic() - started)
            )
        return {
            "status": "200 OK",
            "payload": {
                "version": "v1",
                "lastStatisticsComputationTime": found.date,
                "graphSummary": graph_summary(found.counts, outgoing),
            },
        }

    async def _current(self) -> _Found:
        found = self._found
        if found is not None and (not self._automatic or time.time() - found.moment < CACHE_TIME):
            return found
        if not self._automatic:
            raise StatisticsNotAvailable(
                "There are no statistics: send the mode refresh, or enableAutoCompute."
            )
        return await self._computed()

    async def _computed(self) -> _Found:
        """Compute new statistics; concurrent requests share one computation.

        Raises `StatisticsNotAvailable`.
        """
        if self._refreshing is not None and not self._refreshing.done():
            await asyncio.wait({self._refreshing}, timeout=RESPONSE_TIMEOUT)
            if self._found is None:
                raise StatisticsNotAvailable("The statistics are being computed: ask again later.")
            return self._found
        if self._computing is None or self._computing.done():
            counting = _in_time(count_graph, self._graph, RESPONSE_TIMEOUT)
            self._computing = asyncio.create_task(self._kept(counting))
        return await asyncio.shield(self._computing)

    async def _kept(self, counting: Awaitable[GraphCounts]) -> _Found:
        self._found = _Found(await counting, time.time())
        return self._found

    async def _refreshed(self) -> str:
        """Start computing new statistics and return their id, or that of a running computation.

        It has no time limit: its clients get no other result.
        """
        if self._refreshing is None or self._refreshing.done():
            self._found = None
            self._refreshing = asyncio.create_task(self._refresh())
        await asyncio.wait({self._refreshing}, timeout=RESPONSE_TIMEOUT)
        if self._refreshing.done() and (failed := self._refreshing.result()) is not None:
            raise failed
        return _id(self._found) if self._found is not None else str(int(time.time() * 1000))

    async def _refresh(self) -> StatisticsNotAvailable | None:
        try:
            self._found = _Found(await asyncio.to_thread(count_graph, self._graph), time.time())
        except GraphError as error:
            log.warning("the statistics could not be computed: %s", error)
            return StatisticsNotAvailable(_reason(error))
        return None

    async def _outgoing_of(self, found: _Found, seconds: float) -> Mapping[Labels, frozenset[str]]:
        """Return the labels of edges that leave the counted vertices.

        Raises `StatisticsNotAvailable`.
        """
        if self._outgoing is None or self._outgoing[0] is not found:
            self._outgoing = found, await _in_time(outgoing_labels, self._graph, seconds)
        return self._outgoing[1]


async def _in_time(ask: Callable[[Server, float], _T], graph: Server, seconds: float) -> _T:
    """Ask the database with a time limit. Raises `StatisticsNotAvailable`."""
    try:
        asking = asyncio.to_thread(ask, graph, seconds)
        return await asyncio.wait_for(asking, seconds + CANCEL_TIMEOUT)
    except GraphError as error:
        if not isinstance(error, ServerRefused) or error.status != _TIMED_OUT:
            raise StatisticsNotAvailable(_reason(error)) from error
    except asyncio.TimeoutError:
        pass
    raise StatisticsNotAvailable(
        f"The database has not counted its graph within {RESPONSE_TIMEOUT:.0f} s, and was stopped: "
        "send the mode refresh, which waits for as long as it takes, and ask again later."
    )


def _reason(error: GraphError) -> str:
    return f"The database has not counted its graph: {str(error)[:_LONGEST_REASON]}."


def graph_summary(
    counts: GraphCounts, outgoing: Mapping[Labels, frozenset[str]] | None = None
) -> dict[str, Any]:
    """Return Neptune's summary of a graph, by kinds of elements if `outgoing` labels are given."""
    nodes, edges = counts.nodes, counts.edges
    node_properties = _counted(nodes.values())
    edge_properties = _counted(edges.values())
    labels = sorted(counts.labels)
    document: dict[str, Any] = {
        "numNodes": sum(kind.count for kind in nodes.values()),
        "numEdges": sum(kind.count for kind in edges.values()),
        "numNodeLabels": len(labels),
        "numEdgeLabels": len(edges),
        "nodeLabels": labels,
        "edgeLabels": sorted(edges),
        "numNodeProperties": len(node_properties),
        "numEdgeProperties": len(edge_properties),
        "nodeProperties": [{name: count} for name, count in node_properties.most_common()],
        "edgeProperties": [{name: count} for name, count in edge_properties.most_common()],
        "totalNodePropertyValues": sum(kind.values.total() for kind in nodes.values()),
        "totalEdgePropertyValues": sum(kind.values.total() for kind in edges.values()),
    }
    if outgoing is not None:
        document["nodeStructures"] = [
            {
                "count": kind.count,
                "nodeProperties": sorted(kind.elements),
                "distinctOutgoingEdgeLabels": sorted(outgoing.get(labels_of, ())),
            }
            for labels_of, kind in nodes.items()
        ]
        document["edgeStructures"] = [
            {"count": kind.count, "edgeProperties": sorted(kind.elements)}
            for kind in edges.values()
        ]
    return document


def _counted(kinds: Iterable[Counted]) -> Counter[str]:
    """Count the elements that have each property."""
    return sum((kind.elements for kind in kinds), Counter())


def _id(found: _Found) -> str:
    return str(int(found.moment * 1000))
