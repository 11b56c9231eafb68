"""A SQLite file shared by several processes: opened for each use, created on the first."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gremlink.proxy.messages.system_errors import reason_of
from gremlink.proxy.store.errors import StoreNotUsable

LOCK_TIMEOUT = 30.0
"""Seconds to wait for a process that is writing."""

LOCK_PAUSE = 0.005
"""Seconds between two attempts when SQLite itself does not wait."""


@dataclass(frozen=True, slots=True)
class Database:
    """The SQLite file at `path`; `schema` are the statements that create `version` of its tables.

    It has a write-ahead log: readers never wait for a writer, and an interrupted transaction has no
    effect.
    """

    path: Path
    schema: tuple[str, ...]
    version: int

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Open a transaction that holds the write lock from its beginning.

        Raises StoreNotUsable.
        """
        with self.connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    @contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """Open a connection without a transaction.

        Raises StoreNotUsable, sqlite3.IntegrityError.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(self.path, timeout=LOCK_TIMEOUT, isolation_level=None)
        except (OSError, sqlite3.Error) as error:
            raise StoreNotUsable(self.path.parent, reason_of(error)) from error
        try:
            self._prepare(connection)
            yield connection
        except sqlite3.IntegrityError:
            raise
        except sqlite3.Error as error:
            raise StoreNotUsable(self.path, reason_of(error)) from error
        finally:
            connection.close()

    def _prepare(self, connection: sqlite3.Connection) -> None:
        if _version(connection) == 0:
            _keep_log(connection)
            connection.execute("BEGIN IMMEDIATE")
            if _version(connection) == 0:
                for statement in self.schema:
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {self.version}")
            connection.execute("COMMIT")
        version = _version(connection)
        if version != self.version:
            raise StoreNotUsable(
                self.path,
                f"it has version {version}, and this gremlink knows version {self.version}: "
                "use the gremlink that wrote it, or another directory",
            )


def _keep_log(connection: sqlite3.Connection) -> None:
    """Switch the file to a write-ahead log, retrying while another process does the same.

    SQLite does not wait for the other process here: it reports at once that the file is locked, to
    avoid a deadlock (its documentation of "SQLITE_BUSY").
    """
    end = time.monotonic() + LOCK_TIMEOUT
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > end:
                raise
        time.sleep(LOCK_PAUSE)


def _version(connection: sqlite3.Connection) -> int:
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version
