"""Recovery after a crash or an incomplete job: records are settled, outputs removed.

The holder of the runner's lock runs the jobs of a store; a job that is recorded as running when the
lock is taken was interrupted by a crash.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import shutil
import signal
import time
from pathlib import Path
from typing import TextIO

from gremlink.proxy.management.jobs.job_process import RESULT
from gremlink.proxy.management.jobs.processes import document_in, is_child, send_signal
from gremlink.proxy.store.errors import StoreError
from gremlink.proxy.store.jobs import Job, JobRecords, State
from gremlink.proxy.store.locations import Locations

log = logging.getLogger(__name__)

CUT_OFF = "gremlink ended while the job was running; start the job again"
CANCELLED = "it was cancelled"


class RunnerElsewhere(Exception):
    """Another process runs the jobs of this store."""

    def __init__(self, root: Path) -> None:
        super().__init__(
            f"another gremlink runs the jobs of the store {root}: ask that one, or give this one "
            "a store of its own (store.directory)"
        )


def take_lock(records: JobRecords) -> TextIO:
    """Take the lock of the process that runs a store's jobs. Raises RunnerElsewhere, OSError."""
    records.directory.mkdir(parents=True, exist_ok=True)
    file = (records.directory / "runner.lock").open("w")
    # Commands that look for a runner hold the lock for a moment.
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
    """Record the end of jobs that a crash interrupted; return those that left no result.

    Only for the holder of the lock.
    """
    cut_off = []
    for job in records.open():
        if job.state is State.QUEUED:
            continue
        if job.pid is not None and is_child(job):
            send_signal(job.pid, signal.SIGKILL)
        result = document_in(job.directory / RESULT)
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
    """Remove the outputs of a job that did not complete."""
    for address in job.outputs:
        try:
            location = locations.at(address)
            locations.remove(location)
            own = None if location.path is None else location.path.parent
            if own is not None and own.name.startswith(f"{job.id}-"):
                with contextlib.suppress(OSError):
                    own.rmdir()  # where the job ended before its output had begun
        except StoreError as error:
            log.warning("what %s job %s left could not be removed: %s", job.kind, job.id, error)
