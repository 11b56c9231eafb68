"""Text files as they are or packed with gzip or bzip2, told apart by their first bytes.

A name that ends in .gz or .bz2 promises one.
"""

from __future__ import annotations

import bz2
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, TextIO, cast

from proxy.graph.bounds import bounds
from proxy.messages.system_errors import reason_of

_GZIP, _BZIP2 = b"\x1f\x8b", b"BZh"
SUFFIXES = (".gz", ".bz2")


class Unpackable(OSError):
    """A packed file that is broken or ends early."""


class TooMuch(OSError):
    """A line, or what a packed file holds, is beyond the bounds; `line` counts from 1."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line


@contextmanager
def open_text(path: Path, *, errors: str = "strict") -> Iterator[TextIO]:
    """UTF-8 with line ends as they are, without a byte order mark.

    Raises OSError, `Unpackable`, `TooMuch`.
    """
    try:
        with (
            _opened(path) as file,
            _bounded(file) as plain,
            io.TextIOWrapper(plain, encoding="utf-8-sig", errors=errors, newline="") as text,
        ):
            yield text
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise Unpackable(f"the packed file cannot be unpacked: {reason_of(error)}") from error
    except OSError as error:
        if error.errno is not None or isinstance(error, Unpackable | TooMuch):
            raise
        # bz2 has no number for what it cannot read.
        raise Unpackable(f"the packed file cannot be unpacked: {reason_of(error)}") from error


def _opened(path: Path) -> IO[bytes]:
    with path.open("rb") as file:
        head = file.read(3)
    if head.startswith(_GZIP):
        return cast(IO[bytes], gzip.open(path))
    if head == _BZIP2:
        return bz2.open(path)
    if head and path.suffix.lower() in SUFFIXES:
        raise Unpackable("the packed file cannot be unpacked: it does not begin as one")
    return path.open("rb")


def _bounded(file: IO[bytes]) -> io.BufferedReader:
    return io.BufferedReader(_Bounded(file, isinstance(file, gzip.GzipFile | bz2.BZ2File)))


class _Bounded(io.RawIOBase):
    """Bytes of a file as long as it, and each of its lines, has no more than it may.

    A text is given line by line: one of 600 MB would be in memory before anybody could say that it
    is too long.
    """

    def __init__(self, file: IO[bytes], is_packed: bool) -> None:
        self._file = file
        self._bounds = bounds()
        self._most = self._bounds.unpacked if is_packed else None
        self._taken = self._of_line = 0
        self._line = 1

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._file.read(len(buffer))
        self._taken += len(data)
        end = max(data.rfind(b"\n"), data.rfind(b"\r"))
        self._line += data.count(b"\n") or data.count(b"\r")
        self._of_line = self._of_line + len(data) if end < 0 else len(data) - end - 1
        if self._of_line > self._bounds.line:
            raise TooMuch(self._line, self._bounds.line_is_too_long())
        if self._most is not None and self._taken > self._most:
            raise TooMuch(self._line, self._bounds.unpacks_to_too_much())
        buffer[: len(data)] = data
        return len(data)


def plain_name(path: Path) -> str:
    """The name of what is in the file."""
    return path.stem if path.suffix.lower() in SUFFIXES else path.name
