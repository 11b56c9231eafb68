"""A payload from its bytes to the reply, driven by hand: what is asked of a model, and in what form
its answers come back."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from gremlink.grammar.traversal import Entries, Items, Kind, Literal
from gremlink.proxy.inference.commands import (
    Edge,
    ExplainLinks,
    ExplainProperties,
    Inspect,
    Inspected,
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
from gremlink.proxy.inference.invocation import invoke, spellings

A, B = Literal.string("a"), Literal.string("b")
LINKS = PrepareLinks("e", "FRIEND", "out", "User")
UNIQUE = UUID("12345678-1234-5678-1234-567812345678")


def answered(payload: Any, *script: tuple[Any, Reply]) -> Any:
    """The reply's document; the script has commands and the replies to them."""
    invoking = invoke("e", json.dumps(payload).encode(), 100)
    command: Any = next(invoking)
    for expected, reply in script:
        assert command == expected
        try:
            command = invoking.send(reply)
        except StopIteration as stop:
            return stop.value
    pytest.fail(f"{command} is asked besides")


def tail(**more: Any) -> dict[str, Any]:
    parameters = {"topk": 2, "edgeType": "FRIEND", "tailNodeType": "User", **more}
    edges = [{"headNodeId": "a"}, {"headNodeId": "b"}]
    return {"mode": "predict_tail", "data": {"globalParameters": parameters, "edges": edges}}


def inspected(*vertices: Literal, element: str | None = None, task: str = "") -> Inspected:
    return Inspected(task or "link_prediction", "what it does", vertices, element, "key")


def test_links_without_those_that_are_known() -> None:
    known = [frozenset({B}), frozenset[Literal]()]
    found = answered(
        tail(exclude_flag="mask"),
        (Inspect("e", [[A], [B]]), inspected(A, B)),
        (LINKS, None),
        (KnownLinks(LINKS, (A, B)), known),
        (PredictLinks(LINKS, (A, B), known, 2, None), [[(A, 0.5), (B, 0.25)], []]),
    )
    results = [{"inferredValue": "a", "score": 0.5}, {"inferredValue": "b", "score": 0.25}]
    assert found == {
        "output": {
            "edges": [
                {"headNodeId": "a", "mlResults": results},
                {"headNodeId": "b", "mlResults": []},
            ]
        }
    }


def test_links_with_those_that_are_known() -> None:
    found = answered(
        tail(),
        (Inspect("e", [[A], [B]]), inspected(A, B)),
        (LINKS, None),
        (PredictLinks(LINKS, (A, B), [frozenset()] * 2, 2, None), [[], []]),
    )
    assert [each["mlResults"] for each in found["output"]["edges"]] == [[], []]


def test_a_class_and_a_number() -> None:
    payload = {"vertices": ["a"], "property": "key"}
    for task, score in (("classification", {"score": 0.5}), ("regression", {})):
        model = PrepareProperty("e", task, "key")
        found = answered(
            payload,
            (Inspect("e", [[A]]), inspected(A, element="node", task=task)),
            (model, "node"),
            (PredictProperty(model, (A,), 1, None), [[(Literal(Kind.LONG, 7), 0.5)]]),
        )
        (node,) = found["output"]["nodes"]
        assert node == {"nodeId": "a", "mlResults": [{"inferredValue": 7, **score}]}


def test_reasons_of_links_and_of_values() -> None:
    part = Literal.of(0.25)
    why = Entries(((Literal.string("parts"), Items("list", (part, Literal(Kind.UUID, UNIQUE)))),))
    plain = {"parts": [0.25, str(UNIQUE)]}
    links = PredictLinks(LINKS, (A, B), [frozenset()] * 2, 2, None)
    predicted: Links = [[(A, 0.5)], []]
    found = answered(
        tail(explain=True),
        (Inspect("e", [[A], [B]]), inspected(A, B)),
        (LINKS, None),
        (links, predicted),
        (ExplainLinks(links, predicted), [[why], []]),
    )
    (result,) = found["output"]["edges"][0]["mlResults"]
    assert result == {"inferredValue": "a", "score": 0.5, "explanation": plain}
    model = PrepareProperty("e", "regression", "key")
    values = PredictProperty(model, (A,), 1, None)
    found = answered(
        {"vertices": ["a"], "property": "key", "explain": True},
        (Inspect("e", [[A]]), inspected(A, element="node", task="regression")),
        (model, "node"),
        (values, predicted[:1]),
        (ExplainProperties(values, predicted[:1]), [[why]]),
    )
    (node,) = found["output"]["nodes"]
    assert node["mlResults"][0]["explanation"] == plain


def test_reasons_are_bounded() -> None:
    many = [Literal.string(str(number)) for number in range(21)]
    model = PrepareProperty("e", "classification", "key")
    with pytest.raises(InvalidParameter, match="21 elements, more than the 20"):
        answered(
            {"vertices": [each.value for each in many], "property": "key", "explain": True},
            (
                Inspect("e", [spellings(each.value) for each in many]),
                inspected(*many, element="node", task="classification"),
            ),
            (model, "node"),
            (PredictProperty(model, tuple(many), 1, None), [[(A, 0.5)]] * 21),
        )
    for wrong in ("yes", 1, None):
        with pytest.raises(InvalidParameter, match="explain must be true or false"):
            answered(tail(explain=wrong))


def test_edges_are_named_by_their_ends() -> None:
    model = PrepareProperty("e", "regression", "key")
    parameters = {"edgeType": "rated", "property": "key"}
    edges = [{"headNodeId": "a", "tailNodeId": "b"}]
    found = answered(
        {"data": {"globalParameters": parameters, "edges": edges}},
        (Inspect("e", [[A], [B]]), inspected(A, B, element="edge", task="regression")),
        (model, "edge"),
        (
            PredictProperty(model, [Edge(Literal(Kind.NULL, None), "rated", A, B)], 1, None),
            [[(Literal(Kind.DOUBLE, 2.5), 1.0)]],
        ),
    )
    assert found["output"]["edges"] == [{**edges[0], "mlResults": [{"inferredValue": 2.5}]}]


def test_neighbours() -> None:
    payload = {
        "mode": "embed_knn",
        "data": {
            "globalParameters": {"tailNodeType": "User", "topk": 3},
            "nodes": [{"nodeId": "a"}],
        },
    }
    found = answered(
        payload,
        (Inspect("e", [[A]]), inspected(A)),
        (NearestVertices("e", (A,), 3, "User"), [[(B, 0.75)]]),
    )
    (node,) = found["output"]["nodes"]
    assert node == {"nodeId": "a", "mlResults": [{"inferredValue": "b", "score": 0.75}]}


def test_nodes_for_a_model_of_edges() -> None:
    invoking = invoke("e", b'{"vertices": ["a"], "property": "key"}', 100)
    next(invoking)
    with pytest.raises(InvalidParameter, match="the payload has nodes: send edges"):
        invoking.send(inspected(A, element="edge", task="regression"))


LONG, INT, SHORT, BYTE = Kind.LONG, Kind.INT, Kind.SHORT, Kind.BYTE


@pytest.mark.parametrize(
    ("id", "kinds"),
    [
        ("a", [Kind.STRING]),
        ("7", [Kind.STRING, LONG, INT, SHORT, BYTE]),
        (7, [LONG, INT, SHORT, BYTE, Kind.STRING]),
        ("-300", [Kind.STRING, LONG, INT, SHORT]),
        (2**40, [LONG, Kind.STRING]),
        (2**70, [Kind.STRING]),
        ("007", [Kind.STRING]),
        ("1_0", [Kind.STRING]),
        ("", [Kind.STRING]),
        ("9" * 5000, [Kind.STRING]),
        (str(UNIQUE), [Kind.STRING, Kind.UUID]),
    ],
)
def test_what_an_id_may_stand_for(id: Any, kinds: list[Kind]) -> None:
    found = spellings(id)
    assert [each.kind for each in found] == kinds
    assert all(str(each.value) == str(id) for each in found)


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (Literal.of(True), True),
        (Literal(Kind.UUID, UNIQUE), str(UNIQUE)),
        (Literal(Kind.BIG_DECIMAL, Decimal("1.50")), "1.50"),
        (Literal(Kind.DOUBLE, float("inf")), "inf"),
        (Literal(Kind.BIG_INTEGER, 2**70), 2**70),
    ],
)
def test_values_in_json(value: Literal, plain: Any) -> None:
    model = PrepareProperty("e", "classification", "key")
    found = answered(
        {"vertices": ["a"], "property": "key"},
        (Inspect("e", [[A]]), inspected(A, element="node", task="classification")),
        (model, "node"),
        (PredictProperty(model, (A,), 1, None), [[(value, 1.0)]]),
    )
    assert found["output"]["nodes"][0]["mlResults"][0]["inferredValue"] == plain
    json.loads(json.dumps(found, allow_nan=False))
