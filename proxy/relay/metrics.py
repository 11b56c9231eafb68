"""Metrics for Prometheus; their names are a promise.

Requests are counted where they end, in a plain counter of each connection; sums are made on demand.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator
from typing import Protocol

import prometheus_client
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector, CollectorRegistry

from gremlink.proxy.inference.commands import Predictor, Reply, Work
from gremlink.proxy.inference.errors import InferenceError
from gremlink.proxy.relay.latency_histogram import BOUNDS, LatencyHistogram
from gremlink.proxy.relay.waits import WAITS
from gremlink.proxy.relay.websocket.open_requests import RequestTable


class _Connection(Protocol):
    """A connection of a client; `database_lost` is true if the database broke it off."""

    table: RequestTable
    database_lost: bool


class Metrics(Collector):
    """The metrics of one server. `connections` are the open ones; `models` lists endpoint and task
    of each model in memory, `open_circuits` the endpoints whose models keep failing. Latencies are
    sorted into buckets every `counting` seconds.
    """

    def __init__(
        self,
        connections: Collection[_Connection],
        models: Callable[[], Iterable[tuple[str, str]]],
        open_circuits: Callable[[], Iterable[str]] = tuple,
        counting: float = WAITS.counting,
    ) -> None:
        self._connections = connections
        self._models = models
        self._left_alone = open_circuits
        self._ended: Counter[int] = Counter()
        self._answered: dict[str, Counter[int]] = {kind: Counter() for kind in ("http", "sparql")}
        self.latencies = {
            kind: LatencyHistogram(counting) for kind in ("websocket", "http", "sparql")
        }
        """By the kind of the request."""
        self._registry = CollectorRegistry()
        self._upstream_errors = prometheus_client.Counter(
            "gremlink_upstream_errors",
            "Connections to the database that could not be made or were lost.",
            registry=self._registry,
        )
        self._inference = prometheus_client.Histogram(
            "gremlink_inference_duration_seconds",
            "Time of a model's work, waiting for a thread included.",
            ["work", "outcome"],
            buckets=BOUNDS,
            registry=self._registry,
        )
        self._registry.register(self)
        prometheus_client.ProcessCollector(registry=self._registry)

    def text(self) -> bytes:
        """Return all metrics in the text format of Prometheus."""
        return prometheus_client.generate_latest(self._registry)

    def over(self, connection: _Connection) -> None:
        """Count the requests of a client's connection that has ended."""
        self._ended.update(connection.table.endings)
        if connection.database_lost:
            self.upstream_failed()

    def answered(self, status: int, seconds: float, kind: str = "http") -> None:
        """Count a request over plain HTTP that took `seconds`; `kind` may be `"sparql"`."""
        self._answered[kind][status] += 1
        self.latencies[kind].took.append(seconds)

    def upstream_failed(self) -> None:
        """Count a connection to the database that could not be made or was lost."""
        self._upstream_errors.inc()

    def timed(self, predict: Predictor) -> Predictor:
        """Return a predictor whose work is measured."""

        observers: dict[tuple[type[Work], str], Callable[[float], None]] = {}

        def note(work: Work, started: float, outcome: str) -> None:
            took = time.perf_counter() - started
            observe = observers.get((type(work), outcome))
            if observe is None:
                labelled = self._inference.labels(type(work).__name__, outcome)
                observe = observers[type(work), outcome] = labelled.observe
            observe(took)

        async def waited(work: Work, started: float, reply: Awaitable[Reply]) -> Reply:
            outcome = "failed"
            try:
                found = await reply
                outcome = "answered"
                return found
            except InferenceError:
                outcome = "refused"
                raise
            finally:
                note(work, started, outcome)

        def measured(work: Work) -> Awaitable[Reply]:
            started = time.perf_counter()
            reply = predict(work)
            if not isinstance(reply, asyncio.Future) or not reply.done():
                return waited(work, started, reply)
            match reply.exception():
                case None:
                    outcome = "answered"
                case InferenceError():
                    outcome = "refused"
                case _:
                    outcome = "failed"
            note(work, started, outcome)
            return reply

        return measured

    def collect(self) -> Iterator[Metric]:
        """Return the metrics that are summed up on demand."""
        ended = self._ended.copy()
        for connection in self._connections:
            ended.update(connection.table.endings)
        requests = CounterMetricFamily(
            "gremlink_requests", "Requests that have ended.", labels=["kind", "status"]
        )
        for kind, counted in (("websocket", ended), *self._answered.items()):
            for status, number in sorted(counted.items()):
                requests.add_metric([kind, str(int(status))], number)
        yield requests
        latencies = HistogramMetricFamily(
            "gremlink_request_duration_seconds",
            "Time from a request to its last response, that of the database included.",
            labels=["kind"],
        )
        for kind, measured in self.latencies.items():
            buckets, total = measured.histogram()
            latencies.add_metric([kind], buckets, total)
        yield latencies
        yield GaugeMetricFamily(
            "gremlink_inflight",
            "Requests over WebSocket that have not ended.",
            sum(len(connection.table.requests) for connection in self._connections),
        )
        yield GaugeMetricFamily(
            "gremlink_connections", "WebSocket connections of clients.", len(self._connections)
        )
        models = GaugeMetricFamily(
            "gremlink_model_info", "1 for each model in memory.", labels=["endpoint", "task"]
        )
        for endpoint, task in self._models():
            models.add_metric([endpoint, task], 1)
        yield models
        broken = GaugeMetricFamily(
            "gremlink_model_left_alone",
            "1 for each model that is not asked for a while, because it keeps failing.",
            labels=["endpoint"],
        )
        for endpoint in self._left_alone():
            broken.add_metric([endpoint], 1)
        yield broken
