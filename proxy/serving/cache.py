"""Models of endpoints in memory: loaded on demand, least recently used ones unloaded first."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

from gremlink.proxy.inference.errors import (
    ENDPOINT_NOT_FOUND,
    BadRequest,
    InferenceError,
    InternalFailure,
)
from gremlink.proxy.learning.links.prediction.predictor import LinkPredictor
from gremlink.proxy.learning.properties.prediction.predictor import PropertyPredictor
from gremlink.proxy.learning.trained.target import PROPERTY_TASKS
from gremlink.proxy.messages.system_errors import sentence_of
from gremlink.proxy.store.artifacts import ArtifactError
from gremlink.proxy.store.endpoint_cache import EndpointCache
from gremlink.proxy.store.records import Endpoint, Store

log = logging.getLogger(__name__)

Predictor = LinkPredictor | PropertyPredictor
MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Loaded:
    endpoint: Endpoint
    predictor: Predictor
    size: int


class ModelCache:
    """The models of the endpoints in `store`, up to `memory` MiB by the size of their files.

    A model is loaded on its first use, and again when its endpoint has got another artifact. Beyond
    `memory` the least recently used models are unloaded; the one in use stays, however large it is.
    Methods may be called from any thread.
    """

    def __init__(self, store: Store, memory: int) -> None:
        self._store = store
        self._endpoints = EndpointCache(store)
        self._room = memory * MEBIBYTE
        self._loaded: OrderedDict[str, _Loaded] = OrderedDict()
        self._loading = threading.Lock()

    @property
    def names(self) -> list[str]:
        """The endpoints whose models are in memory, least recently used first."""
        return list(self._loaded)

    def loaded(self) -> list[tuple[str, str]]:
        """List endpoint and task of each model in memory, by name."""
        return sorted((name, found.endpoint.task) for name, found in self._loaded.copy().items())

    def endpoint(self, name: str) -> Endpoint:
        """Look up the endpoint of that name. Raises `BadRequest`."""
        endpoint = self._endpoints.endpoint(name)
        if endpoint is None:
            raise BadRequest(ENDPOINT_NOT_FOUND.format(name))
        return endpoint

    def model(self, name: str) -> tuple[Endpoint, Predictor]:
        """Return an endpoint and its model, loaded if need be. Raises `InferenceError`."""
        endpoint = self.endpoint(name)
        with self._loading:
            loaded = self._loaded.pop(name, None)
            if loaded is None or loaded.endpoint != endpoint:
                loaded = _load(endpoint)
            self._loaded[name] = loaded
            while len(self._loaded) > 1 and self._taken() > self._room:
                self._loaded.popitem(last=False)
        return loaded.endpoint, loaded.predictor

    def at_hand(self, name: str) -> tuple[Endpoint, Predictor] | None:
        """Return the same, or `None` if it takes waiting for a file, a lock or another thread."""
        endpoint = self._endpoints.cached(name)
        if endpoint is None or not self._loading.acquire(blocking=False):
            return None
        try:
            loaded = self._loaded.get(name)
            if loaded is None or loaded.endpoint != endpoint:
                return None
            self._loaded.move_to_end(name)
            return loaded.endpoint, loaded.predictor
        finally:
            self._loading.release()

    def load_all(self) -> None:
        """Load the models of all endpoints while there is room, so that no query waits for one."""
        for endpoint in self._store.endpoints():
            if self._taken() + _size(endpoint.artifact) > self._room:
                return
            try:
                self.model(endpoint.name)
            except InferenceError as error:
                log.warning("%s", error)

    def close(self) -> None:
        """Close the records' file."""
        self._endpoints.close()

    def _taken(self) -> int:
        return sum(loaded.size for loaded in self._loaded.values())


def _load(endpoint: Endpoint) -> _Loaded:
    kind = PropertyPredictor if endpoint.task in PROPERTY_TASKS else LinkPredictor
    try:
        return _Loaded(endpoint, kind.load(endpoint.artifact), _size(endpoint.artifact))
    except (ArtifactError, OSError) as error:
        raise InternalFailure(
            f"The model of endpoint {endpoint.name} cannot be loaded: {sentence_of(error)}"
        ) from error


def _size(artifact: Path) -> int:
    """Sum up the bytes of an artifact's files; those that have gone in the meantime have none."""
    try:
        return sum(file.stat().st_size for file in artifact.iterdir())
    except OSError:
        return 0
