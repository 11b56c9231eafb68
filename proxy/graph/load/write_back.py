"""Predictions written into a graph: as edges of a label, or as a property; and removed again.

Everything that is written carries the mark of its run, which nothing of the graph's own has: a
label or a key that the graph uses for its own data is refused before the first write. Writing the
same predictions again changes nothing, and after a run that broke off the next one completes it;
what an earlier run has predicted and this one does not is removed at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

from gremlin_python.process.graph_traversal import GraphTraversal, __
from gremlin_python.process.traversal import Cardinality, Direction, Merge, P, T

from gremlink.proxy.graph.errors import GraphError
from gremlink.proxy.graph.progress import Progress, silent
from gremlink.proxy.graph.server.connection import GraphConnection
from gremlink.proxy.graph.server.source import g

RUN = "gremlink_run"
"""The property that marks a predicted edge; of a predicted property it is `KEY_gremlink_run`."""

BATCH = 100
"""Predictions in one request: JanusGraph's configuration takes 64 KiB."""

REMOVED_AT_ONCE = 1000
"""Elements that one request removes, so that no transaction holds all of them."""

_Row = TypeVar("_Row")
_Kept = TypeVar("_Kept")


class LabelTaken(GraphError):
    """The graph uses the label, or the key, for data of its own."""

    def __init__(self, name: str, what: str) -> None:
        super().__init__(
            f"the graph has {what} {name!r} of its own, which predictions must not touch: choose "
            "another name"
        )


class NotRemoved(GraphError):
    """The database takes a removal and does nothing."""

    def __init__(self, left: int) -> None:
        super().__init__(
            f"the database did not remove predictions, at least {left:,} are left: may this user "
            "write?"
        )


@dataclass(frozen=True, slots=True)
class Provenance:
    """The origin of predictions: the model's name, its time (ISO 8601), and the run's mark.

    Equal models and requests have equal marks.
    """

    model: str
    time: str
    run: str


@dataclass(frozen=True, slots=True)
class PredictedEdge:
    """An edge to write; ids are gremlinpython's."""

    source: Any
    target: Any
    score: float | None
    rank: int


@dataclass(frozen=True, slots=True)
class PredictedValue:
    """A value of a vertex to write."""

    vertex: Any
    value: Any
    score: float | None


@dataclass(frozen=True, slots=True)
class PredictedEdgeValue:
    """A value to write of the edges between two vertices."""

    source: Any
    target: Any
    value: Any
    score: float | None


@dataclass(frozen=True, slots=True)
class Written:
    """Result of writing: predictions that are in the graph now, and earlier ones that were removed.

    Predictions about vertices that the graph does not have (any more) are left out.
    """

    written: int
    removed: int
    left_out: int


def write_edges(
    connection: GraphConnection,
    label: str,
    rows: Iterable[PredictedEdge],
    provenance: Provenance,
    progress: Progress | None = None,
) -> Written:
    """Write predicted edges of a label.

    Raises `LabelTaken`, `ConnectionFailed`, `ServerRefused`.
    """
    connection.require_bytecode()
    _require_free(connection, g.E().has_label(label).has_not(RUN), label, "edges labelled")
    written, left_out = _write(
        connection,
        rows,
        lambda batch: _of_present(connection, batch, lambda row: (row.source, row.target)),
        lambda kept: [_merged_edges(label, kept, provenance)],
        lambda done: (progress or silent)("edges", done, None),
    )
    stale = g.E().has_label(label).has(RUN, P.neq(provenance.run))
    return Written(written, _drop(connection, stale), left_out)


def write_values(
    connection: GraphConnection,
    key: str,
    rows: Iterable[PredictedValue],
    provenance: Provenance,
    progress: Progress | None = None,
) -> Written:
    """Write predicted values as a property of vertices, with `KEY_score`, `KEY_model`, `KEY_time`.

    Raises `LabelTaken`, `ConnectionFailed`, `ServerRefused`.
    """
    connection.require_bytecode()
    for each in _keys(key)[:-1]:
        taken = g.V().has(each).has_not(_keys(key)[-1])
        _require_free(connection, taken, each, "a property")
    written, left_out = _write(
        connection,
        rows,
        lambda batch: _of_present(connection, batch, lambda row: (row.vertex,)),
        lambda kept: [_with_values(g.V, key, alike, provenance) for alike in _of_one_type(kept)],
        lambda done: (progress or silent)("vertices", done, None),
    )
    mark = _keys(key)[-1]
    stale = g.V().has(mark, P.neq(provenance.run))
    return Written(written, _drop_values(connection, stale, g.V, key), left_out)


def write_edge_values(
    connection: GraphConnection,
    key: str,
    label: str,
    rows: Iterable[PredictedEdgeValue],
    provenance: Provenance,
    progress: Progress | None = None,
) -> Written:
    """Write predicted values as a property of edges of a label, as `write_values` of vertices.

    Of parallel edges each gets the value, and each counts. Raises `LabelTaken`,
    `ConnectionFailed`, `ServerRefused`.
    """
    connection.require_bytecode()
    *own, mark = _keys(key)
    for each in own:
        _require_free(connection, g.E().has(each).has_not(mark), each, "a property of edges")
    written, left_out = _write(
        connection,
        rows,
        lambda batch: _of_edges(connection, label, batch),
        lambda kept: [_with_values(g.E, key, alike, provenance) for alike in _of_one_type(kept)],
        lambda done: (progress or silent)("edges", done, None),
    )
    stale = g.E().has(mark, P.neq(provenance.run))
    return Written(written, _drop_values(connection, stale, g.E, key), left_out)


def remove_edges(connection: GraphConnection, label: str) -> int:
    """Remove the predicted edges of a label, and return their number."""
    return _drop(connection, g.E().has_label(label).has(RUN))


def remove_values(connection: GraphConnection, key: str) -> int:
    """Remove a predicted property, and return the number of vertices and edges that had it."""
    mark = _keys(key)[-1]
    return sum(_drop_values(connection, each().has(mark), each, key) for each in (g.V, g.E))


def count_edges(connection: GraphConnection, label: str) -> int:
    """Count the predicted edges of a label."""
    return int(next(connection.submit(g.E().has_label(label).has(RUN).count().bytecode)))


def count_values(connection: GraphConnection, key: str) -> int:
    """Count the vertices and edges with a predicted property."""
    mark = _keys(key)[-1]
    counts = (each().has(mark).count() for each in (g.V, g.E))
    return sum(int(next(connection.submit(each.bytecode))) for each in counts)


def _keys(key: str) -> tuple[str, ...]:
    """Return the keys of a predicted property; the last one is the mark."""
    return key, f"{key}_score", f"{key}_model", f"{key}_time", f"{key}_{RUN}"


def _require_free(connection: GraphConnection, taken: GraphTraversal, name: str, what: str) -> None:
    for _ in connection.submit(taken.limit(1).id_().bytecode):
        raise LabelTaken(name, what)


def _write(
    connection: GraphConnection,
    rows: Iterable[_Row],
    keep: Callable[[Sequence[_Row]], tuple[Sequence[_Kept], int]],
    queries: Callable[[Sequence[_Kept]], Iterable[GraphTraversal]],
    tell: Callable[[int], None],
) -> tuple[int, int]:
    """Write what the graph has a place for, and count that and the rows that are left out.

    `keep` returns what is to be written of some rows, and how many are left out; `queries` what
    writes it; `tell` hears of rows done.
    """
    iterator = iter(rows)
    done = written = left_out = 0
    while batch := list(islice(iterator, BATCH)):
        kept, gone = keep(batch)
        if kept:
            for query in queries(kept):
                next(connection.submit(query.bytecode), None)
        done += len(batch)
        written += len(kept)
        left_out += gone
        tell(done)
    return written, left_out


def _of_present(
    connection: GraphConnection, rows: Sequence[_Row], ids: Callable[[_Row], Sequence[Any]]
) -> tuple[list[_Row], int]:
    """Return the rows whose vertices there are, `ids` of each, and the number of the others."""
    there = _present(connection, [id for row in rows for id in ids(row)])
    kept = [row for row in rows if all(_key(id) in there for id in ids(row))]
    return kept, len(rows) - len(kept)


def _of_edges(
    connection: GraphConnection, label: str, rows: Sequence[PredictedEdgeValue]
) -> tuple[list[PredictedValue], int]:
    """Return the values for the edges that there are, and the number of rows without an edge."""
    sources = list({_key(row.source): row.source for row in rows}.values())
    targets = list({_key(row.target): row.target for row in rows}.values())
    query = g.V(*sources).out_e(label).where(__.in_v().has_id(P.within(targets)))
    query = query.project("e", "o", "i").by(__.id_()).by(__.out_v().id_()).by(__.in_v().id_())
    edges: dict[Any, list[Any]] = {}
    for found in connection.submit(query.bytecode):
        edges.setdefault((_key(found["o"]), _key(found["i"])), []).append(found["e"])
    between = [edges.get((_key(row.source), _key(row.target)), []) for row in rows]
    kept = [
        PredictedValue(edge, row.value, row.score)
        for row, found in zip(rows, between, strict=True)
        for edge in found
    ]
    return kept, between.count([])


def _of_one_type(rows: Sequence[PredictedValue]) -> Iterator[list[PredictedValue]]:
    """Part rows by the types of their ids: in a dictionary 1 and the long 1 are one key."""
    parts: dict[type, list[PredictedValue]] = {}
    for row in rows:
        parts.setdefault(type(row.vertex), []).append(row)
    yield from parts.values()


def _key(id: Any) -> tuple[str, Any]:
    return type(id).__name__, id


def _present(connection: GraphConnection, ids: Sequence[Any]) -> set[tuple[str, Any]]:
    """Return the ids of those vertices that there are."""
    distinct = list({_key(id): id for id in ids}.values())
    return {_key(each) for each in connection.submit(g.V(*distinct).id_().bytecode)}


def _merged_edges(
    label: str, rows: Sequence[PredictedEdge], provenance: Provenance
) -> GraphTraversal:
    maps = [
        {
            "m": {T.label: label, Direction.OUT: row.source, Direction.IN: row.target},
            "p": {
                **({} if row.score is None else {"score": row.score}),
                "rank": row.rank,
                "model": provenance.model,
                "time": provenance.time,
                RUN: provenance.run,
            },
        }
        for row in rows
    ]
    merged = g.inject(maps).unfold().as_("r").merge_e(__.select("m"))
    merged = merged.option(Merge.on_create, __.select("p"))
    return merged.option(Merge.on_match, __.select("r").select("p")).count()


def _with_values(
    start: Callable[..., GraphTraversal],
    key: str,
    rows: Sequence[PredictedValue],
    provenance: Provenance,
) -> GraphTraversal:
    value_key, score_key, model_key, time_key, mark = _keys(key)
    values = {row.vertex: row.value for row in rows}
    scores = {row.vertex: row.score for row in rows if row.score is not None}
    own = __.select("v").id_()
    query = g.inject({"values": values, "scores": scores}).as_("m")
    of_vertices = start == g.V
    query = (query.V(*values) if of_vertices else query.E(*values)).as_("v")
    single = (Cardinality.single,) if of_vertices else ()  # edges have one value of a key
    query = query.property(*single, value_key, __.select("m").select("values").select(own))
    if scores:
        found = __.select("m").select("scores").select(own.clone())
        query = query.property(*single, score_key, found)
    query = query.property(*single, model_key, provenance.model)
    query = query.property(*single, time_key, provenance.time)
    return query.property(*single, mark, provenance.run).count()


def _drop(connection: GraphConnection, elements: GraphTraversal) -> int:
    """Remove elements, some at a time, and return their number."""
    removed = 0
    left = int(next(connection.submit(elements.clone().count().bytecode)))
    while left:
        for _ in connection.submit(elements.clone().limit(REMOVED_AT_ONCE).drop().bytecode):
            pass
        before, left = left, int(next(connection.submit(elements.clone().count().bytecode)))
        if left >= before:
            raise NotRemoved(left)
        removed += before - left
    return removed


def _drop_values(
    connection: GraphConnection,
    elements: GraphTraversal,
    start: Callable[..., GraphTraversal],
    key: str,
) -> int:
    """Remove the values of a key from elements, which `start` finds by ids; count them."""
    removed = 0
    before: list[Any] = []
    while True:
        ids = list(connection.submit(elements.clone().limit(REMOVED_AT_ONCE).id_().bytecode))
        if not ids:
            return removed
        if ids == before:
            raise NotRemoved(len(ids))
        before = ids
        query = start(*ids).properties(*_keys(key)).drop()
        for _ in connection.submit(query.bytecode):
            pass
        removed += len(ids)
