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

from gremlink.grammar.traversal import Argument, Entries, Items, Kind, Literal
from gremlink.proxy.inference.commands import (
    EXPLAINED_ELEMENTS,
    EXPLAINED_LINKS,
    Command,
    Edge,
    ExplainLinks,
    ExplainProperties,
    Explanations,
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
    Values,
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
        case LinksAsked(direction, edge_label, target_label, inputs, limit, hides, explains):
            links = PrepareLinks(endpoint, edge_label, direction, target_label)
            yield links
            known: Known = [frozenset()] * len(inputs)
            if hides:
                known = cast(Known, (yield KnownLinks(links, vertices)))
            asking = PredictLinks(links, vertices, known, limit, None)
            found = cast(Links, (yield asking))
            why: Explanations | None = None
            if explains:
                _refuse_many(sum(map(len, found)), EXPLAINED_LINKS, "links")
                why = cast(Explanations, (yield ExplainLinks(asking, found)))
            own = HEAD if direction == "out" else TAIL
            return _output("edges", [{own: each} for each in inputs], found, why)
        case NearestAsked(target_label, inputs, limit):
            found = cast(Links, (yield NearestVertices(endpoint, vertices, limit, target_label)))
            return _output("nodes", [{NODE: each} for each in inputs], found)
        case NodesAsked(key, inputs, limit, explains):
            model = _property(endpoint, inspected, key, "node")
            yield model
            found, why = yield from _values(model, vertices, limit, explains)
            elements = [{NODE: each} for each in inputs]
            return _output("nodes", elements, found, why, scored=model.task != REGRESSION)
        case EdgesAsked(key, edge_label, pairs, limit, explains):
            model = _property(endpoint, inspected, key, "edge")
            yield model
            edges = [
                Edge(_NO_ID, edge_label, head, tail)
                for head, tail in zip(vertices[::2], vertices[1::2], strict=True)
            ]
            found, why = yield from _values(model, edges, limit, explains)
            elements = [{HEAD: head, TAIL: tail} for head, tail in pairs]
            return _output("edges", elements, found, why, scored=model.task != REGRESSION)


def _values(
    model: PrepareProperty, inputs: Sequence[Literal | Edge], limit: int, explains: bool
) -> Generator[Command, Reply, tuple[Values, Explanations | None]]:
    """Ask for values of a property, and for their reasons if the payload does."""
    asking = PredictProperty(model, inputs, limit, None)
    found = cast(Values, (yield asking))
    if not explains:
        return found, None
    _refuse_many(sum(map(bool, found)), EXPLAINED_ELEMENTS, "elements")
    return found, cast(Explanations, (yield ExplainProperties(asking, found)))


def _refuse_many(count: int, most: int, what: str) -> None:
    if count > most:
        raise InvalidParameter(
            f"The payload asks for the reasons of {count} {what}, more than the {most} that one"
            " can have explained: send several."
        )


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
    name: str,
    elements: Sequence[dict[str, Id]],
    found: Links,
    why: Explanations | None = None,
    *,
    scored: bool = True,
) -> dict[str, Any]:
    results: list[dict[str, Any]] = [
        {**element, "mlResults": [_result(value, score, scored) for value, score in values]}
        for element, values in zip(elements, found, strict=True)
    ]
    for each, reasons in zip(results, why or (), strict=False):
        for result, entries in zip(each["mlResults"], reasons, strict=True):
            result["explanation"] = _plain(entries)
    return {"output": {name: results}}


def _result(value: Literal, score: float, scored: bool) -> dict[str, Any]:
    result = {"inferredValue": _plain(value)}
    return {**result, "score": float(score)} if scored else result


def _plain(found: Argument) -> Any:
    """Return a literal, a list or a map as JSON has it: where JSON has no form for it, a text."""
    if isinstance(found, Items):
        return [_plain(each) for each in found.items]
    if isinstance(found, Entries):
        return {str(_plain(key)): _plain(value) for key, value in found.entries}
    assert isinstance(found, Literal)
    value = found.value
    if isinstance(value, Decimal | UUID) or (isinstance(value, float) and not math.isfinite(value)):
        return str(value)
    return value
