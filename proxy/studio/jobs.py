"""Jobs of the management API for people: state, progress, log."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gremlink.proxy.management.jobs.events import newest_event
from gremlink.proxy.store.jobs import Job, JobRecords, State

KINDS = {
    "export": "Export",
    "dataprocessing": "Data processing",
    "modeltraining": "Training",
    "modeltransform": "Transform",
    "endpoints": "Endpoint",
    "loader": "Load",
}

WORDS = {
    State.QUEUED: "waits",
    State.RUNNING: "runs",
    State.STOPPING: "is being stopped",
    State.COMPLETED: "has completed",
    State.FAILED: "has failed",
    State.STOPPED: "was stopped",
}

LOG_TAIL = 64 * 1024
"""Bytes at the end of a log that a page shows."""


@dataclass(frozen=True, slots=True)
class ShownJob:
    """A job for a page; `done` is from 0 to 1 if that is known, times are in seconds."""

    kind: str
    id: str
    title: str
    state: str
    word: str
    is_open: bool
    failed: bool
    reason: str
    created: float
    seconds: float
    step: str
    done: float | None
    outputs: tuple[str, ...]

    @property
    def path(self) -> str:
        """The path of the job in the management API, without its id."""
        return "/v1/neptune-export" if self.kind == "export" else f"/ml/{self.kind}"


def shown(job: Job) -> ShownJob:
    """Return a job as a page shows it; it reads a file."""
    event = newest_event(job) if job.is_open else None
    share = event.done / event.total if event is not None and event.total else None
    begun = job.started if job.started is not None else job.created
    end = job.ended if job.ended is not None else time.time()
    return ShownJob(
        job.kind,
        job.id,
        KINDS.get(job.kind, job.kind),
        job.state.value,
        WORDS.get(job.state, job.state.value),
        job.is_open,
        job.state is State.FAILED,
        job.reason,
        job.created,
        max(0.0, end - begun),
        "" if event is None else event.text(),
        share,
        tuple(job.outputs),
    )


def newest(root: Path, most: int = 20, kind: str | None = None) -> list[ShownJob]:
    """Return the newest jobs of a store; it waits for files."""
    records = JobRecords(root)
    return [shown(job) for job in records.jobs(kind)[:most]]


def one(root: Path, kind: str, id: str) -> ShownJob | None:
    """Return a job; it waits for files."""
    found = JobRecords(root).job(kind, id)
    return None if found is None else shown(found)


def log_of(root: Path, kind: str, id: str) -> str:
    """Return the end of a job's log."""
    job = JobRecords(root).job(kind, id)
    if job is None:
        return ""
    try:
        with job.log.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - LOG_TAIL))
            return file.read().decode("utf-8", errors="replace")
    except OSError:
        return ""


def any_open(jobs: Sequence[ShownJob]) -> bool:
    """Tell whether one of the jobs has not ended."""
    return any(job.is_open for job in jobs)
