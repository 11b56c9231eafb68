"""The statements of RDF files, put in order on disk: by type and resource, literals beside links.

Resources are numbered in memory, as everywhere else; what they say is in a scratch folder.
"""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyoxigraph as ox
from numpy.typing import NDArray

from gremlink.proxy.graph.errors import BadCell, BadExport, FileProblem
from gremlink.proxy.graph.limits import limits
from gremlink.proxy.graph.rdf.formats import FORMATS, RdfFile, format_of
from gremlink.proxy.messages.system_errors import reason_of

RDF_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
BLANK = "_:"
"""Beginning of the name of a blank node. No IRI begins so."""

_BATCH = 50_000
SUFFIXES = tuple(
    suffix for each in FORMATS.values() for suffix in each.suffixes if suffix != ".xml"
)
"""Ends of the names of files with RDF."""

Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Datatype:
    """The datatype of a literal, and its language, which is empty for most."""

    iri: str
    language: str = ""


@dataclass(frozen=True, slots=True)
class Links:
    """Distinct links between resources: numbers of subjects, predicates and objects."""

    subjects: Numbers
    predicates: Numbers
    objects: Numbers


class Statements:
    """The statements of some files. Read them all, then put them in order once."""

    def __init__(self, folder: Path) -> None:
        """Begin with none; `folder` is for what does not stay in memory."""
        self._numbers: dict[str, int] = {}
        self._predicates: dict[str, int] = {}
        self._classes: dict[str, int] = {}
        self._datatypes: dict[tuple[str, str], int] = {}
        self._typed = array("q"), array("q")
        self._links = array("q"), array("q"), array("q")
        self.about_statements = 0
        """Statements about statements, which have no place in a typed graph."""
        self._waiting: list[tuple[int, int, int, str]] = []
        self._store = sqlite3.connect(folder / "literals.sqlite", isolation_level=None)
        self._store.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -65536;"
            "CREATE TABLE read (resource INT, predicate INT, datatype INT, value TEXT);"
        )

    def close(self) -> None:
        """Give the file back."""
        self._store.close()

    def read(self, path: Path) -> None:
        """Read a file. Raises `BadExport`, `BadCell` with the line."""
        try:
            # An export is of N-Triples, also under another name.
            form = format_of(path) or FORMATS["nquads"]
            self._read(path, RdfFile(path, form).quads())
        except FileProblem as problem:
            if not problem.line:
                raise BadExport(path, problem.reason) from None
            raise BadCell(path, problem.line, problem.column, problem.reason) from None
        except OSError as error:
            raise BadExport(path, reason_of(error)) from None
        self._write()

    def _read(self, path: Path, quads: Iterator[ox.Quad]) -> None:
        numbers, predicates, datatypes = self._numbers, self._predicates, self._datatypes
        typed, classes = self._typed
        subjects, along, objects = self._links
        longest = limits().cell
        rdf_type = predicates.setdefault(RDF_TYPE, 0)
        for quad in quads:
            node, found = quad.subject, quad.object
            if isinstance(node, ox.Triple) or isinstance(found, ox.Triple):
                self.about_statements += 1
                continue
            name = node.value if isinstance(node, ox.NamedNode) else BLANK + node.value
            subject = numbers.setdefault(name, len(numbers))
            predicate = predicates.setdefault(quad.predicate.value, len(predicates))
            if isinstance(found, ox.Literal):
                text = found.value
                if len(text) > longest:
                    where = f"{quad.predicate} of {quad.subject}"
                    raise BadExport(path, limits().cell_is_too_long(where))
                key = found.datatype.value, found.language or ""
                datatype = datatypes.setdefault(key, len(datatypes))
                self._waiting.append((subject, predicate, datatype, text))
                if len(self._waiting) >= _BATCH:
                    self._write()
            elif isinstance(found, ox.NamedNode) and predicate == rdf_type:
                typed.append(subject)
                classes.append(self._classes.setdefault(found.value, len(self._classes)))
            else:
                name = found.value if isinstance(found, ox.NamedNode) else BLANK + found.value
                subjects.append(subject)
                along.append(predicate)
                objects.append(numbers.setdefault(name, len(numbers)))

    def _write(self) -> None:
        self._store.execute("BEGIN")
        self._store.executemany("INSERT INTO read VALUES (?, ?, ?, ?)", self._waiting)
        self._store.execute("COMMIT")
        self._waiting.clear()

    @property
    def resources(self) -> Sequence[str]:
        """Resources in the order of their numbers; blank nodes begin with `BLANK`."""
        return list(self._numbers)

    @property
    def predicates(self) -> Sequence[str]:
        """Predicates in the order of their numbers; `rdf:type` is the first."""
        return list(self._predicates)

    @property
    def classes(self) -> Sequence[str]:
        """Classes in the order of their numbers."""
        return list(self._classes)

    @property
    def datatypes(self) -> Sequence[Datatype]:
        """Datatypes in the order of their numbers."""
        return [Datatype(*key) for key in self._datatypes]

    def class_sets(self) -> tuple[list[tuple[int, ...]], Numbers]:
        """Return the different sets of classes, ascending, the first of them empty; and which of
        them each resource has: int64 `[resources]`."""
        found: Numbers = np.zeros(len(self._numbers), np.int64)
        sets: dict[tuple[int, ...], int] = {(): 0}
        pairs = np.stack([np.asarray(each, np.int64) for each in self._typed])
        resources, classes = np.unique(pairs, axis=1)
        starts = np.flatnonzero(np.diff(resources, prepend=-1))
        ends = np.append(starts[1:], len(resources))
        is_alone = ends - starts == 1
        for class_ in np.unique(classes[starts[is_alone]]).tolist():
            sets[class_,] = len(sets)
        alone = np.zeros(len(self._classes), np.int64)
        for each, place in list(sets.items())[1:]:
            alone[each[0]] = place
        found[resources[starts[is_alone]]] = alone[classes[starts[is_alone]]]
        for start, end in zip(starts[~is_alone].tolist(), ends[~is_alone].tolist(), strict=True):
            several = tuple(classes[start:end].tolist())
            found[resources[start]] = sets.setdefault(several, len(sets))
        return list(sets), found

    def links(self) -> Links:
        """Return the links, each once."""
        rows = np.stack([np.asarray(each, np.int64) for each in self._links])
        if not rows.shape[1]:
            return Links(*rows)
        order = np.lexsort(rows[::-1])
        rows = rows[:, order]
        is_first = np.ones(rows.shape[1], np.bool_)
        is_first[1:] = (rows[:, 1:] != rows[:, :-1]).any(axis=0)
        return Links(*rows[:, is_first])

    def put_in_order(self, types: Numbers) -> None:
        """Order the literals by the types of their resources, each once; `types` has a number for
        each resource: int64 `[resources]`."""
        self._store.executescript(
            "CREATE TABLE types (resource INTEGER PRIMARY KEY, type INT);"
            "CREATE TABLE literals"
            " (type INT, resource INT, predicate INT, datatype INT, value TEXT,"
            " PRIMARY KEY (type, resource, predicate, datatype, value)) WITHOUT ROWID;"
        )
        self._store.execute("BEGIN")
        self._store.executemany("INSERT INTO types VALUES (?, ?)", enumerate(types.tolist()))
        self._store.execute(
            "INSERT OR IGNORE INTO literals SELECT type, resource, predicate, datatype, value"
            " FROM read JOIN types USING (resource) ORDER BY 1, 2, 3, 4, 5"
        )
        self._store.execute("DROP TABLE read")
        self._store.execute("COMMIT")

    def literals(self, type_: int) -> Iterator[tuple[int, int, int, str]]:
        """Yield the literals of the resources of a type in order: numbers of resource, predicate
        and datatype, and the text."""
        return self._store.execute(
            "SELECT resource, predicate, datatype, value FROM literals WHERE type = ?"
            " ORDER BY resource, predicate, datatype, value",
            (type_,),
        )
