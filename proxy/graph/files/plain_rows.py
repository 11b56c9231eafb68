"""Rows of CSV files that need no parser of quotes: whole blocks at once, by Arrow.

A block is plain if it has no quotes, no blank lines, and as many cells in each row as the header.
There, Arrow reads what the standard library's reader reads. The first block that is not plain ends
the plain part: the caller reads it, and all behind it, in the other way.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from gremlink.proxy.graph.limits import limits

BLOCK = 2**22
"""Bytes of a block: some 100,000 short rows, a few MiB as columns."""

_BOM = b"\xef\xbb\xbf"
_LINE_END = ord("\n")


class Columns(Mapping[str, Sequence[str]]):
    """Columns of a table of Arrow, each made a list when it is asked for."""

    def __init__(self, table: Any, names: Sequence[str]) -> None:
        self._table = table
        self._names = names
        self._made: dict[str, list[str]] = {}

    def of(self, rows: slice) -> Columns:
        """Return some of the rows."""
        return Columns(self._table.slice(rows.start, rows.stop - rows.start), self._names)

    def __getitem__(self, name: str) -> list[str]:
        if name not in self._made:
            if name not in self._names:
                raise KeyError(name)
            self._made[name] = self._table.column(name).to_pylist()
        return self._made[name]

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


@dataclass(slots=True)
class PlainPart:
    """The plain beginning of a file. `rest` are bytes that were read and belong to no block.

    `line` is the number of lines before the rest, `header` that of the file: empty where the file
    does not begin with a plain line.
    """

    file: io.BufferedReader
    separator: str
    header: Sequence[str] = ()
    line: int = 0
    rest: bytes = b""

    def read_header(self) -> None:
        """Read the first line."""
        if _arrow() is None or len(self.separator.encode()) > 1 or self.separator in '"\r\n\0':
            return
        data = self.file.read(BLOCK)
        self.rest = data
        end = data.find(b"\n")
        found = data[:end].removesuffix(b"\r").removeprefix(_BOM)
        if end < 0 or not found or _is_odd(found):
            return
        self.header = found.decode().split(self.separator)
        self.line, self.rest = 1, data[end + 1 :]

    def blocks(self, wanted: Sequence[str]) -> Iterator[tuple[Columns, range]]:
        """Yield the wanted columns block by block, with the lines of their rows.

        Raises OSError as the file does.
        """
        while self.header:
            data = self.rest + self.file.read(BLOCK)
            self.rest = data
            end = data.rfind(b"\n") + 1
            if not end and not self.file.peek(1):
                end = len(data)
            if not end:
                return
            table = _table(data[:end], self.separator, self.header, wanted)
            if table is None:
                return
            self.rest = data[end:]
            lines = range(self.line + 1, self.line + 1 + table.num_rows)
            self.line += table.num_rows
            yield Columns(table, wanted), lines

    def remaining(self) -> io.BufferedReader:
        """Return what is behind the last block, as a file."""
        return io.BufferedReader(_Remaining(self.rest, self.file))

    @property
    def encoding(self) -> str:
        """The encoding of the rest: a byte order mark is one at the beginning alone."""
        return "utf-8" if self.line else "utf-8-sig"


class _Remaining(io.RawIOBase):
    """Bytes, and behind them those of a file."""

    def __init__(self, begun: bytes, file: io.BufferedReader) -> None:
        self._begun = memoryview(begun)
        self._file = file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._begun:
            return self._file.readinto(buffer)
        taken = self._begun[: len(buffer)]
        buffer[: len(taken)] = taken
        self._begun = self._begun[len(taken) :]
        return len(taken)


def _table(data: bytes, separator: str, header: Sequence[str], wanted: Sequence[str]) -> Any:
    """Return the wanted columns of a block, `None` if it is not plain."""
    if _is_odd(data) or data.startswith((b"\n", b"\r", _BOM)) or b"\n\n" in data or b"\n\r" in data:
        return None
    ends = np.flatnonzero(np.frombuffer(data, np.uint8) == _LINE_END)
    longest = int(np.diff(ends, prepend=-1, append=len(data)).max(initial=0))
    if longest > limits().cell:
        return None
    pa = _arrow()
    text = pa.string()
    try:
        return pa.csv.read_csv(
            pa.py_buffer(data),
            pa.csv.ReadOptions(
                use_threads=False, block_size=len(data) + 1, column_names=list(header)
            ),
            pa.csv.ParseOptions(delimiter=separator, quote_char=False, double_quote=False),
            pa.csv.ConvertOptions(
                column_types=dict.fromkeys(header, text),
                # None would be all of them.
                include_columns=list(wanted) or [header[0]],
                null_values=[],
                strings_can_be_null=False,
            ),
        )
    except pa.ArrowInvalid:
        # Rows of other widths: the other reader tells where.
        return None


def _is_odd(data: bytes) -> bool:
    if not data.isascii():
        # Arrow looks at the wanted columns alone.
        try:
            data.decode()
        except UnicodeDecodeError:
            return True
    return b'"' in data or b"\0" in data or data.count(b"\r") != data.count(b"\r\n")


@cache
def _arrow() -> Any:
    """Return Arrow, `None` where an installation does without."""
    try:
        import pyarrow
        import pyarrow.csv
    except ImportError:
        return None
    return pyarrow
