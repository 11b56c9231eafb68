"""Payloads that a client sends straight to an endpoint: the JSON of Neptune ML's own endpoints.

    {"vertices": ["movie_1"], "topk": 1, "property": "genre"}

    {"version": "v1", "mode": "predict_tail", "data": {
        "globalParameters": {"topk": 8, "edgeType": "FRIEND", "tailNodeType": "User",
                             "exclude_flag": "mask"},
        "edges": [{"headNodeId": "user_19"}]}}

`mode` is `predict_tail`, `predict_head` or `embed_knn`; without one a property is predicted, of
`nodes` with a `nodeId` or of `edges` with both ends.

Source: neptuneml-toolkit, `NeptuneMLClient.invoke_endpoint`, and the notebooks that call endpoints.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from gremlink.proxy.inference.analysis.options import DEFAULT_LIMIT
from gremlink.proxy.inference.errors import InvalidParameter, MissingParameter
from gremlink.proxy.inference.live_graph import Direction

Id: TypeAlias = "str | int"

PREDICT_TAIL, PREDICT_HEAD, NEAREST = "predict_tail", "predict_head", "embed_knn"
MODES = (PREDICT_TAIL, PREDICT_HEAD, NEAREST)
MASK = "mask"
"""The value of `exclude_flag` that leaves out what is linked already."""

HEAD, TAIL, NODE = "headNodeId", "tailNodeId", "nodeId"
EXPLAIN = "explain"
"""The parameter that asks for reasons, beyond Neptune's."""

_GLOBAL = (
    *("topk", "edgeType", "headNodeType", "tailNodeType", "property", "exclude_flag"),
    EXPLAIN,
)
_FLAT = ("vertices", "topk", "property", EXPLAIN)
_VERSIONED = ("version", "mode", "data")


@dataclass(frozen=True, slots=True)
class LinksAsked:
    """The best vertices at the other end; `hides` leaves out those linked in training, `explains`
    asks why each is predicted."""

    direction: Direction
    edge_label: str
    target_label: str
    inputs: Sequence[Id]
    limit: int
    hides: bool
    explains: bool = False


@dataclass(frozen=True, slots=True)
class NodesAsked:
    """A property of vertices; `explains` as for links."""

    key: str
    inputs: Sequence[Id]
    limit: int
    explains: bool = False


@dataclass(frozen=True, slots=True)
class EdgesAsked:
    """A property of the edges with a label between pairs of vertices, heads first; `explains` as
    for links."""

    key: str
    edge_label: str
    inputs: Sequence[tuple[Id, Id]]
    limit: int
    explains: bool = False


@dataclass(frozen=True, slots=True)
class NearestAsked:
    """The vertices with a label that are nearest to some."""

    target_label: str
    inputs: Sequence[Id]
    limit: int


Asked = LinksAsked | NodesAsked | EdgesAsked | NearestAsked


def read_payload(body: bytes, limit_cap: int) -> Asked:
    """Read a body. Raises `InvalidParameter`, `MissingParameter`."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        why = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise InvalidParameter(f"The payload is not JSON: {why}.") from None
    if not isinstance(document, dict):
        raise InvalidParameter("The payload must be a JSON object.")
    if "vertices" in document:
        _only(document, _FLAT, "the payload")
        inputs = [
            _id(each, f"vertices[{at}]") for at, each in enumerate(_list(document, "vertices"))
        ]
        key, limit = _text(document, "property"), _limit(document, limit_cap)
        return NodesAsked(key, inputs, limit, _explains(document))
    if "data" not in document:
        raise MissingParameter(
            "The payload has neither vertices nor data: send"
            ' {"vertices": [...], "property": ...} or {"version": "v1", "data": {...}}.'
        )
    _only(document, _VERSIONED, "the payload")
    if document.get("version", "v1") != "v1":
        raise InvalidParameter(f"version is {_shown(document['version'])}: there is v1 only.")
    data = _object(document["data"], "data")
    _only(data, ("globalParameters", "nodes", "edges"), "data")
    if ("nodes" in data) == ("edges" in data):
        raise InvalidParameter("data must have either nodes or edges.")
    parameters = _object(data.get("globalParameters", {}), "globalParameters")
    _only(parameters, _GLOBAL, "globalParameters")
    limit = _limit(parameters, limit_cap)
    match document.get("mode"):
        case None:
            return _property(data, parameters, limit)
        case "predict_tail" | "predict_head" as mode:
            return _links(mode, data, parameters, limit)
        case "embed_knn":
            _ = _excludes(parameters)  # a vertex is never near to itself
            if _explains(parameters):
                raise InvalidParameter("There are no reasons of the mode embed_knn.")
            return NearestAsked(_text(parameters, "tailNodeType"), _nodes(data), limit)
        case other:
            raise InvalidParameter(
                f"mode is {_shown(other)}: it must be {', '.join(MODES)}, or left out for a"
                " property."
            )


def _links(
    mode: str, data: Mapping[str, Any], parameters: Mapping[str, Any], limit: int
) -> LinksAsked:
    asks_tail = mode == PREDICT_TAIL
    own, other = (HEAD, TAIL) if asks_tail else (TAIL, HEAD)
    inputs = []
    for where, edge in _each(data, "edges", (own, other)):
        if edge.get(other) is not None:
            raise InvalidParameter(f"{where} has a {other}, which {mode} predicts: leave it out.")
        inputs.append(_required_id(edge, own, where))
    return LinksAsked(
        "out" if asks_tail else "in",
        _text(parameters, "edgeType"),
        _text(parameters, "tailNodeType" if asks_tail else "headNodeType"),
        inputs,
        limit,
        _excludes(parameters),
        _explains(parameters),
    )


def _property(
    data: Mapping[str, Any], parameters: Mapping[str, Any], limit: int
) -> NodesAsked | EdgesAsked:
    key, explains = _text(parameters, "property"), _explains(parameters)
    if "nodes" in data:
        return NodesAsked(key, _nodes(data), limit, explains)
    edges = list(_each(data, "edges", (HEAD, TAIL)))
    if parameters.get("edgeType") is None and all(edge.get(TAIL) is None for _, edge in edges):
        # So neptuneml-toolkit sends what it calls node tasks.
        heads = [_required_id(edge, HEAD, where) for where, edge in edges]
        return NodesAsked(key, heads, limit, explains)
    pairs = [
        (_required_id(edge, HEAD, where), _required_id(edge, TAIL, where)) for where, edge in edges
    ]
    return EdgesAsked(key, _text(parameters, "edgeType"), pairs, limit, explains)


def _nodes(data: Mapping[str, Any]) -> list[Id]:
    return [_required_id(node, NODE, where) for where, node in _each(data, "nodes", (NODE,))]


def _each(
    data: Mapping[str, Any], name: str, known: Sequence[str]
) -> Sequence[tuple[str, Mapping[str, Any]]]:
    """Return the objects of a list, and a name for each."""
    if name not in data:
        raise MissingParameter(f"data must have {name} here.")
    found = []
    for at, each in enumerate(_list(data, name)):
        where = f"{name}[{at}]"
        found.append((where, _object(each, where)))
        _only(each, known, where)
    return found


def _only(document: Mapping[str, Any], known: Sequence[str], where: str) -> None:
    for name in document:
        if name not in known:
            raise InvalidParameter(
                f"{where} has the unknown key {_shown(name)}: there are {', '.join(known)}."
            )


def _object(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise InvalidParameter(f"{where} must be a JSON object, found {_shown(value)}.")
    return value


def _list(document: Mapping[str, Any], name: str) -> Sequence[Any]:
    value = document[name]
    if not isinstance(value, list):
        raise InvalidParameter(f"{name} must be a list, found {_shown(value)}.")
    return value


def _text(document: Mapping[str, Any], name: str) -> str:
    value = document.get(name)
    if value is None:
        raise MissingParameter(f"The parameter {name} is required.")
    if not isinstance(value, str):
        raise InvalidParameter(f"{name} must be a text, found {_shown(value)}.")
    return value


def _limit(document: Mapping[str, Any], most: int) -> int:
    value = document.get("topk")
    if value is None:
        return DEFAULT_LIMIT
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise InvalidParameter(
            f"topk must be a whole number from 1 to {most}, found {_shown(value)}."
        )
    return value


def _excludes(parameters: Mapping[str, Any]) -> bool:
    value = parameters.get("exclude_flag")
    if value not in (None, MASK):
        raise InvalidParameter(f'exclude_flag is {_shown(value)}: there is "{MASK}" only.')
    return value is not None


def _explains(document: Mapping[str, Any]) -> bool:
    value = document.get(EXPLAIN, False)
    if not isinstance(value, bool):
        raise InvalidParameter(f"{EXPLAIN} must be true or false, found {_shown(value)}.")
    return value


def _required_id(document: Mapping[str, Any], name: str, where: str) -> Id:
    if document.get(name) is None:
        raise MissingParameter(f"{where} needs a {name}.")
    return _id(document[name], f"{where}.{name}")


def _id(value: Any, where: str) -> Id:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise InvalidParameter(f"{where} must be an id, a text or a number: {_shown(value)}.")
    return value


def _shown(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
