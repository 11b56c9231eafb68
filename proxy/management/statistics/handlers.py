"""Statistics of a database, and summaries of its graph, by Neptune's API.

The database counts, and its counts are cached for a while. Counting stops when the client has got
an error: it may take no longer than the client waits. Only `refresh`, whose client learns no more
than that it has begun, may take any time.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Generic, Protocol, TypeVar

from aiohttp import web

from gremlink.proxy.graph import (
    GraphError,
    ServerRefused,
)
from gremlink.proxy.management.errors import InvalidArgument, StatisticsNotAvailable
from gremlink.proxy.management.http import Handler, body_of
from gremlink.proxy.management.requests import StatisticsMode

log = logging.getLogger(__name__)

_T = TypeVar("_T")
_C = TypeVar("_C")
_D = TypeVar("_D")

CACHE_TIME = 60.0
"""Seconds for which statistics are cached."""

RESPONSE_TIMEOUT = 20.0
"""Seconds that a client waits for statistics that are being computed."""

CANCEL_TIMEOUT = 2.0
"""Additional seconds for the database to report that it ran out of time."""

_TIMED_OUT = 598
_LONGEST_REASON = 300


@dataclass(frozen=True, slots=True)
class Signatures:
    """Neptune's figures of statistics: structures, elements that have one, names in them."""

    structures: int
    elements: int
    names: int


class Counting(Protocol[_C, _D]):
    """Counts of a database and their names in replies; `seconds` limit the database."""

    @property
    def paths(self) -> Sequence[str]:
        """Paths of the statistics."""
        ...

    @property
    def summaries(self) -> Sequence[str]:
        """Paths of the summaries."""
        ...

    def count(self, seconds: float | None) -> _C:
        """Count. Raises GraphError."""
        ...

    def details(self, seconds: float) -> _D:
        """Count what only a detailed summary has. Raises GraphError."""
        ...

    def signatures(self, counts: _C) -> Signatures:
        """Return the figures."""
        ...

    def summary(self, counts: _C, details: _D | None) -> dict[str, Any]:
        """Return Neptune's summary."""
        ...


@dataclass(frozen=True, slots=True)
class _Found(Generic[_C]):
    counts: _C
    moment: float

    @property
    def date(self) -> str:
        return datetime.fromtimestamp(self.moment, timezone.utc).isoformat(timespec="milliseconds")


class Statistics(Generic[_C, _D]):
    """The handlers for what `counting` counts."""

    def __init__(self, counting: Counting[_C, _D]) -> None:
        self._counting = counting
        self._automatic = True
        self._found: _Found[_C] | None = None
        self._details: tuple[_Found[_C], _D] | None = None
        self._computing: asyncio.Task[_Found[_C]] | None = None
        self._refreshing: asyncio.Task[StatisticsNotAvailable | None] | None = None

    def routes(self) -> list[tuple[str, str, Handler]]:
        """Return method, path and handler of each route."""
        routes: list[tuple[str, str, Handler]] = []
        for path in self._counting.paths:
            routes += [
                ("GET", path, self.get),
                ("POST", path, self.manage),
                ("DELETE", path, self.delete),
            ]
        return [*routes, *(("GET", path, self.summary) for path in self._counting.summaries)]

    async def get(self, request: web.Request) -> dict[str, Any]:
        """`GET …/statistics`."""
        found = await self._current()
        signatures = self._counting.signatures(found.counts)
        return {
            "status": "200 OK",
            "payload": {
                "autoCompute": self._automatic,
                "active": True,
                "statisticsId": _id(found),
                "date": found.date,
                "note": "",
                "signatureInfo": {
                    "signatureCount": signatures.structures,
                    "instanceCount": signatures.elements,
                    "predicateCount": signatures.names,
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
        details = None
        if mode == "detailed":
            details = await self._details_of(found, RESPONSE_TIMEOUT - (time.monotonic() - started))
        return {
            "status": "200 OK",
            "payload": {
                "version": "v1",
                "lastStatisticsComputationTime": found.date,
                "graphSummary": self._counting.summary(found.counts, details),
            },
        }

    async def counts(self) -> _C:
        """Return counts that are a minute old at most. Raises `StatisticsNotAvailable`."""
        return (await self._current()).counts

    async def _current(self) -> _Found[_C]:
        found = self._found
        if found is not None and (not self._automatic or time.time() - found.moment < CACHE_TIME):
            return found
        if not self._automatic:
            raise StatisticsNotAvailable(
                "There are no statistics: send the mode refresh, or enableAutoCompute."
            )
        return await self._computed()

    async def _computed(self) -> _Found[_C]:
        """Compute new statistics; concurrent requests share one computation.

        Raises `StatisticsNotAvailable`.
        """
        if self._refreshing is not None and not self._refreshing.done():
            await asyncio.wait({self._refreshing}, timeout=RESPONSE_TIMEOUT)
            if self._found is None:
                raise StatisticsNotAvailable("The statistics are being computed: ask again later.")
            return self._found
        if self._computing is None or self._computing.done():
            counting = _in_time(self._counting.count, RESPONSE_TIMEOUT)
            self._computing = asyncio.create_task(self._kept(counting))
        return await asyncio.shield(self._computing)

    async def _kept(self, counting: Awaitable[_C]) -> _Found[_C]:
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
            counts = await asyncio.to_thread(self._counting.count, None)
            self._found = _Found(counts, time.time())
        except GraphError as error:
            log.warning("the statistics could not be computed: %s", error)
            return StatisticsNotAvailable(_reason(error))
        return None

    async def _details_of(self, found: _Found[_C], seconds: float) -> _D:
        """Return the details of what was counted. Raises `StatisticsNotAvailable`."""
        if self._details is None or self._details[0] is not found:
            self._details = found, await _in_time(self._counting.details, seconds)
        return self._details[1]


async def _in_time(ask: Callable[[float], _T], seconds: float) -> _T:
    """Ask the database with a time limit. Raises `StatisticsNotAvailable`."""
    try:
        asking = asyncio.to_thread(ask, seconds)
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


def _id(found: _Found[Any]) -> str:
    return str(int(found.moment * 1000))
