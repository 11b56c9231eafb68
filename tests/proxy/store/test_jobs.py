"""Records of jobs: ids, states and their changes."""

import asyncio
import os
import time
from pathlib import Path

import pytest

from gremlink.proxy.store.errors import JobExists
from gremlink.proxy.store.jobs import JobRecords, State


def test_a_job_is_what_was_asked(tmp_path: Path) -> None:
    records = JobRecords(tmp_path)
    assert records.jobs() == []
    job = records.add(
        "export", "a", {"task": "x"}, request={"q": 1}, outputs=["/o"], after=[7], time_limit=2.5
    )
    assert (job.kind, job.id, job.state) == ("export", "a", State.QUEUED)
    assert (job.request, job.outputs, job.after) == ({"q": 1}, ("/o",), (7,))
    assert job.time_limit == 2.5
    assert (job.directory / "job.json").read_text() == '{"task": "x"}'
    assert job.directory.stat().st_mode & 0o077 == 0
    assert records.job("export", "a") == records.numbered(job.number) == job


def test_ids_are_unique_in_their_kind(tmp_path: Path) -> None:
    records = JobRecords(tmp_path)
    first = records.add("export", "a", {})
    records.add("loader", "a", {})
    with pytest.raises(JobExists, match="export job a"):
        records.add("export", "a", {})
    with pytest.raises(JobExists):  # only what has ended gives way
        records.add("export", "a", {}, replace=True)
    records.end(first.number, State.FAILED)
    second = records.add("export", "a", {}, replace=True)
    assert second.number > first.number
    assert not first.directory.exists()
    assert len(list(records.directory.iterdir())) == 2


def test_states_change_only_forward(tmp_path: Path) -> None:
    records = JobRecords(tmp_path)
    job = records.add("export", "a", {})
    assert records.begin(job.number)
    assert not records.begin(job.number)
    assert records.ask_to_stop(job.number) is State.STOPPING
    records.end(job.number, State.STOPPED, reason="asked")
    records.end(job.number, State.COMPLETED, reason="late")
    found = records.numbered(job.number)
    assert found is not None
    assert (found.state, found.reason, found.is_open) == (State.STOPPED, "asked", False)
    assert records.ask_to_stop(job.number) is State.STOPPED
    assert records.open() == []


def test_a_reason_with_the_name_of_a_file_that_is_not_utf_8(tmp_path: Path) -> None:
    records = JobRecords(tmp_path)
    job = records.add("loader", "a", {})
    name = os.fsdecode(b"caf\xe9.csv")
    records.end(job.number, State.FAILED, reason=f"{name}:1: no header")
    found = records.numbered(job.number)
    assert found is not None
    assert found.reason == r"caf\udce9.csv:1: no header"


def test_lists_are_newest_first_and_open_ones_oldest_first(tmp_path: Path) -> None:
    records = JobRecords(tmp_path)
    for id in "abc":
        records.add("export", id, {})
    records.add("loader", "d", {})
    assert [job.id for job in records.jobs("export")] == ["c", "b", "a"]
    assert [job.id for job in records.jobs()] == ["d", "c", "b", "a"]
    assert [job.id for job in records.open()] == ["a", "b", "c", "d"]


def test_a_deleted_job_is_gone(tmp_path: Path) -> None:
    records = JobRecords(tmp_path)
    job = records.add("export", "a", {})
    records.delete(job.number)
    records.delete(job.number)
    assert records.job("export", "a") is None
    assert not job.directory.exists()


async def test_a_wait_ends_with_the_job_or_its_time(tmp_path: Path) -> None:
    records = JobRecords(tmp_path)
    job = records.add("export", "a", {})
    began = time.monotonic()
    await records.wait_for_end("export", "a", 0.01)
    assert records.job("export", "a") == job
    waiting = asyncio.create_task(records.wait_for_end("export", "a", 60))
    await asyncio.sleep(0.01)
    records.end(job.number, State.FAILED)
    await waiting
    await records.wait_for_end("export", "nothing", 60)
    assert time.monotonic() - began < 30
