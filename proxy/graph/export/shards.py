"""Reading a graph shard by shard, over several connections, so that an interrupted export goes on.

First come the ids of the vertices. A thousand of them are a shard: these vertices, and the edges
that begin at them. A finished shard is a pair of files in a folder beside the output; the next
export to the same place, of the same graph with the same parameters, reads the others alone. The
rows come in the order of the ids, however many connections read them.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import shutil
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from types import TracebackType
from typing import Any
from uuid import UUID

from gremlin_python.statics import long

from gremlink.grammar.traversal import Kind
from gremlink.proxy.graph.errors import ExportFailed, GraphError, add_sentence
from gremlink.proxy.graph.export.elements import (
    EdgeElement,
    Id,
    Value,
    VertexElement,
    edge_of,
    edge_rows,
    id_of,
    read_rows,
    vertex_of,
    vertex_rows,
)
from gremlink.proxy.graph.export.parameters import ExportParameters
from gremlink.proxy.graph.labels import spellings
from gremlink.proxy.graph.progress import Progress
from gremlink.proxy.graph.server.connection import GraphConnection, Server
from gremlink.proxy.graph.server.source import g
from gremlink.proxy.messages.addresses import without_credentials

SHARD = 1000
"""Vertices of a shard: enough for the time of a request not to count, few enough to read again."""

_VALUES = {Kind.STRING: str, Kind.INT: int, Kind.LONG: long, Kind.UUID: UUID}
_PLAN, _IDS, _LOCK = "plan.json", "ids.jsonl", "lock"


@dataclass(frozen=True, slots=True)
class Asked:
    """A graph on a server, and the parts of it that are asked for."""

    server: Server
    traversal_source: str
    parameters: ExportParameters

    @property
    def fingerprint(self) -> str:
        """Name of what is read, another one for another graph or other labels."""
        server = without_credentials(self.server.url)
        read = self.parameters.node_labels, self.parameters.edge_labels
        parts = json.dumps([server, self.traversal_source, *read])
        return hashlib.sha256(parts.encode()).hexdigest()

    def connect(self) -> GraphConnection:
        """Connect to the server. Raises `ConnectionFailed`."""
        return GraphConnection(self.server, self.traversal_source)


class Shards:
    """The rows of an export in a folder of their own; a context manager that holds its lock."""

    def __init__(self, directory: Path, asked: Asked) -> None:
        self.directory = directory
        self._asked = asked
        self._stopped = threading.Event()

    def __enter__(self) -> Shards:
        """Lock the folder. Raises `ExportFailed` where another export, in time or in kind, has
        it."""
        self.directory.mkdir(parents=True, exist_ok=True)
        self._lock = (self.directory / _LOCK).open("a")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock.close()
            raise ExportFailed(
                f"another export writes to {self.directory} now: wait for its end, or choose "
                "another directory"
            ) from None
        plan = self.plan
        if plan is not None and plan["fingerprint"] != self._asked.fingerprint:
            self._lock.close()
            raise ExportFailed(
                f"{self.directory} is an interrupted export of another graph or with other "
                "parameters: repeat that one to go on with it, or remove the folder"
            )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Keep what was read where an end before its time leaves something to go on with."""
        is_kept = False
        if isinstance(error, KeyboardInterrupt | GraphError | OSError) and self.plan is not None:
            is_kept = True
            told = (
                f"what was read so far is in {self.directory}: repeat this to go on, or remove it"
            )
            if isinstance(error, KeyboardInterrupt):
                error.args = (told,)
            elif isinstance(error, GraphError):
                add_sentence(error, told[0].upper() + told[1:])
        if not is_kept:
            shutil.rmtree(self.directory, ignore_errors=True)
        self._lock.close()

    @property
    def count(self) -> int:
        """The number of vertices in the plan."""
        return 0 if self.plan is None else int(self.plan["vertices"])

    @property
    def resumed(self) -> list[str]:
        """A warning where an export goes on that was begun before."""
        if self.plan is None or not self._is_read(0):
            return []
        begun = self.plan["begun"]
        return [f"this went on with an export of {begun}: what it had read then is in the files"]

    @property
    def plan(self) -> dict[str, Any] | None:
        """The plan, `None` where none was made yet."""
        try:
            found = json.loads((self.directory / _PLAN).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise ExportFailed(
                f"{self.directory / _PLAN} cannot be read: remove {self.directory} to begin anew"
            ) from error
        return dict(found)

    def make_plan(self, connection: GraphConnection) -> bool:
        """Read the ids of all vertices; return `False` if one shard holds them.

        Raises `ServerRefused`, `ConnectionFailed`, `ExportFailed`.
        """
        labels = _spelt(self._asked.parameters.node_labels)
        vertices = g.V().has_label(*labels) if labels else g.V()
        count = 0
        with (self.directory / _IDS).open("w", encoding="utf-8") as file:
            for value in connection.submit(vertices.id_().bytecode):
                found = id_of(value)
                file.write(json.dumps([found.kind.value, found.text]) + "\n")
                count += 1
        if count <= SHARD:
            return False
        plan = {
            "fingerprint": self._asked.fingerprint,
            "begun": datetime.now(timezone.utc).isoformat(" ", "seconds"),
            "vertices": count,
            "shard": SHARD,
        }
        _write_whole(self.directory / _PLAN, [json.dumps(plan)])
        return True

    def read(self, connections: int, progress: Progress) -> bool:
        """Read the shards that are not there yet; return `False` if the server does not find its
        vertices by their ids.

        Raises what reading raises, and what has been read stays.
        """
        plan = self.plan
        assert plan is not None
        total, done = plan["vertices"], 0
        # The first one alone: it shows whether this way works.
        if not self._is_read(0):
            with self._asked.connect() as connection:
                if not self._read_shard(connection, 0, next(self._ids(plan["shard"]))):
                    return False
        missing = []
        for number in range(-(-total // plan["shard"])):
            if self._is_read(number):
                done += min(plan["shard"], total - number * plan["shard"])
            else:
                missing.append(number)
        progress("vertices", done, total)
        for count in self._read_all(missing, plan["shard"], connections):
            done += count
            progress("vertices", done, total)
        return True

    def _is_read(self, number: int) -> bool:
        return self._file(number, "edges").exists()

    def _read_all(self, missing: Collection[int], size: int, connections: int) -> Iterator[int]:
        """Read shards in threads; yield the number of ids of each as it ends."""
        local = threading.local()
        wanted = frozenset(missing)
        waiting = (each for each in enumerate(self._ids(size)) if each[0] in wanted)
        lock = threading.Lock()
        with ExitStack() as opened:

            def read(number: int, ids: list[Id]) -> int:
                if not hasattr(local, "connection"):
                    local.connection = self._asked.connect()
                    with lock:
                        opened.callback(local.connection.close)
                self._read_shard(local.connection, number, ids)
                return len(ids)

            # Its end comes first: a connection in use cannot be closed.
            with ThreadPoolExecutor(connections) as pool:
                try:
                    yield from _in_turn(pool, read, waiting, connections)
                except BaseException:
                    self._stopped.set()
                    raise

    def _read_shard(self, connection: GraphConnection, number: int, ids: list[Id]) -> bool:
        """Read a shard; return `False` if the server has none of the vertices."""
        asked = [_VALUES[each.kind](each.text) for each in ids]
        places = {each: place for place, each in enumerate(ids)}
        vertices: dict[int, VertexElement] = {}
        for row in self._going(read_rows(connection, "vertex", vertex_rows(g.V(*asked)).bytecode)):
            vertex = vertex_of(row)
            if vertex.id in places:
                vertices[places[vertex.id]] = vertex
        if not vertices and number == 0:
            return False
        labels = _spelt(self._asked.parameters.edge_labels)
        edges = edge_rows(g.V(*asked).out_e(*labels)).bytecode
        _write_whole(
            self._file(number, "vertices"), (_vertex_line(vertices[at]) for at in sorted(vertices))
        )
        _write_whole(
            self._file(number, "edges"),
            (_edge_line(edge_of(row)) for row in self._going(read_rows(connection, "edge", edges))),
        )
        return True

    def _going(self, rows: Iterable[Any]) -> Iterator[Any]:
        """Yield rows until another thread has failed."""
        for row in rows:
            if self._stopped.is_set():
                raise ExportFailed("another connection of this export failed")
            yield row

    def vertices(self) -> Iterator[VertexElement]:
        """Yield what was read."""
        return map(_vertex_of_line, self._lines("vertices"))

    def edges(self) -> Iterator[EdgeElement]:
        """Yield what was read."""
        return map(_edge_of_line, self._lines("edges"))

    def _lines(self, what: str) -> Iterator[str]:
        plan = self.plan
        assert plan is not None
        for number in range(-(-plan["vertices"] // plan["shard"])):
            with self._file(number, what).open(encoding="utf-8") as file:
                yield from file

    def _ids(self, size: int) -> Iterator[list[Id]]:
        """Yield the ids of each shard."""
        with (self.directory / _IDS).open(encoding="utf-8") as file:
            shard: list[Id] = []
            for line in file:
                kind, text = json.loads(line)
                shard.append(Id(Kind(kind), text))
                if len(shard) == size:
                    yield shard
                    shard = []
            if shard:
                yield shard

    def _file(self, number: int, what: str) -> Path:
        return self.directory / f"{number}.{what}.jsonl"


def _in_turn(
    pool: ThreadPoolExecutor,
    read: Callable[[int, list[Id]], int],
    waiting: Iterator[tuple[int, list[Id]]],
    most: int,
) -> Iterator[int]:
    """Yield what `read` returns of each; few wait in the pool, from which they cannot be taken."""
    running: set[Future[int]] = set()
    while True:
        while len(running) < most and (shard := next(waiting, None)) is not None:
            running.add(pool.submit(read, *shard))
        if not running:
            return
        ended, running = wait(running, return_when=FIRST_COMPLETED)
        for each in ended:
            yield each.result()


def _spelt(labels: Sequence[str]) -> list[str]:
    return [spelling for label in labels for spelling in spellings(label)]


def _write_whole(path: Path, lines: Iterable[str]) -> None:
    """Write a file that is there as a whole or not at all."""
    begun = path.with_suffix(".begun")
    with begun.open("w", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in lines)
    begun.rename(path)


def _cells(properties: Mapping[str, Sequence[Value]]) -> dict[str, list[tuple[str, str]]]:
    return {key: [(each.type, each.text) for each in values] for key, values in properties.items()}


def _values(cells: Mapping[str, Sequence[tuple[str, str]]]) -> dict[str, list[Value]]:
    return {key: [Value(*each) for each in values] for key, values in cells.items()}


def _vertex_line(vertex: VertexElement) -> str:
    id = vertex.id.kind.value, vertex.id.text
    return json.dumps([id, vertex.labels, _cells(vertex.properties), vertex.written])


def _vertex_of_line(line: str) -> VertexElement:
    (kind, text), labels, cells, written = json.loads(line)
    return VertexElement(Id(Kind(kind), text), tuple(labels), _values(cells), written)


def _edge_line(edge: EdgeElement) -> str:
    source, dest = ((each.kind.value, each.text) for each in (edge.source, edge.dest))
    labels = edge.source_labels, edge.dest_labels
    return json.dumps([edge.id, edge.label, source, dest, *labels, _cells(edge.properties)])


def _edge_of_line(line: str) -> EdgeElement:
    id, label, source, dest, source_labels, dest_labels, cells = json.loads(line)
    begin, end = (Id(Kind(kind), text) for kind, text in (source, dest))
    labels = tuple(source_labels), tuple(dest_labels)
    return EdgeElement(id, label, begin, end, *labels, _values(cells))
