"""From an endpoint's name to its predictions: models loaded once, worked outside the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from proxy.config import Inference
from proxy.inference.commands import (
    Describe,
    ExplainLinks,
    Explanations,
    Links,
    PredictLinks,
    PredictProperty,
    PrepareInductive,
    PrepareLinks,
    PrepareProperty,
    Reply,
    Values,
    Work,
)
from proxy.inference.errors import InvalidParameter
from proxy.learning.links.predictor import LinkPredictor, UnknownRelation
from proxy.learning.properties.predictor import PropertyPredictor
from proxy.relay.breaker import Breakers
from proxy.relay.lanes import Lanes
from proxy.relay.metadata import InductiveMetadata
from proxy.relay.models import Models, Predictor
from proxy.store.records import Endpoint, Store

_T = TypeVar("_T")


class Predictions:
    """What the endpoints of a store predict; `memory` for their models is in MiB.

    `most` pieces of work may be under way or wait, of all clients together.
    """

    def __init__(
        self, store: Store, *, most: int = 1024, memory: int = Inference().model_memory
    ) -> None:
        self._models = Models(store, memory)
        self._breakers = Breakers()
        self._lanes = Lanes(self._guarded, most)
        self._metadata = InductiveMetadata()

    async def __call__(self, work: Work) -> Reply:
        """Do a model's work. Raises `InferenceError`."""
        return await asyncio.wrap_future(self._lanes.submit(_endpoint_of(work), work))

    def loaded(self) -> list[tuple[str, str]]:
        """Endpoint and task of each model in memory."""
        return self._models.loaded()

    def load_ahead(self) -> None:
        """Load the models of all endpoints, as many as there is room, without waiting for them."""
        self._lanes.run(self._models.load_all)

    def close(self) -> None:
        """Let no more work begin."""
        self._lanes.close()
        self._models.close()

    def left_alone(self) -> list[str]:
        """The endpoints whose models have failed so often that nobody asks them for a while."""
        return self._breakers.open()

    def _guarded(self, work: Work) -> Reply:
        """Do some work, unless its model is left alone."""
        if isinstance(work, PrepareInductive):
            return self._work(work)
        endpoint = self._models.endpoint(_endpoint_of(work))
        with self._breakers.asking(endpoint, proves=_proves(work)):
            return self._work(work)

    def _work(self, work: Work) -> Reply:
        match work:
            case PrepareLinks(name, edge_label, direction, target_label) as asked:
                predictor = self._links_of(asked)
                _known(name, lambda: predictor.require(edge_label, direction, target_label))
                return None
            case Describe(model):
                return self._description(model)
            case PredictLinks():
                return self._links(work)
            case ExplainLinks():
                return self._reasons(work)
            case PrepareProperty() as wanted:
                return self._property_of(wanted).element
            case PrepareInductive(model, fresh):
                return self._metadata.scope(self._models.endpoint(model.endpoint), fresh=fresh)
            case PredictProperty(wanted):
                return self._values(self._property_of(wanted), work)

    def _description(self, model: PrepareLinks | PrepareProperty) -> str:
        if isinstance(model, PrepareProperty):
            predictor = self._property_of(model)
            whose = "vertices" if predictor.element == "node" else "edges"
            among = "numbers" if predictor.task == "regression" else f"{predictor.classes} classes"
            return (
                f"model {model.endpoint}: {predictor.task} of {predictor.key!r} of {whose}, {among}"
            )
        asked = model.edge_label, model.direction, model.target_label
        links = self._links_of(model)
        methods = ", ".join(links.methods(*asked))
        return (
            f"model {model.endpoint}: {model.direction}({model.edge_label!r}) among"
            f" {links.candidates(*asked)} candidates labelled {model.target_label!r}, by {methods}"
        )

    def _links(self, work: PredictLinks) -> Links:
        predictor = self._looking_at(work)
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
                candidates=work.candidates,
            ),
        )
        return [[(target.id, target.score) for target in targets] for targets in ranked]

    def _reasons(self, work: ExplainLinks) -> Explanations:
        asked = work.prediction
        pairs = [pair for pair in zip(asked.inputs, work.links, strict=True) if pair[1]]
        explained = self._looking_at(asked).explain(
            edge_label=asked.model.edge_label,
            direction=asked.model.direction,
            target_label=asked.model.target_label,
            inputs=[vertex for vertex, _ in pairs],
            targets=[[target for target, _ in links] for _, links in pairs],
        )
        reasons = {vertex: each for (vertex, _), each in zip(pairs, explained, strict=True)}
        return [
            [
                why.as_map(score)
                for (_, score), why in zip(links, reasons.get(vertex, ()), strict=True)
            ]
            for vertex, links in zip(asked.inputs, work.links, strict=True)
        ]

    def _looking_at(self, work: PredictLinks) -> LinkPredictor:
        """The model, on the graph as it is now if that was read."""
        predictor = self._links_of(work.model)
        read = work.neighbourhood
        if read is None:
            return predictor
        return _fitting(work.model.endpoint, lambda: predictor.extended(read, work.inputs))

    def _values(self, predictor: PropertyPredictor, work: PredictProperty) -> Values:
        read = work.neighbourhood
        if read is not None:
            known = predictor
            predictor = _fitting(work.model.endpoint, lambda: known.extended(read, work.inputs))
        return predictor.predict(work.inputs, work.limit, work.threshold)

    def _links_of(self, asked: PrepareLinks) -> LinkPredictor:
        """The model of an endpoint, if it is one of links."""
        endpoint, predictor = self._models.model(asked.endpoint)
        if isinstance(predictor, LinkPredictor):
            return predictor
        raise InvalidParameter(
            f"Endpoint {endpoint.name} does {_described(endpoint, predictor)}, the query asks it"
            f" for link prediction over the edges {asked.edge_label!r}."
        )

    def _property_of(self, asked: PrepareProperty) -> PropertyPredictor:
        """The model of an endpoint, if it predicts this property in this way."""
        endpoint, predictor = self._models.model(asked.endpoint)
        if isinstance(predictor, PropertyPredictor) and (predictor.task, predictor.key) == (
            asked.task,
            asked.key,
        ):
            return predictor
        raise InvalidParameter(
            f"Endpoint {endpoint.name} does {_described(endpoint, predictor)}, the query asks it"
            f" for the {asked.task} of the property {asked.key!r}."
        )


def _endpoint_of(work: Work) -> str:
    match work:
        case PrepareLinks() | PrepareProperty():
            return work.endpoint
        case ExplainLinks(prediction):
            return prediction.model.endpoint
    return work.model.endpoint


def _proves(work: Work) -> bool:
    """Whether a model that does this work is in order: others only look it up."""
    return isinstance(work, PredictLinks | ExplainLinks | PredictProperty)


def _described(endpoint: Endpoint, predictor: Predictor) -> str:
    """What an endpoint does, for people: `node classification of the property 'genre'`."""
    task = endpoint.task.replace("_", " ")
    if isinstance(predictor, LinkPredictor):
        return task
    return f"{task} of the property {predictor.key!r}"


def _known(endpoint: str, work: Callable[[], _T]) -> _T:
    try:
        return work()
    except UnknownRelation as error:
        raise InvalidParameter(f"Endpoint {endpoint}: {error}") from error


def _fitting(endpoint: str, extend: Callable[[], _T]) -> _T:
    try:
        return extend()
    except ValueError as error:
        raise InvalidParameter(
            f"Endpoint {endpoint} cannot make features of what the graph holds now: {error}"
        ) from error
