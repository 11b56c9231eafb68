from __future__ import annotations

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gremlink.proxy.store import database
from gremlink.proxy.store.database import Database
from gremlink.proxy.store.errors import StoreNotUsable


def notes(directory: Path) -> Database:
    return Database(directory / "notes.sqlite", ("CREATE TABLE note (number INTEGER)",), 1)


def test_many_make_the_file_at_once(tmp_path: Path) -> None:
    for turn in range(20):
        start = threading.Barrier(8)

        def note(number: int, directory: Path, start: threading.Barrier = start) -> None:
            start.wait()
            with notes(directory).writing() as connection:
                connection.execute("INSERT INTO note VALUES (?)", (number,))

        directory = tmp_path / str(turn)
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(note, range(8), [directory] * 8))
        with notes(directory).connection() as connection:
            found = connection.execute("SELECT number FROM note ORDER BY number").fetchall()
        assert found == [(number,) for number in range(8)]


def test_a_file_that_is_being_made_is_waited_for(tmp_path: Path) -> None:
    """Another process that is about to write lets SQLite say at once that the file is locked."""
    own = notes(tmp_path)
    other = sqlite3.connect(own.path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    other.execute("CREATE TABLE other (number INTEGER)")
    ending = threading.Timer(0.3, other.rollback)
    ending.start()
    with own.writing() as connection:
        connection.execute("INSERT INTO note VALUES (1)")
    ending.join()
    other.close()


def test_a_file_that_stays_locked_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "LOCK_TIMEOUT", 0.05)
    own = notes(tmp_path)
    other = sqlite3.connect(own.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    other.execute("CREATE TABLE other (number INTEGER)")
    with pytest.raises(StoreNotUsable, match="locked"), own.writing():
        pass
    other.close()
