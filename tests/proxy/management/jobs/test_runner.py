"""Jobs from queue to end: how many run, what ends them, what is left, what a crash leaves."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from gremlink.proxy.config import Jobs
from gremlink.proxy.management.jobs import memory
from gremlink.proxy.management.jobs.recovery import CUT_OFF, RunnerElsewhere, settle
from gremlink.proxy.management.jobs.runner import CHILD, STOPPED_WITH, QueueFull, Runner
from gremlink.proxy.store.jobs import Job, JobRecords, State
from gremlink.proxy.store.locations import Locations

ODD_JOB = Path(__file__).parents[3] / "support" / "odd_job.py"


@contextmanager
def running(root: Path, **settings: Any) -> Iterator[Runner]:
    runner = Runner(
        JobRecords(root),
        Locations((root / "files",)),
        Jobs(**settings),
        program=(sys.executable, str(ODD_JOB)),
    )
    runner.open()
    try:
        yield runner
    finally:
        runner.close()


def start(runner: Runner, id: str, *do: Any, kind: str = "export", **more: Any) -> Job:
    task = {"do": [list(step) for step in do], "name": id}
    return runner.start(kind, id, task, request={}, **more)


def until(runner: Runner, job: Job, wanted: Callable[[Job], bool], seconds: float = 60) -> Job:
    deadline = time.monotonic() + seconds
    while True:
        found = runner.records.numbered(job.number)
        assert found is not None
        if wanted(found):
            return found
        assert time.monotonic() < deadline, found
        time.sleep(0.02)


def ended(runner: Runner, job: Job) -> Job:
    return until(runner, job, lambda found: not found.is_open)


def is_running(job: Job) -> bool:
    return job.state is State.RUNNING and job.pid is not None


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_a_job_completes_with_its_result_and_log(tmp_path: Path) -> None:
    with running(tmp_path) as runner:
        job = ended(runner, start(runner, "a", ("say", "hello")))
    assert job.state is State.COMPLETED
    assert job.result == {"done": True}
    assert job.log.read_text() == "hello\n"
    assert not (job.directory / "work").exists()
    assert job.created <= (job.started or 0) <= (job.ended or 0)


def test_no_setting_is_in_the_environment_of_a_job(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GREMLINK_ACCESS_TOKEN", "hunter2")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")  # what S3 needs stays
    with running(tmp_path) as runner:
        job = until(runner, start(runner, "a", ("sleep", 30)), is_running)
        variables = Path(f"/proc/{job.pid}/environ").read_text()
    assert "GREMLINK" not in variables
    assert "eu-west-1" in variables


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (("fail", "the file has no header"), "the file has no header"),
        (("exit", 3), "exit code 3"),
        (("die", signal.SIGKILL), "SIGKILL: the system may have run out of memory"),
        (("exit", 0), "exit code 0"),
    ],
)
def test_a_failed_job_says_why_and_leaves_nothing(tmp_path: Path, step: Any, said: str) -> None:
    output = tmp_path / "files" / "out"
    with running(tmp_path) as runner:
        started = start(runner, "a", ("write", str(output)), step, outputs=[str(output)])
        job = ended(runner, started)
    assert job.state is State.FAILED
    assert said in job.reason
    assert not output.exists()


def test_an_end_that_cannot_be_noted_is_noted_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As on a full disk: a job is never said to run for ever."""
    monkeypatch.setattr("gremlink.proxy.management.jobs.runner.RETRY_INTERVAL", 0.1)
    tried: list[str] = []

    def end(records: JobRecords, number: int, *arguments: Any, **more: Any) -> None:
        tried.append(more["reason"])
        if len(tried) <= 3:
            raise sqlite3.OperationalError("database or disk is full")
        noted(records, number, *arguments, **more)

    noted = JobRecords.end
    monkeypatch.setattr(JobRecords, "end", end)
    with running(tmp_path) as runner:
        completed, failed = start(runner, "a"), start(runner, "b", ("fail", "why"))
        assert ended(runner, completed).state is State.COMPLETED
        assert ended(runner, failed).reason == "why"
    assert len(tried) == 5
    assert "cannot be noted yet" in caplog.text


def test_a_job_whose_process_cannot_be_started_fails(tmp_path: Path) -> None:
    nowhere = str(tmp_path / "no-python")
    runner = Runner(JobRecords(tmp_path), Locations(()), Jobs(), program=(nowhere,))
    runner.open()
    try:
        job = ended(runner, start(runner, "a"))
    finally:
        runner.close()
    assert job.state is State.FAILED
    assert job.reason.startswith("its process cannot be started: ")
    assert "no-python" in job.reason


def test_no_more_run_than_are_allowed_and_the_oldest_comes_first(tmp_path: Path) -> None:
    order = tmp_path / "order"
    with running(tmp_path, running=1) as runner:
        started = [start(runner, id, ("mark", str(order)), ("sleep", 0.1)) for id in "abc"]
        time.sleep(0.4)
        assert sum(is_running(job) for job in runner.records.open()) <= 1
        for job in started:
            assert ended(runner, job).state is State.COMPLETED
    assert order.read_text().split() == ["a", "b", "c"]


def test_one_load_at_a_time(tmp_path: Path) -> None:
    with running(tmp_path, running=3) as runner:
        first = start(runner, "a", ("sleep", 30), kind="loader")
        second = start(runner, "b", ("sleep", 30), kind="loader")
        other = start(runner, "c", ("sleep", 30))
        until(runner, other, is_running)
        until(runner, first, is_running)
        assert runner.records.numbered(second.number).state is State.QUEUED  # type: ignore[union-attr]


def test_a_full_queue_refuses(tmp_path: Path) -> None:
    with running(tmp_path, running=1, queue=1) as runner:
        until(runner, start(runner, "a", ("sleep", 30)), is_running)
        start(runner, "b")
        with pytest.raises(QueueFull):
            start(runner, "c")


@pytest.mark.parametrize("stubborn", [False, True])
def test_cancellation_ends_a_running_job_within_seconds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stubborn: bool
) -> None:
    monkeypatch.setattr("gremlink.proxy.management.jobs.runner.KILL_DELAY", 0.5)
    output = tmp_path / "files" / "out"
    steps = [("stubborn", 0)] if stubborn else []
    with running(tmp_path) as runner:
        started = start(
            runner,
            "a",
            *steps,
            ("write", str(output)),
            ("say", "ready"),
            ("sleep", 60),
            outputs=[str(output)],
        )
        pid = until(runner, started, is_running).pid
        assert pid is not None
        while "ready" not in started.log.read_text():
            time.sleep(0.02)
        before = time.monotonic()
        assert runner.cancel(started) is State.STOPPING
        job = ended(runner, started)
        assert time.monotonic() - before < 30  # and not 60
    assert (job.state, job.reason) == (State.STOPPED, "it was cancelled")
    assert gone(pid)
    assert not output.exists()


def test_a_queued_job_is_cancelled_at_once(tmp_path: Path) -> None:
    with running(tmp_path, running=1) as runner:
        until(runner, start(runner, "a", ("sleep", 30)), is_running)
        assert runner.cancel(start(runner, "b")) is State.STOPPED


def test_cancellation_from_another_process_is_seen(tmp_path: Path) -> None:
    """Whoever can write the records can cancel; the runner looks there."""
    with running(tmp_path) as runner:
        job = until(runner, start(runner, "a", ("sleep", 60)), is_running)
        JobRecords(tmp_path).ask_to_stop(job.number)
        assert ended(runner, job).state is State.STOPPED


def test_a_request_limits_its_own_memory(tmp_path: Path) -> None:
    task = {"do": [["allocate", 150], ["sleep", 60]], "name": "large"}
    with running(tmp_path) as runner:
        asked = {"memoryLimitInMiB": 64}
        job = ended(runner, runner.start("export", "large", task, request=asked))
    assert job.state is State.FAILED
    assert "more than the 64 MiB of its memoryLimitInMiB" in job.reason


def test_limits_of_time_and_memory(tmp_path: Path) -> None:
    with running(tmp_path, memory_limit=128) as runner:
        slow = start(runner, "slow", ("sleep", 60), time_limit=0.3)
        large = start(runner, "large", ("allocate", 300), ("sleep", 60))
        assert "time limit" in ended(runner, slow).reason
        job = ended(runner, large)
    assert job.state is State.FAILED
    assert "more than the 128 MiB" in job.reason


def test_jobs_together_take_no_more_than_their_share_of_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "memory_of_this_machine", lambda: 400.0)
    with running(tmp_path) as runner:
        small = start(runner, "small", ("sleep", 60))
        large = start(runner, "large", ("allocate", 350), ("sleep", 60))
        job = ended(runner, large)
        until(runner, small, is_running)
        runner.cancel(small)
        assert ended(runner, small).state is State.STOPPED
    assert job.state is State.FAILED
    assert "more than the 300 MiB that jobs may take: 75% of this machine's memory" in job.reason
    assert "jobs.memory_limit" in job.reason


def test_a_request_cannot_raise_the_time_limit(tmp_path: Path) -> None:
    with running(tmp_path, time_limit=5.0) as runner:
        assert start(runner, "a", time_limit=86400).time_limit == 5.0
        assert start(runner, "b", time_limit=0).time_limit == 5.0


def test_a_job_waits_for_those_it_depends_on(tmp_path: Path) -> None:
    order = tmp_path / "order"
    with running(tmp_path) as runner:
        first = start(runner, "a", ("sleep", 0.4), ("mark", str(order)))
        second = start(runner, "b", ("mark", str(order)), after=[first.number])
        assert ended(runner, second).state is State.COMPLETED
        failing = start(runner, "c", ("exit", 1))
        third = ended(runner, start(runner, "d", after=[failing.number]))
    assert order.read_text().split() == ["a", "b"]
    assert third.state is State.FAILED
    assert third.result == {"cause": "dependency"}


def test_closing_ends_what_runs_and_keeps_what_waits(tmp_path: Path) -> None:
    with running(tmp_path, running=1) as runner:
        first = until(runner, start(runner, "a", ("sleep", 60)), is_running)
        second = start(runner, "b", ("say", "late"))
    job = JobRecords(tmp_path).numbered(first.number)
    assert job is not None
    assert (job.state, job.reason) == (State.FAILED, STOPPED_WITH)
    with running(tmp_path) as runner:
        assert ended(runner, second).state is State.COMPLETED


def test_after_a_crash_nothing_is_stuck(tmp_path: Path) -> None:
    """What the records call running when the lock is taken was cut off; a result counts."""
    records = JobRecords(tmp_path)
    output = tmp_path / "files" / "out"
    output.mkdir(parents=True)
    states = {}
    for id, result in (("cut", False), ("done", True), ("waiting", False)):
        job = records.add("export", id, {"do": [], "name": id}, outputs=[str(output / id)])
        (output / id).mkdir()
        if id != "waiting":
            records.begin(job.number)
            (job.directory / "work").mkdir()
        if result:
            (job.directory / "result.json").write_text('{"kept": 1}')
        states[id] = job
    with running(tmp_path) as runner:
        cut, done, waiting = (ended(runner, job) for job in states.values())
    assert (cut.state, cut.reason) == (State.FAILED, CUT_OFF)
    assert (done.state, done.result) == (State.COMPLETED, {"kept": 1})
    assert waiting.state is State.COMPLETED
    assert not (output / "cut").exists()
    assert (output / "done").exists()


def test_the_child_of_a_crash_is_ended(tmp_path: Path) -> None:
    records = JobRecords(tmp_path)
    job = records.add("export", "a", {"do": [["sleep", 60]], "name": "a"})
    records.begin(job.number)
    with subprocess.Popen(
        [sys.executable, str(ODD_JOB), str(job.directory)], start_new_session=True
    ) as left:
        records.runs_as(job.number, left.pid)
        assert [each.id for each in settle(records)] == ["a"]
        assert left.wait(timeout=60) == -signal.SIGKILL


def test_only_one_process_runs_the_jobs_of_a_store(tmp_path: Path) -> None:
    with running(tmp_path):
        other = Runner(JobRecords(tmp_path), Locations(()), Jobs())
        with pytest.raises(RunnerElsewhere):
            other.open()
        with pytest.raises(RunnerElsewhere):
            start(other, "a")
        other.close()


def test_the_real_child_ends_with_its_parent(tmp_path: Path) -> None:
    """Its standard input is the only thing that holds it."""
    job = JobRecords(tmp_path).add("export", "a", {"task": "export"})
    (job.directory / "job.json").unlink()
    os.mkfifo(job.directory / "job.json")  # reading it waits for ever
    with subprocess.Popen(
        [*CHILD, str(job.directory)], stdin=subprocess.PIPE, start_new_session=True
    ) as child:
        assert child.stdin
        time.sleep(1.5)
        assert child.poll() is None
        child.stdin.close()
        assert child.wait(timeout=60) == -signal.SIGKILL


def test_old_records_are_forgotten_and_their_outputs_stay(tmp_path: Path) -> None:
    records = JobRecords(tmp_path)
    output = tmp_path / "files" / "out"
    output.mkdir(parents=True)
    old, needed, new = (records.add("export", id, {}, outputs=[str(output)]) for id in "abc")
    for job in (old, needed, new):
        records.end(job.number, State.COMPLETED)
    with sqlite3.connect(tmp_path / "jobs.sqlite3") as database:
        statement = "UPDATE job SET ended = ended - 3 * 86400 WHERE number IN (?, ?)"
        database.execute(statement, (old.number, needed.number))
    database.close()
    waiting = records.add(
        "export", "d", {"do": [["sleep", 60]], "name": "d"}, after=[needed.number]
    )
    with running(tmp_path, retention_days=2.0) as runner:
        until(runner, waiting, is_running)
        assert [job.id for job in runner.records.jobs()] == ["d", "c", "b"]
        assert not old.directory.exists()
        assert output.exists()


def test_records_are_kept_where_nothing_else_is_said(tmp_path: Path) -> None:
    records = JobRecords(tmp_path)
    job = records.add("export", "a", {})
    records.end(job.number, State.COMPLETED)
    assert records.prune(0.0) == 0
    assert records.job("export", "a") is not None
