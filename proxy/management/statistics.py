"""`/propertygraph/statistics` and `/propertygraph/statistics/summary`, also below `/pg`.

Figures come from one look at every element of the graph, and are kept for a while.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from aiohttp import web

from proxy.graph import Schema, Server, discover_schema
from proxy.graph.schema import EdgeKind, NodeKind, Property
from proxy.management.errors import InvalidArgument, StatisticsNotAvailable
from proxy.management.http import Handler, body_of
from proxy.management.requests import StatisticsMode

FRESH = 60.0
"""Seconds for which statistics are kept."""

PATIENCE = 20.0
"""Seconds that a client waits for statistics which are being computed."""

PATHS = ("/propertygraph", "/pg")


@dataclass(frozen=True, slots=True)
class _Found:
    schema: Schema
    moment: float

    @property
    def date(self) -> str:
        return datetime.fromtimestamp(self.moment, timezone.utc).isoformat(timespec="milliseconds")


class Statistics:
    """The handlers; `graph` is the database."""

    def __init__(self, graph: Server) -> None:
        self._graph = graph
        self._automatic = True
        self._found: _Found | None = None
        self._computing: asyncio.Task[_Found] | None = None

    def routes(self) -> list[tuple[str, str, Handler]]:
        """Method, path and handler of each."""
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
        schema = found.schema
        kinds: list[NodeKind | EdgeKind] = [*schema.nodes.values(), *schema.edges.values()]
        predicates = {name for kind in kinds for name in kind.properties}
        predicates |= {kind.label for kind in schema.edges.values()}
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
                    "instanceCount": sum(kind.count for kind in schema.nodes.values()),
                    "predicateCount": len(predicates),
                },
            },
        }

    async def manage(self, request: web.Request) -> dict[str, Any]:
        """`POST …/statistics`: compute anew, or say whether that happens by itself."""
        mode = (await body_of(request, StatisticsMode)).mode
        if mode != "refresh":
            self._automatic = mode == "enableAutoCompute"
            return {"status": "200 OK"}
        self._found = None
        return {"status": "200 OK", "payload": {"statisticsId": _id(await self._computed())}}

    async def delete(self, request: web.Request) -> dict[str, Any]:
        """`DELETE …/statistics`."""
        self._found, self._automatic = None, False
        return {"status": "200 OK", "payload": {"active": False, "statisticsId": "-1"}}

    async def summary(self, request: web.Request) -> dict[str, Any]:
        """`GET …/statistics/summary`."""
        mode = request.query.get("mode", "basic").lower()
        if mode not in ("basic", "detailed"):
            raise InvalidArgument(f"mode is {mode!r}: it must be basic or detailed.")
        found = await self._current()
        return {
            "status": "200 OK",
            "payload": {
                "version": "v1",
                "lastStatisticsComputationTime": found.date,
                "graphSummary": graph_summary(found.schema, detailed=mode == "detailed"),
            },
        }

    async def _current(self) -> _Found:
        found = self._found
        if found is not None and (not self._automatic or time.time() - found.moment < FRESH):
            return found
        if not self._automatic:
            raise StatisticsNotAvailable(
                "There are no statistics: send the mode refresh, or enableAutoCompute."
            )
        return await self._computed()

    async def _computed(self) -> _Found:
        """New statistics; several who ask at once wait for the same."""
        if self._computing is None or self._computing.done():
            self._computing = asyncio.create_task(asyncio.to_thread(self._compute))
        try:
            self._found = await asyncio.wait_for(asyncio.shield(self._computing), PATIENCE)
        except asyncio.TimeoutError:
            raise StatisticsNotAvailable(
                "The statistics are being computed: ask again later."
            ) from None
        return self._found

    def _compute(self) -> _Found:
        return _Found(discover_schema(self._graph), time.time())


def graph_summary(schema: Schema, *, detailed: bool) -> dict[str, Any]:
    """What Neptune's summary tells of a graph; `detailed` adds the kinds of elements."""
    nodes, edges = list(schema.nodes.values()), list(schema.edges.values())
    node_properties = _counted([kind.properties for kind in nodes])
    edge_properties = _counted([kind.properties for kind in edges])
    labels = sorted({label for kind in nodes for label in kind.labels})
    edge_labels = sorted({kind.label for kind in edges})
    document: dict[str, Any] = {
        "numNodes": sum(kind.count for kind in nodes),
        "numEdges": sum(kind.count for kind in edges),
        "numNodeLabels": len(labels),
        "numEdgeLabels": len(edge_labels),
        "nodeLabels": labels,
        "edgeLabels": edge_labels,
        "numNodeProperties": len(node_properties),
        "numEdgeProperties": len(edge_properties),
        "nodeProperties": [{name: count} for name, count in node_properties.most_common()],
        "edgeProperties": [{name: count} for name, count in edge_properties.most_common()],
        "totalNodePropertyValues": _values([kind.properties for kind in nodes]),
        "totalEdgePropertyValues": _values([kind.properties for kind in edges]),
    }
    if detailed:
        document["nodeStructures"] = [
            {
                "count": kind.count,
                "nodeProperties": sorted(kind.properties),
                "distinctOutgoingEdgeLabels": sorted(
                    {edge.label for edge in edges if edge.triple[0] == kind.labels}
                ),
            }
            for kind in nodes
        ]
        document["edgeStructures"] = [
            {"count": kind.count, "edgeProperties": sorted(kind.properties)} for kind in edges
        ]
    return document


def _counted(kinds: list[Mapping[str, Property]]) -> Counter[str]:
    """In how many elements each property stands."""
    counts: Counter[str] = Counter()
    for properties in kinds:
        for name, found in properties.items():
            counts[name] += found.elements
    return counts


def _values(kinds: list[Mapping[str, Property]]) -> int:
    """How many values there are; an element may have several of one property."""
    return sum(found.types.total() for properties in kinds for found in properties.values())


def _id(found: _Found) -> str:
    return str(int(found.moment * 1000))
