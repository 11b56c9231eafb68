"""Files of rows: CSV, JSON Lines, Parquet. They appear complete or not at all."""

from __future__ import annotations

import csv
import gzip
import json
import math
import sys
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any, NamedTuple, Protocol
from uuid import UUID

from gremlink.errors import Error, NotInstalled
from gremlink.grammar.traversal import Kind, Literal
from gremlink.proxy.learning.predictions.rows import BATCH, Row
from gremlink.proxy.learning.trained.vertex_embeddings import VertexEmbeddings
from gremlink.proxy.store.outputs import replacing

FORMATS = ("csv", "jsonl", "parquet")

STANDARD_OUTPUT = Path("-")

_WHOLE = (Kind.BYTE, Kind.SHORT, Kind.INT, Kind.LONG)


class UnknownFormat(Error):
    """The name of an output tells no format that is known."""


class NoParquet(NotInstalled):
    """Parquet needs a package that is not installed."""

    def __init__(self) -> None:
        super().__init__(
            "a .parquet file needs pyarrow, which is not installed here: `pip install pyarrow` adds"
            " it; .csv and .jsonl need nothing"
        )


Cell = Literal | str | int | float | None
"""An id or a value of the graph, or one of ours."""


class Column(NamedTuple):
    """A column of a file; `kinds` are the types of its values, `optional` lets some be missing.

    `arrow` names the type in Parquet where the kinds do not tell it.
    """

    name: str
    kinds: Collection[Kind]
    optional: bool = False
    arrow: str | None = None


class Writer(Protocol):
    """Writes rows."""

    def write(self, rows: Sequence[Row]) -> None:
        """Write some rows."""
        ...


class CellWriter(Protocol):
    """Writes rows of cells, one for each column."""

    def write(self, rows: Sequence[Sequence[Cell]]) -> None:
        """Write some rows."""
        ...


def format_of(path: Path) -> str:
    """Return the format that a name tells, `csv` for standard output. Raises `UnknownFormat`."""
    if path == STANDARD_OUTPUT:
        return "csv"
    name = path.name.lower().removesuffix(".gz")
    found = name.rpartition(".")[2] if "." in name else ""
    if found not in FORMATS or (found == "parquet" and path.name.lower().endswith(".gz")):
        raise UnknownFormat(
            f"{path}: the name has to end in .csv, .jsonl (both may have .gz behind it) or .parquet"
        )
    return found


def require_format(form: str) -> None:
    """Raise `NoParquet` for a format that this installation cannot write."""
    if form == "parquet" and find_spec("pyarrow") is None:
        raise NoParquet


@contextmanager
def writing(
    path: Path, names: tuple[str, str, str], kinds: tuple[Collection[Kind], ...], *, ends: bool
) -> Iterator[Writer]:
    """Open a file of predictions; its format is that of the name.

    `names` are those of the columns of the source, of the other end and of what is predicted;
    `kinds` are the types of their ids and values: where there are several, 1 and "1" would look
    alike, and a column `NAME_type` behind it tells them apart. Without `ends` there is no column of
    the other end. Raises `UnknownFormat`, `NoParquet`, `OutputUnwritable`.
    """
    places = [place for place in range(3) if ends or place != 1]
    typed = [place for place in places if len(set(kinds[place])) > 1]
    columns: list[Column] = []
    for place in places:
        columns.append(Column(names[place], kinds[place]))
        if place in typed:
            columns.append(Column(f"{names[place]}_type", {Kind.STRING}))
    columns += [Column("score", {Kind.DOUBLE}, optional=True), Column("rank", (), arrow="int32")]
    with writing_cells(path, columns) as writer:
        yield _Predictions(writer, places, typed)


class _Predictions:
    def __init__(self, writer: CellWriter, places: Sequence[int], typed: Sequence[int]) -> None:
        self._writer, self._places, self._typed = writer, places, typed

    def write(self, rows: Sequence[Row]) -> None:
        self._writer.write([[*self._cells(row), row.score, row.rank] for row in rows])

    def _cells(self, row: Row) -> Iterator[Cell]:
        for place in self._places:
            literal = row[place]
            assert isinstance(literal, Literal)
            yield literal
            if place in self._typed:
                yield literal.kind.value


@contextmanager
def writing_cells(path: Path, columns: Sequence[Column]) -> Iterator[CellWriter]:
    """Open a file of rows with these columns; its format is that of the name.

    Raises `UnknownFormat`, `NoParquet`, `OutputUnwritable`.
    """
    form = format_of(path)
    require_format(form)
    if path == STANDARD_OUTPUT:
        yield _Csv(sys.stdout, columns)
        return
    with replacing(path) as partial:
        path.parent.mkdir(parents=True, exist_ok=True)
        if form == "parquet":
            with _parquet(partial, columns) as writer:
                yield writer
        else:
            with _text(partial, zipped=path.name.lower().endswith(".gz")) as file:
                yield (_Csv if form == "csv" else _JsonLines)(file, columns)


@contextmanager
def _text(path: Path, *, zipped: bool) -> Iterator[IO[str]]:
    if not zipped:
        with path.open("w", encoding="utf-8", newline="") as file:
            yield file
        return
    with gzip.open(path, "wt", encoding="utf-8", newline="", compresslevel=6) as packed:
        yield packed


class _Csv:
    def __init__(self, file: IO[str], columns: Sequence[Column]) -> None:
        self._writer = csv.writer(file, lineterminator="\n")
        self._writer.writerow([column.name for column in columns])

    def write(self, rows: Sequence[Sequence[Cell]]) -> None:
        self._writer.writerows([_cell(each) for each in row] for row in rows)


def _cell(cell: Cell) -> str:
    """Return a value as an exported file has it."""
    if cell is None:
        return ""
    value = cell.value if isinstance(cell, Literal) else cell
    return str(value).lower() if isinstance(value, bool) else str(value)


class _JsonLines:
    def __init__(self, file: IO[str], columns: Sequence[Column]) -> None:
        self._file, self._columns = file, columns

    def write(self, rows: Sequence[Sequence[Cell]]) -> None:
        for row in rows:
            document = {
                column.name: _json(cell)
                for column, cell in zip(self._columns, row, strict=True)
                if cell is not None or not column.optional
            }
            self._file.write(json.dumps(document, ensure_ascii=False) + "\n")


def _json(cell: Cell) -> Any:
    value = cell.value if isinstance(cell, Literal) else cell
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


@contextmanager
def _parquet(path: Path, columns: Sequence[Column]) -> Iterator[CellWriter]:
    import pyarrow as pa
    from pyarrow import parquet

    schema = pa.schema(
        [
            pa.field(
                column.name,
                _arrow_type(pa, column.kinds) if column.arrow is None else column.arrow,
                nullable=column.optional,
            )
            for column in columns
        ]
    )
    with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        yield _Parquet(pa, writer, schema)


class _Parquet:
    def __init__(self, pa: Any, writer: Any, schema: Any) -> None:
        self._pa, self._writer, self._schema = pa, writer, schema

    def write(self, rows: Sequence[Sequence[Cell]]) -> None:
        if not rows:
            return
        arrays = [
            self._pa.array(_column(cells, field.type, self._pa), type=field.type)
            for cells, field in zip(zip(*rows, strict=True), self._schema, strict=True)
        ]
        self._writer.write_batch(self._pa.RecordBatch.from_arrays(arrays, schema=self._schema))


def _arrow_type(pa: Any, kinds: Collection[Kind]) -> Any:
    """Return the type of a column; ids of several types are text."""
    if not kinds or set(kinds) - {*_WHOLE, Kind.DOUBLE, Kind.FLOAT, Kind.BOOLEAN}:
        return pa.string()
    if set(kinds) <= set(_WHOLE):
        return pa.int64()
    if set(kinds) <= {Kind.DOUBLE, Kind.FLOAT}:
        return pa.float64()
    return pa.bool_() if set(kinds) == {Kind.BOOLEAN} else pa.string()


def _column(cells: Sequence[Cell], kind: Any, pa: Any) -> list[Any]:
    values = [each.value if isinstance(each, Literal) else each for each in cells]
    if pa.types.is_string(kind):
        return [each if each is None or isinstance(each, str) else _cell(each) for each in values]
    return values


def write_embeddings(path: Path, found: VertexEmbeddings) -> None:
    """Write embeddings as Parquet: id, label, a list of numbers. Raises `OutputUnwritable`."""
    import pyarrow as pa
    from pyarrow import parquet

    kinds = {id.kind for name in found.tables for id in found.stored.ids[name]}
    kind = _arrow_type(pa, kinds)
    schema = pa.schema(
        [
            pa.field("id", kind, nullable=False),
            pa.field("label", pa.string(), nullable=False),
            pa.field("embedding", pa.list_(pa.float32()), nullable=False),
        ]
    )
    with replacing(path) as partial:
        path.parent.mkdir(parents=True, exist_ok=True)
        with parquet.ParquetWriter(partial, schema, compression="zstd") as writer:
            for name, table in found.tables.items():
                ids = found.stored.ids[name]
                for start in range(0, len(table), BATCH):
                    rows = table[start : start + BATCH]
                    flat = pa.array(rows.ravel(), type=pa.float32())
                    ends = pa.array(range(0, rows.size + 1, rows.shape[1]), type=pa.int32())
                    arrays = [
                        pa.array(_column(ids[start : start + BATCH], kind, pa), type=kind),
                        pa.array([name] * len(rows), type=pa.string()),
                        pa.ListArray.from_arrays(ends, flat),
                    ]
                    writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=schema))


def read_ids(path: Path, known: Any) -> list[Literal]:
    """Return the ids in a file, one a line, as the model types them.

    `known` returns the place of a vertex or `None`: an id is the string, the number or the UUID
    that the model knows. An id that it does not know is a string, and has no predictions.
    Raises OSError, UnicodeDecodeError.
    """
    found = []
    with path.open(encoding="utf-8-sig") as file:
        for line in file:
            text = line.rstrip("\r\n")
            if text:
                found.append(id_in(text, known))
    return found


def id_in(text: str, known: Any) -> Literal:
    """Return an id that is written as `text`; `known` as in `read_ids`."""
    return next(filter(known, _spellings(text)), Literal.string(text))


def _spellings(text: str) -> Iterator[Literal]:
    yield Literal.string(text)
    if text.lstrip("-").isdecimal() and len(text) < 20:
        for kind in (Kind.LONG, Kind.INT, Kind.SHORT, Kind.BYTE):
            yield Literal(kind, int(text))
    try:
        yield Literal.of(UUID(text))
    except ValueError:
        return
