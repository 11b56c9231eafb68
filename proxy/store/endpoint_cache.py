"""A cache of endpoint records, refreshed when another connection has written to them.

Opening the records for each query would take longer than many a model does.
"""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

from gremlink.proxy.store.records import Endpoint, Store

_Identity = tuple[int, int]


class EndpointCache:
    """The endpoints of a store, always up to date. Thread-safe."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._identity: _Identity | None = None
        self._version: int | None = None
        self._known: dict[str, Endpoint] = {}

    def endpoint(self, name: str) -> Endpoint | None:
        """Return the endpoint of that name. Raises StoreNotUsable."""
        with self._lock:
            version = self._current_version()
            if version is None or version != self._version:
                self._known.clear()
                self._version = version
            found = self._known.get(name)
            if found is None:
                found = self._store.endpoint(name)
                if found is not None and version is not None:
                    self._known[name] = found
            return found

    def cached(self, name: str) -> Endpoint | None:
        """Return the endpoint if the cache is up to date and free, without waiting; else `None`."""
        if not self._lock.acquire(blocking=False):
            return None
        try:
            version = self._current_version()
            return None if version is None or version != self._version else self._known.get(name)
        finally:
            self._lock.release()

    def close(self) -> None:
        """Close the file; the next call opens it again."""
        with self._lock:
            self._let_go()

    def _current_version(self) -> int | None:
        """Return SQLite's counter of writes by other connections; `None` if it cannot be read."""
        identity = _identity(self._store.records_file)
        if identity != self._identity:
            self._let_go()
        if identity is None:
            return None
        try:
            if self._connection is None:
                self._connection = sqlite3.connect(
                    self._store.records_file,
                    timeout=0,
                    isolation_level=None,
                    check_same_thread=False,
                )
                self._identity = identity
            # https://sqlite.org/pragma.html#pragma_data_version
            version: int = self._connection.execute("PRAGMA data_version").fetchone()[0]
        except sqlite3.Error:  # reading the records will raise it again
            self._let_go()
            return None
        return version

    def _let_go(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = self._identity = self._version = None
        self._known.clear()


def _identity(path: Path) -> _Identity | None:
    """Return device and inode of a file, to notice that it was replaced."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
