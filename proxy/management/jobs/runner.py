"""The runner of a store's jobs: one thread that starts, watches and ends them."""

from __future__ import annotations

import logging
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TextIO

from gremlink.proxy.config import Jobs as JobSettings
from gremlink.proxy.management.jobs.job_process import FAILURE, RESULT
from gremlink.proxy.management.jobs.memory import MemoryLimit
from gremlink.proxy.management.jobs.processes import (
    document_in,
    memory_of,
    reason_of_exit,
    send_signal,
    spawn,
)
from gremlink.proxy.management.jobs.recovery import (
    CANCELLED,
    RunnerElsewhere,
    clean,
    settle,
    take_lock,
)
from gremlink.proxy.messages.system_errors import sentence_of
from gremlink.proxy.store.jobs import POLL_INTERVAL, Job, JobRecords, State
from gremlink.proxy.store.locations import Locations

log = logging.getLogger(__name__)

CHILD = (sys.executable, "-m", "gremlink.proxy.management.jobs.job_process")
MEMORY_INTERVAL = 1.0
"""Seconds between checks of the memory of jobs."""

KILL_DELAY = 3.0
"""Seconds from SIGTERM to SIGKILL."""

PRUNE_INTERVAL = 3600.0
"""Seconds between checks for records that are too old."""

DAY = 86400.0

RETRY_INTERVAL = 1.0
"""Seconds before a failed write of a job's end is repeated."""

CLEAN_TIMEOUT = 3.0
"""Seconds that the end of a job waits for the removal of its output."""

STOPPED_WITH = "gremlink was stopped while the job was running; start the job again"
DEPENDENCY = "dependency"
MEMORY_LIMIT = "memoryLimitInMiB"
"""The field of a request with the most memory of its job."""

ONE_AT_A_TIME = frozenset({"loader"})
"""Kinds of jobs that run one at a time: two loads would fight for the same vertices."""


class QueueFull(Exception):
    """The queue of jobs is full."""

    def __init__(self, waiting: int) -> None:
        super().__init__(f"{waiting} jobs wait already: try again later, or raise jobs.queue")


@dataclass(slots=True)
class _Running:
    job: Job
    process: subprocess.Popen[bytes]
    deadline: float | None
    kill_at: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _End:
    job: Job
    state: State
    reason: str
    result: Mapping[str, Any]


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
        self._memory = MemoryLimit.of(settings.memory_limit)
        self._memory_check_at = 0.0
        self._running: dict[int, _Running] = {}
        self._unnoted: deque[_End] = deque()
        self._retry_at = 0.0
        self._wake = threading.Event()
        self._closing = False
        self._pruned = 0.0
        self._lock: TextIO | None = None
        self._thread = threading.Thread(target=self._look_after, name="jobs", daemon=True)
        self._cleaner = ThreadPoolExecutor(4, thread_name_prefix="jobs-cleaner")

    def open(self) -> None:
        """Take the lock, recover from a crash, and begin. Raises RunnerElsewhere."""
        self._lock = take_lock(self.records)
        for job in settle(self.records):
            self._cleaner.submit(clean, job, self._locations)
        self._thread.start()

    def close(self) -> None:
        """End the running jobs; queued ones stay queued for the next start."""
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
        """Request the end of a job; return its new state."""
        state = self.records.ask_to_stop(job.number)
        self._wake.set()
        return state

    # In the thread:

    def _look_after(self) -> None:
        while not self._closing:
            self._wake.wait(POLL_INTERVAL)
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
        self._check_memory()
        self._note_again()
        self._prune()
        waiting: list[Job] = []
        for job in self.records.open():
            running = self._running.get(job.number)
            if job.state is State.QUEUED:
                waiting.append(job)
            elif running is not None and job.state is State.STOPPING:
                self._end(running, "")
        for job in waiting:
            self._start_if_possible(job)

    def _prune(self) -> None:
        """Remove jobs that ended too long ago, at intervals."""
        days = self._settings.retention_days
        now = time.time()
        if days is not None and now - self._pruned >= PRUNE_INTERVAL:
            self._pruned = now
            count = self.records.prune(now - days * DAY)
            if count:
                log.info("forgot %d jobs that ended more than %g days ago", count, days)

    def _start_if_possible(self, job: Job) -> None:
        """Start a queued job if its turn has come."""
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
        try:
            process = spawn(job, self._program)
        except OSError as error:
            self._settle(
                _End(job, State.FAILED, f"its process cannot be started: {sentence_of(error)}", {})
            )
            return
        deadline = None if job.time_limit is None else time.monotonic() + job.time_limit
        self._running[job.number] = _Running(job, process, deadline)
        self.records.runs_as(job.number, process.pid)
        log.info("%s job %s runs", job.kind, job.id)

    def _reap(self) -> None:
        """Record the jobs that have ended, and end those that exceed their time."""
        now = time.monotonic()
        for number, running in list(self._running.items()):
            if running.process.poll() is not None:
                del self._running[number]
                self._note_end(running)
            elif running.kill_at is not None:
                if now >= running.kill_at:
                    send_signal(running.process.pid, signal.SIGKILL)
            elif running.deadline is not None and now >= running.deadline:
                limit = running.job.time_limit
                self._end(running, f"it took longer than its time limit of {limit:,.0f} s")

    def _check_memory(self) -> None:
        """End jobs that use too much memory."""
        now = time.monotonic()
        if now < self._memory_check_at:
            return
        self._memory_check_at = now + MEMORY_INTERVAL
        there = {
            number: running.process.pid
            for number, running in self._running.items()
            if running.kill_at is None
        }
        used = {number: memory_of(pid) for number, pid in there.items()}
        self._check_own_limits(used, there)
        if self._memory.exceeded(used):
            # Memory shared by processes of a job has been counted for each of them.
            used = {number: memory_of(pid, shared_once=True) for number, pid in there.items()}
        for number, reason in self._memory.exceeded(used).items():
            self._end(self._running[number], reason)

    def _check_own_limits(self, used: Mapping[int, float], there: Mapping[int, int]) -> None:
        """End jobs that use more memory than their requests allow; `used` is in MiB."""
        for number, taken in used.items():
            running = self._running[number]
            most = running.job.request.get(MEMORY_LIMIT)
            if not most or taken <= most:
                continue
            taken = memory_of(there[number], shared_once=True)
            if taken > most:
                self._end(
                    running,
                    f"it took {taken:,.0f} MiB of memory, more than the {most:,.0f} MiB of its "
                    f"{MEMORY_LIMIT}",
                )

    def _end(self, running: _Running, reason: str) -> None:
        """Begin to end a job; `reason` is empty for a cancellation."""
        if running.kill_at is None:
            running.reason = reason
            running.kill_at = time.monotonic() + KILL_DELAY
            send_signal(running.process.pid, signal.SIGTERM)

    def _note_end(self, running: _Running) -> None:
        job, code = running.job, running.process.returncode
        assert running.process.stdin is not None
        running.process.stdin.close()
        # Processes that the job started end with it.
        send_signal(running.process.pid, signal.SIGKILL)
        result = document_in(job.directory / RESULT)
        if code == 0 and result is not None:
            self._settle(_End(job, State.COMPLETED, "", result))
            return
        failure = document_in(job.directory / FAILURE) or {}
        cancelled = running.kill_at is not None and not running.reason
        state = State.STOPPED if cancelled else State.FAILED
        reason = running.reason or failure.get("reason") or reason_of_exit(code)
        end = _End(job, state, CANCELLED if cancelled else reason, failure)
        self._cleaner.submit(self._clean_and_settle, end)

    def _clean_and_settle(self, end: _End) -> None:
        """Remove a job's output, then record its end; do not wait long for a store."""
        cleaning = threading.Thread(target=clean, args=(end.job, self._locations), daemon=True)
        cleaning.start()
        cleaning.join(CLEAN_TIMEOUT)
        self._settle(end)

    def _settle(self, end: _End) -> None:
        """Record the end of a job: now, or when the records can be written again."""
        job = end.job
        shutil.rmtree(job.directory / "work", ignore_errors=True)
        try:
            self.records.end(job.number, end.state, reason=end.reason, result=end.result)
        except Exception:
            log.exception("the end of %s job %s cannot be noted yet", job.kind, job.id)
            self._retry_at = time.monotonic() + RETRY_INTERVAL
            self._unnoted.append(end)
            return
        why = f": {end.reason}" if end.reason else ""
        log.info("%s job %s %s%s", job.kind, job.id, end.state.value, why)
        self._wake.set()

    def _note_again(self) -> None:
        if time.monotonic() >= self._retry_at:
            for _ in range(len(self._unnoted)):
                self._settle(self._unnoted.popleft())
