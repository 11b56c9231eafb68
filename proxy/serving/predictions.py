"""Predictions of endpoints: models are loaded once, and do long work outside of the event loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable

from gremlink.proxy.config import Inference
from gremlink.proxy.inference.commands import (
    CountValues,
    ExplainLinks,
    ExplainProperties,
    GuessLinks,
    PredictLinks,
    PredictProperty,
    PrepareInductive,
    Reply,
    Work,
)
from gremlink.proxy.serving.breaker import Breakers
from gremlink.proxy.serving.cache import ModelCache, Predictor
from gremlink.proxy.serving.dispatch import ModelWork, carry_out, endpoint_of
from gremlink.proxy.serving.latency import LatencyEstimates
from gremlink.proxy.serving.metadata import InductiveMetadata
from gremlink.proxy.serving.pool import WorkerPool
from gremlink.proxy.store.records import Endpoint, Store


class Predictions:
    """A predictor for the endpoints of a store; `memory` for their models is in MiB.

    `most` pieces of work may run or wait, of all clients together.
    """

    def __init__(
        self, store: Store, *, most: int = 1024, memory: int = Inference().model_memory
    ) -> None:
        self._models = ModelCache(store, memory)
        self._breakers = Breakers()
        self._pool = WorkerPool(self._work, most)
        self._metadata = InductiveMetadata()
        self._latencies = LatencyEstimates()

    def __call__(self, work: Work) -> Awaitable[Reply]:
        """Do a model's work. Awaiting the reply raises `InferenceError`.

        Work that takes no longer than a change of threads is done when this returns.
        """
        at_once = self._at_once(work)
        if at_once is not None:
            return at_once
        if isinstance(work, GuessLinks):
            none: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
            none.set_result(None)
            return none
        return self._in_thread(work)

    def _at_once(self, work: Work) -> asyncio.Future[Reply] | None:
        """Return the reply if the work is short and needs no file, lock or thread, else `None`."""
        if isinstance(work, PrepareInductive):
            return None
        found = self._models.at_hand(endpoint_of(work))
        if found is None or not self._latencies.is_quick(found[1], work):
            return None
        reply: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        try:
            with self._breakers.asking(found[0], proves=_proves(work)):
                reply.set_result(self._timed(work, *found))
        except Exception as error:
            reply.set_exception(error)
        return reply

    async def _in_thread(self, work: Work) -> Reply:
        name = work.model.endpoint if isinstance(work, PrepareInductive) else endpoint_of(work)
        return await asyncio.wrap_future(self._pool.submit(name, work))

    def loaded(self) -> list[tuple[str, str]]:
        """List endpoint and task of each model in memory."""
        return self._models.loaded()

    def load_ahead(self) -> None:
        """Load the models of all endpoints, as many as there is room for, without waiting."""
        self._pool.run(self._models.load_all)

    def close(self) -> None:
        """Cancel the work that waits, and accept no more."""
        self._pool.close()
        self._models.close()

    def open_circuits(self) -> list[str]:
        """List the endpoints whose models keep failing and are not asked for a while."""
        return self._breakers.open()

    def _work(self, work: Work) -> Reply:
        if isinstance(work, PrepareInductive):
            endpoint = self._models.endpoint(work.model.endpoint)
            return self._metadata.scope(endpoint, fresh=work.fresh)
        endpoint = self._models.endpoint(endpoint_of(work))
        with self._breakers.asking(endpoint, proves=_proves(work)):
            return self._timed(work, *self._models.model(endpoint.name))

    def _timed(self, work: ModelWork, endpoint: Endpoint, predictor: Predictor) -> Reply:
        begun = time.thread_time()
        reply = carry_out(work, endpoint, predictor)
        self._latencies.took(predictor, work, time.thread_time() - begun)
        return reply


def _proves(work: ModelWork) -> bool:
    """Tell whether a model that does this work is in order: other work only looks it up."""
    of_links = PredictLinks | GuessLinks | ExplainLinks
    proving = of_links | PredictProperty | CountValues | ExplainProperties
    return isinstance(work, proving)
