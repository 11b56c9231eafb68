"""Tests of an output location before the work whose result it will hold.

A full disk, a read-only folder or a file in the way would cost all of that work.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from gremlink.errors import Error
from gremlink.proxy.messages.system_errors import reason_of

PROBE = 2**16
"""Size of the test file, in bytes."""


class OutputUnwritable(Error):
    """Output cannot be written at `path`."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: nothing can be written here: {reason}")
        self.path = path
        self.reason = reason


def try_directory(directory: Path) -> None:
    """Write and remove a test file beside a future directory; missing parents are removed again.

    Raises `OutputUnwritable`.
    """
    path = directory.absolute()
    missing: list[Path] = []
    try:
        if path.is_mount():
            raise OutputUnwritable(
                directory, "a mount point cannot be replaced as a whole; name a directory in it"
            )
        for each in path.parents:
            if each.exists():
                break
            missing.append(each)
        path.parent.mkdir(parents=True, exist_ok=True)
        # It has no name where the system can do that, and is gone with a process that is killed.
        with tempfile.TemporaryFile(prefix=f".{path.name}."[:99], dir=path.parent) as file:
            file.write(bytes(PROBE))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise OutputUnwritable(directory, reason_of(error)) from None
    finally:
        for each in missing:
            with suppress(OSError):
                each.rmdir()


@contextmanager
def appearing(path: Path) -> Iterator[TextIO]:
    """Open a text file that appears complete or not at all. Raises `OutputUnwritable`."""
    with replacing(path) as partial, partial.open("w", encoding="utf-8", newline="") as file:
        yield file


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a path beside a file, whose place it takes at the end. Raises `OutputUnwritable`."""
    partial = path.with_name(f".{path.name}.partial"[-200:])
    try:
        yield partial
        partial.replace(path)
    except OSError as error:
        raise OutputUnwritable(path, reason_of(error)) from None
    finally:
        partial.unlink(missing_ok=True)
