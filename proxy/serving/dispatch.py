"""Commands for a model, carried out: what a query asks of it, and the reply."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from gremlink.proxy.inference.commands import (
    Bearers,
    Counts,
    CountValues,
    Describe,
    ExplainLinks,
    ExplainProperties,
    Explanations,
    Guess,
    GuessLinks,
    Inspect,
    Inspected,
    Known,
    KnownLinks,
    Links,
    ListVertices,
    NearestVertices,
    PredictLinks,
    PredictProperty,
    PrepareLinks,
    PrepareProperty,
    Reply,
    Values,
)
from gremlink.proxy.inference.errors import InvalidParameter
from gremlink.proxy.inference.rewrite.speculative import can_be_looked_for
from gremlink.proxy.learning.links.prediction.predictor import LinkPredictor, UnknownRelation
from gremlink.proxy.learning.properties.prediction.predictor import PropertyPredictor
from gremlink.proxy.learning.trained.vertex_embeddings import NoEmbeddings, UnknownVertex
from gremlink.proxy.serving.cache import Predictor
from gremlink.proxy.store.records import Endpoint

ModelWork = (
    PrepareLinks
    | PrepareProperty
    | Describe
    | PredictLinks
    | GuessLinks
    | ExplainLinks
    | PredictProperty
    | CountValues
    | ExplainProperties
    | Inspect
    | KnownLinks
    | NearestVertices
    | ListVertices
)
"""Commands that need only a model."""

_T = TypeVar("_T")


def endpoint_of(work: ModelWork) -> str:
    """Return the name of the endpoint whose model does this work."""
    match work:
        case PrepareLinks(name) | PrepareProperty(name) | Inspect(name) | NearestVertices(name):
            return name
        case ExplainLinks(asked) | CountValues(asked) | ExplainProperties(asked):
            return asked.model.endpoint
    return work.model.endpoint


def carry_out(work: ModelWork, endpoint: Endpoint, predictor: Predictor) -> Reply:
    """Let an endpoint's model do some work, and return its reply. Raises `InferenceError`."""
    match work:
        case PrepareLinks(name, edge_label, direction, target_label):
            links = _links_of(work, endpoint, predictor)
            samples, sure = _known(name, lambda: links.bearers(edge_label, direction, target_label))
            return Bearers(samples, sure) if samples else None
        case PrepareProperty():
            return _property_of(work, endpoint, predictor).element
        case Describe(PrepareProperty() as model):
            return _described_property(model, _property_of(model, endpoint, predictor))
        case Describe(PrepareLinks() as model):
            return _described_links(model, _links_of(model, endpoint, predictor))
        case PredictLinks(model):
            return _links(work, _links_of(model, endpoint, predictor))
        case GuessLinks():
            return _guess(work, predictor)
        case ExplainLinks(asked):
            return _reasons(work, _links_of(asked.model, endpoint, predictor))
        case PredictProperty(model):
            return _values(work, _property_of(model, endpoint, predictor))
        case CountValues(asked_values):
            return _counts(asked_values, _property_of(asked_values.model, endpoint, predictor))
        case ExplainProperties(asked_values):
            return _reasons_of_values(work, _property_of(asked_values.model, endpoint, predictor))
        case Inspect():
            return _inspected(work, endpoint, predictor)
        case KnownLinks(model):
            return _known_links(work, _links_of(model, endpoint, predictor))
        case NearestVertices():
            return _nearest(work, predictor)
        case ListVertices(PrepareProperty() as model, limit):
            return tuple(_property_of(model, endpoint, predictor).vertices(limit))
        case ListVertices(PrepareLinks() as model, limit):
            of_links = _links_of(model, endpoint, predictor)
            label, direction, target = model.edge_label, model.direction, model.target_label
            return tuple(
                _known(model.endpoint, lambda: of_links.sources(label, direction, target, limit))
            )
    raise AssertionError(work)


def _described_property(model: PrepareProperty, predictor: PropertyPredictor) -> str:
    whose = "vertices" if predictor.element == "node" else "edges"
    among = "numbers" if predictor.task == "regression" else f"{predictor.classes} classes"
    return f"model {model.endpoint}: {predictor.task} of {predictor.key!r} of {whose}, {among}"


def _described_links(model: PrepareLinks, predictor: LinkPredictor) -> str:
    asked = model.edge_label, model.direction, model.target_label
    methods = ", ".join(predictor.methods(*asked))
    return (
        f"model {model.endpoint}: {model.direction}({model.edge_label!r}) among"
        f" {predictor.candidates(*asked)} candidates labelled {model.target_label!r}, by {methods}"
    )


def _links(work: PredictLinks, predictor: LinkPredictor) -> Links:
    looking = _links_on_live_graph(work, predictor)
    ranked = _known(
        work.model.endpoint,
        lambda: looking.predict(
            edge_label=work.model.edge_label,
            direction=work.model.direction,
            target_label=work.model.target_label,
            inputs=work.inputs,
            known=work.known,
            limit=work.limit,
            threshold=work.threshold,
            candidates=work.candidates,
            without=work.without,
        ),
    )
    return [[(target.id, target.score) for target in targets] for targets in ranked]


def _guess(work: GuessLinks, predictor: Predictor) -> Guess | None:
    """Predict speculatively. `None` also for a model of no links: the ordinary way refuses that."""
    if not isinstance(predictor, LinkPredictor):
        return None
    try:
        found = predictor.predict_speculatively(
            edge_label=work.model.edge_label,
            direction=work.model.direction,
            target_label=work.model.target_label,
            source=work.input,
            limit=work.limit,
            threshold=work.threshold,
            hides=work.hides,
        )
    except UnknownRelation:
        return None
    if found is None or not can_be_looked_for(found.linked):
        return None
    return Guess(tuple([answer.id for answer in found.answers]), tuple(found.linked))


def _reasons(work: ExplainLinks, predictor: LinkPredictor) -> Explanations:
    asked = work.prediction
    pairs = [pair for pair in zip(asked.inputs, work.links, strict=True) if pair[1]]
    explained = _links_on_live_graph(asked, predictor).explain(
        edge_label=asked.model.edge_label,
        direction=asked.model.direction,
        target_label=asked.model.target_label,
        inputs=[vertex for vertex, _ in pairs],
        targets=[[target for target, _ in links] for _, links in pairs],
    )
    reasons = {vertex: each for (vertex, _), each in zip(pairs, explained, strict=True)}
    return [
        [why.as_map(score) for (_, score), why in zip(links, reasons.get(vertex, ()), strict=True)]
        for vertex, links in zip(asked.inputs, work.links, strict=True)
    ]


def _reasons_of_values(work: ExplainProperties, predictor: PropertyPredictor) -> Explanations:
    asked = work.prediction
    values = [[value for value, _ in found] for found in work.values]
    explained = _properties_on_live_graph(asked, predictor).explain(asked.inputs, values)
    scored = predictor.task != "regression"
    return [
        [
            why.as_map(score if scored else None)
            for (_, score), why in zip(found, reasons, strict=True)
        ]
        for found, reasons in zip(work.values, explained, strict=True)
    ]


def _inspected(work: Inspect, endpoint: Endpoint, predictor: Predictor) -> Inspected:
    vertices = [
        next((each for each in found if predictor.place(each) is not None), found[0])
        for found in work.spellings
    ]
    if isinstance(predictor, LinkPredictor):
        among = ", ".join(map(str, predictor.relations))
        described = f"link prediction of {among}"
        return Inspected("link_prediction", described, vertices, rdf=predictor.is_rdf)
    return Inspected(
        predictor.task,
        _described(endpoint, predictor),
        vertices,
        predictor.element,
        predictor.key,
        predictor.is_rdf,
        predictor.datatype,
    )


def _known_links(work: KnownLinks, predictor: LinkPredictor) -> Known:
    asked = work.model
    return _known(
        asked.endpoint,
        lambda: predictor.known(
            edge_label=asked.edge_label,
            direction=asked.direction,
            target_label=asked.target_label,
            inputs=work.inputs,
        ),
    )


def _nearest(work: NearestVertices, predictor: Predictor) -> Links:
    places = [predictor.place(vertex) for vertex in work.inputs]
    try:
        return [
            [] if place is None else predictor.embeddings.labelled(place, work.limit, work.label)
            for place in places
        ]
    except (NoEmbeddings, UnknownVertex) as error:
        raise InvalidParameter(f"Endpoint {work.endpoint}: {error}.") from error


def _links_on_live_graph(work: PredictLinks, predictor: LinkPredictor) -> LinkPredictor:
    """Return the model on the graph as it is now, if that was read."""
    read = work.neighbourhood
    if read is None:
        return predictor
    return _fitting(work.model.endpoint, lambda: predictor.extended(read, work.inputs))


def _values(work: PredictProperty, predictor: PropertyPredictor) -> Values:
    return _properties_on_live_graph(work, predictor).predict(
        work.inputs, work.limit, work.threshold
    )


def _counts(work: PredictProperty, predictor: PropertyPredictor) -> Counts:
    return _properties_on_live_graph(work, predictor).counted(
        work.inputs, work.limit, work.threshold
    )


def _properties_on_live_graph(
    work: PredictProperty, predictor: PropertyPredictor
) -> PropertyPredictor:
    """Return the model on the graph as it is now, if that was read."""
    read = work.neighbourhood
    if read is None:
        return predictor
    return _fitting(work.model.endpoint, lambda: predictor.extended(read, work.inputs))


def _links_of(asked: PrepareLinks, endpoint: Endpoint, predictor: Predictor) -> LinkPredictor:
    """Return the model if it predicts links, else raise `InvalidParameter`."""
    if isinstance(predictor, LinkPredictor):
        return predictor
    raise InvalidParameter(
        f"Endpoint {endpoint.name} does {_described(endpoint, predictor)}, the query asks it"
        f" for link prediction over the edges {asked.edge_label!r}."
    )


def _property_of(
    asked: PrepareProperty, endpoint: Endpoint, predictor: Predictor
) -> PropertyPredictor:
    """Return the model if it predicts this property in this way, else raise `InvalidParameter`."""
    if isinstance(predictor, PropertyPredictor) and (predictor.task, predictor.key) == (
        asked.task,
        asked.key,
    ):
        return predictor
    raise InvalidParameter(
        f"Endpoint {endpoint.name} does {_described(endpoint, predictor)}, the query asks it"
        f" for the {asked.task} of the property {asked.key!r}."
    )


def _described(endpoint: Endpoint, predictor: Predictor) -> str:
    """Describe what an endpoint predicts: `node classification of the property 'genre'`."""
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
