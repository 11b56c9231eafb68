"""`gremlink jobs` on records that no proxy looks after, and beside one that does."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from proxy.cli import main
from proxy.management.aftermath import CUT_OFF, take_lock
from proxy.store.jobs import Job, JobRecords, State


def run(root: Path, *arguments: str) -> Result:
    return CliRunner().invoke(
        main,
        ["jobs", *arguments],
        env={"GREMLINK_STORE_DIRECTORY": str(root)},
    )


def add(root: Path, id: str, *, running: bool = False, log: str = "") -> Job:
    records = JobRecords(root)
    job = records.add("modeltraining", id, {})
    if running:
        records.begin(job.number)
    if log:
        job.log.write_text(log)
    return job


def tell(job: Job, what: str, done: int, total: int) -> None:
    event = {"time": time.time(), "what": what, "done": done, "total": total, "note": ""}
    with (job.directory / "events.jsonl").open("a") as file:
        file.write(json.dumps(event) + "\n" + '{"time": 1, "wh')


def test_a_line_for_each_job_newest_first(tmp_path: Path) -> None:
    JobRecords(tmp_path).end(add(tmp_path, "old").number, State.FAILED, reason="no edges")
    job = add(tmp_path, "new", running=True)
    tell(job, "vertices", 3, 20)
    with take_lock(JobRecords(tmp_path)):  # as a proxy that runs jobs has it
        result = run(tmp_path)
    assert result.output == (
        "new\tmodeltraining\trunning\tvertices: 3 of 20\nold\tmodeltraining\tfailed\tno edges\n"
    )


def test_without_a_proxy_nothing_is_said_to_run(tmp_path: Path) -> None:
    add(tmp_path, "a", running=True)
    assert run(tmp_path).output == f"a\tmodeltraining\tfailed\t{CUT_OFF}\n"


def test_logs_by_the_beginning_of_an_id(tmp_path: Path) -> None:
    add(tmp_path, "people-1", log="epoch 1\nepoch 2\n")
    add(tmp_path, "people-2")
    assert run(tmp_path, "logs", "people-1").output == "epoch 1\nepoch 2\n"
    several = run(tmp_path, "logs", "people")
    assert several.exit_code == 1
    assert "several jobs begin with people: people-2, people-1" in several.output
    assert "no job x" in run(tmp_path, "logs", "x").output


def test_logs_follow_until_the_end(tmp_path: Path) -> None:
    job = add(tmp_path, "a", running=True, log="first\n")
    records = JobRecords(tmp_path)

    def go_on() -> None:
        time.sleep(0.7)
        with job.log.open("a") as log:
            log.write("second\n")
        records.end(job.number, State.FAILED, reason="too few edges")

    with take_lock(records):
        other = threading.Thread(target=go_on)
        other.start()
        result = run(tmp_path, "logs", "-f", "a")
        other.join()
    assert result.stdout == "first\nsecond\n"
    assert "modeltraining job a failed: too few edges" in result.stderr


def test_cancel_a_queued_job_without_a_proxy(tmp_path: Path) -> None:
    job = add(tmp_path, "a")
    assert run(tmp_path, "cancel", "a").exit_code == 0
    found = JobRecords(tmp_path).numbered(job.number)
    assert found is not None
    assert found.state is State.STOPPED
    again = run(tmp_path, "cancel", "a")
    assert again.exit_code == 1
    assert "has ended already: stopped" in again.output


@pytest.mark.parametrize("arguments", [(), ("--once",)])
def test_no_jobs_is_no_error(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    result = run(tmp_path, *arguments)
    assert (result.exit_code, result.output) == (0, "")
