"""Progress of a job: a line of JSON for each event, in a file beside its log.

The job's process writes, other processes read the newest event; neither waits for the other.
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
"""Bytes at the end of the file in which to look for the newest event."""


@dataclass(frozen=True, slots=True)
class Event:
    """Progress of a job: the phase, the amount done, and the total if known.

    `note` is for people; `time` is in seconds since 1970.
    """

    time: float
    what: str
    done: int
    total: int | None
    note: str = ""

    def text(self) -> str:
        """Return the event in one line."""
        if self.note:
            return f"{self.what}: {self.note}"
        if self.total is not None:
            return f"{self.what}: {self.done:,} of {self.total:,}"
        return f"{self.what}: {self.done:,}" if self.done else self.what


Tell = Callable[[str, int, "int | None", str], None]


class EventFile:
    """Writer of events, and of a log line for each phase. Used in the job's own process."""

    def __init__(self, directory: Path) -> None:
        self._file = (directory / EVENTS).open("a", encoding="utf-8")
        self._what = ""
        self._written = 0.0

    def tell(self, what: str, done: int, total: int | None = None, note: str = "") -> None:
        """Record the progress of the job. Within a phase only some events are written."""
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
    """Return the last event of a job, if there is one."""
    try:
        with (job.directory / EVENTS).open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - _TAIL))
            lines = file.read().decode("utf-8", errors="replace").split("\n")
    except OSError:
        return None
    # The text after the last line break is still being written.
    for line in reversed(lines[:-1]):
        try:
            return Event(**json.loads(line))
        except (ValueError, TypeError):
            continue
    return None
