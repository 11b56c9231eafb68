"""Reading an export: the files that `training-data-configuration.json` names, with typed ids.

The layout is Neptune's (its exporter's profile `neptune_ml`). Its CSV files do not tell the types
of ids; exports written here record them in `config.json` and, where one file mixes types, in
columns of the file. An export without them came from Neptune, whose ids are all strings.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from gremlink.grammar.traversal import Kind
from gremlink.proxy.graph.errors import BadExport
from gremlink.proxy.graph.files.column_types import SCHEMA, entries_by_file, entry_of
from gremlink.proxy.graph.files.compressed import SUFFIXES, plain_name
from gremlink.proxy.graph.files.configuration_v1 import is_version_1, version_2
from gremlink.proxy.graph.files.export_rows import (
    FROM,
    FROM_TYPE,
    ID,
    ID_TYPE,
    ROWS,
    TO,
    TO_TYPE,
    Chunk,
    read_chunks,
)
from gremlink.proxy.graph.files.lenient_json import FEATURE_NUMBERS, numbers, with_numbers
from gremlink.proxy.graph.ids import Ids
from gremlink.proxy.graph.spelling import misspelt, suggestion
from gremlink.proxy.messages.system_errors import reason_of

CONFIGURATION = "training-data-configuration.json"
STATISTICS = "stats.json"
_SHOWN = 10
"""Names in one warning."""


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
class NodeFile:
    """The vertices of one type; the type of a vertex with several labels joins them by `;`.

    `data_types` are those of the properties, by name, as far as the export tells them. Without
    `is_complete` a property that no vertex has may have no column. The ids of `is_nameless`
    vertices are others in the next export.
    """

    path: Path
    type: str
    features: tuple[Feature, ...] = ()
    targets: tuple[Target, ...] = ()
    separator: str = ","
    id_column: str = ID
    id_type: str = Kind.STRING.value
    data_types: Mapping[str, str] = field(default_factory=dict)
    is_complete: bool = True
    is_nameless: bool = False

    def chunks(
        self, columns: Collection[str] | None = None, rows: int | None = ROWS
    ) -> Iterator[Chunk]:
        """Yield the vertices, as `read_chunks`. Raises `BadExport`."""
        system = {self.id_column, ID_TYPE}
        found = read_chunks(self.path, self.separator, _with(columns, system), rows)
        if self.is_complete or columns is None:
            return found
        return (_filled(chunk, columns) for chunk in found)

    def ids(self, chunk: Chunk) -> Ids:
        """Return the vertices of a chunk. Raises `BadExport`."""
        return chunk.ids(self.id_column, self.id_type, ID_TYPE)


@dataclass(frozen=True, slots=True)
class EdgeFile:
    """Edges from vertices of type `source` to vertices of type `dest`.

    `relation` is their label or, with a `relation_column`, what comes before the value there.
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
    relation_column: str = ""
    source_id_type: str = Kind.STRING.value
    dest_id_type: str = Kind.STRING.value
    data_types: Mapping[str, str] = field(default_factory=dict)

    def chunks(
        self, columns: Collection[str] | None = None, rows: int | None = ROWS
    ) -> Iterator[Chunk]:
        """Yield the edges, as `read_chunks`. Raises `BadExport`."""
        system = {ID, self.source_column, self.dest_column, FROM_TYPE, TO_TYPE}
        system |= {self.relation_column} - {""}
        return read_chunks(self.path, self.separator, _with(columns, system), rows)

    def sources(self, chunk: Chunk) -> Ids:
        """Return the source vertices of the edges of a chunk. Raises `BadExport`."""
        return chunk.ids(self.source_column, self.source_id_type, FROM_TYPE)

    def dests(self, chunk: Chunk) -> Ids:
        """Return the target vertices of the edges of a chunk. Raises `BadExport`."""
        return chunk.ids(self.dest_column, self.dest_id_type, TO_TYPE)

    def labels(self, chunk: Chunk) -> Sequence[str] | None:
        """Return the label of each edge, `None` where all have `relation`. Raises `BadExport`."""
        if not self.relation_column:
            return None
        values = chunk.require(self.relation_column)
        return [f"{self.relation}-{value}" if self.relation else value for value in values]


def _filled(chunk: Chunk, columns: Collection[str]) -> Chunk:
    """Return a chunk with empty cells for the columns that are not there."""
    missing = [name for name in columns if name not in chunk.columns]
    if not missing:
        return chunk
    empty = [""] * len(chunk)
    return replace(chunk, columns={**chunk.columns, **dict.fromkeys(missing, empty)})


def _with(columns: Collection[str] | None, system: set[str]) -> set[str] | None:
    return None if columns is None else {*columns, *system}


@dataclass(frozen=True, slots=True)
class Export:
    """An export: its files, and the warnings its exporter wrote.

    Of an `rdf` graph the types and keys are IRIs, and the values of targets terms in N-Triples. The
    files that were made of it are in `scratch`, which vanishes with this object.
    """

    directory: Path
    nodes: tuple[NodeFile, ...]
    edges: tuple[EdgeFile, ...]
    warnings: tuple[str, ...] = ()
    rdf: bool = False
    scratch: object = field(default=None, compare=False, repr=False)


_DOCUMENT = ("version", "query_engine", "graph", "warnings")
_GRAPH = ("nodes", "edges", "warnings")
_NODE = ("file_name", "separator", "node", "node_type", "features", "labels")
_EDGE = ("file_name", "separator", "source", "relation", "dest", "features", "labels")
_LABEL = ("label", "split_rate", "separator", "custom_split_filenames")


def read_document(directory: Path, configuration: str = CONFIGURATION) -> dict[str, Any]:
    """Read a configuration as it is. Raises `BadExport`."""
    path = directory / configuration
    there = {each.name for each in directory.glob("*.json")} - {SCHEMA, STATISTICS}
    if there and not path.is_file():
        raise BadExport(path, f"there is no such configuration{suggestion(configuration, there)}")
    document = json_object(path)
    version = str(document.get("version", "v2.0"))
    if not version.startswith(("v1", "v2")):
        raise BadExport(path, f"version {version!r} is not supported: export with version v2.0")
    try:
        check_spelling(document, _DOCUMENT, "the configuration")
    except Mistake as mistake:
        raise BadExport(path, str(mistake)) from None
    return document


def read_csv_export(path: Path, document: Mapping[str, Any]) -> Export:
    """Read the document of a configuration at `path` that names CSV files.

    Raises `BadExport`.
    """
    directory = path.parent
    types = _schema(directory)
    # The exporter writes one graph object; the user guide shows a list of them.
    graphs = document.get("graph", {})
    nodes: list[NodeFile] = []
    edges: list[EdgeFile] = []
    try:
        warnings = list_of(document, "warnings")
        if is_version_1(graphs):
            graphs = version_2(graphs)
        graphs = graphs if isinstance(graphs, list) else [graphs]
        for graph in graphs:
            if not isinstance(graph, dict):
                raise Mistake(f'"graph" is {graph!r}: it has to be an object, or a list of them')
            check_spelling(graph, _GRAPH, '"graph"')
            nodes += [_node_file(directory, entry, types) for entry in list_of(graph, "nodes")]
            edges += [_edge_file(directory, entry, types) for entry in list_of(graph, "edges")]
            warnings += list_of(graph, "warnings")
    except Mistake as mistake:
        raise BadExport(path, str(mistake)) from None
    except KeyError as error:
        raise BadExport(path, f"an entry has no {error.args[0]!r}") from None
    except (TypeError, ValueError, AttributeError) as error:
        raise BadExport(path, f"an entry is not as documented: {error}") from None
    warnings += left_out(directory, _named(directory, [*nodes, *edges]), (".csv",))
    return Export(directory, tuple(nodes), tuple(edges), tuple(warnings))


def _named(directory: Path, files: Sequence[NodeFile | EdgeFile]) -> set[Path]:
    """Return the files that a configuration names."""
    named = {file.path for file in files}
    for file in files:
        for target in file.targets:
            splits = target.options.get("custom_split_filenames")
            names = map(str, splits.values()) if isinstance(splits, dict) else ()
            for name in names:
                named |= {file.path.parent / name, directory / name}
    return named


def left_out(directory: Path, named: Collection[Path], suffixes: Collection[str]) -> list[str]:
    """Return warnings about files of data, known by their `suffixes`, that the configuration of an
    export does not name."""
    found = [
        path.relative_to(directory).as_posix()
        for path in sorted(directory.rglob("*"))
        if path not in named
        and _may_hold_rows(path.relative_to(directory), suffixes)
        and path.is_file()
    ]
    if not found:
        return []
    more = f" and {len(found) - _SHOWN:,} more" if len(found) > _SHOWN else ""
    listing = ", ".join(found[:_SHOWN])
    return [f"left out, because the configuration does not name them: {listing}{more}"]


def _may_hold_rows(name: Path, suffixes: Collection[str]) -> bool:
    is_hidden = any(part.startswith((".", "_")) for part in name.parts)
    return not is_hidden and Path(plain_name(name)).suffix.lower() in suffixes


class Mistake(Exception):
    """A mistake in an entry of the configuration."""


def _node_file(directory: Path, entry: dict[str, Any], types: Mapping[str, Any]) -> NodeFile:
    name = file_name_of(entry)
    check_spelling(entry, _NODE, name)
    # Early configurations of version 2 say "node_type".
    key = "node_type" if "node_type" in entry and "node" not in entry else "node"
    id_column, label = _texts(entry, key, "[id column, label]", name)
    known = entry_of(types, name) or {}
    return NodeFile(
        path_inside(directory, name),
        label,
        _features(entry),
        _targets(entry),
        _separator(entry),
        id_column,
        known.get("idType", Kind.STRING.value),
        _data_types(known),
    )


def _edge_file(directory: Path, entry: dict[str, Any], types: Mapping[str, Any]) -> EdgeFile:
    name = file_name_of(entry)
    check_spelling(entry, _EDGE, name)
    source_column, source = _texts(entry, "source", "[column, vertex label]", name)
    relation_column, relation = _texts(entry, "relation", "[column, edge label]", name)
    dest_column, dest = _texts(entry, "dest", "[column, vertex label]", name)
    kinds = entry_of(types, name) or {}
    return EdgeFile(
        path_inside(directory, name),
        source,
        relation,
        dest,
        _features(entry),
        _targets(entry),
        _separator(entry),
        source_column,
        dest_column,
        relation_column,
        kinds.get("fromIdType", Kind.STRING.value),
        kinds.get("toIdType", Kind.STRING.value),
        _data_types(kinds),
    )


def _data_types(entry: Mapping[str, Any]) -> dict[str, str]:
    """Return the data types by property, from an entry of `config.json`."""
    return {found["property"]: found["dataType"] for found in entry.get("properties", [])}


def file_name_of(entry: Any) -> str:
    """Return the name of the file that an entry describes. Raises `Mistake`, KeyError."""
    if not isinstance(entry, dict):
        raise Mistake(f"{entry!r} has to be an object that describes a file")
    name = entry["file_name"]
    if not isinstance(name, str):
        raise Mistake(f"file_name {name!r} has to be a string")
    return name


def check_spelling(entry: Mapping[str, Any], known: Collection[str], where: str) -> None:
    """Refuse a key that is nearly a known one: `lables` would mean that nothing is asked for."""
    wrong = misspelt(entry, known)
    if wrong is not None:
        raise Mistake(f"{where} has the key {wrong[0]!r}; did you mean {wrong[1]!r}?")


def list_of(owner: Mapping[str, Any], key: str) -> list[Any]:
    """Return a copy of a list in an object, empty where there is none. Raises `Mistake`."""
    found = owner.get(key, [])
    if not isinstance(found, list):
        raise Mistake(f'"{key}" is {found!r}: it has to be a list')
    return list(found)


def _texts(entry: Mapping[str, Any], key: str, form: str, where: str) -> list[str]:
    """Read an entry that is a list of strings; `form` names them, as in `[column, name, type]`."""
    found = entry[key]
    count = form.count(",") + 1
    is_list = isinstance(found, list) and len(found) == count
    if not is_list or not all(isinstance(each, str) for each in found):
        raise Mistake(f"{where} has the {key} {found!r}: it has to be {form}, {count} strings")
    return list(found)


def _separator(entry: Mapping[str, Any]) -> str:
    """Read the separator of the cells of a file."""
    found = entry.get("separator", ",")
    if not isinstance(found, str) or len(found) != 1 or found in '"\r\n':
        raise Mistake(
            f"{entry['file_name']} has the separator {found!r}: it has to be one character"
        )
    return found


def path_inside(directory: Path, name: str) -> Path:
    """Return the path of a file of an export, perhaps packed. Raises ValueError."""
    path = directory / name
    if not path.resolve().is_relative_to(directory.resolve()):
        raise ValueError(f"file_name {name!r} leaves the directory of the export")
    if not path.exists():
        # Packed since: the name that it then has is as good.
        packed = (path.with_name(path.name + suffix) for suffix in SUFFIXES)
        return next((each for each in packed if each.is_file()), path)
    return path


def _features(entry: Mapping[str, Any]) -> tuple[Feature, ...]:
    found = []
    for feature in list_of(entry, "features"):
        column, name, kind = _texts(feature, "feature", "[column, name, type]", entry["file_name"])
        options = with_numbers(feature, FEATURE_NUMBERS)
        del options["feature"]
        found.append(Feature(column, name, kind, options))
    return tuple(found)


def _targets(entry: Mapping[str, Any]) -> tuple[Target, ...]:
    found = []
    for label in list_of(entry, "labels"):
        if isinstance(label, dict):
            check_spelling(label, _LABEL, f"a label of {entry['file_name']}")
        column, task = _texts(label, "label", "[column, task]", entry["file_name"])
        options = {key: value for key, value in label.items() if key not in ("label", "split_rate")}
        where = f"the target {column or task!r} of {entry['file_name']}"
        rate = label.get("split_rate")
        if rate is not None and "custom_split_filenames" in options:
            raise Mistake(f"{where} has split_rate and custom_split_filenames: use one of them")
        separator = options.get("separator")
        if separator is not None and not isinstance(separator, str):
            raise Mistake(f"{where} has the separator {separator!r}: it has to be a string")
        split = None if rate is None else split_rate_of(rate, where)
        found.append(Target(column, task, split, options))
    return tuple(found)


def split_rate_of(rate: Any, where: str) -> tuple[float, float, float]:
    """Read the shares of training, validation and test. Raises `Mistake`."""
    rate = numbers(rate)
    if (
        isinstance(rate, list)
        and len(rate) == 3
        and all(type(share) in (int, float) and share >= 0 for share in rate)
        and abs(sum(rate) - 1) < 1e-6
        and rate[0] > 0
    ):
        return float(rate[0]), float(rate[1]), float(rate[2])
    raise Mistake(
        f"{where} has the split_rate {rate!r}: it has to be three shares that sum to 1, for "
        "training (more than 0), validation and test, such as [0.8, 0.1, 0.1]"
    )


def _schema(directory: Path) -> dict[str, Mapping[str, Any]]:
    """Return the entries of `config.json` by the files they describe."""
    path = directory / SCHEMA
    if not path.exists():
        return {}
    document = json_object(path)
    try:
        return entries_by_file(document)
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise BadExport(path, f"not the schema of an export: {error}") from None


def json_object(path: Path) -> dict[str, Any]:
    """Read a file with a JSON object. Raises `BadExport`."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadExport(path, reason_of(error)) from None
    except (ValueError, RecursionError) as error:
        raise BadExport(path, f"not JSON: {error}") from None
    if not isinstance(document, dict):
        raise BadExport(path, "not a JSON object")
    return document
