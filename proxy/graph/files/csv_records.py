"""Records of a CSV file as Neptune's bulk loader reads them: RFC 4180, positions kept for messages.

The standard library's reader is not used because it cannot tell a blank cell from a quoted empty
one, and knows no columns. Reading is linear for every file: lines come one by one, and the part of
a cell that has been read is not read again.
"""

from __future__ import annotations

import io
import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from gremlink.proxy.graph.errors import FileProblem
from gremlink.proxy.graph.files.compressed import TooMuch, open_text
from gremlink.proxy.graph.limits import limits
from gremlink.proxy.messages.system_errors import reason_of

OnProblem = Callable[[FileProblem], None]

_BLANKS = " \t"
_BARE_QUOTE = 'a cell with a quote in it must be quoted as a whole, its quotes doubled ("")'
_NO_END = "a quoted cell begins here and never ends"
_BEGUN = "a quoted cell, whose closing quote may be missing,"


@dataclass(frozen=True, slots=True)
class Record:
    """One record: its cells, `None` where blank. `line` is where it begins, counted from 1.

    `again` says that its first line was read before, as a part of a record that went wrong.
    """

    path: Path
    line: int
    cells: list[str | None]
    text: str
    separator: str = ","
    again: bool = False

    def problem(self, index: int, reason: str) -> FileProblem:
        """Make an error at the cell with this index, or at the end if there is no such cell."""
        cells = _cells(io.StringIO(self.text, newline=""), self.separator)
        found = next(itertools.islice(cells, index, None), None)
        if found is None:
            below, start = self.text.count("\n"), len(self.text) - self.text.rfind("\n") - 1
        else:
            below, start, _ = found
        return FileProblem(self.path, self.line + below, start + 1, reason)


def read_records(
    path: Path, separator: str = ",", on_problem: OnProblem | None = None
) -> Iterator[Record]:
    """Yield the records of a UTF-8 file, blank lines left out.

    A record that cannot be read goes to `on_problem`, and reading goes on at the line below the one
    on which it begins. Without it, and where the file cannot be read, raises `FileProblem`.
    """
    try:
        # A byte that is no UTF-8 becomes half a surrogate pair, so that its own line tells of it.
        with open_text(path, errors="surrogateescape") as file:
            yield from records_of(file, path, separator, on_problem)
    except TooMuch as error:
        raise FileProblem(path, error.line, 0, str(error)) from None
    except OSError as error:
        raise FileProblem(path, 0, 0, reason_of(error)) from None


def records_of(
    lines: Iterable[str],
    path: Path,
    separator: str = ",",
    on_problem: OnProblem | None = None,
) -> Iterator[Record]:
    """Yield the records in lines, which keep their ends; `path` is for messages. As
    `read_records`."""
    blanks = _blanks(separator)
    longest = limits().cell
    source = _Lines(lines)
    for text in source:
        number, again = source.number, source.again
        try:
            _check_encoding(path, number, text)
            if '"' not in text:
                bare = text.rstrip("\r\n")
                if bare.strip(blanks):
                    if len(bare) > longest:
                        _check_lengths(path, number, bare, separator)
                    cells = [cell.strip(blanks) or None for cell in bare.split(separator)]
                    yield Record(path, number, cells, bare, separator, again)
                continue
            source.keep(text)
            try:
                quoted = [cell for _, _, cell in _cells(source.kept_lines(), separator)]
            except _Broken as broken:
                place = number + broken.below, broken.start + 1
                raise FileProblem(path, *place, broken.reason) from None
            taken = source.taken()
            for below, line in enumerate(taken[1:], start=1):
                _check_encoding(path, number + below, line)
            text = "".join(taken).rstrip("\r\n")
            yield Record(path, number, quoted, text, separator, again)
        except FileProblem as problem:
            if on_problem is None:
                raise
            source.put_back(source.taken()[1:])
            on_problem(problem)


def short_rows(path: Path, count: int, first: int) -> str:
    """Return a warning about rows with fewer cells than their header."""
    rows, their = ("row is", "its") if count == 1 else ("rows are", "their")
    return (
        f"{path}: {count:,} {rows} shorter than the header, the first on line {first}: {their} "
        "missing cells are blank"
    )


class _Lines:
    """Lines, their numbers, and those of a record that may have to be read once more."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self._back: deque[str] = deque()
        self._kept: list[str] = []
        self.number = 0
        self.again = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        self.again = bool(self._back)
        line = self._back.popleft() if self.again else next(self._lines)
        self.number += 1
        return line

    def keep(self, line: str) -> None:
        """Begin a record with a line that has been read."""
        self._kept = [line]

    def kept_lines(self) -> Iterator[str]:
        """Yield the lines from here on, and keep them."""
        yield from self._kept
        for line in self:
            self._kept.append(line)
            yield line

    def taken(self) -> list[str]:
        """Return the lines that were kept: those of the record."""
        return self._kept

    def put_back(self, lines: list[str]) -> None:
        """Give lines once more."""
        self._back.extendleft(reversed(lines))
        self.number -= len(lines)
        self._kept = []


class _Broken(Exception):
    """Quotes go wrong in a cell: lines below the record's first, and the place in its line."""

    def __init__(self, below: int, start: int, reason: str) -> None:
        super().__init__(reason)
        self.below = below
        self.start = start
        self.reason = reason


def _cells(lines: Iterator[str], separator: str) -> Iterator[tuple[int, int, str | None]]:
    """Return the cells of one record, each with its line, from 0, and its place there.

    Takes no more lines than the record has. Raises `_Broken`.
    """
    blanks = _blanks(separator)
    longest = limits().cell
    text = next(lines)
    end, below, position = _length(text), 0, 0
    while True:
        place = below, position
        begin = _after_blanks(text, position, end, blanks)
        if begin < end and text[begin] == '"':
            parts: list[str] = []
            length = 0
            begin = look = begin + 1
            while True:
                quote = text.find('"', look)
                if quote < 0:
                    parts.append(text[begin:])
                    length += len(parts[-1])
                    if length > longest:
                        raise _Broken(*place, limits().cell_is_too_long(_BEGUN))
                    following = next(lines, None)
                    if following is None:
                        raise _Broken(*place, _NO_END)
                    text, below, begin, look = following, below + 1, 0, 0
                    end = _length(text)
                elif text.startswith('"', quote + 1):
                    look = quote + 2
                else:
                    break
            parts.append(text[begin:quote])
            if length + len(parts[-1]) > longest:
                raise _Broken(*place, limits().cell_is_too_long())
            position = _after_blanks(text, quote + 1, end, blanks)
            if position < end and text[position] != separator:
                raise _Broken(*place, _BARE_QUOTE)
            yield *place, "".join(parts).replace('""', '"')
        else:
            position = text.find(separator, begin, end)
            position = end if position < 0 else position
            cell = text[begin:position]
            if '"' in cell:
                raise _Broken(*place, _BARE_QUOTE)
            if len(cell) > longest:
                raise _Broken(*place, limits().cell_is_too_long())
            yield *place, cell.rstrip(blanks) or None
        if position >= end:
            return
        position += 1


def _check_lengths(path: Path, number: int, line: str, separator: str) -> None:
    """Raise `FileProblem` at the first cell that is too long, in a line without quotes."""
    start = 0
    for cell in line.split(separator):
        if len(cell) > limits().cell:
            raise FileProblem(path, number, start + 1, limits().cell_is_too_long())
        start += len(cell) + 1


def _blanks(separator: str) -> str:
    """Return the blanks that are allowed around a cell."""
    return _BLANKS.replace(separator, "")


def _after_blanks(text: str, position: int, end: int, blanks: str) -> int:
    while position < end and text[position] in blanks:
        position += 1
    return position


def _length(line: str) -> int:
    """Return the length without the line's end."""
    return len(line.rstrip("\r\n"))


def _check_encoding(path: Path, number: int, line: str) -> None:
    """Raise `FileProblem` where bytes were no UTF-8."""
    if line.isascii():
        return
    try:
        line.encode()
    except UnicodeEncodeError as error:
        try:
            line.encode(errors="surrogateescape").decode()
            reason = error.reason
        except UnicodeDecodeError as wrong:
            reason = wrong.reason
        raise FileProblem(path, number, error.start + 1, f"not UTF-8: {reason}") from None


def undecodable(path: Path) -> tuple[int, int]:
    """Return line and column of the first bytes that are not UTF-8; a decoder knows no lines. 0 if
    none.

    Raises OSError.
    """
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                return number, len(line[: error.start].decode("utf-8")) + 1
    return 0, 0
