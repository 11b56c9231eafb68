"""Loading Neptune bulk-loader CSV into any Gremlin server of TinkerPop 3.7 or newer.

Rows become maps, many maps one request: `g.inject(maps).unfold().mergeV(…)` does not grow with
their number. Merging by id makes a second run, and a run after a broken one, harmless.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gremlin_python.process.graph_traversal import __
from gremlin_python.process.traversal import (
    Bytecode,
    CardinalityValue,
    Direction,
    Merge,
    T,
)

from proxy.graph.bulk_csv import (
    DEFAULT_VERTEX_LABEL,
    BulkFile,
    EdgeRow,
    VertexRow,
    open_bulk_file,
)
from proxy.graph.connection import GraphConnection, Server
from proxy.graph.errors import FileProblem, IdsRefused, ServerRefused
from proxy.graph.progress import Progress, silent
from proxy.graph.steps import g

BATCH_BYTES = 48 * 1024
"""Size of a request, estimated. JanusGraph's configuration accepts no message above 64 KiB."""
_ROW_BYTES = 380
_VALUE_BYTES = 110
_IDS_REFUSED = ("user supplied identifiers", "user-supplied id", "custom vertex id")

OnProblem = Callable[[FileProblem], None]


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What was loaded: rows of vertex and edge files, and the time it took in seconds."""

    vertices: int
    edges: int
    seconds: float


@dataclass(frozen=True, slots=True)
class _Entry:
    """One map of a request. `label` is what the element must turn out to have, if it must."""

    row: VertexRow | EdgeRow
    merge: dict[str, Any]
    label: str | None
    size: int


def load_csv(
    server: str | Server,
    source: Path | Sequence[Path],
    *,
    traversal_source: str = "g",
    progress: Progress | None = None,
    allow_empty_strings: bool = False,
    on_problem: OnProblem | None = None,
) -> LoadReport:
    """Load all `*.csv` files of a directory, or one file, or the named ones; vertices first.

    All files are read to their ends before the first write, so that a bad line changes nothing.
    With `on_problem` a bad row is told and left out instead, and so is one that the server refuses.
    Raises `FileProblem`, `ConnectionFailed`, `ServerRefused`, `IdsRefused`.
    """
    started = time.monotonic()
    tell = progress or silent
    files: list[BulkFile] = []
    for path in _csv_files(source) if isinstance(source, Path) else source:
        try:
            files.append(
                open_bulk_file(path, allow_empty_strings=allow_empty_strings, on_problem=on_problem)
            )
        except FileProblem as problem:
            if on_problem is None:
                raise
            on_problem(problem)
    counts = [_count(file, tell) for file in files]
    # What the first reading has told is not told again.
    files = [replace(file, on_problem=on_problem and _told) for file in files]
    vertices = sum(n for file, n in zip(files, counts, strict=True) if not file.is_edges)
    edges = sum(counts) - vertices
    with GraphConnection(server, traversal_source) as connection:
        connection.require_bytecode()
        writer = _Writer(connection, tell, on_problem)
        vertices -= writer.write([file for file in files if not file.is_edges], vertices)
        edges -= writer.write([file for file in files if file.is_edges], edges)
    return LoadReport(vertices, edges, time.monotonic() - started)


def _told(problem: FileProblem) -> None:
    """Nobody needs to hear of it again."""


def _csv_files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise FileProblem(path, 0, 0, "there is no such file or directory")
    files = sorted(path.glob("*.csv"))
    if not files:
        raise FileProblem(path, 0, 0, "there are no .csv files in this directory")
    return files


def _count(file: BulkFile, progress: Progress) -> int:
    count = 0
    for count, _ in enumerate(file.rows(), start=1):
        if count % 10_000 == 0:
            progress(f"reading {file.path.name}", count, None)
    return count


@dataclass(slots=True)
class _Writer:
    """Writes rows, many in one request; without `on_problem` the first refusal ends it."""

    connection: GraphConnection
    progress: Progress
    on_problem: OnProblem | None

    def write(self, files: Sequence[BulkFile], total: int) -> int:
        """Write the rows of files; how many elements the server refused."""
        done = refused = 0
        for file in files:
            what = "edges" if file.is_edges else "vertices"
            batch: list[_Entry] = []
            size = 0
            for row in file.rows():
                entries = _edge(row) if isinstance(row, EdgeRow) else _vertex(row)
                for entry in entries:
                    if batch and size + entry.size > BATCH_BYTES:
                        refused += self._apply(batch)
                        batch, size = [], 0
                        self.progress(what, done, total)
                    batch.append(entry)
                    size += entry.size
                done += 1
            if batch:
                refused += self._apply(batch)
                self.progress(what, done, total)
        return refused

    def _apply(self, entries: Sequence[_Entry]) -> int:
        """Write entries; on refusal find the one at fault, which merging allows to try again."""
        try:
            labels = Counter(next(self.connection.submit(_bytecode(entries)), {}))
            expected = Counter(entry.label for entry in entries if entry.label is not None)
            if all(_found(labels, label) >= count for label, count in expected.items()):
                return 0
            if len(entries) == 1:
                return self._tell(_label_conflict(entries[0], next(iter(labels), "")))
        except ServerRefused as refused:
            if any(sign in refused.reason.lower() for sign in _IDS_REFUSED):
                raise IdsRefused(refused) from None
            if len(entries) == 1:
                return self._tell(_at(entries[0], refused))
        middle = len(entries) // 2
        return self._apply(entries[:middle]) + self._apply(entries[middle:])

    def _tell(self, problem: FileProblem) -> int:
        if self.on_problem is None:
            raise problem
        self.on_problem(problem)
        return 1


def _vertex(row: VertexRow) -> Iterator[_Entry]:
    """A vertex with the first value of each set, then the further values, one of each at a time."""
    longest = max((len(values) for values in row.sets.values()), default=0)
    for turn in range(max(longest, 1)):
        # The cardinality is said for each value: a server's default may be another one.
        properties = {
            name: CardinalityValue.set_(values[turn])
            for name, values in row.sets.items()
            if turn < len(values)
        }
        if turn == 0:
            single = {name: CardinalityValue.single(value) for name, value in row.single.items()}
            properties.update(single)
        label = row.label or DEFAULT_VERTEX_LABEL
        merge = {"m": {T.id: row.id}, "c": {T.label: label, **properties}, "p": properties}
        size = _ROW_BYTES + sum(
            2 * (_VALUE_BYTES + len(name) + len(str(value.source_instructions[0][2])))
            for name, value in properties.items()
        )
        yield _Entry(row, merge, row.label, size)


def _edge(row: EdgeRow) -> Iterator[_Entry]:
    match = {
        T.id: row.id,
        T.label: row.label,
        Direction.OUT: row.source,
        Direction.IN: row.dest,
    }
    merge = {"m": match, "p": row.properties}
    size = _ROW_BYTES + sum(
        _VALUE_BYTES // 2 + len(name) + len(str(value)) for name, value in row.properties.items()
    )
    yield _Entry(row, merge, row.label, size)


def _bytecode(entries: Sequence[_Entry]) -> Bytecode:
    # By its name the row is found from wherever a server begins an option: since 3.8 `on_match`
    # begins at the matched element, before at the row.
    rows = g.inject([entry.merge for entry in entries]).unfold().as_("r")
    if isinstance(entries[0].row, EdgeRow):
        merged = rows.merge_e(__.select("m")).option(Merge.on_create, __.select("p"))
    else:
        merged = rows.merge_v(__.select("m")).option(Merge.on_create, __.select("c"))
    return merged.option(Merge.on_match, __.select("r").select("p")).label().group_count().bytecode


def _found(labels: Counter[str], label: str) -> int:
    """How many elements have at least these labels, whose order is the server's."""
    wanted = set(label.split("::"))
    return sum(count for found, count in labels.items() if wanted <= set(found.split("::")))


def _label_conflict(entry: _Entry, found: str) -> FileProblem:
    return entry.row.record.problem(
        0, f"{entry.row.id!r} exists already with the label {found!r}, which cannot be changed"
    )


def _at(entry: _Entry, refused: ServerRefused) -> FileProblem:
    record = entry.row.record
    if isinstance(entry.row, EdgeRow) and "could not be" in refused.reason:
        reason = f"an end of this edge is no vertex of the graph ({refused.reason})"
    else:
        reason = str(refused)
    return FileProblem(record.path, record.line, 0, reason)
