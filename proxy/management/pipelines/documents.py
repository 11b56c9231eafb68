"""Documents of pipelines in replies: stages, progress, curves and methods so far."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gremlink.proxy.management.jobs.events import newest_event
from gremlink.proxy.management.jobs.figures import figures_of
from gremlink.proxy.management.jobs.processes import memory_of
from gremlink.proxy.management.responses import DATA_PROCESSING, MODEL_TRAINING, STATUS
from gremlink.proxy.store.jobs import Job, JobRecords, State

MARK = "pipeline"
"""The field of a job's request that names its pipeline."""

ENDPOINT = "endpoint"
"""The field of a job's request that names the endpoint of its pipeline."""

ASKED = "asked"
"""The field of the first job's request with the request of the pipeline."""


STAGES = ("export", DATA_PROCESSING, MODEL_TRAINING, "endpoints")
"""The kinds of a pipeline's jobs, in their order."""


def jobs_of(records: JobRecords, id: str) -> dict[str, Job]:
    """Return the jobs of a pipeline by their kinds, in order; none if there is no such pipeline."""
    named = [records.job(kind, id) for kind in STAGES[:3]]
    found = [job for job in named if job is not None and job.request.get(MARK) == id]
    if found:
        last = records.job(STAGES[3], str(found[0].request.get(ENDPOINT, id)))
        if last is not None and last.request.get(MARK) == id:
            found.append(last)
    return {job.kind: job for job in found}


def newest_pipelines(records: JobRecords, most: int) -> list[dict[str, Any]]:
    """Return the state of the newest pipelines. It reads files."""
    ids = [job.id for job in records.jobs(STAGES[0]) if MARK in job.request]
    return [document(id, jobs) for id in ids[:most] if (jobs := jobs_of(records, id))]


def document(id: str, jobs: Mapping[str, Job]) -> dict[str, Any]:
    """Return the state of a pipeline; `jobs` are its jobs by kind, in order. It reads files."""
    first, last = next(iter(jobs.values())), list(jobs.values())[-1]
    stopped = [job for job in jobs.values() if job.state in (State.STOPPING, State.STOPPED)]
    broken = stopped or [job for job in jobs.values() if job.state is State.FAILED]
    state = broken[0].state if broken else last.state
    if stopped and any(job.is_open for job in jobs.values()):
        state = State.STOPPING
    found: dict[str, Any] = {
        "id": id,
        "status": STATUS[state],
        "endpoint": first.request.get(ENDPOINT),
        "creationTimeInMillis": _millis(first.created),
        "request": first.request.get(ASKED, {}),
        "stages": [_stage(job) for job in jobs.values()],
    }
    if state is State.FAILED:
        found["failureReason"] = broken[0].reason
    if MODEL_TRAINING in jobs:
        training = jobs[MODEL_TRAINING]
        ended = {"share": 1.0, "secondsLeft": 0.0} if training.state is State.COMPLETED else {}
        found["progress"] = {**figures_of(training), **ended}
    return found


def _stage(job: Job) -> dict[str, Any]:
    found: dict[str, Any] = {
        "kind": job.kind,
        "id": job.id,
        "status": STATUS[job.state],
        "waits": job.state is State.QUEUED,
        "outputLocation": job.outputs[0] if job.outputs else None,
        "logUrl": job.log.as_uri(),
        "startTimeInMillis": _millis(job.started),
        "endTimeInMillis": _millis(job.ended),
    }
    if job.reason:
        found["failureReason"] = job.reason
    if job.result.get("warnings"):
        found["warnings"] = job.result["warnings"]
    if job.state is State.RUNNING:
        event = newest_event(job)
        if event is not None:
            found["event"] = {"what": event.what, "done": event.done, "total": event.total}
        if job.pid is not None:
            found["memoryInMiB"] = round(memory_of(job.pid), 1)
    return found


def _millis(moment: float | None) -> int | None:
    return None if moment is None else int(moment * 1000)
