"""Files of predictions: CSV, JSON Lines, Parquet. They appear complete or not at all."""

from __future__ import annotations

import csv
import gzip
import json
import math
import sys
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Protocol
from uuid import UUID

from gremlink.errors import Error
from gremlink.grammar.traversal import Kind, Literal
from gremlink.proxy.learning.predictions.rows import BATCH, Row
from gremlink.proxy.learning.trained.vertex_embeddings import VertexEmbeddings
from gremlink.proxy.store.outputs import replacing

FORMATS = ("csv", "jsonl", "parquet")

STANDARD_OUTPUT = Path("-")

_WHOLE = (Kind.BYTE, Kind.SHORT, Kind.INT, Kind.LONG)


class UnknownFormat(Error):
    """The name of an output tells no format that is known."""


class Writer(Protocol):
    """Writes rows."""

    def write(self, rows: Sequence[Row]) -> None:
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


@contextmanager
def writing(
    path: Path, names: tuple[str, str, str], kinds: tuple[Collection[Kind], ...], *, ends: bool
) -> Iterator[Writer]:
    """Open a file of predictions; its format is that of the name.

    `names` are those of the columns of the source, of the other end and of what is predicted;
    `kinds` are the types of their ids and values. Without `ends` there is no column of the other
    end. Raises `UnknownFormat`, `OutputUnwritable`.
    """
    form = format_of(path)
    if path == STANDARD_OUTPUT:
        yield _Csv(sys.stdout, names, ends)
        return
    with replacing(path) as partial:
        path.parent.mkdir(parents=True, exist_ok=True)
        if form == "parquet":
            with _parquet(partial, names, kinds, ends) as writer:
                yield writer
        else:
            with _text(partial, zipped=path.name.lower().endswith(".gz")) as file:
                made = _Csv if form == "csv" else _JsonLines
                yield made(file, names, ends)


@contextmanager
def _text(path: Path, *, zipped: bool) -> Iterator[IO[str]]:
    if not zipped:
        with path.open("w", encoding="utf-8", newline="") as file:
            yield file
        return
    with gzip.open(path, "wt", encoding="utf-8", newline="", compresslevel=6) as packed:
        yield packed


class _Csv:
    def __init__(self, file: IO[str], names: tuple[str, str, str], ends: bool) -> None:
        self._writer = csv.writer(file, lineterminator="\n")
        self._ends = ends
        source, end, predicted = names
        self._writer.writerow([source, *((end,) if ends else ()), predicted, "score", "rank"])

    def write(self, rows: Sequence[Row]) -> None:
        self._writer.writerows(
            (
                _cell(row.source),
                *((_cell(row.end),) if self._ends else ()),
                _cell(row.predicted),
                "" if row.score is None else repr(row.score),
                row.rank,
            )
            for row in rows
        )


def _cell(literal: Literal | None) -> str:
    """Return a value as an exported file has it."""
    if literal is None:
        return ""
    value = literal.value
    return str(value).lower() if isinstance(value, bool) else str(value)


class _JsonLines:
    def __init__(self, file: IO[str], names: tuple[str, str, str], ends: bool) -> None:
        self._file, self._names, self._ends = file, names, ends

    def write(self, rows: Sequence[Row]) -> None:
        source, end, predicted = self._names
        for row in rows:
            document: dict[str, Any] = {source: _json(row.source)}
            if self._ends:
                document[end] = _json(row.end)
            document[predicted] = _json(row.predicted)
            if row.score is not None:
                document["score"] = row.score
            document["rank"] = row.rank
            self._file.write(json.dumps(document, ensure_ascii=False) + "\n")


def _json(literal: Literal | None) -> Any:
    if literal is None:
        return None
    value = literal.value
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if isinstance(value, str | int | float | bool) else str(value)


@contextmanager
def _parquet(
    path: Path, names: tuple[str, str, str], kinds: tuple[Collection[Kind], ...], ends: bool
) -> Iterator[Writer]:
    import pyarrow as pa
    from pyarrow import parquet

    fields: list[Any] = []
    for at, (name, found) in enumerate(zip(names, kinds, strict=True)):
        if at == 1 and not ends:
            continue
        fields.append(pa.field(name, _arrow_type(pa, found), nullable=False))
    fields += [pa.field("score", pa.float64()), pa.field("rank", pa.int32(), nullable=False)]
    schema = pa.schema(fields)
    with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        yield _Parquet(pa, writer, schema, ends)


class _Parquet:
    def __init__(self, pa: Any, writer: Any, schema: Any, ends: bool) -> None:
        self._pa, self._writer, self._schema, self._ends = pa, writer, schema, ends

    def write(self, rows: Sequence[Row]) -> None:
        if not rows:
            return
        columns: list[list[Any]] = [[row.source for row in rows]]
        if self._ends:
            columns.append([row.end for row in rows])
        columns.append([row.predicted for row in rows])
        arrays = [
            self._pa.array(_column(column, field.type, self._pa), type=field.type)
            for column, field in zip(columns, self._schema, strict=False)
        ]
        arrays.append(self._pa.array([row.score for row in rows], type=self._pa.float64()))
        arrays.append(self._pa.array([row.rank for row in rows], type=self._pa.int32()))
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


def _column(values: Sequence[Literal], kind: Any, pa: Any) -> list[Any]:
    if pa.types.is_string(kind):
        return [each.value if isinstance(each.value, str) else _cell(each) for each in values]
    return [each.value for each in values]


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
                found.append(next(filter(known, _spellings(text)), Literal.string(text)))
    return found


def _spellings(text: str) -> Iterator[Literal]:
    yield Literal.string(text)
    if text.lstrip("-").isdecimal() and len(text) < 20:
        for kind in (Kind.LONG, Kind.INT, Kind.SHORT, Kind.BYTE):
            yield Literal(kind, int(text))
    try:
        yield Literal.of(UUID(text))
    except ValueError:
        return
