"""Queries and metrics of all workers, as those of one server."""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import prometheus_client
from aiohttp import ClientError, ClientSession, ClientTimeout, UnixConnector
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector, CollectorRegistry
from yarl import URL

from gremlink.proxy.inference.errors import InternalFailure, error_of
from gremlink.proxy.messages.system_errors import reason_of
from gremlink.proxy.relay.queries import GREMLIN
from gremlink.proxy.relay.workers.process import WorkerProcess

log = logging.getLogger(__name__)

ANSWER_TIMEOUT = 3.0
"""Seconds that a worker has to answer its supervisor."""

_Key = tuple[str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True, slots=True)
class WorkersQuery:
    """A query without its last response, in a worker; `started` is in seconds of the monotonic
    clock, which all processes of a machine share."""

    id: str
    started: float
    script: str

    def text(self) -> str:
        """Return the query as a script."""
        return self.script


class Merged:
    """Asks `workers`, over their sockets."""

    def __init__(self, workers: Sequence[WorkerProcess]) -> None:
        self._workers = workers
        self._figures = MergedMetrics()
        self._turn = itertools.count()
        self._own = CollectorRegistry()
        prometheus_client.ProcessCollector(registry=self._own)

    async def open(self, language: str = GREMLIN) -> Sequence[WorkersQuery]:
        """List the queries in flight in a language, oldest first."""
        answers = await self._all(f"queries?{urlencode({'language': language})}")
        found = [WorkersQuery(**each) for answer in answers for each in answer]
        return sorted(found, key=lambda query: query.started)

    async def cancel(self, id: str, language: str = GREMLIN, *, silent: bool = False) -> bool:
        """End the query of that id for its client, and return whether there is one."""
        asked = {"id": id, "language": language, "silent": str(silent)}
        return any(await self._all(f"queries?{urlencode(asked)}", method="DELETE"))

    async def invoke(self, endpoint: str, body: bytes) -> dict[str, Any]:
        """Let the workers in turn answer a payload for an endpoint. Raises `InferenceError`."""
        return await self._in_turn(f"endpoints/{quote(endpoint, safe='')}/invocations", body)

    async def federate(self, query: str, accept: str) -> tuple[str, str]:
        """Let the workers in turn answer a block of SPARQL alone. Raises `InferenceError`."""
        asked = json.dumps({"query": query, "accept": accept}).encode()
        document = await self._in_turn("federated", asked)
        return document["type"], document["content"]

    async def _in_turn(self, path: str, body: bytes) -> dict[str, Any]:
        worker = self._workers[next(self._turn) % len(self._workers)]
        answer = await _ask(worker, path, "POST", body, timeout=None)
        if answer is None:
            raise InternalFailure(f"Worker {worker.number} does not answer: try again.")
        document: dict[str, Any] = json.loads(answer)
        if "code" in document:
            raise error_of(document["code"], document["message"])
        return document

    async def metrics(self) -> bytes:
        """Return all metrics in the text format of Prometheus."""
        texts: dict[int, str] = {}
        for worker in self._workers:
            answer = await _ask(worker, "metrics")
            if answer is not None:
                texts[worker.number] = answer.decode()
        own = prometheus_client.generate_latest(self._own).decode()
        return self._figures.merged(texts, own)

    def ended(self, number: int) -> None:
        """Keep the counts of a worker that has ended, as far as they are known."""
        self._figures.ended(number)

    async def _all(self, path: str, method: str = "GET") -> list[Any]:
        asking = (_ask(worker, path, method) for worker in self._workers)
        return [json.loads(body) for body in await asyncio.gather(*asking) if body is not None]


async def _ask(
    worker: WorkerProcess,
    path: str,
    method: str = "GET",
    body: bytes | None = None,
    *,
    timeout: float | None = ANSWER_TIMEOUT,
) -> bytes | None:
    """Return a worker's answer, `None` if it has none: it may just be starting."""
    connector = UnixConnector(str(worker.socket))
    try:
        async with (
            ClientSession(connector=connector, timeout=ClientTimeout(total=timeout)) as session,
            session.request(
                method, URL(f"http://worker/{path}", encoded=True), data=body
            ) as answer,
        ):
            return await answer.read()
    except (ClientError, OSError, asyncio.TimeoutError) as error:
        log.warning("worker %d does not answer: %s", worker.number, reason_of(error))
        return None


class MergedMetrics:
    """Metrics of several processes as one text; counters never fall."""

    def __init__(self) -> None:
        self._last: dict[int, list[Metric]] = {}
        self._past: dict[_Key, float] = {}
        """What workers had counted that have ended, when they were last asked."""

    def merged(self, texts: dict[int, str], *more: str) -> bytes:
        """Return all metrics: of workers by their number, and the `others`."""
        for number, text in texts.items():
            self._last[number] = list(text_string_to_metric_families(text))
        others = [list(text_string_to_metric_families(text)) for text in more]
        families: dict[str, Metric] = {}
        values: dict[str, dict[_Key, float]] = {}
        for family in (each for answer in (*self._last.values(), *others) for each in answer):
            families.setdefault(family.name, family)
            found = values.setdefault(family.name, {})
            for sample in family.samples:
                key = _key(sample.name, sample.labels)
                found[key] = (
                    _add(sample.name, found[key], sample.value) if key in found else sample.value
                )
        return prometheus_client.generate_latest(_Collected(self._metrics(families, values)))

    def ended(self, number: int) -> None:
        """Keep the counts of a worker that has ended."""
        for family in self._last.pop(number, []):
            if family.type in ("counter", "histogram"):
                for sample in family.samples:
                    key = _key(sample.name, sample.labels)
                    self._past[key] = self._past.get(key, 0.0) + sample.value

    def _metrics(
        self, families: dict[str, Metric], values: dict[str, dict[_Key, float]]
    ) -> Iterator[Metric]:
        for name, family in families.items():
            metric = Metric(name, family.documentation, family.type)
            found = values[name]
            if family.type in ("counter", "histogram"):
                past = {key: each for key, each in self._past.items() if _belongs(key[0], name)}
                found = {key: found.get(key, 0.0) + past.get(key, 0.0) for key in found | past}
            for (sample, labels), value in found.items():
                metric.add_sample(sample, dict(labels), value)
            yield metric


class _Collected(CollectorRegistry):
    """A collector of metrics that are there already."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        super().__init__()
        self.register(_Ready(list(metrics)))


class _Ready(Collector):
    def __init__(self, metrics: Sequence[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        return self._metrics


def _key(name: str, labels: dict[str, str]) -> _Key:
    return name, tuple(labels.items())


def _belongs(sample: str, family: str) -> bool:
    return sample in (f"{family}{end}" for end in ("", "_total", "_bucket", "_sum", "_count"))


def _add(name: str, one: float, other: float) -> float:
    """Add up one metric of two processes."""
    if name.startswith("gremlink_model_"):
        return max(one, other)
    if name.endswith(("_created", "_start_time_seconds")):
        return min(one, other)
    return one + other
