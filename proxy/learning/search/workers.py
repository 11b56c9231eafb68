"""Trials side by side, each in a process of its own: `workflows.trial_worker`."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import asdict
from types import TracebackType
from typing import Any

from gremlink.proxy.learning.search.search import Job, Keep, TrialRow

GRACE = 5.0
"""Seconds that a process has to end after its input has."""


class Workers:
    """Processes that run trials; ended on leaving the context."""

    def __init__(self, count: int, first: Mapping[str, Any]) -> None:
        """Take the number of processes, and the `first` line for each: the data and the network."""
        self._count = count
        self._first = first
        self._stack = ExitStack()
        self._workers: list[_Worker] = []

    def __enter__(self) -> Workers:
        with ExitStack() as stack:
            for _ in range(self._count):
                worker = _Worker(self._first)
                stack.callback(worker.end)
                self._workers.append(worker)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def run(self, jobs: Sequence[Job], keep: Keep) -> list[TrialRow]:
        """See `Runner.run`; at most as many jobs as there are processes."""
        with ThreadPoolExecutor(len(jobs)) as pool:
            pairs = zip(self._workers, jobs, strict=False)
            futures = [pool.submit(worker.run, job, keep) for worker, job in pairs]
            try:
                return [future.result() for future in futures]
            except BaseException:
                # Threads wait for lines from processes: without these they come to an end.
                self._stack.close()
                raise


class _Worker:
    """One process."""

    def __init__(self, first: Mapping[str, Any]) -> None:
        self._first = first
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115
        self._process = self._started()

    def _started(self) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "gremlink.proxy.learning.workflows.trial_worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            encoding="utf-8",
        )
        self._write(process, dict(self._first))
        return process

    def run(self, job: Job, keep: Keep) -> TrialRow:
        """Run a trial in the process. If that dies the trial has failed."""
        if self._process.poll() is not None:
            self._close()
            self._process = self._started()
        process = self._process
        with suppress(OSError):
            self._write(process, asdict(job))
            while line := self._line(process):
                said = json.loads(line)
                if "row" in said:
                    return TrialRow(**said["row"] | {"groups": tuple(said["row"]["groups"])})
                if "step" in said:
                    self._write(process, keep(job.number, said["step"], said["value"]))
        code = process.wait()
        reason = f"its process ended with {code}: {self._last_words() or 'out of memory perhaps'}"
        return TrialRow(job.number, job.parameters, None, "failed", 0.0, reason)

    def end(self) -> None:
        """Close the process's input, and kill it if that does not end it."""
        self._close()
        self._errors.close()

    def _close(self) -> None:
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        with suppress(OSError):
            process.stdin.close()
        try:
            process.wait(GRACE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()

    def _last_words(self) -> str:
        """Return the last line of its standard error."""
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "")

    @staticmethod
    def _line(process: subprocess.Popen[str]) -> str:
        assert process.stdout is not None
        return process.stdout.readline()

    @staticmethod
    def _write(process: subprocess.Popen[str], document: Any) -> None:
        assert process.stdin is not None
        process.stdin.write(json.dumps(document) + "\n")
        process.stdin.flush()
