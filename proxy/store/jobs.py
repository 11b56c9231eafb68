"""Records of jobs: requests, states and results.

A job has a kind ("modeltraining", "export", …) and an id that is unique in its kind. The records
are the only source of truth for all processes that run, list or cancel jobs. Each job has a
directory with its description, log, events and figures.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from gremlink.proxy.store.database import Database
from gremlink.proxy.store.errors import JobExists

DESCRIPTION = "job.json"
LOG = "job.log"
EVENTS = "events.jsonl"
FIGURES = "figures.jsonl"
SCHEMA_VERSION = 1

POLL_INTERVAL = 0.2
"""Seconds between two looks at the records."""

_SCHEMA = """
CREATE TABLE job (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    state TEXT NOT NULL,
    request TEXT NOT NULL,
    outputs TEXT NOT NULL,
    after TEXT NOT NULL,
    time_limit REAL,
    directory TEXT NOT NULL UNIQUE,
    created REAL NOT NULL,
    started REAL,
    ended REAL,
    pid INTEGER,
    reason TEXT NOT NULL DEFAULT '',
    result TEXT NOT NULL DEFAULT '{}',
    UNIQUE (kind, id)
)
"""
_SELECT = """
SELECT number, kind, id, state, request, outputs, after, time_limit, directory,
       created, started, ended, pid, reason, result
FROM job
"""
_ONE = _SELECT + "WHERE kind = ? AND id = ?"
_NUMBERED = _SELECT + "WHERE number = ?"
_ALL = _SELECT + "WHERE kind = coalesce(?, kind) ORDER BY number DESC"
_OPEN = _SELECT + "WHERE ended IS NULL ORDER BY number"
_INSERT = """
INSERT INTO job (kind, id, state, request, outputs, after, time_limit, directory, created)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_REPLACED = "SELECT directory FROM job WHERE kind = ? AND id = ? AND ended IS NOT NULL"
_DELETE_REPLACED = "DELETE FROM job WHERE kind = ? AND id = ? AND ended IS NOT NULL"
_END = """
UPDATE job SET state = ?, ended = ?, pid = NULL, reason = ?, result = ?
WHERE number = ? AND ended IS NULL
"""


class State(str, Enum):
    """State of a job: queued at first; completed, failed or stopped at the end."""

    QUEUED = "queued"
    RUNNING = "running"
    STOPPING = "stopping"
    COMPLETED = "completed"
    FAILED = "failed"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Job:
    """A job. Times are seconds since 1970, None if still to come.

    `outputs` are locations that belong to this job alone and are removed if it does not complete.
    `after` are the numbers of jobs that have to complete first. `time_limit` is in seconds.
    """

    number: int
    kind: str
    id: str
    state: State
    request: Mapping[str, Any]
    outputs: tuple[str, ...]
    after: tuple[int, ...]
    time_limit: float | None
    directory: Path
    created: float
    started: float | None
    ended: float | None
    pid: int | None
    reason: str
    result: Mapping[str, Any]

    @property
    def is_open(self) -> bool:
        """True until the job has ended."""
        return self.ended is None

    @property
    def log(self) -> Path:
        """The log file, which may not exist yet."""
        return self.directory / LOG


class JobRecords:
    """The jobs of the store in the directory `root`. Methods may be called from any thread."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.directory = root / "jobs"
        self._database = Database(root / "jobs.sqlite3", (_SCHEMA,), SCHEMA_VERSION)

    def add(
        self,
        kind: str,
        id: str,
        task: Mapping[str, Any],
        *,
        request: Mapping[str, Any] | None = None,
        outputs: Sequence[str] = (),
        after: Sequence[int] = (),
        time_limit: float | None = None,
        replace: bool = False,
    ) -> Job:
        """Queue a job; its process will read the description `task`.

        With `replace`, an ended job of the same id is replaced. Raises JobExists, StoreNotUsable.
        """
        name = uuid.uuid4().hex
        directory = self.directory / name
        directory.mkdir(parents=True, mode=0o700)
        (directory / DESCRIPTION).write_text(json.dumps(task), encoding="utf-8")
        values = (
            kind,
            id,
            State.QUEUED.value,
            json.dumps(dict(request or {})),
            json.dumps(list(outputs)),
            json.dumps(list(after)),
            time_limit,
            name,
            time.time(),
        )
        replaced: list[Any] = []
        try:
            with self._database.writing() as records:
                if replace:
                    replaced = records.execute(_REPLACED, (kind, id)).fetchall()
                    records.execute(_DELETE_REPLACED, (kind, id))
                records.execute(_INSERT, values)
        except sqlite3.IntegrityError:
            shutil.rmtree(directory)
            raise JobExists(kind, id) from None
        except BaseException:
            shutil.rmtree(directory, ignore_errors=True)
            raise
        for (old,) in replaced:
            shutil.rmtree(self.directory / old, ignore_errors=True)
        added = self.job(kind, id)
        assert added is not None
        return added

    def job(self, kind: str, id: str) -> Job | None:
        """Return the job of that kind and id. Raises StoreNotUsable."""
        return next(self._select(_ONE, kind, id), None)

    async def wait_for_end(self, kind: str, id: str, seconds: float) -> None:
        """Wait until the job has ended or is gone, at most for so long."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            job = await asyncio.to_thread(self.job, kind, id)
            if job is None or not job.is_open:
                return
            await asyncio.sleep(POLL_INTERVAL)

    def numbered(self, number: int) -> Job | None:
        """Return the job of that number."""
        return next(self._select(_NUMBERED, number), None)

    def jobs(self, kind: str | None = None) -> list[Job]:
        """Return jobs, newest first, of one kind or all. Raises StoreNotUsable."""
        return list(self._select(_ALL, kind))

    def open(self) -> list[Job]:
        """Return jobs that have not ended, oldest first. Raises StoreNotUsable."""
        return list(self._select(_OPEN))

    def begin(self, number: int) -> bool:
        """Mark a queued job as running; return False if it was not queued."""
        with self._database.writing() as records:
            changed = records.execute(
                "UPDATE job SET state = ?, started = ? WHERE number = ? AND state = ?",
                (State.RUNNING.value, time.time(), number, State.QUEUED.value),
            )
            return changed.rowcount == 1

    def runs_as(self, number: int, pid: int) -> None:
        """Record the process of a job."""
        with self._database.writing() as records:
            records.execute("UPDATE job SET pid = ? WHERE number = ?", (pid, number))

    def end(
        self,
        number: int,
        state: State,
        *,
        reason: str = "",
        result: Mapping[str, Any] | None = None,
    ) -> None:
        """Record the end of an open job."""
        # Reasons may quote file names that are not UTF-8, and SQLite accepts nothing else.
        reason = reason.encode("utf-8", "backslashreplace").decode()
        values = (state.value, time.time(), reason, json.dumps(dict(result or {})), number)
        with self._database.writing() as records:
            records.execute(_END, values)

    def ask_to_stop(self, number: int) -> State | None:
        """Stop a queued job, or request the end of a running one; return its new state."""
        with self._database.writing() as records:
            records.execute(
                "UPDATE job SET state = ?, ended = ? WHERE number = ? AND state = ?",
                (State.STOPPED.value, time.time(), number, State.QUEUED.value),
            )
            records.execute(
                "UPDATE job SET state = ? WHERE number = ? AND state = ?",
                (State.STOPPING.value, number, State.RUNNING.value),
            )
        job = self.numbered(number)
        return None if job is None else job.state

    def delete(self, number: int) -> None:
        """Remove a job and its directory."""
        job = self.numbered(number)
        if job is not None:
            with self._database.writing() as records:
                records.execute("DELETE FROM job WHERE number = ?", (number,))
            shutil.rmtree(job.directory, ignore_errors=True)

    def prune(self, before: float) -> int:
        """Remove jobs that ended before a time (seconds since 1970) and return their number.

        Their outputs are kept.
        """
        needed = {number for job in self.open() for number in job.after}
        old = [
            job
            for job in self.jobs()
            if job.ended is not None and job.ended < before and job.number not in needed
        ]
        for job in old:
            self.delete(job.number)
        return len(old)

    def _select(self, query: str, *values: Any) -> Iterator[Job]:
        if not self._database.path.exists():
            return
        with self._database.connection() as records:
            rows = records.execute(query, values).fetchall()
        for row in rows:
            number, kind, id, state, request, outputs, after, limit, directory, *rest = row
            created, started, ended, pid, reason, result = rest
            yield Job(
                number,
                kind,
                id,
                State(state),
                json.loads(request),
                tuple(json.loads(outputs)),
                tuple(json.loads(after)),
                limit,
                self.directory / directory,
                created,
                started,
                ended,
                pid,
                reason,
                json.loads(result),
            )
