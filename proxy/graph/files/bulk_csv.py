"""Neptune's bulk-loader CSV: headers with types and cardinalities, rows as typed values."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from gremlink.grammar.traversal import Kind
from gremlink.proxy.graph.errors import FileProblem, shortened
from gremlink.proxy.graph.files.bulk_types import TYPES, Convert, OutOfRange
from gremlink.proxy.graph.files.column_types import PLAIN, Described, description_of
from gremlink.proxy.graph.files.csv_records import Record, read_records
from gremlink.proxy.graph.files.export_rows import FROM_TYPE, ID_TYPE, MIXED, TO_TYPE

DEFAULT_VERTEX_LABEL = "vertex"
DEFAULT_EDGE_LABEL = "edge"

_VERTEX_COLUMNS = ("~id", "~label", ID_TYPE)
_EDGE_COLUMNS = (
    *("~id", "~label", "~from", "~to"),
    *("~fromLabels", "~toLabels", FROM_TYPE, TO_TYPE),
)
"""System columns, with those of an export: the labels of the ends, and the types of mixed ids."""
_HEADER = re.compile(
    r"(?P<name>(?:[^:\\]|\\.)+)"
    r"(?::(?P<type>[A-Za-z]+)(?:\((?P<cardinality>[A-Za-z]+)\))?(?P<array>\[\])?)?"
)
_IDS: Mapping[str, Callable[[str], Any]] = {
    Kind.STRING.value: str,
    Kind.INT.value: TYPES["int"],
    Kind.LONG.value: TYPES["long"],
    Kind.UUID.value: UUID,
}

Id = str | int | UUID
"""Neptune's are strings; an export of another database says which type its ids have."""


@dataclass(frozen=True, slots=True)
class Column:
    """A property column. `convert` raises ValueError with the reason."""

    index: int
    name: str
    convert: Convert
    is_set: bool
    is_array: bool
    is_string: bool


@dataclass(frozen=True, slots=True)
class VertexRow:
    """A vertex, or more properties of one. `single` and `sets` map keys to values."""

    record: Record
    id: Id
    label: str | None
    single: dict[str, Any]
    sets: dict[str, list[Any]]


@dataclass(frozen=True, slots=True)
class EdgeRow:
    """An edge."""

    record: Record
    id: str
    label: str
    source: Id
    dest: Id
    properties: dict[str, Any]


@dataclass(frozen=True, slots=True)
class BulkFile:
    """A file of vertices or of edges, its header read. `system` are the places of `~` columns.

    A row that cannot be read goes to `on_problem` and is left out; without `on_problem` it is
    raised. A row that is shorter than the header goes to `on_short`: its missing cells are blank.
    """

    path: Path
    width: int
    system: dict[str, int]
    columns: tuple[Column, ...]
    allow_empty_strings: bool = False
    on_problem: Callable[[FileProblem], None] | None = None
    on_short: Callable[[Record], None] | None = None
    described: Described = field(default=PLAIN)

    @property
    def is_edges(self) -> bool:
        """`True` if the rows are edges."""
        return "~from" in self.system

    def rows(self) -> Iterator[VertexRow | EdgeRow]:
        """Yield the rows. Raises `FileProblem`."""
        records = read_records(self.path, on_problem=self.on_problem)
        next(records)
        read = self._edge if self.is_edges else self._vertex
        for record in records:
            try:
                count = len(record.cells)
                # Lines below a quote that goes wrong may be a part of its cell.
                if count > self.width or (count < self.width and record.again):
                    place = min(count, self.width)
                    raise record.problem(place, f"{count} cells where the header has {self.width}")
                if count < self.width and self.on_short is not None:
                    self.on_short(record)
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
        for column in self._within(record):
            values = self._values(record, column)
            if values and column.is_set:
                sets[column.name] = values
            elif values:
                single[column.name] = values[0]
        id = self._id(record, "~id", self.described.id_type, ID_TYPE)
        return VertexRow(record, id, self._label(record), single, sets)

    def _edge(self, record: Record) -> EdgeRow:
        properties = {
            column.name: values[0]
            for column in self._within(record)
            if (values := self._values(record, column))
        }
        return EdgeRow(
            record,
            self._cell(record, "~id"),
            self._label(record) or DEFAULT_EDGE_LABEL,
            self._id(record, "~from", self.described.source_type, FROM_TYPE),
            self._id(record, "~to", self.described.dest_type, TO_TYPE),
            properties,
        )

    def _within(self, record: Record) -> Sequence[Column]:
        """Return the columns for which a row has cells: a short one costs no more than itself."""
        count = len(record.cells)
        if count == self.width:
            return self.columns
        return self.columns[: bisect_left(self.columns, count, key=lambda column: column.index)]

    def _id(self, record: Record, name: str, kind: str, kind_column: str) -> Id:
        """Return an id of the type that an export has for it: the file's, or that in a column of
        the row."""
        text = self._cell(record, name)
        if kind == MIXED or kind_column in self.system:
            kind = self._cell(record, kind_column) if kind_column in self.system else "String"
        read = _IDS.get(kind)
        try:
            if read is None:
                raise ValueError(f"there are no ids of the type {shortened(kind)}")
            found: Id = read(text)
        except ValueError as error:
            raise record.problem(self.system[name], f"{name}: {error}") from None
        return found

    def _cell(self, record: Record, name: str) -> str:
        index = self.system[name]
        cell = record.cells[index] if index < len(record.cells) else None
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
    on_short: Callable[[Record], None] | None = None,
) -> BulkFile:
    """Read the header of a file. Raises `FileProblem`.

    Empty strings (`""`) are left out unless they are allowed, as Neptune's loader does.
    `on_problem` hears of rows that cannot be read, `on_short` of those with too few cells. Columns
    without a type that an export describes have the type of that description.
    """
    described = description_of(path)
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
        if name in described.properties:
            column = _described_column(index, name, described, is_edges)
        elif re.search(r"\s", name):
            raise header.problem(index, f"the column name {shortened(name)} has a blank in it")
        elif name.startswith("~"):
            known = _EDGE_COLUMNS if is_edges else _VERTEX_COLUMNS
            if name not in known:
                raise header.problem(
                    index, f"no such system column: {shortened(name)}; there are {', '.join(known)}"
                )
            if name in system:
                raise header.problem(index, f"the column {name} appears twice")
            system[name] = index
            continue
        else:
            column = _column(header, index, name, is_edges)
        if column.name in columns:
            raise header.problem(index, f"the property {shortened(column.name)} appears twice")
        columns[column.name] = column
    for required in ("~id", "~from", "~to") if is_edges else ("~id",):
        if required not in system:
            kind = "an edge" if is_edges else "a vertex"
            raise FileProblem(path, 1, 0, f"{kind} file needs the column {required}")
    found = tuple(columns.values())
    return BulkFile(
        path, len(names), system, found, allow_empty_strings, on_problem, on_short, described
    )


def _column(header: Record, index: int, text: str, is_edges: bool) -> Column:
    match = _HEADER.fullmatch(text)
    if match is None:
        raise header.problem(
            index,
            f"cannot read the column {shortened(text)}; write name, name:type, name:type[] or "
            r"name:type(single|set), and \: for a colon in the name",
        )
    name = re.sub(r"\\:", ":", match["name"])
    kind = (match["type"] or "string").lower()
    if kind not in TYPES:
        raise header.problem(
            index, f"no such type: {match['type']}; there are {', '.join(sorted(TYPES))}"
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
    return Column(index, name, TYPES[kind], is_set, array, kind == "string")


def _described_column(index: int, name: str, described: Described, is_edges: bool) -> Column:
    """Return a column of an export: text where there is no such type, or an edge has several
    values."""
    kind, several = described.properties[name]
    kind = kind.lower() if kind.lower() in TYPES and not (is_edges and several) else "string"
    is_array = several and not is_edges
    convert = _or_text(TYPES[kind])
    return Column(index, name, convert, not is_edges, is_array, kind == "string")


def _or_text(convert: Convert) -> Convert:
    """Return a conversion that keeps values out of the range of the type as text.

    Databases have broader types than Neptune, and an export calls a large BigDecimal a Double.
    """

    def read(text: str) -> Any:
        try:
            return convert(text)
        except OutOfRange:
            return text

    return read


def _split(cell: str) -> list[str]:
    r"""Split the elements of an array cell at `;`; a `;` inside one is written `\;`."""
    if "\\;" not in cell:
        return cell.split(";")
    return [part.replace("\\;", ";") for part in re.split(r"(?<!\\);", cell)]
