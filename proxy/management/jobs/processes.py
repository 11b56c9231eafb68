"""Processes of jobs: start, memory use, signals, and the files they leave."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from gremlink.proxy.config import child_environment
from gremlink.proxy.store.jobs import Job


def spawn(job: Job, program: Sequence[str]) -> subprocess.Popen[bytes]:
    """Start the process of a job, in a process group of its own. It ends when its input does."""
    with job.log.open("ab") as output:
        return subprocess.Popen(
            [*program, str(job.directory)],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={
                **child_environment(),
                "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            },
        )


def memory_of(pid: int, *, shared_once: bool = False) -> float:
    """Return the memory of a process and its children, in MiB.

    With `shared_once`, which takes longer, shared memory is divided among its users.
    """
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
    except psutil.Error:
        return 0.0
    total = 0
    for member in family:
        try:
            total += member.memory_full_info().pss if shared_once else member.memory_info().rss
        except psutil.Error:
            continue
    return total / (1024 * 1024)


def is_child(job: Job) -> bool:
    """Return True if the process is the job's, and not a later one with the same number."""
    try:
        return str(job.directory) in psutil.Process(job.pid).cmdline()
    except psutil.Error:
        return False


def send_signal(group: int, number: int) -> None:
    """Send a signal to a process group, if it still exists."""
    with suppress(ProcessLookupError):
        os.killpg(group, number)


def document_in(path: Path) -> dict[str, Any] | None:
    """Return the content of a JSON file that a process may have left; None without one."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return document if isinstance(document, dict) else None


def reason_of_exit(code: int) -> str:
    """Return the reason for a process that ended without giving one."""
    if code < 0:
        name = signal.Signals(-code).name
        hint = ": the system may have run out of memory" if name == "SIGKILL" else ""
        return f"its process was ended by {name}{hint}"
    return f"its process ended with exit code {code}; the job's log may say why"
