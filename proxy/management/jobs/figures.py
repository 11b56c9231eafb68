"""Figures of a training while it works: curves, methods, time left; lines of JSON beside its log.

The job's process writes, other processes read; neither waits for the other.
"""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gremlink.proxy.learning.events import EpochDone, Event, MethodCompared, Overall, PhaseStarted
from gremlink.proxy.store.jobs import FIGURES, Job

INTERVAL = 0.5
"""Seconds between two estimates of the time left."""

MOST_BYTES = 8 * 2**20
"""Bytes of the file that are written, and read."""

MOST_POINTS = 500
"""Points of one curve that are returned."""


class FigureFile:
    """Writer of figures. Used in the job's own process."""

    def __init__(self, directory: Path) -> None:
        self._file = (directory / FIGURES).open("a", encoding="utf-8", buffering=1)
        self._told = 0.0

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def tell(self, event: Event) -> None:
        """Write what an event says in figures."""
        match event:
            case PhaseStarted():
                self._write(time=time.time(), phase=event.phase)
            case EpochDone():
                self._write(
                    curve=event.phase,
                    epoch=event.epoch,
                    loss=event.loss,
                    metric=event.metric,
                    value=event.validation,
                )
            case MethodCompared():
                self._write(method=event.method, metric=event.metric, value=event.value)
            case Overall():
                now = time.time()
                if now - self._told >= INTERVAL or event.share >= 1.0:
                    self._told = now
                    self._write(time=now, share=event.share, left=event.seconds_left)

    def _write(self, **figures: Any) -> None:
        finite = {
            name: None if isinstance(value, float) and not math.isfinite(value) else value
            for name, value in figures.items()
        }
        if self._file.tell() < MOST_BYTES:
            self._file.write(json.dumps(finite) + "\n")


@dataclass(slots=True)
class Curve:
    """Learning curve of a phase: a loss, and at some epochs a figure on held-out data."""

    phase: str
    metric: str = ""
    epochs: list[int] = field(default_factory=list)
    losses: list[float | None] = field(default_factory=list)
    values: list[float | None] = field(default_factory=list)

    def document(self) -> dict[str, Any]:
        """Return the curve as JSON, with `MOST_POINTS` at most."""
        step = -(-len(self.epochs) // MOST_POINTS) or 1
        last = len(self.epochs) - 1
        chosen = [place for place in range(len(self.epochs)) if place % step == 0 or place == last]
        return {
            "phase": self.phase,
            "metric": self.metric,
            "epochs": [self.epochs[place] for place in chosen],
            "losses": [self.losses[place] for place in chosen],
            "values": [self.values[place] for place in chosen],
        }


@dataclass(slots=True)
class Figures:
    """Figures of a training so far: phases with the time of their beginning, curves, methods.

    `share` is the part that is done, from 0 to 1, `left` the estimate of the seconds left, `time`
    the moment of both in seconds since 1970. `position` is the first byte of the file that has not
    been read.
    """

    phases: list[tuple[float, str]] = field(default_factory=list)
    curves: dict[str, Curve] = field(default_factory=dict)
    methods: dict[str, tuple[str, float | None]] = field(default_factory=dict)
    share: float | None = None
    left: float | None = None
    time: float | None = None
    position: int = 0

    @classmethod
    def of(cls, job: Job) -> Figures:
        """Read those of a job; a job without any has empty ones."""
        found = cls()
        found.read(job.directory / FIGURES)
        return found

    def read(self, path: Path) -> None:
        """Read what the file has more than at the last time."""
        for line in self._lines(path):
            match line:
                case {"curve": str(phase), "epoch": int(epoch)}:
                    curve = self.curves.setdefault(phase, Curve(phase))
                    curve.metric = str(line.get("metric", ""))
                    curve.epochs.append(epoch)
                    curve.losses.append(line.get("loss"))
                    curve.values.append(line.get("value"))
                case {"method": str(name)}:
                    self.methods[name] = str(line.get("metric", "")), line.get("value")
                case {"share": share, "left": left, "time": moment}:
                    self.share, self.left, self.time = share, left, moment
                case {"phase": str(phase), "time": float(moment)}:
                    self.phases.append((moment, phase))

    def _lines(self, path: Path) -> Iterator[dict[str, Any]]:
        try:
            with path.open("rb") as file:
                file.seek(self.position)
                content = file.read(MOST_BYTES)
        except OSError:
            return
        # The text after the last line break is still being written.
        whole = content.rfind(b"\n") + 1
        self.position += whole
        for line in content[:whole].decode("utf-8", errors="replace").split("\n"):
            try:
                document = json.loads(line)
            except ValueError:
                continue
            if isinstance(document, dict):
                yield document

    def document(self) -> dict[str, Any]:
        """Return the figures as JSON, the methods by their figure, the best first."""
        methods = sorted(
            self.methods.items(),
            key=lambda each: -math.inf if each[1][1] is None else each[1][1],
            reverse=True,
        )
        return {
            "phases": [{"name": name, "time": moment} for moment, name in self.phases],
            "curves": [curve.document() for curve in self.curves.values()],
            "methods": [
                {"name": name, "metric": metric, "value": value}
                for name, (metric, value) in methods
            ],
            "share": self.share,
            "secondsLeft": self.left,
        }


_known: dict[Path, Figures] = {}
_lock = threading.Lock()
MOST_KNOWN = 32
"""Jobs whose figures are kept: pages ask every second, and get only what is new from the file."""


def figures_of(job: Job) -> dict[str, Any]:
    """Return the figures of a job so far, as JSON."""
    path = job.directory / FIGURES
    with _lock:
        found = _known.pop(path, None) or Figures()
        while len(_known) >= MOST_KNOWN:
            del _known[next(iter(_known))]
        _known[path] = found
        found.read(path)
        return found.document()
