"""Loading files of RDF into any store that speaks SPARQL 1.1.

All files are read to their ends before the first write. Statements are a set, and blank nodes
become IRIs that the document tells, so a second load, and a load after a broken one, changes
nothing.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pyoxigraph as ox

from gremlink.proxy.graph.errors import FileProblem, GraphError, ServerRefused, add_sentence
from gremlink.proxy.graph.files.folder import warnings_of
from gremlink.proxy.graph.progress import Progress, silent
from gremlink.proxy.graph.rdf.client import RdfStore
from gremlink.proxy.graph.rdf.formats import (
    FORMATS,
    OnProblem,
    RdfFile,
    Statement,
    checked_iri,
    rdf_files,
)

NEPTUNE_GRAPH = "http://aws.amazon.com/neptune/vocab/v01/DefaultNamedGraph"
"""The graph of Neptune for statements that name none."""
BATCH_BYTES = 2 * 1024 * 1024
"""Size of the statements of a request."""
_MOST_GRAPHS = 4
"""Graphs of a batch that have a request each; more have one update together."""
_TELL_EVERY = 10_000


@dataclass(frozen=True, slots=True)
class RdfLoadReport:
    """Result of a load: statements and files that were read, and the time in seconds.

    `warnings` name files that were left out, and say if the store does not show what was loaded.
    """

    statements: int
    seconds: float
    warnings: tuple[str, ...] = ()
    files: int = field(default=0, compare=False)


def load_rdf(
    store: RdfStore,
    source: Path,
    *,
    form: str | None = None,
    graph: str | None = None,
    base: str | None = None,
    progress: Progress | None = None,
    on_problem: OnProblem | None = None,
) -> RdfLoadReport:
    """Load the files of a folder and of those inside, or one file.

    `form` is a name of `FORMATS`; without it each file tells its own. Statements that name no graph
    go to `graph`, or to the store's default graph. `base` is what relative IRIs are relative to.
    With `on_problem` a wrong statement is reported and left out instead of ending the load. Raises
    `FileProblem`, `StoreUnreachable`, `StoreRefused` (those that come with the writing report the
    state of the store), `ValueError` for a graph or a base that is no IRI.
    """
    started = time.monotonic()
    tell = progress or silent
    for iri in (graph, base):
        if iri is not None:
            checked_iri(iri)
    files, left = rdf_files(source, None if form is None else FORMATS[form], base)
    _try_out(store)
    checked = _Checked(tell)
    digests = [file.digest(checked.see, on_problem) for file in files]
    writer = _Writer(store, tell, checked.statements, graph)
    try:
        for file, digest in zip(files, digests, strict=True):
            writer.write(file, digest, None if on_problem is None else _ignore)
    except (GraphError, KeyboardInterrupt) as error:
        add_sentence(
            error,
            f"The store has at least {writer.written:,} of the {checked.statements:,} statements "
            "of these files now, and they stay. Load the same files again when the cause is gone: "
            "what is there already is not doubled",
        )
        raise
    warnings = [*warnings_of(left), *_hidden(store, writer.first_in_graph)]
    seconds = time.monotonic() - started
    return RdfLoadReport(writer.written, seconds, tuple(warnings), len(files))


def _ignore(problem: FileProblem) -> None:
    """Ignore a problem that has been reported already."""


def _try_out(store: RdfStore) -> None:
    """Ask and write nothing: a store that is away or refuses writes is known before the reading."""
    store.ask("ASK {}")
    store.update("INSERT DATA {}")


def _hidden(store: RdfStore, example: Statement | None) -> list[str]:
    """Return a warning if queries without GRAPH do not find a statement in a named graph."""
    if example is None:
        return []
    with suppress(GraphError):
        if not store.ask(f"ASK {{ {example.line} }}"):
            return [
                f"the store keeps the statements in named graphs, as {example.graph}, and its "
                "default graph is not their union: queries without GRAPH do not find them. Let the "
                "default graph be the union (Fuseki: tdb2:unionDefaultGraph), or load triples "
                "without a graph"
            ]
    return []


@dataclass(slots=True)
class _Checked:
    """The count of the statements of the first reading."""

    progress: Progress
    statements: int = 0

    def see(self, quad: ox.Quad) -> None:
        """Count a statement."""
        self.statements += 1
        if self.statements % _TELL_EVERY == 0:
            self.progress("statements read", self.statements, None)


@dataclass(slots=True)
class _Writer:
    """Writes statements, many in one request."""

    store: RdfStore
    progress: Progress
    total: int
    graph: str | None
    written: int = 0
    first_in_graph: Statement | None = None
    _batch: dict[str | None, list[str]] = field(default_factory=dict)
    _size: int = 0
    _count: int = 0

    def write(self, file: RdfFile, digest: str, on_problem: OnProblem | None) -> None:
        """Write the statements of a file."""
        for statement in file.statements(digest, on_problem):
            place = self.graph if statement.graph is None else statement.graph
            if place is not None and self.first_in_graph is None:
                self.first_in_graph = Statement(statement.line, place)
            self._batch.setdefault(place, []).append(statement.line)
            self._size += len(statement.line)
            self._count += 1
            if self._size >= BATCH_BYTES:
                self._flush(file)
        self._flush(file)

    def _flush(self, file: RdfFile) -> None:
        if not self._batch:
            return
        graphs = {graph: "".join(lines).encode() for graph, lines in self._batch.items()}
        try:
            if len(graphs) <= _MOST_GRAPHS:
                for graph, data in graphs.items():
                    self.store.add(data, graph)
            else:
                self.store.add_all(graphs)
        except ServerRefused as refused:
            add_sentence(refused, f"That was with statements of {file.path}")
            raise
        self.written += self._count
        self._batch, self._size, self._count = {}, 0, 0
        self.progress("statements", self.written, self.total)
