"""Records of a CSV file as Neptune's bulk loader reads them: RFC 4180, positions kept for messages.

The standard library's reader is not used because it cannot tell a blank cell from a quoted empty
one, and knows no columns.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from proxy.graph.errors import FileProblem


@lru_cache
def _field(separator: str) -> re.Pattern[str]:
    """A cell and what ends it."""
    end = re.escape(separator)
    return re.compile(rf'[ \t]*(?:"([^"]*(?:""[^"]*)*)"[ \t]*|([^"{end}]*))({end}|\Z)')


@dataclass(frozen=True, slots=True)
class Record:
    """One record: its cells, `None` where blank. `line` is where it begins, counted from 1."""

    path: Path
    line: int
    cells: list[str | None]
    text: str
    separator: str = ","

    def problem(self, index: int, reason: str) -> FileProblem:
        """An error at the cell with this index."""
        start = 0
        for number, match in enumerate(_field(self.separator).finditer(self.text)):
            start = match.start()
            if number == index:
                break
        line, column = _place(self.text, start)
        return FileProblem(self.path, self.line + line, column, reason)


def read_records(path: Path, separator: str = ",") -> Iterator[Record]:
    """The records of a UTF-8 file, blank lines left out. Raises `FileProblem`."""
    number = 0
    pending: list[str] = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for number, line in enumerate(file, start=1):
                if not pending and '"' not in line:
                    text = line.rstrip("\r\n")
                    if text.strip():
                        cells = [cell.strip(" \t") or None for cell in text.split(separator)]
                        yield Record(path, number, cells, text, separator)
                    continue
                pending.append(line)
                # Every quote of a whole record has its partner.
                if sum(part.count('"') for part in pending) % 2 == 0:
                    text = "".join(pending).rstrip("\r\n")
                    first = number - len(pending) + 1
                    pending = []
                    yield _quoted(path, first, text, separator)
    except OSError as error:
        raise FileProblem(path, 0, 0, error.strerror or str(error)) from None
    except UnicodeDecodeError as error:
        raise FileProblem(path, *undecodable(path), f"not UTF-8: {error.reason}") from None
    if pending:
        first = number - len(pending) + 1
        raise FileProblem(path, first, 0, "a quoted cell begins here and never ends")


def undecodable(path: Path) -> tuple[int, int]:
    """Line and column of the first bytes that are not UTF-8; a decoder knows no lines. 0 if none.

    Raises OSError.
    """
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                return number, len(line[: error.start].decode("utf-8")) + 1
    return 0, 0


def _quoted(path: Path, line: int, text: str, separator: str) -> Record:
    cells: list[str | None] = []
    position = 0
    while True:
        match = _field(separator).match(text, position)
        if match is None:
            below, column = _place(text, position)
            raise FileProblem(
                path,
                line + below,
                column,
                'a cell with a quote in it must be quoted as a whole, its quotes doubled ("")',
            )
        quoted, bare, end = match.groups()
        cells.append(quoted.replace('""', '"') if quoted is not None else bare.strip(" \t") or None)
        position = match.end()
        if not end:
            return Record(path, line, cells, text, separator)


def _place(text: str, position: int) -> tuple[int, int]:
    """Lines above the position, and the column in its own, from 1."""
    above = text.count("\n", 0, position)
    return above, position - (text.rfind("\n", 0, position) + 1) + 1
