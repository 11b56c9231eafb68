"""The query for the inputs of an inference, and reading its results.

For Henry's next friend, `g.V().has("name", "Henry").out("FRIEND").with("Neptune#ml.prediction")`::

    g.V().has("name", "Henry").limit(10001)
      .project("v", "n").by(__.id()).by(__.out("FRIEND").id().fold())
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from gremlink.grammar import graphbinary, graphson
from gremlink.grammar.lazy import UniformLiterals
from gremlink.grammar.traversal import (
    Argument,
    Bulked,
    Entries,
    Instruction,
    Items,
    Kind,
    Literal,
    Opaque,
    Traversal,
    anonymous,
    step,
)
from gremlink.proxy.inference.analysis.analysis import Analysis
from gremlink.proxy.inference.analysis.options import FILTER_FIRST
from gremlink.proxy.inference.analysis.plan import LinkPlan, Plan
from gremlink.proxy.inference.commands import Edge, Results
from gremlink.proxy.inference.errors import InternalFailure, UnsupportedOperation
from gremlink.proxy.inference.queries.property_text import values_of

ITS_ID = anonymous(step("id"))

ITS_WRITTEN_ID = anonymous(step("id"), step("asString"))
"""The text of its id: where ids are objects of the database's own, that is all one can tell."""


class _Own:
    """The origin of an id that is an object of the database's own, represented here by its text."""


OWN = _Own()


def is_own(id: Literal) -> bool:
    """Return whether an id that was read is an object of the database's own, as OrientDB's record
    ids: `V(text)` and `hasId(text)` find it, but it is not equal to its text."""
    return id.origin is OWN


INPUT_LIMIT = 10_000
"""Inputs of one inference; beyond it the rewritten query would be larger than a server accepts."""

CANDIDATE_LIMIT = 100_000
"""Vertices that filters which come first may let through."""

_ELEMENT_HEAD = 2
"""Bytes before the id of an element in GraphBinary: the type, and that there is a value."""

_NUMBERS = (int, float, Decimal)

_ID, _KNOWN, _SOURCE, _TARGET, _LABEL, _VALUES = "v", "n", "s", "t", "l", "p"


def input_query(
    analysis: Analysis,
    plan: Plan,
    element: str,
    keys: Sequence[str] = (),
    by: Traversal = ITS_ID,
) -> Traversal:
    """Return the query for what an inference gets.

    `element` is `"node"` or `"edge"`, as the model wants it; `keys` are properties of edges;
    `by` leads from one of them to its id.
    """
    fields = {_ID: by}
    if isinstance(plan, LinkPlan):
        if plan.hide is not None:
            linked = step(plan.hide, plan.edge_label)
            fields[_KNOWN] = anonymous(linked, step("id"), step("fold"))
    elif element == "edge":
        fields[_SOURCE] = anonymous(step("outV"), step("id"))
        fields[_TARGET] = anonymous(step("inV"), step("id"))
        fields[_LABEL] = anonymous(step("label"))
        if keys:
            fields[_VALUES] = anonymous(step("valueMap", *keys))
    reading = [step("project", *fields), *(step("by", way) for way in fields.values())]
    if list(fields) == [_ID]:
        # One list: for thousands of ids a server needs longer for as many results.
        reading = [step("id"), step("fold")]
    around = analysis.around(plan.inference)
    once_each = () if around.inputs_are_unique else (step("dedup"),)
    return analysis.traversal.with_steps(
        [*around.input_steps, *once_each, step("limit", INPUT_LIMIT + 1), *reading]
    )


def read_vertices(results: Results) -> tuple[Sequence[Literal], list[frozenset[Literal]]]:
    """Return the vertices, in order, and the known links of each. Raises `InferenceError`."""
    ids = uniform(results)
    if ids is not None:
        _refuse_many(ids)
        return ids, [frozenset()] * len(ids)
    inputs: list[Literal] = []
    known: list[frozenset[Literal]] = []
    results = unfolded(results)
    if all(isinstance(result, Literal) for result in results):
        _refuse_many(results)
        inputs = list(map(id_of, results))
        _refuse_alike(inputs)
        return inputs, [frozenset()] * len(inputs)
    for row in _rows(results):
        inputs.append(id_of(row.get(_ID)))
        linked = row.get(_KNOWN)
        items = linked.items if isinstance(linked, Items) else ()
        known.append(frozenset(map(id_of, items)))
    _refuse_alike(inputs)
    return inputs, known


def read_edges(results: Results) -> list[Edge]:
    """Return the edges, in order. Raises `InferenceError`."""
    edges = []
    for row in _rows(results):
        label = id_of(row.get(_LABEL)).value
        ends = id_of(row.get(_SOURCE)), id_of(row.get(_TARGET))
        entries = row.get(_VALUES)
        values = values_of(entries) if isinstance(entries, Entries) else None
        edges.append(Edge(id_of(row.get(_ID)), label, *ends, values))
    _refuse_alike([edge.id for edge in edges])
    return edges


def has_own_ids(results: Results) -> bool:
    """Return whether ids are objects of the database's own without their texts, as those of edges
    in JanusGraph."""
    ids = [row.get(_ID) for row in fields_of(results[:1])]
    return any(isinstance(id, Opaque) and text_of_own(id) is None for id in ids)


def text_of_own(value: Argument | None) -> str | None:
    """Return the text of an id that is an object of the database's own, by which `V(text)` finds
    it, as OrientDB's record ids; `None` for another id, and where it comes without its text."""
    match value:
        case Opaque("graphson", {"@type": str(), "@value": str(text)}):
            return text
    return None


def _refuse_alike(ids: Sequence[Literal]) -> None:
    """Raise if ids differ in nothing but the type of a number: a database's `choose` does not tell
    `1` and `1L` apart."""
    numbers = [id.value for id in ids if isinstance(id.value, _NUMBERS)]
    if len(set(numbers)) < len(numbers):
        raise UnsupportedOperation(
            "Two inputs have ids that differ only in the type of a number, such as 1 and 1L:"
            " ask for them one at a time."
        )


def candidate_query(traversal: Traversal, filters: Sequence[Instruction]) -> Traversal:
    """Return the query for the ids of all vertices that pass some filters."""
    return traversal.with_steps(
        [step("V"), *filters, step("limit", CANDIDATE_LIMIT + 1), step("id")]
    )


def read_candidates(results: Results) -> frozenset[Literal]:
    """Return the ids. Raises `InferenceError`."""
    ids = read_ids(results)
    if len(ids) > CANDIDATE_LIMIT:
        raise UnsupportedOperation(
            f"More than {CANDIDATE_LIMIT} vertices pass the filters behind the inference: leave"
            f" {FILTER_FIRST} away and ask for more results, or filter closer."
        )
    return frozenset(ids)


def read_ids(results: Results) -> list[Literal]:
    """Return ids as often as they were found. Raises `InferenceError`."""
    ids: list[Literal] = []
    for result in results:
        value, bulk = (result.value, result.bulk) if isinstance(result, Bulked) else (result, 1)
        ids += [id_of(value)] * bulk
    return ids


def read_starts(results: Results) -> list[tuple[str, Argument]]:
    """Return the elements from which a query goes on, as often as each comes: `V` or `E`, and its
    id.

    Raises `UnsupportedOperation` for anything else.
    """
    starts: list[tuple[str, Argument]] = []
    for result in results:
        value, bulk = (result.value, result.bulk) if isinstance(result, Bulked) else (result, 1)
        starts += [_element(value)] * bulk
    return starts


def _element(value: Argument) -> tuple[str, Argument]:
    """Return `V` or `E`, and the id of the element that a database has written."""
    match value:
        case Opaque("graphbinary", bytes(raw), "Vertex" | "Edge" as what):
            return what[0], graphbinary.read_value(raw[_ELEMENT_HEAD:])[0]
        case Opaque("graphson", {"@type": "g:Vertex" | "g:Edge" as what, "@value": {"id": id}}):
            return what[2], graphson.read_value(id)
    raise UnsupportedOperation(
        "The steps before the inference, which write or are random, have run, but what they lead"
        " to is no vertex and no edge: the inference cannot go on from there."
    )


def read_ids_of_any_type(results: Results) -> list[Argument]:
    """Return ids as often as they were found, also those of the database's own types."""
    ids: list[Argument] = []
    for result in results:
        value, bulk = (result.value, result.bulk) if isinstance(result, Bulked) else (result, 1)
        ids += [value if isinstance(value, Opaque) else id_of(value)] * bulk
    return ids


def id_of(value: Argument | None) -> Literal:
    """Return an id as a literal. Raises `InternalFailure`."""
    if isinstance(value, Literal) and value.kind is not Kind.NULL:
        if value.origin is None:
            return value
        return Literal(value.kind, value.value)  # without its origin: it moves to other places
    text = text_of_own(value)
    if text is not None:
        return Literal(Kind.STRING, text, origin=OWN)
    raise InternalFailure(
        "The ids of this graph's elements are of a type that is not supported:"
        " strings, numbers and UUIDs are, and what GraphSON writes as a text with a type."
    )


def refuse_own_ids(ids: Sequence[Literal]) -> None:
    """Raise `UnsupportedOperation` if there are objects of the database's own among ids: no literal
    in a query is equal to them."""
    if any(map(is_own, ids)):
        raise UnsupportedOperation(
            "The ids of this database are objects of its own, by which no scores and no reasons can"
            " be looked up: ask for the predicted vertices alone."
        )


def unfolded(results: Results) -> Results:
    """Return the items of a list that is the only result, or the results."""
    only = _only_list(results)
    return results if only is None else only.items


def uniform(results: Results) -> UniformLiterals | None:
    """Return the ids in a list that is the only result, if they were read as uniform ones."""
    only = _only_list(results)
    origin = None if only is None else only.origin
    return origin if isinstance(origin, UniformLiterals) else None


def _only_list(results: Results) -> Items | None:
    only = results[0] if len(results) == 1 else None
    only = only.value if isinstance(only, Bulked) else only
    return only if isinstance(only, Items) else None


def _rows(results: Results) -> list[dict[str, Argument]]:
    _refuse_many(results)
    return fields_of(results)


def _refuse_many(results: Sequence[Argument]) -> None:
    if len(results) > INPUT_LIMIT:
        raise UnsupportedOperation(
            f"The inference has more than {INPUT_LIMIT} inputs: narrow the steps before it,"
            " or ask in portions with range()."
        )


def fields_of(results: Results) -> list[dict[str, Argument]]:
    """Return the fields that `project` gave each result. Raises `InternalFailure`."""
    rows: list[dict[str, Argument]] = []
    for result in results:
        row = result.value if isinstance(result, Bulked) else result
        if isinstance(row, Literal) or text_of_own(row) is not None:
            rows.append({_ID: row})
            continue
        if not isinstance(row, Entries):
            raise InternalFailure("The database's answer cannot be understood.")
        fields = {key.value: value for key, value in row.entries if isinstance(key, Literal)}
        rows.append(fields)
    return rows
