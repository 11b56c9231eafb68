"""Exporting an RDF graph from a store: N-Triples, and configurations for training.

The statements go to a file as they come. The directory appears under its name when it is complete.
Named graphs are lost, as N-Triples have none: a statement counts once, in whichever graph it is.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from gremlink.grammar.sparql.terms import BlankNode, Iri, RdfLiteral, Term, to_ntriples
from gremlink.proxy.graph.errors import BadParameters, ExportFailed
from gremlink.proxy.graph.progress import Progress, silent
from gremlink.proxy.graph.rdf.client import RdfStore
from gremlink.proxy.graph.rdf.configuration import (
    ENGINE,
    LINKS,
    SplitRate,
)
from gremlink.proxy.graph.rdf.parameters import EDGES, QUERY, RdfExportParameters, RdfJob
from gremlink.proxy.graph.spelling import suggestion
from gremlink.proxy.messages.system_errors import reason_of

STATEMENTS = "statements/statements-0.nt"
"""The file, below the directory of an export."""

_ALIKE = 10_000
"""Statements of named graphs that are looked for in the default graph: is it the union of all?"""
_BATCH = 1000
_MOST_NAMES = 10_000
"""Classes, predicates or graphs that a misspelt name is compared with."""


@dataclass(frozen=True, slots=True)
class RdfExportReport:
    """Result of an export: statements, configurations for training, and the time in seconds."""

    directory: Path
    statements: int
    configurations: tuple[str, ...]
    warnings: tuple[str, ...]
    seconds: float


def export_rdf(
    store: RdfStore,
    directory: Path,
    *,
    parameters: RdfExportParameters | None = None,
    progress: Progress | None = None,
) -> RdfExportReport:
    """Export the graph of a store into a directory that does not exist yet.

    What the parameters name has to be there. Raises `BadParameters`, `StoreUnreachable`,
    `StoreRefused` and `ExportFailed`, leaving nothing behind.
    """
    started = time.monotonic()
    parameters = parameters or RdfExportParameters()
    directory = directory.absolute()
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise ExportFailed(f"{directory} exists and is not empty; choose another directory")
    partial = directory.parent / f".{directory.name}.{uuid4().hex[:8]}.partial"
    try:
        (partial / STATEMENTS).parent.mkdir(parents=True)
    except OSError as error:
        raise ExportFailed(f"cannot write to {directory.parent}: {reason_of(error)}") from None
    try:
        _check(store, parameters)
        count = _write(store, partial / STATEMENTS, parameters, progress or silent)
        for job in parameters.jobs:
            text = json.dumps(training_configuration(job), indent=2, ensure_ascii=False)
            (partial / f"{job.name}.json").write_text(text + "\n", encoding="utf-8")
        partial.rename(directory)
    except OSError as error:
        raise ExportFailed(f"cannot write {directory}: {reason_of(error)}") from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    warnings = [*parameters.warnings, *(text for job in parameters.jobs for text in job.warnings)]
    if not count:
        warnings.append("the store has no statement to export")
    return RdfExportReport(
        directory,
        count,
        tuple(f"{job.name}.json" for job in parameters.jobs),
        tuple(dict.fromkeys(warnings)),
        time.monotonic() - started,
    )


def training_configuration(job: RdfJob) -> dict[str, Any]:
    """Return the document of one job: an entry for each type of task."""
    by_task: dict[str, list[dict[str, Any]]] = {}
    for asked in job.properties:
        entry = _entry(("node", asked.node), ("predicate", asked.predicate), rate=asked.split_rate)
        by_task.setdefault(asked.task, []).append(entry)
    for link in job.links:
        ends = ("subject", link.subject), ("predicate", link.predicate), ("object", link.object)
        by_task.setdefault(LINKS, []).append(_entry(*ends, rate=link.split_rate))
    if not by_task:
        by_task[LINKS] = [_entry(rate=job.split_rate)]
    files = [
        {"file_name": STATEMENTS, "label": {"task_type": task, "targets": targets}}
        for task, targets in by_task.items()
    ]
    return {
        "version": "v2.0",
        "query_engine": ENGINE,
        "graph": {"rdfs": files},
        "warnings": list(job.warnings),
    }


def _entry(*names: tuple[str, str], rate: SplitRate | None) -> dict[str, Any]:
    """Return a target; what is not named is any, and is left out."""
    shares = {} if rate is None else {"split_rate": list(rate)}
    return {**{key: name for key, name in names if name}, **shares}


def _write(store: RdfStore, path: Path, parameters: RdfExportParameters, progress: Progress) -> int:
    """Write the statements; return their number."""
    queries = _queries(store, parameters)
    total = None if progress is silent else _total(store, queries)
    count = 0
    with path.open("wb") as file:
        for query in queries:
            is_select = parameters.scope == QUERY and parameters.is_select
            for piece in _selected(store, query) if is_select else store.construct_ntriples(query):
                file.write(piece)
                count += piece.count(b"\n")
                progress("statements", count, total)
    return count


def _queries(store: RdfStore, parameters: RdfExportParameters) -> list[str]:
    """Return the queries for all statements."""
    if parameters.scope == QUERY:
        return [parameters.query]
    kept = " FILTER(!isLiteral(?o))" if parameters.scope == EDGES else ""
    if parameters.graph:
        graph = to_ntriples(Iri(parameters.graph))
        return [f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ GRAPH {graph} {{ ?s ?p ?o }}{kept} }}"]
    queries = [f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ ?s ?p ?o{kept} }}"]
    if not _default_graph_has_all(store):
        named = f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ GRAPH ?g {{ ?s ?p ?o }}{kept} }}"
        queries.append(named)
    return queries


def _default_graph_has_all(store: RdfStore) -> bool:
    """Return whether the default graph is the union of the named ones, or there are none."""
    some = f"SELECT ?s ?p ?o {{ GRAPH ?g {{ ?s ?p ?o }} }} LIMIT {_ALIKE}"
    return not store.ask(f"ASK {{ {{ {some} }} FILTER NOT EXISTS {{ ?s ?p ?o }} }}")


def _total(store: RdfStore, queries: Sequence[str]) -> int | None:
    """Count the statements to come; only where the store need not read them for it twice."""
    if not all(query.startswith("CONSTRUCT { ?s ?p ?o } WHERE") for query in queries):
        return None
    total = 0
    for query in queries:
        pattern = query.partition("WHERE")[2]
        (row,) = store.select(f"SELECT (COUNT(*) AS ?n) WHERE {pattern}")
        total += int(row[0].lexical) if isinstance(row[0], RdfLiteral) else 0
    return total


def _selected(store: RdfStore, query: str) -> Iterator[bytes]:
    """Yield the statements in the solutions of a query, which are its variables s, p and o."""
    lines: list[str] = []
    for row in store.select_with_names(query):
        terms = [row.get(name) for name in "spo"]
        if not _is_statement(terms):
            if not {"s", "p", "o"} & row.keys():
                names = ", ".join(sorted(row)) or "none"
                raise BadParameters(
                    "sparql", f"the query gives {names}: an export needs the variables s, p and o"
                )
            continue
        lines.append(" ".join(to_ntriples(term) for term in terms if term is not None) + " .\n")
        if len(lines) == _BATCH:
            yield "".join(lines).encode()
            lines.clear()
    if lines:
        yield "".join(lines).encode()


def _is_statement(terms: Sequence[Term | None]) -> bool:
    subject, predicate, target = terms
    return (
        isinstance(subject, Iri | BlankNode) and isinstance(predicate, Iri) and target is not None
    )


def _check(store: RdfStore, parameters: RdfExportParameters) -> None:
    """Raise `BadParameters` for what the parameters name and the store has not."""
    if parameters.scope == QUERY:
        return
    asking = _Asking(store, parameters.graph)
    if parameters.graph:
        asking.graph()
    for job in parameters.jobs:
        for asked in job.properties:
            asking.class_(asked.node, "node")
            asking.predicate(asked.predicate)
        for link in job.links:
            asking.class_(link.subject, "subject")
            asking.predicate(link.predicate)
            asking.class_(link.object, "object")
        _check_literals(job, parameters)


def _check_literals(job: RdfJob, parameters: RdfExportParameters) -> None:
    if job.properties and parameters.scope == EDGES:
        asked = job.properties[0]
        raise BadParameters(
            "rdfExportScope",
            f"with {EDGES!r} no literal is exported, and a target asks for {asked.task} of "
            f"{asked.predicate!r}",
        )


class _Asking:
    """Short queries about names, each once. The default graph and the named ones count, or the one
    graph to export."""

    def __init__(self, store: RdfStore, graph: str) -> None:
        self._store = store
        self._graph = graph
        self._known: set[str] = set()

    def graph(self) -> None:
        """Check that there is something in the graph to export."""
        if not self._store.ask(f"ASK {{ {self._where('?s ?p ?o')} }}"):
            names = self._names("SELECT DISTINCT ?n { GRAPH ?n { ?s ?p ?o } }")
            raise BadParameters(
                "namedGraph",
                f"the store has no statement in the graph {self._graph!r}"
                f"{suggestion(self._graph, names)}",
            )

    def class_(self, iri: str, key: str) -> None:
        """Check that a resource has a class."""
        if not iri or self._is_there(f"?s a {_written(iri, key)}"):
            return
        names = self._names(f"SELECT DISTINCT ?n {{ {self._where('?s a ?n')} }}")
        raise BadParameters(
            f"target {key}", f"no resource has the class {iri!r}{suggestion(iri, names)}"
        )

    def predicate(self, iri: str) -> None:
        """Check that a statement has a predicate."""
        if not iri or self._is_there(f"?s {_written(iri, 'predicate')} ?o"):
            return
        names = self._names(f"SELECT DISTINCT ?n {{ {self._where('?s ?n ?o')} }}")
        raise BadParameters(
            "target predicate", f"no statement has the predicate {iri!r}{suggestion(iri, names)}"
        )

    def _is_there(self, pattern: str) -> bool:
        if pattern not in self._known:
            if not self._store.ask(f"ASK {{ {self._where(pattern)} }}"):
                return False
            self._known.add(pattern)
        return True

    def _where(self, pattern: str) -> str:
        if self._graph:
            return f"GRAPH {to_ntriples(Iri(self._graph))} {{ {pattern} }}"
        return f"{{ {pattern} }} UNION {{ GRAPH ?g {{ {pattern} }} }}"

    def _names(self, query: str) -> list[str]:
        rows = self._store.select(f"{query} LIMIT {_MOST_NAMES}")
        return [row[0].value for row in rows if isinstance(row[0], Iri)]


def _written(iri: str, key: str) -> str:
    """Return an IRI for a query. Raises `BadParameters` where it is none."""
    text = to_ntriples(Iri(iri))
    if text != f"<{iri}>" or ":" not in iri:
        raise BadParameters(f"target {key}", f"{iri!r} is no IRI, such as http://example.org/Movie")
    return text
