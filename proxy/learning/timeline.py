"""The time of a whole training: progress, an estimate of the rest, and the time of each part.

Stages with estimates in seconds are announced in advance; the ratio of real to estimated times on
this machine is learned on the way. With a deadline each stage may take its share of what is left.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from gremlink.proxy.learning.events import (
    EpochDone,
    Event,
    Overall,
    PhaseStarted,
    Progress,
    StepDone,
)

TRUST = 2.0
"""Seconds of estimates that are believed before anything has been measured."""

RESERVE = 0.05
"""The share of a deadline that is kept for work without an estimate."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A phase that is to come: how its name begins, its estimate in seconds, and the part of the
    training that it belongs to, for the report."""

    name: str
    seconds: float
    part: str


LEAST = 0.001
"""Seconds that are left of a deadline that is over: simple methods alone are tried."""


class Timeline:
    """Passes events on to a listener, with the `Overall` state of the training after each.

    `deadline` are seconds from now, 0 for none.
    """

    def __init__(
        self,
        listener: Progress,
        *,
        deadline: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._listener = listener
        self._clock = clock
        self._begun = self._since = clock()
        self._deadline = deadline
        self._stages: Sequence[Stage] = ()
        self._place = -1
        self._part = ""
        self._fraction = 0.0
        self._until = float("inf")
        self._shown = 0.0
        self._estimated = self._measured = 0.0
        self.parts: dict[str, float] = {}

    @property
    def has_deadline(self) -> bool:
        """`True` where there is a deadline."""
        return self._deadline > 0.0

    def expect(self, stages: Sequence[Stage]) -> None:
        """Announce what is to come from now on, in order."""
        self._close()
        self._stages, self._place, self._part = stages, -1, ""
        self._tell()

    def __call__(self, event: Event) -> None:
        """See `Progress`."""
        match event:
            case PhaseStarted():
                self._enter(event)
            case EpochDone():
                self._fraction = event.epoch / max(event.epochs, 1)
            case StepDone():
                self._fraction = event.done / max(event.total, 1)
        self._listener(event)
        self._tell()

    def _tell(self) -> None:
        left = self.seconds_left()
        if left is not None:
            elapsed = self._clock() - self._begun
            self._shown = max(self._shown, elapsed / max(elapsed + left, 1e-9))
            self._listener(Overall(min(self._shown, 1.0), left))

    def seconds_left(self) -> float | None:
        """Estimate the seconds left of the whole training; `None` while the rest is unknown."""
        if not self._stages:
            return None
        pace = (TRUST + self._measured) / (TRUST + self._estimated)
        left = sum(stage.seconds for stage in self._stages[self._place + 1 :])
        if self._place >= 0:
            left += (1.0 - self._fraction) * self._stages[self._place].seconds
        return left * pace

    def is_over(self) -> bool:
        """Return whether the phase has had its share of the time until the deadline."""
        return self.has_deadline and self._clock() >= self._until

    def time_left(self) -> float:
        """Return the seconds until the deadline, more than none; 0 where there is no deadline."""
        if not self.has_deadline:
            return 0.0
        return max(self._begun + self._deadline - self._clock(), LEAST)

    def finish(self) -> dict[str, float]:
        """Return seconds by part of the training, in the order in which they began."""
        self._close()
        return {part: round(seconds, 2) for part, seconds in self.parts.items()}

    def _enter(self, event: PhaseStarted) -> None:
        self._close()
        later = [
            place
            for place, stage in enumerate(self._stages)
            if place > self._place and event.phase.startswith(stage.name)
        ]
        if later:
            # The longest name, and of equal ones the next.
            self._place = max(later, key=lambda each: (len(self._stages[each].name), -each))
            self._part = self._stages[self._place].part
        elif self._place < 0 or not event.phase.startswith(self._stages[self._place].name):
            self._part = event.phase.partition(",")[0]
        if self.has_deadline:
            now = self._clock()
            left = (1.0 - RESERVE) * self._deadline - (now - self._begun)
            ahead = sum(stage.seconds for stage in self._stages[max(self._place, 0) :])
            own = self._stages[self._place].seconds if later else ahead
            self._until = now + max(left, 0.0) * own / max(ahead, 1e-9)

    def _close(self) -> None:
        now = self._clock()
        if self._part:
            spent = now - self._since
            self.parts[self._part] = self.parts.get(self._part, 0.0) + spent
            if self._place >= 0:
                self._measured += spent
                self._estimated += self._stages[self._place].seconds
        self._since, self._fraction = now, 0.0


def in_parts(parts: Mapping[str, float]) -> str:
    """Describe the time of each part of a training, the long ones first."""
    ordered = sorted(parts.items(), key=lambda each: -each[1])
    return ", ".join(f"{part} {seconds:.1f} s" for part, seconds in ordered)


def is_over(progress: Progress) -> bool:
    """Return whether work has to end, because there is a deadline."""
    return isinstance(progress, Timeline) and progress.is_over()


class Steps:
    """Counts the steps of a phase and tells of each."""

    def __init__(self, progress: Progress, phase: str, total: int) -> None:
        self._progress = progress
        self._phase = phase
        self._total = total
        self._done = 0

    def __call__(self) -> None:
        """Count one more that is done."""
        self._done = min(self._done + 1, self._total)
        self._progress(StepDone(self._phase, self._done, self._total))
