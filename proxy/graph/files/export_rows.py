"""The rows of an export's CSV files: chunk by chunk, as columns, with places for messages.

Arrow does the work where there are no quotes, otherwise the standard library's reader. Where that
fails, or a cell has no meaning for the
caller, the file is read once more by `csv_records`, which knows lines and columns.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from gremlink.grammar.traversal import Kind
from gremlink.proxy.graph.errors import BadCell, BadExport, FileProblem
from gremlink.proxy.graph.files.compressed import TooMuch, open_bytes
from gremlink.proxy.graph.files.csv_records import read_records, undecodable
from gremlink.proxy.graph.files.plain_rows import PlainPart
from gremlink.proxy.graph.ids import Ids
from gremlink.proxy.graph.limits import limits
from gremlink.proxy.messages.system_errors import reason_of

MIXED = "mixed"
"""An id type in `config.json`: each row names its own."""
ID, LABEL, FROM, TO = "~id", "~label", "~from", "~to"
ID_TYPE, FROM_TYPE, TO_TYPE = "~idType", "~fromType", "~toType"
ROWS = 2**16
"""Rows that are in memory at once."""

_READERS: Mapping[Kind, Any] = {Kind.STRING: str, Kind.INT: int, Kind.LONG: int, Kind.UUID: UUID}


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some rows of a file; `columns` and `lines` have one entry for each.

    Missing cells are empty. `lines` are the lines on which the rows begin, counted from 1. The
    `header` has all columns of the file, `columns` those that were wanted. `short` are the lines of
    rows that have fewer cells than it.
    """

    path: Path
    separator: str
    columns: Mapping[str, Sequence[str]]
    lines: Sequence[int]
    header: Sequence[str]
    short: Sequence[int] = ()

    def __len__(self) -> int:
        return len(self.lines)

    def problem(self, row: int, column: str, reason: str) -> BadCell:
        """Make an error in a cell, `row` counted from 0 in this chunk."""
        return bad_cell(self.path, self.separator, self.lines[row], column, reason)

    def ids(self, column: str, kind: str, kind_column: str) -> Ids:
        """Return the typed ids in a column. Raises `BadExport`."""
        texts = self.require(column)
        if kind != MIXED:
            return Ids(self._kind(kind), self._values(column, texts, self._kind(kind)))
        kinds = [self._kind(name) for name in self.require(kind_column)]
        values: list[Any] = []
        for row, (text, each) in enumerate(zip(texts, kinds, strict=True)):
            try:
                values.append(_READERS[each](text))
            except ValueError:
                raise self._no_id(row, column, text, each) from None
        return Ids(kinds, values)

    def require(self, column: str) -> Sequence[str]:
        """Return a column that has to be there. Raises `BadExport`."""
        if column not in self.columns:
            if not self.header:
                raise BadExport(self.path, "the file is empty: it has to begin with a header")
            own = [name for name in self.header if not name.startswith("~")]
            names = ", ".join(map(repr, own)) or "none"
            raise BadExport(
                self.path,
                f"there is no column {column!r}, only {names}: export again, or correct the "
                "configuration",
            )
        return self.columns[column]

    def _kind(self, name: str) -> Kind:
        with suppress(ValueError):
            kind = Kind(name)
            if kind in _READERS:
                return kind
        raise BadExport(self.path, f"ids of type {name!r} are not supported")

    def _values(self, column: str, texts: Sequence[str], kind: Kind) -> Sequence[Any]:
        if kind is Kind.STRING:
            return texts
        values: list[Any] = []
        with suppress(ValueError):
            for text in texts:
                values.append(_READERS[kind](text))
            return values
        row = len(values)
        raise self._no_id(row, column, texts[row], kind)

    def _no_id(self, row: int, column: str, text: str, kind: Kind) -> BadCell:
        return self.problem(row, column, f"{text!r} is not an id of type {kind.value!r}")


def read_chunks(
    path: Path,
    separator: str = ",",
    columns: Collection[str] | None = None,
    rows: int | None = ROWS,
) -> Iterator[Chunk]:
    """Yield a file's rows, at most `rows` at a time (`None`: all at once), blank lines left out.

    There is at least one chunk, so that an empty file has its columns, too. What a row has too few
    of is empty. `columns` are those
    wanted, those not in the file left out; `None` is all. Raises `BadExport`, `BadCell`.
    """
    line = 0
    try:
        with open_bytes(path) as file:
            plain = PlainPart(file, separator)
            if rows is not None:
                plain.read_header()
            header: Sequence[str] = plain.header
            given = False
            if header:
                _check_header(path, separator, header)
                wanted = _places(header, columns)
                for cells, numbers in plain.blocks(list(wanted)):
                    for start in range(0, len(numbers), rows or len(numbers)):
                        given = True
                        part = slice(start, start + (rows or len(numbers)))
                        yield Chunk(path, separator, cells.of(part), numbers[part], header)
            line = plain.line
            # A text property may be longer than the default of 128 KiB. A longer one is reported
            # with its place by `csv_records`.
            csv.field_size_limit(limits().cell)
            text = io.TextIOWrapper(plain.remaining(), plain.encoding, newline="")
            reader = csv.reader(text, delimiter=separator, strict=True)
            before = line
            if not header:
                header = next(reader, [])
                line = reader.line_num
                _check_header(path, separator, header)
                wanted = _places(header, columns)
            width = len(header)
            pending: list[list[str]] = []
            lines: list[int] = []
            short: list[int] = []
            for row in reader:
                begin, line = line + 1, before + reader.line_num
                if len(row) != width:
                    if not row:
                        continue
                    if len(row) > width:
                        raise _too_wide(path, separator, begin, len(row), header)
                    short.append(begin)
                pending.append(row)
                lines.append(begin)
                if len(lines) == rows:
                    yield _chunk(path, separator, wanted, pending, lines, header, short)
                    pending, lines, short = [], [], []
                    given = True
            if lines or not given:
                yield _chunk(path, separator, wanted, pending, lines, header, short)
    except TooMuch as error:
        raise BadCell(path, error.line, 0, str(error)) from None
    except OSError as error:
        raise BadExport(path, reason_of(error)) from None
    except UnicodeDecodeError as error:
        raise BadCell(path, *undecodable(path), f"not UTF-8: {error.reason}") from None
    except csv.Error as error:
        raise _broken(path, separator, line + 1, str(error)) from None


def _check_header(path: Path, separator: str, header: Sequence[str]) -> None:
    twice = next((name for name, count in Counter(header).items() if count > 1), None)
    if twice is not None:
        place = len(header) - 1 - list(header)[::-1].index(twice)
        raise _in_header(path, separator, place, f"the column {twice!r} is there twice")


def _places(header: Sequence[str], columns: Collection[str] | None) -> dict[str, int]:
    """Return the places of the wanted columns."""
    return {name: place for place, name in enumerate(header) if columns is None or name in columns}


def bad_cell(path: Path, separator: str, line: int, column: str, reason: str) -> BadCell:
    """Make an error in the cell of `column` in the record that begins on `line`."""
    with suppress(FileProblem):
        header: list[str | None] = []
        for record in read_records(path, separator):
            header = header or record.cells
            if record.line == line and column in header:
                place = record.problem(header.index(column), reason)
                return BadCell(path, place.line, place.column, reason)
    return BadCell(path, line, 0, reason)


def _in_header(path: Path, separator: str, place: int, reason: str) -> BadCell:
    with suppress(FileProblem):
        for record in read_records(path, separator):
            found = record.problem(place, reason)
            return BadCell(path, found.line, found.column, reason)
    return BadCell(path, 1, 0, reason)


def _chunk(
    path: Path,
    separator: str,
    wanted: Mapping[str, int],
    rows: list[list[str]],
    lines: list[int],
    header: Sequence[str],
    short: list[int],
) -> Chunk:
    if short:
        # Cells are made up for the wanted columns alone: a header may be wider than all rows.
        cells = {
            name: [row[place] if place < len(row) else "" for row in rows]
            for name, place in wanted.items()
        }
    else:
        cells = {name: [row[place] for row in rows] for name, place in wanted.items()}
    return Chunk(path, separator, cells, lines, header, short)


def _too_wide(path: Path, separator: str, line: int, found: int, header: Sequence[str]) -> BadCell:
    """Return the place of the first cell too many."""
    width = len(header)
    reason = f"this row has {found} cells, the header has {width}"
    with suppress(FileProblem):
        for record in read_records(path, separator):
            if record.line == line:
                place = record.problem(width, reason)
                return BadCell(path, place.line, place.column, reason)
    return BadCell(path, line, 0, reason)


def _broken(path: Path, separator: str, line: int, reason: str) -> BadCell:
    """Return an error at the place where the quotes go wrong, as exactly as it can be found."""
    try:
        for _ in read_records(path, separator):
            pass
    except FileProblem as found:
        return BadCell(path, found.line, found.column, found.reason)
    return BadCell(path, line, 0, reason)
