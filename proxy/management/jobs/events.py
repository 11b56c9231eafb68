"""What a job tells of its progress: a line of JSON for each event, beside its log.

The job's process writes, whoever asks reads the newest; neither waits for the other.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from gremlink.proxy.messages.controls import escaped
from gremlink.proxy.store.jobs import EVENTS, Job

INTERVAL = 0.5
"""Seconds between two events of one phase."""

_TAIL = 4096
"""Bytes at the end of the file in which the newest event is looked for."""


@dataclass(frozen=True, slots=True)
class Event:
    """How far a job is: what it does, how much is done, of how much if known.

    `note` is for people; `time` is in seconds since 1970.
    """

    time: float
    what: str
    done: int
    total: int | None
    note: str = ""

    def text(self) -> str:
        """The event in one line."""
        if self.note:
            return f"{self.what}: {self.note}"
        if self.total is not None:
            return f"{self.what}: {self.done:,} of {self.total:,}"
        return f"{self.what}: {self.done:,}" if self.done else self.what


Tell = Callable[[str, int, "int | None", str], None]


class EventFile:
    """Writes events, and a line of the log for each phase. Made in the job's own process."""

    def __init__(self, directory: Path) -> None:
        self._file = (directory / EVENTS).open("a", encoding="utf-8")
        self._what = ""
        self._written = 0.0

    def tell(self, what: str, done: int, total: int | None = None, note: str = "") -> None:
        """Note how far the job is. Within a phase only some events are written."""
        now = time.time()
        ended = total is not None and done >= total
        if what == self._what and now - self._written < INTERVAL and not ended:
            return
        event = Event(now, what, done, total, note)
        self._what, self._written = what, now
        self._file.write(json.dumps(asdict(event)) + "\n")
        self._file.flush()
        stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(now))
        print(f"{stamp} {escaped(event.text())}", flush=True)


def newest_event(job: Job) -> Event | None:
    """The last event that a job has told, if it has told any."""
    try:
        with (job.directory / EVENTS).open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - _TAIL))
            lines = file.read().decode("utf-8", errors="replace").split("\n")
    except OSError:
        return None
    # What follows the last line break is still being written.
    for line in reversed(lines[:-1]):
        try:
            return Event(**json.loads(line))
        except (ValueError, TypeError):
            continue
    return None
