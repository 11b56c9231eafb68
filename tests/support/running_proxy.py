"""The relay as a running server beside a blocking test, with a model that answers as told."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import uvloop
from aiohttp import web

from gremlink.grammar.traversal import Literal
from gremlink.proxy.config import Configuration
from gremlink.proxy.inference.commands import (
    CountValues,
    Guess,
    GuessLinks,
    PredictLinks,
    PredictProperty,
    PrepareLinks,
    PrepareProperty,
    Reply,
    Work,
)
from gremlink.proxy.inference.errors import ENDPOINT_NOT_FOUND, BadRequest
from gremlink.proxy.relay.server import Server, runner_of, upstream_session


class Model:
    """Links that are told beforehand, best first, in both directions; `calls` keeps what it got.

    Every score is the half of the one before. With `links`, as (source, target), it has guesses:
    for these links of its training.
    """

    def __init__(
        self,
        endpoint: str,
        targets: Mapping[Literal, Sequence[Literal]],
        links: Collection[tuple[Literal, Literal]] | None = None,
    ) -> None:
        self.endpoint = endpoint
        self.targets = dict(targets)
        self.links = links
        self.calls: list[Work] = []

    async def __call__(self, work: Work) -> Reply:
        """The reply to one command of an inference."""
        self.calls.append(work)
        asked = work.prediction if isinstance(work, CountValues) else work
        model = asked if isinstance(asked, PrepareLinks | PrepareProperty) else asked.model
        if model.endpoint != self.endpoint:
            raise BadRequest(ENDPOINT_NOT_FOUND.format(model.endpoint))
        if isinstance(work, GuessLinks):
            return self._guess(work)
        if not isinstance(work, PredictLinks):
            return None
        return [
            [
                (target, 0.5**rank)
                for rank, target in enumerate(
                    [target for target in self.targets.get(vertex, ()) if target not in known]
                )
            ][: work.limit]
            for vertex, known in zip(work.inputs, work.known, strict=True)
        ]

    def _guess(self, work: GuessLinks) -> Guess | None:
        if self.links is None or work.threshold is not None:
            return None
        found, linked = [], []
        for target in self.targets.get(work.input, ()):
            out = work.model.direction == "out"
            pair = (work.input, target) if out else (target, work.input)
            (linked if work.hides and pair in self.links else found).append(target)
            if len(found) == work.limit:
                break
        return Guess(tuple(found), tuple(linked)) if found else None


class Values:
    """Values of a property that are told beforehand, best first, by the ids of elements.

    `element` is `"node"` or `"edge"`.
    """

    def __init__(self, endpoint: str, element: str, values: Mapping[Literal, Sequence[Literal]]):
        self.endpoint = endpoint
        self._element = element
        self._values = dict(values)

    async def __call__(self, work: Work) -> Reply:
        """The reply to one command of an inference."""
        if isinstance(work, CountValues):
            found = self._predicted(work.prediction)
            return list(Counter(value for pairs in found for value, _ in pairs).items())
        return self._predicted(work) if isinstance(work, PredictProperty) else self._element

    def _predicted(self, work: PredictProperty) -> list[list[tuple[Literal, float]]]:
        ids = [each if isinstance(each, Literal) else each.id for each in work.inputs]
        return [
            [(value, 0.5**rank) for rank, value in enumerate(self._values.get(id, ()))][
                : work.limit
            ]
            for id in ids
        ]


class Models:
    """Several models, each under the name of its endpoint."""

    def __init__(self, *models: Model | Values) -> None:
        self._models = {model.endpoint: model for model in models}

    async def __call__(self, work: Work) -> Reply:
        """The reply of the model that is asked."""
        asked = work.prediction if isinstance(work, CountValues) else work
        model = asked if isinstance(asked, PrepareLinks | PrepareProperty) else asked.model
        if model.endpoint not in self._models:
            raise BadRequest(ENDPOINT_NOT_FOUND.format(model.endpoint))
        return await self._models[model.endpoint](work)


class RunningProxy:
    """A relay in a thread of its own, on uvloop as in production."""

    def __init__(
        self, upstream: str, predict: Any, configuration: Configuration | None = None
    ) -> None:
        self._upstream = upstream
        self._predict = predict
        self._configuration = configuration or Configuration()
        self._ready = threading.Event()
        self._loop = uvloop.new_event_loop()
        self._stop: asyncio.Event
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.url = ""

    def __enter__(self) -> RunningProxy:
        self._thread.start()
        assert self._ready.wait(30)
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(30)
        assert not self._thread.is_alive()

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        self._stop = asyncio.Event()
        async with upstream_session() as session:
            server = Server(self._configuration, self._upstream, session, self._predict)
            runner = runner_of(server.application())
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            self.url = f"ws://127.0.0.1:{runner.addresses[0][1]}/gremlin"
            self._ready.set()
            await self._stop.wait()
            await runner.cleanup()
