"""Checks of files before the first write: every problem is reported with its place.

The ends of an edge are searched in the files first; for those that are not there, the server is
asked, many ids at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from gremlink.proxy.graph.errors import FileProblem, ServerRefused, shortened
from gremlink.proxy.graph.files.bulk_csv import (
    DEFAULT_VERTEX_LABEL,
    BulkFile,
    EdgeRow,
    Id,
    VertexRow,
)
from gremlink.proxy.graph.files.csv_records import Record, short_rows
from gremlink.proxy.graph.load.consistency import Consistency, Numbers, Suspicion, among
from gremlink.proxy.graph.progress import Progress
from gremlink.proxy.graph.server.connection import GraphConnection
from gremlink.proxy.graph.server.source import g

ASKED = 500
"""Ids that the server is asked about in one request."""
_ID_BYTES = 32 * 1024
"""Bytes of ids in one request at most."""
_UNKNOWN, _THERE, _MISSING = 0, 1, 2


@dataclass(slots=True)
class Short:
    """Counts the rows with fewer cells than the header, by file."""

    counts: Counter[Path] = field(default_factory=Counter)
    first: dict[Path, int] = field(default_factory=dict)

    def see(self, record: Record) -> None:
        """Note one of them."""
        self.counts[record.path] += 1
        self.first.setdefault(record.path, record.line)

    def warnings(self) -> Iterator[str]:
        """Yield warnings about them."""
        for path, count in self.counts.items():
            yield short_rows(path, count, self.first[path])


def read_all(files: Sequence[BulkFile], progress: Progress) -> tuple[list[int], Suspicion]:
    """Read all rows; how many each file has, and the ids that have to be looked at again.

    Raises `FileProblem`.
    """
    counts = []
    with Consistency() as consistency:
        for file in files:
            count = 0
            for count, row in enumerate(file.rows(), start=1):
                consistency.see(row)
                if count % 10_000 == 0:
                    progress(f"reading {file.path.name}", count, None)
            counts.append(count)
        return counts, consistency.suspicion()


def contradictions(files: Sequence[BulkFile], suspicion: Suspicion) -> Iterator[FileProblem]:
    """Return rows that give an id which an earlier one has given to something else."""
    if len(suspicion.vertices):
        first: dict[Id, tuple[str, Record]] = {}
        for row in _vertex_rows(files):
            if among(row.id, suspicion.vertices) < 0:
                continue
            label, record = first.setdefault(
                row.id, (row.label or DEFAULT_VERTEX_LABEL, row.record)
            )
            if row.label is not None and not _labels(row.label) <= _labels(label):
                yield row.record.problem(
                    0,
                    f"the vertex {_shown(row.id)} has the label {shortened(row.label)} here and "
                    f"{shortened(label)} in {record.path.name}:{record.line}: an id belongs to one "
                    "vertex, whose labels cannot be changed",
                )
    if len(suspicion.edges):
        edges: dict[Id, tuple[tuple[str, Id, Id], Record]] = {}
        for edge in _edge_rows(files):
            if among(edge.id, suspicion.edges) < 0:
                continue
            own = edge.label, edge.source, edge.dest
            there, record = edges.setdefault(edge.id, (own, edge.record))
            if own != there:
                yield edge.record.problem(
                    0,
                    f"the edge {_shown(edge.id)} has another label or other ends in "
                    f"{record.path.name}:{record.line}: an id belongs to one edge",
                )


def dangling(
    files: Sequence[BulkFile],
    ends: Numbers,
    connection: GraphConnection,
    progress: Progress,
) -> Iterator[FileProblem]:
    """Return rows of edges with an end that is neither in the files nor in the graph."""
    if not len(ends):
        return
    states = np.zeros(len(ends), np.int8)
    batch: dict[Id, int] = {}
    size = done = 0

    def ask() -> None:
        nonlocal size, done
        missing = _missing(connection, list(batch))
        for id, place in batch.items():
            states[place] = _MISSING if id in missing else _THERE
        done += len(batch)
        size = 0
        batch.clear()
        progress("looking for the ends of edges in the graph", done, len(ends))

    for edge in _edge_rows(files):
        for id in (edge.source, edge.dest):
            place = among(id, ends)
            if place >= 0 and states[place] == _UNKNOWN and id not in batch:
                batch[id] = place
                size += len(str(id)) + 32
                if len(batch) >= ASKED or size >= _ID_BYTES:
                    ask()
    if batch:
        ask()
    if not (states == _MISSING).any():
        return
    systems = {file.path: file.system for file in files}
    for edge in _edge_rows(files):
        for name, id in (("~from", edge.source), ("~to", edge.dest)):
            place = among(id, ends)
            if place >= 0 and states[place] == _MISSING:
                yield edge.record.problem(
                    systems[edge.record.path][name],
                    f"the edge {_shown(edge.id)} {'begins' if name == '~from' else 'ends'} at "
                    f"{_shown(id)}, which is no vertex of these files or of the graph",
                )
                break


def _missing(connection: GraphConnection, ids: Sequence[Id]) -> set[Id]:
    """Return the ids that no vertex in the graph has."""
    try:
        answers = list(connection.submit(g.V(*ids).id_().bytecode))
        found = {str(answer) for answer in answers}
        missing = {id for id in ids if str(id) not in found}
        if len(answers) == len(ids) - len(missing):
            return missing
        # The server has another text for some of them.
        return {id for id in missing if not next(connection.submit(g.V(id).count().bytecode))}
    except ServerRefused:
        return set()  # it tells when the edges are written


def _vertex_rows(files: Sequence[BulkFile]) -> Iterator[VertexRow]:
    for file in files:
        if not file.is_edges:
            for row in file.rows():
                assert isinstance(row, VertexRow)
                yield row


def _edge_rows(files: Sequence[BulkFile]) -> Iterator[EdgeRow]:
    for file in files:
        if file.is_edges:
            for row in file.rows():
                assert isinstance(row, EdgeRow)
                yield row


def _labels(label: str) -> set[str]:
    return set(label.split("::"))


def _shown(id: Id) -> str:
    return shortened(id) if isinstance(id, str) else str(id)
