"""Neptune's bulk-loader CSV: headers with types and cardinalities, rows as typed values."""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from gremlin_python.statics import SingleByte, long, short

from proxy.graph.csv_records import Record, read_records
from proxy.graph.dialects import Float32
from proxy.graph.errors import FileProblem, shortened

DEFAULT_VERTEX_LABEL = "vertex"
DEFAULT_EDGE_LABEL = "edge"

_VERTEX_COLUMNS = ("~id", "~label")
_EDGE_COLUMNS = ("~id", "~label", "~from", "~to")
_HEADER = re.compile(
    r"(?P<name>(?:[^:\\]|\\.)+)"
    r"(?::(?P<type>[A-Za-z]+)(?:\((?P<cardinality>[A-Za-z]+)\))?(?P<array>\[\])?)?"
)
_INTEGER = re.compile(r"[+-]?[0-9]+")
_MOST_DIGITS = 19
"""Of a Long."""
# In one way only: where two parts of a pattern take the same digits, a cell costs their square.
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_DATE = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?Z?)?)?", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Column:
    """A property column. `convert` raises ValueError with the reason."""

    index: int
    name: str
    convert: Callable[[str], Any]
    is_set: bool
    is_array: bool
    is_string: bool


@dataclass(frozen=True, slots=True)
class VertexRow:
    """A vertex, or more properties of one. `single` and `sets` map keys to values."""

    record: Record
    id: str
    label: str | None
    single: dict[str, Any]
    sets: dict[str, list[Any]]


@dataclass(frozen=True, slots=True)
class EdgeRow:
    """An edge."""

    record: Record
    id: str
    label: str
    source: str
    dest: str
    properties: dict[str, Any]


@dataclass(frozen=True, slots=True)
class BulkFile:
    """A file of vertices or of edges, its header read. `system` are the places of `~` columns.

    A row that cannot be read is told to `on_problem` and left out; without it, it is raised.
    """

    path: Path
    width: int
    system: dict[str, int]
    columns: tuple[Column, ...]
    allow_empty_strings: bool = False
    on_problem: Callable[[FileProblem], None] | None = None

    @property
    def is_edges(self) -> bool:
        """Whether the rows are edges."""
        return "~from" in self.system

    def rows(self) -> Iterator[VertexRow | EdgeRow]:
        """The rows. Raises `FileProblem`."""
        records = read_records(self.path, on_problem=self.on_problem)
        next(records)
        read = self._edge if self.is_edges else self._vertex
        for record in records:
            try:
                if len(record.cells) != self.width:
                    raise record.problem(
                        min(len(record.cells), self.width),
                        f"{len(record.cells)} cells where the header has {self.width}",
                    )
                row = read(record)
            except FileProblem as problem:
                if self.on_problem is None:
                    raise
                self.on_problem(problem)
            else:
                yield row

    def _vertex(self, record: Record) -> VertexRow:
        single: dict[str, Any] = {}
        sets: dict[str, list[Any]] = {}
        for column in self.columns:
            values = self._values(record, column)
            if values and column.is_set:
                sets[column.name] = values
            elif values:
                single[column.name] = values[0]
        return VertexRow(record, self._cell(record, "~id"), self._label(record), single, sets)

    def _edge(self, record: Record) -> EdgeRow:
        properties = {
            column.name: values[0]
            for column in self.columns
            if (values := self._values(record, column))
        }
        return EdgeRow(
            record,
            self._cell(record, "~id"),
            self._label(record) or DEFAULT_EDGE_LABEL,
            self._cell(record, "~from"),
            self._cell(record, "~to"),
            properties,
        )

    def _cell(self, record: Record, name: str) -> str:
        index = self.system[name]
        cell = record.cells[index]
        if cell is None:
            raise record.problem(index, f"{name} must not be blank")
        return cell

    def _label(self, record: Record) -> str | None:
        if "~label" not in self.system:
            return None
        labels = self._cell(record, "~label").split(";")
        index = self.system["~label"]
        if not all(labels):
            raise record.problem(index, "a label must not be empty")
        if self.is_edges and len(labels) > 1:
            raise record.problem(index, "an edge has exactly one label")
        # The way Gremlin writes several labels of one vertex.
        return "::".join(labels)

    def _values(self, record: Record, column: Column) -> list[Any]:
        cell = record.cells[column.index]
        if cell is None:
            return []
        parts = _split(cell) if column.is_array else [cell]
        values = []
        for part in parts:
            if not part and (not column.is_string or not self.allow_empty_strings):
                continue
            try:
                values.append(column.convert(part))
            except ValueError as error:
                raise record.problem(column.index, f"{column.name}: {error}") from None
        return values


def open_bulk_file(
    path: Path,
    *,
    allow_empty_strings: bool = False,
    on_problem: Callable[[FileProblem], None] | None = None,
) -> BulkFile:
    """Read the header of a file. Raises `FileProblem`.

    Empty strings (`""`) are left out unless they are allowed, as Neptune's loader does.
    `on_problem` hears of rows that cannot be read.
    """
    header = next(read_records(path), None)
    if header is None:
        raise FileProblem(path, 1, 0, "the file is empty; a header row is required")
    names = [cell or "" for cell in header.cells]
    is_edges = "~from" in names or "~to" in names
    system: dict[str, int] = {}
    columns: dict[str, Column] = {}
    for index, name in enumerate(names):
        if not name:
            raise header.problem(index, "a column has no name")
        if re.search(r"\s", name):
            raise header.problem(index, f"the column name {name!r} has a blank in it")
        if name.startswith("~"):
            known = _EDGE_COLUMNS if is_edges else _VERTEX_COLUMNS
            if name not in known:
                raise header.problem(index, f"no such system column: {name}; there are {known}")
            if name in system:
                raise header.problem(index, f"the column {name} appears twice")
            system[name] = index
        else:
            column = _column(header, index, name, is_edges)
            if column.name in columns:
                raise header.problem(index, f"the property {column.name!r} appears twice")
            columns[column.name] = column
    for required in ("~id", "~from", "~to") if is_edges else ("~id",):
        if required not in system:
            kind = "an edge" if is_edges else "a vertex"
            raise FileProblem(path, 1, 0, f"{kind} file needs the column {required}")
    found = tuple(columns.values())
    return BulkFile(path, len(names), system, found, allow_empty_strings, on_problem)


def _column(header: Record, index: int, text: str, is_edges: bool) -> Column:
    match = _HEADER.fullmatch(text)
    if match is None:
        raise header.problem(
            index,
            f"cannot read the column {text!r}; write name, name:type, name:type[] or "
            r"name:type(single|set), and \: for a colon in the name",
        )
    name = re.sub(r"\\:", ":", match["name"])
    kind = (match["type"] or "string").lower()
    if kind not in _TYPES:
        raise header.problem(
            index, f"no such type: {match['type']}; there are {', '.join(sorted(_TYPES))}"
        )
    array = match["array"] is not None
    cardinality = match["cardinality"]
    if cardinality is not None and cardinality.lower() not in ("single", "set"):
        raise header.problem(index, f"no such cardinality: {cardinality}; there are single and set")
    single = cardinality is not None and cardinality.lower() == "single"
    if single and array:
        raise header.problem(index, f"{name}: a single value cannot be an array")
    if is_edges and (array or (cardinality is not None and not single)):
        raise header.problem(index, f"{name}: an edge property has a single value")
    is_set = not is_edges and not single
    return Column(index, name, _TYPES[kind], is_set, array, kind == "string")


def _split(cell: str) -> list[str]:
    r"""The elements of an array cell, separated by `;`, a `;` inside one written `\;`."""
    if "\\;" not in cell:
        return cell.split(";")
    return [part.replace("\\;", ";") for part in re.split(r"(?<!\\);", cell)]


def _integer(name: str, bits: int, make: Callable[[int], Any]) -> Callable[[str], Any]:
    low, high = -(1 << bits - 1), (1 << bits - 1) - 1

    def convert(text: str) -> Any:
        if not _INTEGER.fullmatch(text):
            raise ValueError(f"{shortened(text)} is not a whole number ({name})")
        # Reading a number takes the square of its digits.
        if len(text.lstrip("+-0")) > _MOST_DIGITS or not low <= int(text) <= high:
            raise ValueError(f"{shortened(text)} is out of the range of {name}, {low} to {high}")
        return make(int(text))

    return convert


def _floating(name: str, make: Callable[[float], Any]) -> Callable[[str], Any]:
    def convert(text: str) -> Any:
        if text in ("Infinity", "-Infinity", "NaN"):
            return make(float(text))
        if not _DECIMAL.fullmatch(text):
            raise ValueError(f"{shortened(text)} is not a number ({name})")
        number = float(text)
        try:
            struct.pack("<f" if make is Float32 else "<d", number)
        except OverflowError:
            number = math.inf
        if math.isinf(number):
            raise ValueError(f"{shortened(text)} is out of the range of {name}")
        return make(number)

    return convert


def _date(text: str) -> datetime:
    match = _DATE.fullmatch(text)
    if match is None:
        raise ValueError(
            f"{shortened(text)} is not a date; write 2001-12-31 or 2001-12-31T23:59:59Z"
        )
    *parts, fraction = match.groups()
    year, month, day, hour, minute, second = (int(part or 0) for part in parts)
    micros = int((fraction or "").ljust(6, "0"))
    return datetime(year, month, day, hour, minute, second, micros)


def _boolean(text: str) -> bool:
    return text.lower() == "true"


_TYPES: dict[str, Callable[[str], Any]] = {
    "bool": _boolean,
    "boolean": _boolean,
    "byte": _integer("Byte", 8, SingleByte),
    "short": _integer("Short", 16, short),
    "int": _integer("Int", 32, int),
    "long": _integer("Long", 64, long),
    "float": _floating("Float", Float32),
    "double": _floating("Double", float),
    "string": str,
    "date": _date,
    "datetime": _date,
}
