"""Predictions for many elements, a batch at a time: the rows that queries would give."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from gremlink.errors import Error
from gremlink.grammar.traversal import Kind, Literal
from gremlink.proxy.learning.graph import Direction, Relation
from gremlink.proxy.learning.links.prediction.predictor import LinkPredictor
from gremlink.proxy.learning.properties.prediction.predictor import PropertyPredictor

BATCH = 4096
"""Inputs that a model is asked about at once; the rows of so many are in memory."""

Tell = Callable[[int, int], None]
"""Hears how many inputs are done, of how many."""


class NothingToPredict(Error):
    """The model does not predict what is asked of it; the message names what it predicts."""


class Row(NamedTuple):
    """One prediction: of links the target, of a property the value; ranks count from 1.

    `source` is the vertex that is asked about, of a property of edges the vertex that the edge
    leaves; `end` is then the one that it enters. A number has no score.
    """

    source: Literal
    end: Literal | None
    predicted: Literal
    score: float | None
    rank: int


@dataclass(frozen=True, slots=True)
class LinkRequest:
    """The links to predict; `hides` leaves out those that there were at the training."""

    edge_label: str
    direction: Direction
    target_label: str
    limit: int
    threshold: float | None = None
    hides: bool = True


@dataclass(frozen=True, slots=True)
class _Edge:
    id: Literal
    label: str
    source: Literal
    target: Literal
    values: None = None


def link_request(
    predictor: LinkPredictor,
    *,
    edge_label: str | None,
    direction: Direction,
    target_label: str | None,
    limit: int,
    threshold: float | None,
    hides: bool = True,
) -> LinkRequest:
    """Return what is asked, completed where the model leaves no choice.

    Raises `NothingToPredict`.
    """
    labels = list(dict.fromkeys(each.label for each in predictor.relations))
    if edge_label is None:
        if len(labels) != 1:
            raise NothingToPredict(f"which links? The model predicts {', '.join(labels)}")
        (edge_label,) = labels
    elif edge_label not in labels:
        raise NothingToPredict(
            f"the model predicts no {edge_label!r}: it predicts {', '.join(labels)}"
        )
    targets = list(
        dict.fromkeys(
            each.target_type(direction) for each in predictor.relations if each.label == edge_label
        )
    )
    if target_label is None:
        if len(targets) != 1:
            raise NothingToPredict(f"which targets? {edge_label} leads to {', '.join(targets)}")
        (target_label,) = targets
    return LinkRequest(edge_label, direction, target_label, limit, threshold, hides)


def link_sources(
    predictor: LinkPredictor, asked: LinkRequest, label: str | None = None
) -> list[Literal]:
    """Return all vertices that may be asked about, or those of a type.

    Raises `NothingToPredict`, `UnknownRelation`.
    """
    found = predictor.sources(asked.edge_label, asked.direction, asked.target_label, _ALL)
    if label is None:
        return found
    kept = [each for each in found if (place := predictor.place(each)) and place[0] == label]
    if not kept:
        types = dict.fromkeys(
            each.source_type(asked.direction)
            for each in predictor.relations
            if each.label == asked.edge_label
        )
        raise NothingToPredict(
            f"no {label!r} has {asked.edge_label} in this direction: {', '.join(types)}"
        )
    return kept


_ALL = 2**62


def predicted_links(
    predictor: LinkPredictor,
    asked: LinkRequest,
    sources: Sequence[Literal],
    *,
    batch: int = BATCH,
    tell: Tell | None = None,
) -> Iterator[list[Row]]:
    """Yield the predictions of a batch of vertices, each vertex's best first.

    Raises `UnknownRelation`.
    """
    about = {
        "edge_label": asked.edge_label,
        "direction": asked.direction,
        "target_label": asked.target_label,
    }
    done = 0
    for inputs in _batches(sources, batch):
        known = (
            predictor.known(**about, inputs=inputs)  # type: ignore[arg-type]
            if asked.hides
            else [frozenset[Literal]()] * len(inputs)
        )
        answers = predictor.predict(
            **about,  # type: ignore[arg-type]
            inputs=inputs,
            known=known,
            limit=asked.limit,
            threshold=asked.threshold,
        )
        yield [
            Row(source, None, each.id, each.score, rank)
            for source, ranked in zip(inputs, answers, strict=True)
            for rank, each in enumerate(ranked, start=1)
        ]
        done += len(inputs)
        if tell is not None:
            tell(done, len(sources))


def predicted_values(
    predictor: PropertyPredictor,
    inputs: Sequence[Literal] | Sequence[tuple[Literal, Literal]],
    *,
    limit: int,
    threshold: float | None,
    batch: int = BATCH,
    tell: Tell | None = None,
) -> Iterator[list[Row]]:
    """Yield the predicted values of a batch of vertices, or of edges by their two ends."""
    done, is_number = 0, predictor.classes == 0
    owner = predictor.owner
    for chunk in _batches(inputs, batch):
        asked = [each if isinstance(each, Literal) else _edge(owner, each) for each in chunk]
        answers = predictor.predict(asked, limit, threshold)
        rows: list[Row] = []
        for each, found in zip(chunk, answers, strict=True):
            source, end = (each, None) if isinstance(each, Literal) else each
            rows += [
                Row(source, end, value.value, None if is_number else value.score, rank)
                for rank, value in enumerate(found, start=1)
            ]
        yield rows
        done += len(chunk)
        if tell is not None:
            tell(done, len(inputs))


def _edge(owner: str | Relation, ends: tuple[Literal, Literal]) -> _Edge:
    assert isinstance(owner, Relation)
    return _Edge(Literal(Kind.NULL, None), owner.label, *ends)


def property_inputs(
    predictor: PropertyPredictor,
) -> Sequence[Literal] | list[tuple[Literal, Literal]]:
    """Return all vertices, or the ends of all edges, that the model can predict a value for."""
    if predictor.element == "node":
        return predictor.vertices(_ALL)
    return predictor.edge_ends()


def _batches(items: Iterable[Literal | tuple[Literal, Literal]], size: int) -> Iterator[list]:  # type: ignore[type-arg]
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
