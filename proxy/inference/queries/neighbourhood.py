"""The query for the neighbourhood of the inputs of an inductive inference, distance by distance.

For people who have friends, at distance 0 of 2::

    g.V("user_19").project("v", "l", "p", "o0", "i0")
      .by(__.id()).by(__.label()).by(__.valueMap("interests"))
      .by(__.out("FRIEND").dedup().sample(1001).id().fold())
      .by(__.in("FRIEND").dedup().sample(1001).id().fold())

The vertices that this finds are asked the same, and those that they find in turn only for their
labels and properties.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence

from gremlink.grammar.traversal import (
    Argument,
    Entries,
    EnumConstant,
    Instruction,
    Items,
    Literal,
    Traversal,
    Variable,
    anonymous,
    step,
)
from gremlink.proxy.inference.commands import Results
from gremlink.proxy.inference.errors import UnsupportedOperation
from gremlink.proxy.inference.live_graph import (
    Direction,
    Neighbourhood,
    ReadLinks,
    ReadVertex,
    Scope,
)
from gremlink.proxy.inference.queries.inputs import fields_of, id_of
from gremlink.proxy.inference.queries.property_text import texts_of, values_of

PAYLOAD_LIMIT = 6 * 1024 * 1024
"""Bytes of ids, labels and values that one neighbourhood may have: Neptune's limit."""

TOGETHER = 1_000
"""Vertices that one query asks about."""

NEIGHBOURHOOD = "neighbourhood"
"""The purpose of the queries here; the distance from the inputs is added."""

IDS = "gremlink_vertices"
"""The binding that carries their ids where a query is a script."""

_ID, _LABEL, _VALUES = "v", "l", "p"
_ENDS: tuple[tuple[Direction, str], ...] = (("out", "o"), ("in", "i"))

Asking = tuple[Traversal, tuple[Literal, ...], str]
"""A query, the ids that it asks about, and what it is for."""


def read_neighbourhood(
    source: Traversal,
    inputs: Sequence[Literal],
    scope: Scope,
    *,
    deterministic: bool,
    is_script: bool,
) -> Generator[Asking, Results | None, Neighbourhood]:
    """Read as far as `scope` says. Raises `UnsupportedOperation` for too much."""
    vertices: dict[Literal, ReadVertex] = {}
    links: list[ReadLinks] = []
    asked = set(inputs)
    frontier = list(dict.fromkeys(inputs))
    size = 0
    for distance in range(scope.hops + 1):
        purpose = f"{NEIGHBOURHOOD}, distance {distance} of {scope.hops}"
        found: dict[Literal, None] = {}
        for start in range(0, len(frontier), TOGETHER):
            ids = tuple(frontier[start : start + TOGETHER])
            query = _query(source, ids, scope, distance, deterministic, is_script)
            for fields in fields_of((yield query, ids, purpose) or ()):
                vertex = _vertex(fields)
                vertices[vertex.id] = vertex
                own = list(_links(vertex.id, fields, scope, distance))
                links += own
                found.update(dict.fromkeys(other for each in own for other in each.others))
                size += _size_of(vertex) + sum(map(_size_of_links, own))
            if size > PAYLOAD_LIMIT:
                raise UnsupportedOperation(
                    f"The neighbourhood of the {len(inputs):,} inputs has more than"
                    f" {PAYLOAD_LIMIT:,} bytes ({len(vertices):,} vertices at a distance of up to"
                    f" {distance}): narrow the steps before the inference, ask in portions with"
                    " range(), or leave Neptune#ml.inductiveInference away."
                )
        frontier = [vertex for vertex in found if vertex not in asked]
        asked.update(frontier)
    return Neighbourhood(tuple(vertices.values()), tuple(links), size)


def _query(
    source: Traversal,
    ids: Sequence[Literal],
    scope: Scope,
    distance: int,
    deterministic: bool,
    is_script: bool,
) -> Traversal:
    fields = {_ID: anonymous(step("id")), _LABEL: anonymous(step("label"))}
    if scope.keys:
        fields[_VALUES] = anonymous(step("valueMap", *scope.keys))
    if distance < scope.hops:
        most = scope.fan_outs[distance] + 1
        for number, label in enumerate(scope.edge_labels):
            for direction, end in _ENDS:
                if _are_valued(scope, label, distance):
                    way = _valued_links(scope, direction, most, deterministic)
                else:
                    way = _links_to_others(label, direction, most, deterministic)
                fields[f"{end}{number}"] = anonymous(*way, step("fold"))
    start = Instruction("V", (Variable(IDS),) if is_script else tuple(ids))
    return source.with_steps(
        [start, step("project", *fields), *(step("by", way) for way in fields.values())]
    )


def _are_valued(scope: Scope, label: str, distance: int) -> bool:
    return distance == 0 and scope.valued is not None and scope.valued[0] == label


def _links_to_others(
    label: str, direction: Direction, most: int, deterministic: bool
) -> list[Instruction]:
    """Return the steps to the ids of at most so many neighbours: the first of them, or any."""
    id = EnumConstant("T", "id")
    chosen = (
        [step("order"), step("by", id), step("limit", most)]
        if deterministic
        else [step("sample", most)]
    )
    return [step(direction, label), step("dedup"), *chosen, step("id")]


def _valued_links(
    scope: Scope, direction: Direction, most: int, deterministic: bool
) -> list[Instruction]:
    """Return the steps to at most so many edges, each with its value; one neighbour may have
    several."""
    assert scope.valued is not None
    label, key = scope.valued
    other = anonymous(step("inV" if direction == "out" else "outV"), step("id"))
    chosen = (
        [step("order"), step("by", other), step("limit", most)]
        if deterministic
        else [step("sample", most)]
    )
    return [
        step(f"{direction}E", label),
        *chosen,
        step("project", _ID, _VALUES),
        step("by", other),
        step("by", anonymous(step("values", key), step("fold"))),
    ]


def _vertex(fields: dict[str, Argument]) -> ReadVertex:
    label = fields.get(_LABEL)
    values = {}
    entries = fields.get(_VALUES)
    if isinstance(entries, Entries):
        values = values_of(entries)
    return ReadVertex(
        id_of(fields.get(_ID)), str(label.value) if isinstance(label, Literal) else "", values
    )


def _links(
    vertex: Literal, fields: dict[str, Argument], scope: Scope, distance: int
) -> Iterator[ReadLinks]:
    if distance == scope.hops:
        return
    most = scope.fan_outs[distance]
    for number, label in enumerate(scope.edge_labels):
        for direction, end in _ENDS:
            found = fields.get(f"{end}{number}")
            items = found.items if isinstance(found, Items) else ()
            taken, complete = items[:most], len(items) <= most
            if _are_valued(scope, label, distance):
                rows = fields_of(taken)
                others = tuple(id_of(row.get(_ID)) for row in rows)
                values = tuple(tuple(texts_of(row[_VALUES])) for row in rows)
            else:
                others, values = tuple(map(id_of, taken)), ()
            yield ReadLinks(vertex, label, direction, others, complete, values)


def _size_of(vertex: ReadVertex) -> int:
    texts = [str(vertex.id.value), vertex.label]
    texts += (text for values in vertex.values.values() for text in values)
    return sum(len(text.encode()) for text in texts)


def _size_of_links(links: ReadLinks) -> int:
    texts = [str(other.value) for other in links.others]
    texts += (text for values in links.values for text in values)
    return sum(len(text.encode()) for text in texts)
