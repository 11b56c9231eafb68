"""The way of a payload that a client sends straight to an endpoint, without query and database.

The same models are asked by the same commands as for a query. Links that a query reads from the
graph as it is now are here those that the model has seen in training.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

from gremlink.grammar.traversal import Kind, Literal
from gremlink.proxy.inference.commands import (
    Command,
    Edge,
    Inspect,
    Inspected,
    Known,
    KnownLinks,
    Links,
    NearestVertices,
    PredictLinks,
    PredictProperty,
    PrepareLinks,
    PrepareProperty,
    Reply,
)
from gremlink.proxy.inference.errors import InvalidParameter
from gremlink.proxy.inference.payload import (
    HEAD,
    NODE,
    TAIL,
    Asked,
    EdgesAsked,
    Id,
    LinksAsked,
    NearestAsked,
    NodesAsked,
    read_payload,
)

Invoking = Generator[Command, Reply, dict[str, Any]]
"""Yields what it needs of a model, gets the replies sent in, and returns the reply's document."""

REGRESSION = "regression"


def invoke(endpoint: str, body: bytes, limit_cap: int) -> Invoking:
    """Answer a payload: `{"output": {"nodes": [{"nodeId": …, "mlResults": [
    {"inferredValue": …, "score": …}]}]}}`, or `edges` with their ends.

    What the model has not seen has no results. Raises `InferenceError`.
    """
    asked = read_payload(body, limit_cap)
    inspected = cast(Inspected, (yield Inspect(endpoint, [spellings(id) for id in _ids(asked)])))
    vertices = inspected.vertices
    found: Links
    match asked:
        case LinksAsked(direction, edge_label, target_label, inputs, limit, hides):
            links = PrepareLinks(endpoint, edge_label, direction, target_label)
            yield links
            known: Known = [frozenset()] * len(inputs)
            if hides:
                known = cast(Known, (yield KnownLinks(links, vertices)))
            found = cast(Links, (yield PredictLinks(links, vertices, known, limit, None)))
            own = HEAD if direction == "out" else TAIL
            return _output("edges", [{own: each} for each in inputs], found)
        case NearestAsked(target_label, inputs, limit):
            found = cast(Links, (yield NearestVertices(endpoint, vertices, limit, target_label)))
            return _output("nodes", [{NODE: each} for each in inputs], found)
        case NodesAsked(key, inputs, limit):
            model = _property(endpoint, inspected, key, "node")
            yield model
            found = cast(Links, (yield PredictProperty(model, vertices, limit, None)))
            elements = [{NODE: each} for each in inputs]
            return _output("nodes", elements, found, scored=model.task != REGRESSION)
        case EdgesAsked(key, edge_label, pairs, limit):
            model = _property(endpoint, inspected, key, "edge")
            yield model
            edges = [
                Edge(_NO_ID, edge_label, head, tail)
                for head, tail in zip(vertices[::2], vertices[1::2], strict=True)
            ]
            found = cast(Links, (yield PredictProperty(model, edges, limit, None)))
            elements = [{HEAD: head, TAIL: tail} for head, tail in pairs]
            return _output("edges", elements, found, scored=model.task != REGRESSION)


_NO_ID = Literal(Kind.NULL, None)
"""Of edges that are named by their ends."""


def spellings(id: Id) -> list[Literal]:
    """Return the ids that one in JSON may mean: what it is there, or what has the same text."""
    text = str(id)
    found = [Literal.string(text)]
    try:
        number = int(text) if len(text) <= _LONGEST and text == str(int(text)) else None
    except ValueError:
        number = None
    if number is not None:
        found += [
            Literal(kind, number) for kind, bits in _INTEGERS if abs(number) < 1 << (bits - 1)
        ]
    try:
        unique = UUID(text)
        if str(unique) == text.lower():
            found.append(Literal(Kind.UUID, unique))
    except ValueError:
        pass
    return found if isinstance(id, str) else [*found[1:], found[0]]


_LONGEST = 20
"""Digits of a number that may be a Long."""

_INTEGERS = ((Kind.LONG, 64), (Kind.INT, 32), (Kind.SHORT, 16), (Kind.BYTE, 8))


def _ids(asked: Asked) -> Sequence[Id]:
    if isinstance(asked, EdgesAsked):
        return [end for pair in asked.inputs for end in pair]
    return asked.inputs


def _property(endpoint: str, inspected: Inspected, key: str, element: str) -> PrepareProperty:
    """Return the model that is asked for a property, a class or a number as that model has it."""
    if inspected.element is not None and inspected.element != element:
        has, wants = ("nodes", "edges") if element == "node" else ("edges", "nodes")
        raise InvalidParameter(
            f"Endpoint {endpoint} does {inspected.described}, the payload has {has}: send {wants}."
        )
    task = "classification" if inspected.element is None else inspected.task
    return PrepareProperty(endpoint, task, key)


def _output(
    name: str, elements: Sequence[dict[str, Id]], found: Links, *, scored: bool = True
) -> dict[str, Any]:
    results = [
        {**element, "mlResults": [_result(value, score, scored) for value, score in values]}
        for element, values in zip(elements, found, strict=True)
    ]
    return {"output": {name: results}}


def _result(value: Literal, score: float, scored: bool) -> dict[str, Any]:
    result = {"inferredValue": _plain(value)}
    return {**result, "score": float(score)} if scored else result


def _plain(literal: Literal) -> Any:
    """Return a literal as JSON has it: where JSON has no form for it, a text."""
    value = literal.value
    if isinstance(value, Decimal | UUID) or (isinstance(value, float) and not math.isfinite(value)):
        return str(value)
    return value
