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
from typing import IO, TextIO, cast

from proxy.messages.system_errors import reason_of

_GZIP, _BZIP2 = b"\x1f\x8b", b"BZh"
SUFFIXES = (".gz", ".bz2")


class Unpackable(OSError):
    """A packed file that is broken or ends early."""


@contextmanager
def open_text(path: Path, *, errors: str = "strict") -> Iterator[TextIO]:
    """UTF-8 with line ends as they are, without a byte order mark. Raises OSError, `Unpackable`."""
    try:
        with (
            _opened(path) as file,
            io.TextIOWrapper(file, encoding="utf-8-sig", errors=errors, newline="") as text,
        ):
            yield text
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise Unpackable(f"the packed file cannot be unpacked: {reason_of(error)}") from error
    except OSError as error:
        if error.errno is not None or isinstance(error, Unpackable):
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


def plain_name(path: Path) -> str:
    """The name of what is in the file."""
    return path.stem if path.suffix.lower() in SUFFIXES else path.name
