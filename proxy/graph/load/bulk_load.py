"""Loading Neptune bulk-loader CSV into any Gremlin server of TinkerPop 3.7 or newer.

Rows become maps, many maps one request: `g.inject(maps).unfold().mergeV(…)` does not grow with
their number. Merging by id makes a second run, and a run after a broken one, harmless.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
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

from gremlink.proxy.graph.errors import (
    FileProblem,
    GraphError,
    IdsRefused,
    MessageTooBig,
    ServerRefused,
    add_sentence,
)
from gremlink.proxy.graph.files.bulk_csv import (
    DEFAULT_VERTEX_LABEL,
    BulkFile,
    EdgeRow,
    VertexRow,
    open_bulk_file,
)
from gremlink.proxy.graph.files.csv_records import OnProblem
from gremlink.proxy.graph.files.folder import csv_files, warnings_of
from gremlink.proxy.graph.load.precheck import Short, contradictions, dangling, read_all
from gremlink.proxy.graph.progress import Progress, silent
from gremlink.proxy.graph.server.connection import GraphConnection, Server
from gremlink.proxy.graph.server.source import g

BATCH_BYTES = 48 * 1024
"""Size of a request, estimated. JanusGraph's configuration accepts no message above 64 KiB."""
_ROW_BYTES = 380
_VALUE_BYTES = 110
_IDS_REFUSED = (
    "is not a recordid",
    "user supplied identifiers",
    "user-supplied id",
    "custom vertex id",
)


@dataclass(frozen=True, slots=True)
class LoadReport:
    """Result of a load: rows of vertex and edge files, and the time in seconds.

    `warnings` name files that were left out and rows that were too short; `files` counts those
    that were read.
    """

    vertices: int
    edges: int
    seconds: float
    warnings: tuple[str, ...] = ()
    files: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class _Entry:
    """One map of a request. `label` is what the element must turn out to have, if it must.

    A row with several values of a property has several; one is the first.
    """

    row: VertexRow | EdgeRow
    merge: dict[str, Any]
    label: str | None
    size: int
    is_first: bool = True


def load_csv(
    server: str | Server,
    source: Path | Sequence[Path],
    *,
    traversal_source: str = "g",
    progress: Progress | None = None,
    allow_empty_strings: bool = False,
    on_problem: OnProblem | None = None,
) -> LoadReport:
    """Load the files of a folder and of those inside, or one file, or the named ones.

    Vertices are written first. All files are read to their ends before the first write, and the
    server is asked for ends of edges that they do not have, so that a bad line changes nothing.
    With `on_problem` a bad row is reported and left out instead, and so is one that the server
    refuses. Raises `FileProblem`, `ConnectionFailed`, `ServerRefused`, `IdsRefused`: those that
    come with the writing report the state of the graph.
    """
    started = time.monotonic()
    tell = progress or silent
    warnings: list[str] = []
    if isinstance(source, Path):
        paths, left = csv_files(source)
        warnings += warnings_of(left)
    else:
        paths = list(source)
    short = Short()
    files: list[BulkFile] = []
    for path in paths:
        try:
            files.append(
                open_bulk_file(
                    path,
                    allow_empty_strings=allow_empty_strings,
                    on_problem=on_problem,
                    on_short=short.see,
                )
            )
        except FileProblem as problem:
            if on_problem is None:
                raise
            on_problem(problem)
    counts, suspicion = read_all(files, tell)
    warnings += short.warnings()
    # Problems that the first reading has reported are not reported again.
    files = [replace(file, on_problem=on_problem and _ignore, on_short=None) for file in files]
    vertices = sum(n for file, n in zip(files, counts, strict=True) if not file.is_edges)
    total = _Counts(vertices, sum(counts) - vertices)
    bad: set[tuple[Path, int]] = set()

    def leave_out(problems: Iterator[FileProblem]) -> None:
        for problem in problems:
            if on_problem is None:
                raise problem
            on_problem(problem)
            bad.add((problem.path, problem.line))

    leave_out(contradictions(files, suspicion))
    with GraphConnection(server, traversal_source) as connection:
        connection.require_bytecode()
        leave_out(dangling(files, suspicion.ends, connection, tell))
        writer = _Writer(connection, tell, on_problem, bad)
        try:
            writer.write([file for file in files if not file.is_edges], total.vertices)
            writer.write([file for file in files if file.is_edges], total.edges)
        except (GraphError, KeyboardInterrupt) as error:
            _add_state(error, writer.done, total)
            raise
    done = writer.done
    seconds = time.monotonic() - started
    return LoadReport(done.vertices, done.edges, seconds, tuple(warnings), len(paths))


def _ignore(problem: FileProblem) -> None:
    """Ignore a problem that has been reported already."""


@dataclass(slots=True)
class _Counts:
    """Rows of files of vertices, and of edges."""

    vertices: int = 0
    edges: int = 0


def _add_state(error: BaseException, done: _Counts, total: _Counts) -> None:
    """Add to an error the present state of the graph, and how to go on."""
    what = (
        f"The graph has at least {done.vertices:,} of {total.vertices:,} vertices and "
        f"{done.edges:,} of {total.edges:,} edges of these files now, and they stay. Load the same "
        "files again when the cause is gone: what is there already is merged, not doubled."
    )
    add_sentence(error, what)


@dataclass(slots=True)
class _Writer:
    """Writes rows, many in one request; without `on_problem` the first refusal ends it."""

    connection: GraphConnection
    progress: Progress
    on_problem: OnProblem | None
    bad: Collection[tuple[Path, int]]
    done: _Counts = field(default_factory=_Counts)

    def write(self, files: Sequence[BulkFile], total: int) -> None:
        """Write the rows of files, without the bad ones: those at these lines."""
        done = 0
        for file in files:
            what = "edges" if file.is_edges else "vertices"
            batch: list[_Entry] = []
            size = 0
            for row in file.rows():
                done += 1
                if self.bad and (row.record.path, row.record.line) in self.bad:
                    continue
                entries = _edge(row) if isinstance(row, EdgeRow) else _vertex(row)
                for entry in entries:
                    if batch and size + entry.size > BATCH_BYTES:
                        self._flush(batch)
                        batch, size = [], 0
                        self.progress(what, done, total)
                    batch.append(entry)
                    size += entry.size
            if batch:
                self._flush(batch)
            self.progress(what, done, total)

    def _flush(self, batch: Sequence[_Entry]) -> None:
        refused = self._apply(batch)
        rows = sum(entry.is_first for entry in batch) - refused
        if isinstance(batch[0].row, EdgeRow):
            self.done.edges += rows
        else:
            self.done.vertices += rows

    def _apply(self, entries: Sequence[_Entry]) -> int:
        """Write entries; on refusal find the one at fault, which merging allows to try again."""
        try:
            labels = Counter(next(self.connection.submit(_bytecode(entries)), {}))
            expected = Counter(entry.label for entry in entries if entry.label is not None)
            if all(_found(labels, label) >= count for label, count in expected.items()):
                return 0
            if len(entries) == 1:
                return self._report(_label_conflict(entries[0], next(iter(labels), "")))
        except ServerRefused as refused:
            if any(sign in refused.reason.lower() for sign in _IDS_REFUSED):
                raise IdsRefused(refused) from None
            if len(entries) == 1:
                return self._report(_at(entries[0], refused))
        except MessageTooBig as big:
            if len(entries) == 1:
                record = entries[0].row.record
                raise FileProblem(record.path, record.line, 0, str(big)) from None
            raise
        middle = len(entries) // 2
        return self._apply(entries[:middle]) + self._apply(entries[middle:])

    def _report(self, problem: FileProblem) -> int:
        if self.on_problem is None:
            raise problem
        self.on_problem(problem)
        return 1


def _vertex(row: VertexRow) -> Iterator[_Entry]:
    """Return a vertex with the first value of each set, then the further values, one of each at a
    time."""
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
        yield _Entry(row, merge, row.label, size, turn == 0)


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
    """Count the elements with at least these labels, whose order is the server's."""
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
        reason = " ".join(refused.lines)
    return FileProblem(record.path, record.line, 0, reason)
