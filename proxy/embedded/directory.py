"""The directory of an embedded server, which one server at a time has."""

from __future__ import annotations

import fcntl
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from gremlink.proxy.embedded.errors import DataInUse, EmbeddedServerError
from gremlink.proxy.messages.system_errors import reason_of

LOCK_TIMEOUT = 60.0
"""Seconds to wait for a server whose parent has just died to finish writing the same data."""
_LOCK_FILE = "lock"
_POLL = 0.05


def prepare_directory(data_dir: Path | None) -> Path:
    """Make the directory that keeps the data, or a temporary one. Raises `EmbeddedServerError`."""
    if data_dir is None:
        return Path(tempfile.mkdtemp(prefix="gremlink-"))
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EmbeddedServerError(
            f"cannot keep data in {data_dir}: {reason_of(error)}. "
            "Choose another directory with --data"
        ) from None
    return data_dir.resolve()


def lock_directory(
    directory: Path, progress: Callable[[str], None], server: str = "Gremlin Server"
) -> int:
    """Return the descriptor of the locked directory; a child that has it holds the lock, too.

    Raises `DataInUse`, and `EmbeddedServerError` where the directory cannot be written.
    """
    try:
        lock = os.open(directory / _LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise EmbeddedServerError(
            f"cannot keep data in {directory}: {reason_of(error)}. "
            "Choose another directory with --data"
        ) from None
    deadline = time.monotonic() + LOCK_TIMEOUT
    reported = False
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return lock
        except BlockingIOError:
            if time.monotonic() > deadline:
                os.close(lock)
                raise DataInUse(directory, server) from None
        if not reported:
            progress(f"waiting for another server to leave {directory}")
            reported = True
        time.sleep(_POLL)
