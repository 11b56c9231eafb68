"""Payloads of Neptune ML's own endpoints, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gremlink.proxy.inference.errors import InferenceError, InvalidParameter, MissingParameter
from gremlink.proxy.inference.payload import (
    EdgesAsked,
    LinksAsked,
    NearestAsked,
    NodesAsked,
    read_payload,
)


def read(document: Any) -> Any:
    return read_payload(json.dumps(document).encode(), 100)


def v1(mode: Any = None, parameters: Any = None, **elements: Any) -> dict[str, Any]:
    found = {"version": "v1", "data": {"globalParameters": parameters or {}, **elements}}
    return found if mode is None else {**found, "mode": mode}


TAIL = {"topk": 8, "edgeType": "FRIEND", "tailNodeType": "User", "exclude_flag": "mask"}
HEAD = {"edgeType": "FRIEND", "headNodeType": "User"}


@pytest.mark.parametrize(
    ("document", "asked"),
    [
        (
            {"vertices": ["a", 7], "topk": 2, "property": "genre"},
            NodesAsked("genre", ["a", 7], 2),
        ),
        ({"vertices": [], "property": "genre"}, NodesAsked("genre", [], 1)),
        (
            v1("predict_tail", TAIL, edges=[{"headNodeId": "a"}, {"headNodeId": "b"}]),
            LinksAsked("out", "FRIEND", "User", ["a", "b"], 8, hides=True),
        ),
        (
            v1("predict_head", HEAD, edges=[{"tailNodeId": 3, "headNodeId": None}]),
            LinksAsked("in", "FRIEND", "User", [3], 1, hides=False),
        ),
        (
            v1(None, {"property": "genre", "topk": None}, nodes=[{"nodeId": "a"}]),
            NodesAsked("genre", ["a"], 1),
        ),
        (
            v1(
                None,
                {"property": "score", "edgeType": "rated"},
                edges=[{"headNodeId": "a", "tailNodeId": "b"}],
            ),
            EdgesAsked("score", "rated", [("a", "b")], 1),
        ),
        (
            v1(
                None,
                {"property": "genre", "edgeType": None},
                edges=[{"headNodeId": "a", "tailNodeId": None}],
            ),
            NodesAsked("genre", ["a"], 1),
        ),
        (
            v1("embed_knn", {"tailNodeType": "User", "topk": 3}, nodes=[{"nodeId": "a"}]),
            NearestAsked("User", ["a"], 3),
        ),
        ({"data": {"globalParameters": {"property": "p"}, "nodes": []}}, NodesAsked("p", [], 1)),
    ],
)
def test_what_is_asked(document: Any, asked: Any) -> None:
    assert read(document) == asked


ONE = [{"headNodeId": "a"}]
NODE = [{"nodeId": "a"}]


@pytest.mark.parametrize(
    ("document", "kind", "said"),
    [
        ([], InvalidParameter, "must be a JSON object"),
        ({}, MissingParameter, "neither vertices nor data"),
        ({"vertices": "a", "property": "p"}, InvalidParameter, 'a list, found "a"'),
        ({"vertices": ["a"]}, MissingParameter, "property is required"),
        ({"vertices": ["a"], "property": 7}, InvalidParameter, "property must be a text, found 7"),
        ({"vertices": ["a"], "property": "p", "topK": 1}, InvalidParameter, 'unknown key "topK"'),
        ({"vertices": [1.5], "property": "p"}, InvalidParameter, r"vertices\[0\] must be an id"),
        ({"vertices": [True], "property": "p"}, InvalidParameter, r"vertices\[0\] must be an id"),
        ({"vertices": [[]], "property": "p"}, InvalidParameter, r"vertices\[0\] must be an id"),
        *(
            ({"vertices": [], "property": "p", "topk": k}, InvalidParameter, "topk must be a whole")
            for k in (0, -1, 101, 1.0, "1", True, [])
        ),
        ({**v1(None, {}, nodes=[]), "version": "v2"}, InvalidParameter, 'version is "v2"'),
        ({"data": 7}, InvalidParameter, "data must be a JSON object"),
        (v1("predict_tail", TAIL), InvalidParameter, "either nodes or edges"),
        (v1("predict_tail", TAIL, edges=[], nodes=[]), InvalidParameter, "either nodes or edges"),
        (v1("predict_tail", TAIL, nodes=NODE), MissingParameter, "data must have edges here"),
        (v1("predict", TAIL, edges=ONE), InvalidParameter, "predict_tail, predict_head, embed_knn"),
        (v1("predict_tail", HEAD, edges=ONE), MissingParameter, "tailNodeType is required"),
        (v1("predict_head", TAIL, edges=[]), MissingParameter, "headNodeType is required"),
        (
            v1("predict_head", HEAD, edges=ONE),
            InvalidParameter,
            r"edges\[0\] has a headNodeId, which predict_head predicts",
        ),
        (v1("predict_tail", TAIL, edges=[{}]), MissingParameter, r"edges\[0\] needs a headNodeId"),
        (v1("predict_tail", TAIL, edges=["a"]), InvalidParameter, r"edges\[0\] must be a JSON obj"),
        (
            v1("predict_tail", {**TAIL, "exclude_flag": "all"}, edges=ONE),
            InvalidParameter,
            'exclude_flag is "all"',
        ),
        (v1(None, {"property": "p"}, nodes=[{"id": "a"}]), InvalidParameter, 'unknown key "id"'),
        (
            v1(None, {"property": "p", "edgeType": "e"}, edges=ONE),
            MissingParameter,
            r"edges\[0\] needs a tailNodeId",
        ),
        (v1("embed_knn", {}, nodes=NODE), MissingParameter, "tailNodeType is required"),
        (v1(None, {"property": "p"}, nodes=[], graph={}), InvalidParameter, 'unknown key "graph"'),
    ],
)
def test_what_is_refused(document: Any, kind: type[InferenceError], said: str) -> None:
    with pytest.raises(kind, match=said):
        read(document)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff\xfe\xfd", b"[" * 100_000, b'{"vertices": [' + b"9" * 5000 + b"]}"]
)
def test_what_is_no_json(body: bytes) -> None:
    with pytest.raises(InvalidParameter, match="The payload is not JSON"):
        read_payload(body, 100)
