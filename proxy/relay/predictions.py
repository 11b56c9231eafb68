"""From an endpoint's name to its predictions: models loaded once, worked outside the event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from proxy.inference.commands import (
    Links,
    PredictLinks,
    PredictProperty,
    PrepareLinks,
    PrepareProperty,
    Reply,
    Work,
)
from proxy.inference.errors import ENDPOINT_NOT_FOUND, BadRequest, InternalFailure, InvalidParameter
from proxy.learning.predictor import LinkPredictor, UnknownRelation
from proxy.store.artifacts import ArtifactError
from proxy.store.records import Endpoint, Store

_T = TypeVar("_T")

THREADS = 2
"""Predictions at the same time; each is one matrix product, and those use all cores anyway."""


class Predictions:
    """The models of a store's endpoints.

    A model is loaded on its first use, and again when its endpoint has got another artifact.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="prediction")
        self._loaded: dict[str, tuple[Endpoint, LinkPredictor]] = {}
        self._loading = threading.Lock()

    async def __call__(self, work: Work) -> Reply:
        """Do a model's work. Raises `InferenceError`."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, self._work, work)

    def close(self) -> None:
        """Let no more work begin."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _work(self, work: Work) -> Reply:
        match work:
            case PrepareLinks(name, edge_label, direction, target_label):
                predictor = self._links_of(name)
                _known(name, lambda: predictor.require(edge_label, direction, target_label))
                return None
            case PredictLinks(PrepareLinks(name)):
                return self._links(self._links_of(name), work)
            case PrepareProperty() as asked:
                raise self._mismatch(asked)
            case PredictProperty(asked):
                raise self._mismatch(asked)

    def _mismatch(self, asked: PrepareProperty) -> InvalidParameter:
        endpoint = self._endpoint(asked.endpoint)
        return InvalidParameter(
            f"Endpoint {endpoint.name} does {endpoint.task}, the query asks it for the"
            f" {asked.task} of the property {asked.key!r}."
        )

    def _links(self, predictor: LinkPredictor, work: PredictLinks) -> Links:
        ranked = _known(
            work.model.endpoint,
            lambda: predictor.predict(
                edge_label=work.model.edge_label,
                direction=work.model.direction,
                target_label=work.model.target_label,
                inputs=work.inputs,
                known=work.known,
                limit=work.limit,
                threshold=work.threshold,
            ),
        )
        return [[(target.id, target.score) for target in targets] for targets in ranked]

    def _endpoint(self, name: str) -> Endpoint:
        endpoint = self._store.endpoint(name)
        if endpoint is None:
            raise BadRequest(ENDPOINT_NOT_FOUND.format(name))
        return endpoint

    def _links_of(self, name: str) -> LinkPredictor:
        endpoint = self._endpoint(name)
        with self._loading:
            loaded = self._loaded.get(name)
            if loaded is None or loaded[0] != endpoint:
                try:
                    loaded = endpoint, LinkPredictor.load(endpoint.artifact)
                except (ArtifactError, OSError) as error:
                    raise InternalFailure(
                        f"The model of endpoint {name} cannot be loaded: {error}"
                    ) from error
                self._loaded[name] = loaded
        return loaded[1]


def _known(endpoint: str, work: Callable[[], _T]) -> _T:
    try:
        return work()
    except UnknownRelation as error:
        raise InvalidParameter(f"Endpoint {endpoint}: {error}") from error
