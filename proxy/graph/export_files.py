"""Reading an export: the files that `training-data-configuration.json` names, with typed ids.

The layout is Neptune's (its exporter's profile `neptune_ml`). Its CSV files do not tell the types
of ids; exports written here record them in `config.json` and, where one file mixes types, in
columns of the file. An export without them came from Neptune, whose ids are all strings.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from grammar.traversal import Kind, Literal
from proxy.graph.errors import BadExport

_Cell = TypeVar("_Cell")

CONFIGURATION = "training-data-configuration.json"
SCHEMA = "config.json"
MIXED = "mixed"
"""An id type in `config.json`: the type stands in every row."""
ID, LABEL, FROM, TO = "~id", "~label", "~from", "~to"
ID_TYPE, FROM_TYPE, TO_TYPE = "~idType", "~fromType", "~toType"

csv.field_size_limit(2**31 - 1)  # a text property may be longer than the default of 128 KiB


@dataclass(frozen=True, slots=True)
class Feature:
    """A property used as a feature: `options` are the entry's other keys (`norm`, ...)."""

    column: str
    name: str
    type: str
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Target:
    """Something to predict: a column's `classification` or `regression`, or `link_prediction`.

    `split_rate` are the shares of training, validation and test rows; `options` are the entry's
    other keys (`separator`, `custom_split_filenames`).
    """

    column: str
    task: str
    split_rate: tuple[float, float, float] | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NodeRow:
    """One vertex; `values` are its cells by column, missing ones empty, without system columns."""

    id: Literal
    values: dict[str, str]


@dataclass(frozen=True, slots=True)
class EdgeRow:
    """One edge; `values` as in a vertex."""

    source: Literal
    dest: Literal
    values: dict[str, str]


@dataclass(frozen=True, slots=True)
class NodeTable:
    """A node file as columns: `ids` and every column have one entry per row."""

    ids: list[Literal]
    columns: dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class EdgeTable:
    """An edge file as columns. `ids` are texts, empty where the file does not tell them."""

    sources: list[Literal]
    dests: list[Literal]
    columns: dict[str, list[str]]
    ids: list[str]


@dataclass(frozen=True, slots=True)
class NodeFile:
    """The vertices of one type; the type of a vertex with several labels joins them by `;`.

    `data_types` are those of the properties, by name, as far as the export tells them.
    """

    path: Path
    type: str
    features: tuple[Feature, ...] = ()
    targets: tuple[Target, ...] = ()
    separator: str = ","
    id_column: str = ID
    id_type: str = Kind.STRING.value
    data_types: Mapping[str, str] = field(default_factory=dict)

    def rows(self) -> Iterator[NodeRow]:
        """The vertices, one at a time. Raises `BadExport`."""
        cells = _Cells(self.path, self.separator)
        identify = cells.literals(self.id_column, self.id_type, ID_TYPE)
        names = cells.properties({self.id_column})
        for row in cells:
            yield NodeRow(identify(row), {name: row[index] for name, index in names.items()})

    def read(self) -> NodeTable:
        """All vertices, column by column, in the order of their ids. Raises `BadExport`.

        What is learned must not depend on the order in which a database hands out its elements.
        """
        cells = _Cells(self.path, self.separator)
        identify = cells.literals(self.id_column, self.id_type, ID_TYPE)
        names = cells.properties({self.id_column})
        table = NodeTable([], {name: [] for name in names})
        targets = [(table.columns[name], index) for name, index in names.items()]
        for row in cells:
            table.ids.append(identify(row))
            for column, index in targets:
                column.append(row[index])
        order = sorted(range(len(table.ids)), key=lambda row: _sort_key(table.ids[row]))
        columns = {name: _reordered(cells, order) for name, cells in table.columns.items()}
        return NodeTable(_reordered(table.ids, order), columns)


@dataclass(frozen=True, slots=True)
class EdgeFile:
    """The edges of one relation, from vertices of type `source` to vertices of type `dest`.

    `data_types` as in a node file.
    """

    path: Path
    source: str
    relation: str
    dest: str
    features: tuple[Feature, ...] = ()
    targets: tuple[Target, ...] = ()
    separator: str = ","
    source_column: str = FROM
    dest_column: str = TO
    source_id_type: str = Kind.STRING.value
    dest_id_type: str = Kind.STRING.value
    data_types: Mapping[str, str] = field(default_factory=dict)

    def rows(self) -> Iterator[EdgeRow]:
        """The edges, one at a time. Raises `BadExport`."""
        cells = _Cells(self.path, self.separator)
        source = cells.literals(self.source_column, self.source_id_type, FROM_TYPE)
        dest = cells.literals(self.dest_column, self.dest_id_type, TO_TYPE)
        names = cells.properties({self.source_column, self.dest_column})
        for row in cells:
            values = {name: row[index] for name, index in names.items()}
            yield EdgeRow(source(row), dest(row), values)

    def read(self) -> EdgeTable:
        """All edges, column by column, in the order of their ends and ids. Raises `BadExport`."""
        cells = _Cells(self.path, self.separator)
        source = cells.literals(self.source_column, self.source_id_type, FROM_TYPE)
        dest = cells.literals(self.dest_column, self.dest_id_type, TO_TYPE)
        names = cells.properties({self.source_column, self.dest_column})
        table = EdgeTable([], [], {name: [] for name in names}, [])
        targets = [(table.columns[name], index) for name, index in names.items()]
        identity = cells.position(ID)
        for row in cells:
            table.sources.append(source(row))
            table.dests.append(dest(row))
            table.ids.append("" if identity is None else row[identity])
            for column, index in targets:
                column.append(row[index])
        order = sorted(
            range(len(table.ids)),
            key=lambda row: (
                _sort_key(table.sources[row]),
                _sort_key(table.dests[row]),
                table.ids[row],
            ),
        )
        return EdgeTable(
            _reordered(table.sources, order),
            _reordered(table.dests, order),
            {name: _reordered(cells, order) for name, cells in table.columns.items()},
            _reordered(table.ids, order),
        )


def _sort_key(literal: Literal) -> tuple[str, Any]:
    return literal.kind.value, literal.value


def _reordered(cells: list[_Cell], order: list[int]) -> list[_Cell]:
    return [cells[row] for row in order]


@dataclass(frozen=True, slots=True)
class Export:
    """An export: its files, and the warnings its exporter wrote."""

    directory: Path
    nodes: tuple[NodeFile, ...]
    edges: tuple[EdgeFile, ...]
    warnings: tuple[str, ...] = ()


def read_export(directory: Path, configuration: str = CONFIGURATION) -> Export:
    """Read the configuration of an export; the rows are read when they are asked for.

    Raises `BadExport`.
    """
    path = directory / configuration
    document = _json(path)
    if document.get("query_engine", "gremlin") != "gremlin":
        raise BadExport(path, f"query_engine {document['query_engine']!r} is not supported")
    types = _schema(directory)
    # The exporter writes one graph object; the user guide shows a list of them.
    graphs = document.get("graph", {})
    graphs = graphs if isinstance(graphs, list) else [graphs]
    warnings = list(document.get("warnings", []))
    nodes: list[NodeFile] = []
    edges: list[EdgeFile] = []
    try:
        for graph in graphs:
            nodes += [_node_file(directory, entry, types) for entry in graph.get("nodes", [])]
            edges += [_edge_file(directory, entry, types) for entry in graph.get("edges", [])]
            warnings += graph.get("warnings", [])
    except KeyError as error:
        raise BadExport(path, f"an entry has no {error.args[0]!r}") from None
    except (TypeError, ValueError, AttributeError) as error:
        raise BadExport(path, f"an entry is not as documented: {error}") from None
    return Export(directory, tuple(nodes), tuple(edges), tuple(warnings))


def _node_file(directory: Path, entry: dict[str, Any], types: Mapping[str, Any]) -> NodeFile:
    id_column, label = entry["node"]
    known = types.get(entry["file_name"], {})
    return NodeFile(
        _inside(directory, entry["file_name"]),
        label,
        _features(entry),
        _targets(entry),
        entry.get("separator", ","),
        id_column,
        known.get("idType", Kind.STRING.value),
        _data_types(known),
    )


def _edge_file(directory: Path, entry: dict[str, Any], types: Mapping[str, Any]) -> EdgeFile:
    source_column, source = entry["source"]
    relation_column, relation = entry["relation"]
    dest_column, dest = entry["dest"]
    if relation_column:
        raise ValueError(f"relation column {relation_column!r}: only whole files are relations")
    kinds = types.get(entry["file_name"], {})
    return EdgeFile(
        _inside(directory, entry["file_name"]),
        source,
        relation,
        dest,
        _features(entry),
        _targets(entry),
        entry.get("separator", ","),
        source_column,
        dest_column,
        kinds.get("fromIdType", Kind.STRING.value),
        kinds.get("toIdType", Kind.STRING.value),
        _data_types(kinds),
    )


def _data_types(entry: Mapping[str, Any]) -> dict[str, str]:
    """The data types by property, from an entry of `config.json`."""
    return {found["property"]: found["dataType"] for found in entry.get("properties", [])}


def _inside(directory: Path, name: str) -> Path:
    path = directory / name
    if not path.resolve().is_relative_to(directory.resolve()):
        raise ValueError(f"file_name {name!r} leaves the directory of the export")
    return path


def _features(entry: Mapping[str, Any]) -> tuple[Feature, ...]:
    found = []
    for feature in entry.get("features", []):
        column, name, kind = feature["feature"]
        options = {key: value for key, value in feature.items() if key != "feature"}
        found.append(Feature(column, name, kind, options))
    return tuple(found)


def _targets(entry: Mapping[str, Any]) -> tuple[Target, ...]:
    found = []
    for label in entry.get("labels", []):
        column, task = label["label"]
        options = {key: value for key, value in label.items() if key not in ("label", "split_rate")}
        rate = label.get("split_rate")
        split = None
        if rate is not None:
            train, valid, test = (float(share) for share in rate)
            split = (train, valid, test)
        found.append(Target(column, task, split, options))
    return tuple(found)


def _schema(directory: Path) -> dict[str, dict[str, Any]]:
    """The entries of `config.json` by the files they describe."""
    path = directory / SCHEMA
    if not path.exists():
        return {}
    document = _json(path)
    entries = [*document.get("nodes", []), *document.get("edges", [])]
    return {
        name: entry
        for entry in entries
        if isinstance(entry, dict)
        for name in entry.get("files", [])
    }


def _json(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadExport(path, error.strerror or str(error)) from None
    except ValueError as error:
        raise BadExport(path, f"not JSON: {error}") from None
    if not isinstance(document, dict):
        raise BadExport(path, "not a JSON object")
    return document


_READERS: Mapping[str, Callable[[str], Any]] = {
    Kind.STRING.value: str,
    Kind.INT.value: int,
    Kind.LONG.value: int,
    Kind.UUID.value: UUID,
}


class _Cells:
    """The rows of a CSV file, each as wide as its header."""

    def __init__(self, path: Path, separator: str) -> None:
        self.path = path
        self._rows = self._read(separator)
        self.header = next(self._rows, [])
        self._index = {name: index for index, name in enumerate(self.header)}

    def _read(self, separator: str) -> Iterator[list[str]]:
        try:
            with self.path.open(encoding="utf-8", newline="") as file:
                yield from csv.reader(file, delimiter=separator, strict=True)
        except OSError as error:
            raise BadExport(self.path, error.strerror or str(error)) from None
        except (csv.Error, UnicodeDecodeError) as error:
            raise BadExport(self.path, str(error)) from None

    def __iter__(self) -> Iterator[list[str]]:
        width = len(self.header)
        for number, row in enumerate(self._rows, start=1):
            if len(row) != width:
                reason = f"row {number} has {len(row)} cells, the header has {width}"
                raise BadExport(self.path, reason)
            yield row

    def properties(self, ids: set[str]) -> dict[str, int]:
        """The positions of all columns that are not the system's."""
        return {
            name: index
            for name, index in self._index.items()
            if name not in ids and not name.startswith("~")
        }

    def position(self, column: str) -> int | None:
        """Where a column stands, if there is one."""
        return self._index.get(column)

    def literals(
        self, column: str, kind: str, kind_column: str
    ) -> Callable[[Sequence[str]], Literal]:
        """A function from a row to the typed id in `column`."""
        if column not in self._index:
            raise BadExport(self.path, f"there is no column {column!r}")
        position = self._index[column]
        if kind == MIXED:
            if kind_column not in self._index:
                raise BadExport(self.path, f"there is no column {kind_column!r}")
            kinds = self._index[kind_column]
            return lambda row: self._literal(row[kinds], row[position])
        if kind not in _READERS:
            raise BadExport(self.path, f"ids of type {kind!r} are not supported")
        if kind == Kind.STRING.value:
            return lambda row: Literal(Kind.STRING, row[position])
        return lambda row: self._literal(kind, row[position])

    def _literal(self, kind: str, text: str) -> Literal:
        with suppress(KeyError, ValueError):
            return Literal(Kind(kind), _READERS[kind](text))
        raise BadExport(self.path, f"{text!r} is not an id of type {kind!r}")
