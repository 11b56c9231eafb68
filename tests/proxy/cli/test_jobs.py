"""`gremlink jobs` on records that no proxy looks after, and beside one that does."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gremlink.proxy.cli import main
from gremlink.proxy.management.jobs.recovery import CUT_OFF, take_lock
from gremlink.proxy.store.jobs import Job, JobRecords, State


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
        # The line behind it is being written.
        file.write("\n" + json.dumps(event) + "\n" + '{"time": 1, "wh')


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


def test_a_terminal_gets_a_table_that_is_kept_up_to_date(tmp_path: Path) -> None:
    job = add(tmp_path, "people", running=True)
    records = JobRecords(tmp_path)
    tell(job, "epoch", 3, 20)
    with take_lock(records), terminal(tmp_path) as screen:
        wait_until_shown(screen, "people", "modeltraining", "running", "epoch: 3 of 20")
        tell(job, "epoch", 19, 20)
        wait_until_shown(screen, "epoch: 19 of 20")
        records.end(job.number, State.FAILED, reason="too few edges")
        # It ends by itself when nothing runs any more, and the table stays.
        wait_until_shown(screen, "failed", "too few edges")


@contextmanager
def terminal(root: Path) -> Iterator[int]:
    """`gremlink jobs` in a terminal, which is read from the descriptor."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 200, 0, 0))
    environment = {**os.environ, "GREMLINK_STORE_DIRECTORY": str(root), "TERM": "xterm"}
    process = subprocess.Popen(
        [sys.executable, "-m", "gremlink", "jobs"], stdin=theirs, stdout=theirs, env=environment
    )
    os.close(theirs)
    try:
        yield ours
        assert process.wait(timeout=60) == 0
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def wait_until_shown(screen: int, *pieces: str) -> None:
    """Read until all pieces have come."""
    shown = ""
    written = select.poll()  # whose descriptors may have any number
    written.register(screen, select.POLLIN)
    deadline = time.monotonic() + 60
    while not all(piece in shown for piece in pieces):
        assert time.monotonic() < deadline, shown
        if written.poll(100):
            shown += os.read(screen, 65536).decode()


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
