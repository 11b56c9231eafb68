"""Text files, plain or compressed with gzip or bzip2, which their first bytes show.

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

from gremlink.proxy.graph.limits import limits
from gremlink.proxy.messages.system_errors import reason_of

_GZIP, _BZIP2 = b"\x1f\x8b", b"BZh"
_UNPACK = "unpack it first"
_FOREIGN = (
    (0, b"PK\x03\x04", "a zip archive", _UNPACK),
    (0, b"\x28\xb5\x2f\xfd", "packed with zstd", f"{_UNPACK}, or pack it with gzip"),
    (0, b"\xfd7zXZ\x00", "packed with xz", f"{_UNPACK}, or pack it with gzip"),
    (0, b"\x04\x22\x4d\x18", "packed with lz4", f"{_UNPACK}, or pack it with gzip"),
    (0, b"\xff\x06\x00\x00sNaPpY", "packed with snappy", f"{_UNPACK}, or pack it with gzip"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive", _UNPACK),
    (257, b"ustar", "a tar archive", _UNPACK),
    (0, b"PAR1", "Parquet", "write it as CSV"),
    (0, b"\xff\xfe", "UTF-16", "save it as UTF-8"),
    (0, b"\xfe\xff", "UTF-16", "save it as UTF-8"),
)
"""Foreign formats: offset, bytes, name, and advice."""
_LOOKED_AT = 512
SUFFIXES = (".gz", ".bz2")
_PACKED = (gzip.GzipFile, bz2.BZ2File)


class Unpackable(OSError):
    """A packed file that is broken or ends early."""


class Foreign(Unpackable):
    """A file of a kind that is not read here, known by its first bytes."""


class TooMuch(OSError):
    """A line, or what a packed file holds, is beyond the bounds; `line` counts from 1."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line


@contextmanager
def open_text(path: Path, *, errors: str = "strict") -> Iterator[TextIO]:
    """Open UTF-8 with line ends as they are, without a byte order mark.

    Raises OSError, `Unpackable`, `Foreign`, `TooMuch`.
    """
    with (
        open_bytes(path) as plain,
        io.TextIOWrapper(plain, encoding="utf-8-sig", errors=errors, newline="") as text,
    ):
        yield text


@contextmanager
def open_bytes(path: Path) -> Iterator[io.BufferedReader]:
    """Open the unpacked bytes of a file. Raises as `open_text` does."""
    try:
        with (
            _opened(path) as file,
            _bounded(file) as plain,
        ):
            _check_kind(plain, file)
            yield plain
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


def _check_kind(plain: io.BufferedReader, file: IO[bytes]) -> None:
    """Raise `Foreign` where the first bytes, unpacked, are those of another kind of file."""
    head = plain.peek(_LOOKED_AT)
    inside = "" if not isinstance(file, _PACKED) else "inside it is "
    for place, sign, what, remedy in _FOREIGN:
        if head.startswith(sign, place):
            raise Foreign(f"{inside}{what}: {remedy}")
    if inside and head.startswith((_GZIP, _BZIP2)):
        raise Foreign(f"{inside}another packed file: {_UNPACK}")


def _bounded(file: IO[bytes]) -> io.BufferedReader:
    return io.BufferedReader(_Bounded(file, isinstance(file, _PACKED)))


class _Bounded(io.RawIOBase):
    """Bytes of a file as long as it, and each of its lines, has no more than it may.

    A text is given line by line: one of 600 MB would be in memory before anybody could say that it
    is too long.
    """

    def __init__(self, file: IO[bytes], is_packed: bool) -> None:
        self._file = file
        self._limits = limits()
        self._most = self._limits.unpacked if is_packed else None
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
        if self._of_line > self._limits.line:
            raise TooMuch(self._line, self._limits.line_is_too_long())
        if self._most is not None and self._taken > self._most:
            raise TooMuch(self._line, self._limits.unpacks_to_too_much())
        buffer[: len(data)] = data
        return len(data)


def plain_name(path: Path) -> str:
    """Return the name of the file without its compression."""
    return path.stem if path.suffix.lower() in SUFFIXES else path.name
