"""Events that a training sends while it works."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PhaseStarted:
    """A new part of the work begins; `phase` is a short name for people."""

    phase: str


@dataclass(frozen=True, slots=True)
class EpochDone:
    """An epoch of the network is over.

    `validation` is the newest figure on held-out data, if there is one, and `metric` its name;
    `seconds_left` is for this phase at most, early stopping may end it sooner.
    """

    phase: str
    epoch: int
    epochs: int
    loss: float
    validation: float | None
    seconds_left: float
    metric: str = "gain"


@dataclass(frozen=True, slots=True)
class StepDone:
    """Steps of the phase that are over."""

    phase: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Overall:
    """Progress of the whole training, from 0 to 1, and the estimated seconds that are left."""

    share: float
    seconds_left: float

    def __str__(self) -> str:
        return f"{self.share:.0%}, {_clock(self.seconds_left)} left"


@dataclass(frozen=True, slots=True)
class MethodCompared:
    """A method's figure on held-out data so far; later ones of the same metric replace it.

    `metric` is `mrr` for links, for properties that which chooses; larger is better.
    """

    method: str
    metric: str
    value: float


Event = PhaseStarted | EpochDone | StepDone | MethodCompared | Overall
Progress = Callable[[Event], None]


def unheard(event: Event) -> None:
    """Ignore all events."""


def _clock(seconds: float) -> str:
    """Return a duration as minutes and seconds, with hours if there are any."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
