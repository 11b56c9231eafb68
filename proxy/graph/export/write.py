"""Exporting a graph from a running server to Neptune's export layout.

Each element is read once: its row goes to a spool file of its kind, and when the last one has
been seen, when all columns, types and cardinalities are known, the spools become CSV. The
directory appears under its name when it is complete.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from gremlin_python.process.traversal import Bytecode

from gremlink.grammar.traversal import Kind
from gremlink.proxy.graph.errors import ExportFailed
from gremlink.proxy.graph.export.elements import (
    BOOLEAN,
    EdgeElement,
    Id,
    Value,
    VertexElement,
    read_edges,
    read_vertices,
)
from gremlink.proxy.graph.export.names import check_schema, check_server
from gremlink.proxy.graph.export.parameters import ExportParameters
from gremlink.proxy.graph.export.schema import (
    EdgeKind,
    NodeKind,
    Property,
    Schema,
    id_type,
    schema_document,
    statistics_document,
)
from gremlink.proxy.graph.export.shards import Asked, Shards
from gremlink.proxy.graph.export.training_configuration import (
    MULTI_VALUE_SEPARATOR,
    training_configuration,
)
from gremlink.proxy.graph.files.column_types import SCHEMA
from gremlink.proxy.graph.files.export_files import STATISTICS
from gremlink.proxy.graph.files.export_rows import (
    FROM,
    FROM_TYPE,
    ID,
    ID_TYPE,
    LABEL,
    MIXED,
    TO,
    TO_TYPE,
)
from gremlink.proxy.graph.progress import Progress, silent
from gremlink.proxy.graph.server.connection import GraphConnection, Server
from gremlink.proxy.graph.server.source import g
from gremlink.proxy.messages.system_errors import reason_of

CONNECTIONS = 2
"""Connections that read a graph: while one waits for the server, the other's rows are read. More
pay where the server is far."""

_SPOOLS = "spools"
_BUFFERED_ROWS = 20_000
_SPECIAL = frozenset(',"\r\n')
_REPORT_EVERY = 1000


@dataclass(frozen=True, slots=True)
class ExportReport:
    """Result of an export: counts, configurations for training, and the time in seconds."""

    directory: Path
    vertices: int
    edges: int
    configurations: tuple[str, ...]
    warnings: tuple[str, ...]
    seconds: float


@dataclass(slots=True)
class _Spool:
    """Rows of one kind on their way to its CSV file, as lines of JSON.

    `system` are the cells of the system columns, `cells` the values in the order in which the
    columns were first met.
    """

    path: Path
    places: dict[str, int] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)

    def add(self, system: Sequence[str], properties: Mapping[str, Sequence[Value]]) -> None:
        for name in properties:
            self.places.setdefault(name, len(self.places))
        cells: list[list[str] | None] = [None] * len(self.places)
        for name, values in properties.items():
            cells[self.places[name]] = [value.text for value in values]
        self.lines.append(json.dumps([system, cells]))

    def flush(self) -> None:
        # Opened for each write: a graph may have more kinds than a process may have open files.
        with self.path.open("a", encoding="utf-8") as file:
            file.writelines(line + "\n" for line in self.lines)
        self.lines.clear()

    def rows(self) -> Iterator[tuple[list[str], list[list[str] | None]]]:
        with self.path.open(encoding="utf-8") as file:
            for line in file:
                system, cells = json.loads(line)
                yield system, cells


def export_graph(
    server: str | Server,
    directory: Path,
    *,
    parameters: ExportParameters | None = None,
    traversal_source: str = "g",
    progress: Progress | None = None,
    connections: int | None = None,
) -> ExportReport:
    """Export the graph of a server into a directory that does not exist yet.

    What the parameters name has to be there. A graph of more than a thousand vertices is read over
    as many `connections`, shard by shard; what was read when an export ends before its time stays
    in a folder beside `directory`, named in the error, and the next one goes on there. With filters
    all is read over one. The number is that of the parameters, if none is given, or 2. Raises
    `BadParameters`, `ConnectionFailed`, `ServerRefused` and `ExportFailed`.
    """
    started = time.monotonic()
    parameters = parameters or ExportParameters()
    directory = directory.absolute()
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise ExportFailed(f"{directory} exists and is not empty; choose another directory")
    partial = directory.parent / f".{directory.name}.{uuid4().hex[:8]}.partial"
    try:
        partial.mkdir(parents=True)
    except OSError as error:
        raise ExportFailed(f"cannot write to {directory.parent}: {reason_of(error)}") from None
    asked = Asked(server if isinstance(server, Server) else Server(server), traversal_source,
                  parameters)  # fmt: skip
    connections = connections or parameters.connections or CONNECTIONS
    shards = Shards(directory.parent / f".{directory.name}.shards", asked)
    try:
        with shards:
            writer = _Writer(partial, parameters, progress or silent)
            warnings = _read(asked, shards, writer, connections, progress or silent)
            for job in parameters.jobs:
                check_schema(job, writer.schema)
            warnings += writer.finish()
            partial.rename(directory)
    except OSError as error:
        raise ExportFailed(f"cannot write {directory}: {reason_of(error)}") from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return ExportReport(
        directory,
        sum(node.count for node in writer.schema.nodes.values()),
        sum(edge.count for edge in writer.schema.edges.values()),
        tuple(f"{job.name}.json" for job in parameters.jobs),
        tuple(dict.fromkeys(warnings)),
        time.monotonic() - started,
    )


def _read(
    asked: Asked, shards: Shards, writer: _Writer, connections: int, progress: Progress
) -> list[str]:
    """Read the graph, in shards where it can be; return warnings."""
    parameters = asked.parameters
    with asked.connect() as connection:
        check_server(connection, parameters)
        filtered = parameters.node_filter or parameters.edge_filter
        if filtered or not (shards.plan or shards.make_plan(connection)):
            writer.read(connection)
            return []
    warnings = shards.resumed
    if shards.read(connections, progress):
        gone = shards.count - writer.take(shards.vertices(), shards.edges())
        if gone:
            warnings.append(f"{gone} vertices were deleted while the export ran: they are left out")
        return warnings
    with asked.connect() as connection:
        writer.read(connection)
    return ["the server finds no vertices by their ids, so that all was read over one connection"]


class _Writer:
    """An export in the making, in the directory `partial`."""

    def __init__(self, partial: Path, parameters: ExportParameters, progress: Progress) -> None:
        self.schema = Schema()
        self._partial = partial
        self._parameters = parameters
        self._progress = progress
        self._spools: dict[str, _Spool] = {}
        self._buffered = 0
        for name in (_SPOOLS, "nodes", "edges"):
            (partial / name).mkdir()

    def read(self, connection: GraphConnection) -> None:
        """Take all elements from the server."""
        wanted = self._parameters
        self.take(
            read_vertices(connection, wanted.node_labels, wanted.node_filter),
            read_edges(connection, wanted.edge_labels, wanted.edge_filter),
            lambda: self._count(connection, g.V().count().bytecode),
            lambda: self._count(connection, g.E().count().bytecode),
        )

    def take(
        self,
        vertices: Iterable[VertexElement],
        edges: Iterable[EdgeElement],
        vertex_count: Callable[[], int | None] = lambda: None,
        edge_count: Callable[[], int | None] = lambda: None,
    ) -> int:
        """Take vertices, then edges; return the number of vertices."""
        wanted = self._parameters
        chosen: set[Id] = set()
        total, number = vertex_count(), 0
        for number, vertex in enumerate(vertices, start=1):
            kind = self.schema.see_vertex(vertex)
            system = [vertex.id.text, vertex.id.kind.value, vertex.written]
            self._spool(kind.file_name, system, vertex.properties)
            if wanted.node_filter:
                chosen.add(vertex.id)
            self._report("vertices", number, total)
        total, place = edge_count(), 0
        for place, edge in enumerate(edges, start=1):
            self._report("edges", place, total)
            ends = {";".join(edge.source_labels), ";".join(edge.dest_labels)}
            # An edge without its ends is of no use to anyone who reads the export.
            if ends <= self.schema.nodes.keys() and (
                not wanted.node_filter or {edge.source, edge.dest} <= chosen
            ):
                found = self.schema.see_edge(edge)
                source, dest = edge.source, edge.dest
                types = [source.kind.value, dest.kind.value]
                system = [edge.id, edge.label, source.text, dest.text, *types]
                self._spool(found.file_name, system, edge.properties)
        if total is None:
            self._progress("edges", place, place)
        return number

    def finish(self) -> list[str]:
        """Write all files; the warnings of all configurations."""
        for node in self.schema.nodes.values():
            self._write_nodes(node)
        for edge in self.schema.edges.values():
            self._write_edges(edge)
        shutil.rmtree(self._partial / _SPOOLS)
        self._write_json(SCHEMA, schema_document(self.schema))
        self._write_json(STATISTICS, statistics_document(self.schema))
        warnings: list[str] = []
        if not self.schema.nodes and self._parameters.leaves_out:
            warnings.append("no vertex of the graph passes the labels and filters of the export")
        for job in self._parameters.jobs:
            document = training_configuration(job, self.schema)
            warnings += document["warnings"]
            self._write_json(f"{job.name}.json", document)
        return warnings

    def _count(self, connection: GraphConnection, bytecode: Bytecode) -> int | None:
        """Count the elements to come, if progress is asked for: it costs the server a scan."""
        return None if self._progress is silent else int(next(connection.submit(bytecode)))

    def _report(self, what: str, done: int, total: int | None) -> None:
        if done % _REPORT_EVERY == 0 or done == total:
            self._progress(what, done, total)

    def _spool(
        self, file_name: str, system: Sequence[str], properties: Mapping[str, Sequence[Value]]
    ) -> None:
        spool = self._spools.get(file_name)
        if spool is None:
            path = self._partial / _SPOOLS / f"{len(self._spools)}.jsonl"
            spool = self._spools[file_name] = _Spool(path)
        spool.add(system, properties)
        self._buffered += 1
        if self._buffered >= _BUFFERED_ROWS:
            self._flush()

    def _flush(self) -> None:
        for spool in self._spools.values():
            spool.flush()
        self._buffered = 0

    def _write_nodes(self, node: NodeKind) -> None:
        mixed = id_type(node.ids) == MIXED
        header = [ID, LABEL, *([ID_TYPE] if mixed else [])]
        label = _quoted(node.name)

        def cells(system: Sequence[str]) -> list[str]:
            id_text, id_kind, written = system
            cell = _quoted(id_text) if id_kind == Kind.STRING.value else id_text
            labels = _quoted(written) if written else label
            return [cell, labels, *([_quoted(id_kind)] if mixed else [])]

        self._write_csv(node, header, cells)

    def _write_edges(self, edge: EdgeKind) -> None:
        source_mixed = id_type(edge.source_ids) == MIXED
        dest_mixed = id_type(edge.dest_ids) == MIXED
        header = [ID, LABEL, FROM, TO, "~fromLabels", "~toLabels"]
        header += [FROM_TYPE] * source_mixed + [TO_TYPE] * dest_mixed
        labels = [_quoted(edge.source), _quoted(edge.dest)]

        def cells(system: Sequence[str]) -> list[str]:
            edge_id, label, source, dest, source_kind, dest_kind = system
            ends = [
                _quoted(text) if kind == Kind.STRING.value else text
                for text, kind in ((source, source_kind), (dest, dest_kind))
            ]
            kinds = [_quoted(source_kind)] * source_mixed + [_quoted(dest_kind)] * dest_mixed
            return [_quoted(edge_id), _quoted(label), *ends, *labels, *kinds]

        self._write_csv(edge, header, cells)

    def _write_csv(
        self,
        kind: NodeKind | EdgeKind,
        header: Sequence[str],
        system_cells: Callable[[Sequence[str]], list[str]],
    ) -> None:
        spool = self._spools[kind.file_name]
        spool.flush()
        columns = [kind.properties[name] for name in spool.places]
        names = [_quoted(name) if _SPECIAL & set(name) else name for name in spool.places]
        with (self._partial / kind.file_name).open("w", encoding="utf-8", newline="") as file:
            file.write(",".join([*header, *names]) + "\n")
            for system, values in spool.rows():
                cells = system_cells(system)
                # A column that was first met later than this row.
                values += [None] * (len(columns) - len(values))
                cells += map(_cell, columns, values)
                file.write(",".join(cells) + "\n")

    def _write_json(self, name: str, document: Mapping[str, Any]) -> None:
        text = json.dumps(document, indent=2, ensure_ascii=False)
        (self._partial / name).write_text(text + "\n", encoding="utf-8")


def _cell(column: Property, values: Sequence[str] | None) -> str:
    """Format a cell: text is quoted, numbers and booleans are not, a missing value is empty."""
    if not values:
        return ""
    text = cell_text(column, values)
    plain = not column.is_multi_value and (column.is_number or column.type == BOOLEAN)
    return text if plain else _quoted(text)


def cell_text(column: Property, values: Sequence[str]) -> str:
    """Return the text of a cell without its quotes; several values are joined."""
    if not values:
        return ""
    if column.is_multi_value:
        return MULTI_VALUE_SEPARATOR.join(value.replace(";", "\\;") for value in values)
    return values[0]


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
