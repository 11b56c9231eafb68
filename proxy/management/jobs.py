"""The jobs of a store: started, watched, ended. One thread looks after all of them.

Each job is a child process in a process group of its own. Whoever has the runner's lock runs the
jobs of a store; what the records call running when the lock is taken was cut off by a crash.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import psutil

from proxy.config import Jobs as JobSettings
from proxy.management.child import FAILURE, RESULT
from proxy.store.errors import StoreError
from proxy.store.jobs import Job, JobRecords, State
from proxy.store.locations import Locations

log = logging.getLogger(__name__)

CHILD = (sys.executable, "-m", "proxy.management.child")
LOOK = 0.2
"""Seconds between looks at the jobs."""

GRACE = 3.0
"""Seconds from a polite end to a forced one."""

CLEANING = 3.0
"""Seconds that the end of a job waits for the removal of what it left."""

CUT_OFF = "gremlink ended while the job was running; start the job again"
STOPPED_WITH = "gremlink was stopped while the job was running; start the job again"
CANCELLED = "it was cancelled"
DEPENDENCY = "dependency"
ONE_AT_A_TIME = frozenset({"loader"})
"""Kinds of jobs of which only one runs: two loads would fight for the same vertices."""


class RunnerElsewhere(Exception):
    """Another process runs the jobs of this store."""

    def __init__(self, root: Path) -> None:
        super().__init__(
            f"another gremlink runs the jobs of the store {root}: ask that one, or give this one "
            "a store of its own (store.directory)"
        )


class QueueFull(Exception):
    """So many jobs wait that no other is accepted."""

    def __init__(self, waiting: int) -> None:
        super().__init__(f"{waiting} jobs wait already: try again later, or raise jobs.queue")


@dataclass(slots=True)
class _Running:
    job: Job
    process: subprocess.Popen[bytes]
    deadline: float | None
    kill_at: float | None = None
    reason: str = ""


class Runner:
    """Runs the jobs of `records` while it is open; `program` does the job whose folder it gets."""

    def __init__(
        self,
        records: JobRecords,
        locations: Locations,
        settings: JobSettings,
        *,
        program: Sequence[str] = CHILD,
    ) -> None:
        self.records = records
        self._program = tuple(program)
        self._locations = locations
        self._settings = settings
        self._running: dict[int, _Running] = {}
        self._wake = threading.Event()
        self._closing = False
        self._lock: TextIO | None = None
        self._thread = threading.Thread(target=self._look_after, name="jobs", daemon=True)
        self._cleaner = ThreadPoolExecutor(4, thread_name_prefix="jobs-cleaner")

    def open(self) -> None:
        """Take the lock, settle what a crash left, and begin. Raises RunnerElsewhere."""
        self._lock = take_lock(self.records)
        for job in settle(self.records):
            self._cleaner.submit(clean, job, self._locations)
        self._thread.start()

    def close(self) -> None:
        """End the running jobs; queued ones stay queued for the next time."""
        if self._lock is None:
            return
        self._closing = True
        self._wake.set()
        self._thread.join()
        self._cleaner.shutdown(wait=True)
        self._lock.close()

    def start(
        self,
        kind: str,
        id: str,
        task: Mapping[str, Any],
        *,
        request: Mapping[str, Any],
        outputs: Sequence[str] = (),
        after: Sequence[int] = (),
        time_limit: float | None = None,
        replace: bool = False,
    ) -> Job:
        """Queue a job. Raises QueueFull, RunnerElsewhere, JobExists, StoreNotUsable."""
        if self._lock is None:
            raise RunnerElsewhere(self.records.root)
        waiting = sum(job.state is State.QUEUED for job in self.records.open())
        if waiting >= self._settings.queue:
            raise QueueFull(waiting)
        limit = self._settings.time_limit
        job = self.records.add(
            kind,
            id,
            task,
            request=request,
            outputs=outputs,
            after=after,
            time_limit=limit if not time_limit else min(limit, time_limit),
            replace=replace,
        )
        self._wake.set()
        return job

    def cancel(self, job: Job) -> State | None:
        """Ask for the end of a job; its state from now on."""
        state = self.records.ask_to_stop(job.number)
        self._wake.set()
        return state

    # In the thread ---------------------------------------------------------------------------

    def _look_after(self) -> None:
        while not self._closing:
            self._wake.wait(LOOK)
            self._wake.clear()
            try:
                self._look()
            except Exception:
                log.exception("looking after the jobs failed")
                time.sleep(1.0)
        for running in self._running.values():
            self._end(running, STOPPED_WITH)
        while self._running:
            self._reap()
            time.sleep(0.02)

    def _look(self) -> None:
        self._reap()
        waiting: list[Job] = []
        for job in self.records.open():
            running = self._running.get(job.number)
            if job.state is State.QUEUED:
                waiting.append(job)
            elif running is not None and job.state is State.STOPPING:
                self._end(running, "")
        for job in waiting:
            self._consider(job)

    def _consider(self, job: Job) -> None:
        """Start a queued job if it is its turn."""
        for number in job.after:
            earlier = self.records.numbered(number)
            if earlier is not None and earlier.is_open:
                return
            if earlier is None or earlier.state is not State.COMPLETED:
                name = "that it depends on" if earlier is None else f"{earlier.id} it depends on"
                self.records.end(
                    job.number,
                    State.FAILED,
                    reason=f"the job {name} did not complete",
                    result={"cause": DEPENDENCY},
                )
                return
        kinds = {running.job.kind for running in self._running.values()}
        if len(self._running) >= self._settings.running or (
            job.kind in ONE_AT_A_TIME and job.kind in kinds
        ):
            return
        if self.records.begin(job.number):
            self._spawn(job)

    def _spawn(self, job: Job) -> None:
        with job.log.open("ab") as output:
            process = subprocess.Popen(
                [*self._program, str(job.directory)],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            )
        deadline = None if job.time_limit is None else time.monotonic() + job.time_limit
        self._running[job.number] = _Running(job, process, deadline)
        self.records.runs_as(job.number, process.pid)
        log.info("%s job %s runs", job.kind, job.id)

    def _reap(self) -> None:
        """Note the jobs that have ended, and end those that take too much."""
        now = time.monotonic()
        for number, running in list(self._running.items()):
            if running.process.poll() is not None:
                del self._running[number]
                self._note_end(running)
            elif running.kill_at is not None:
                if now >= running.kill_at:
                    _signal(running.process.pid, signal.SIGKILL)
            elif running.deadline is not None and now >= running.deadline:
                limit = running.job.time_limit
                self._end(running, f"it took longer than its time limit of {limit:,.0f} s")
            elif (most := self._settings.memory_limit) is not None:
                used = memory_of(running.process.pid)
                if used > most:
                    self._end(
                        running,
                        f"it took {used:,.0f} MiB of memory, more than the {most:,} MiB of "
                        "jobs.memory_limit",
                    )

    def _end(self, running: _Running, reason: str) -> None:
        """Begin to end a job; `reason` is empty if somebody asked for it."""
        if running.kill_at is None:
            running.reason = reason
            running.kill_at = time.monotonic() + GRACE
            _signal(running.process.pid, signal.SIGTERM)

    def _note_end(self, running: _Running) -> None:
        job, code = running.job, running.process.returncode
        assert running.process.stdin is not None
        running.process.stdin.close()
        # Nothing that the job started stays behind.
        _signal(running.process.pid, signal.SIGKILL)
        result = _document(job.directory / RESULT)
        if code == 0 and result is not None:
            self._settle(job, State.COMPLETED, "", result)
            return
        failure = _document(job.directory / FAILURE) or {}
        cancelled = running.kill_at is not None and not running.reason
        state = State.STOPPED if cancelled else State.FAILED
        reason = running.reason or failure.get("reason") or _unexplained(code)
        self._cleaner.submit(
            self._clean_and_settle, job, state, CANCELLED if cancelled else reason, failure
        )

    def _clean_and_settle(
        self, job: Job, state: State, reason: str, result: Mapping[str, Any]
    ) -> None:
        """Nothing is left when the job is said to have ended, unless its store does not answer."""
        cleaning = threading.Thread(target=clean, args=(job, self._locations), daemon=True)
        cleaning.start()
        cleaning.join(CLEANING)
        self._settle(job, state, reason, result)

    def _settle(self, job: Job, state: State, reason: str, result: Mapping[str, Any]) -> None:
        shutil.rmtree(job.directory / "work", ignore_errors=True)
        self.records.end(job.number, state, reason=reason, result=result)
        log.info("%s job %s %s%s", job.kind, job.id, state.value, f": {reason}" if reason else "")
        self._wake.set()


def take_lock(records: JobRecords) -> TextIO:
    """The lock of whoever runs the jobs of a store. Raises RunnerElsewhere, OSError."""
    records.directory.mkdir(parents=True, exist_ok=True)
    file = (records.directory / "runner.lock").open("w")
    # Asking who runs the jobs takes the lock for a moment.
    for attempt in range(5):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.1 * attempt)
        else:
            return file
    file.close()
    raise RunnerElsewhere(records.root)


def settle(records: JobRecords) -> list[Job]:
    """Note what became of jobs that a crash cut off; those that left no result.

    Only for who has the lock.
    """
    cut_off = []
    for job in records.open():
        if job.state is State.QUEUED:
            continue
        if job.pid is not None and _is_child(job):
            _signal(job.pid, signal.SIGKILL)
        result = _document(job.directory / RESULT)
        shutil.rmtree(job.directory / "work", ignore_errors=True)
        if result is not None:
            records.end(job.number, State.COMPLETED, result=result)
        elif job.state is State.STOPPING:
            records.end(job.number, State.STOPPED, reason=CANCELLED)
            cut_off.append(job)
        else:
            records.end(job.number, State.FAILED, reason=CUT_OFF)
            cut_off.append(job)
    return cut_off


def clean(job: Job, locations: Locations) -> None:
    """Remove what is at the outputs of a job that did not complete."""
    for address in job.outputs:
        try:
            locations.remove(locations.at(address))
        except StoreError as error:
            log.warning("what %s job %s left could not be removed: %s", job.kind, job.id, error)


def memory_of(pid: int) -> float:
    """Memory of a process and of its children, MiB."""
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
    except psutil.Error:
        return 0.0
    total = 0
    for member in family:
        try:
            total += member.memory_info().rss
        except psutil.Error:
            continue
    return total / (1024 * 1024)


def _is_child(job: Job) -> bool:
    """Whether the process is the job's, and not another that has got its number since."""
    try:
        return str(job.directory) in psutil.Process(job.pid).cmdline()
    except psutil.Error:
        return False


def _signal(group: int, number: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, number)


def _document(path: Path) -> dict[str, Any] | None:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return document if isinstance(document, dict) else None


def _unexplained(code: int) -> str:
    if code < 0:
        name = signal.Signals(-code).name
        hint = ": the system may have run out of memory" if name == "SIGKILL" else ""
        return f"its process was ended by {name}{hint}"
    return f"its process ended with exit code {code}; the job's log may say why"
