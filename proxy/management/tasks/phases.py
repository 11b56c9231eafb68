"""Events of learning as events of a job."""

from __future__ import annotations

from proxy.learning.events import EpochDone, Event, Progress
from proxy.management.events import Tell


def telling(tell: Tell) -> Progress:
    """A listener to learning that tells phases and epochs."""

    def progress(event: Event) -> None:
        if isinstance(event, EpochDone):
            tell(event.phase, event.epoch, event.epochs, _figures(event))
        else:
            tell(event.phase, 0, None, "")

    return progress


def _figures(event: EpochDone) -> str:
    metric = "" if event.validation is None else f", {event.metric} {event.validation:.4f}"
    return f"epoch {event.epoch} of {event.epochs}, loss {event.loss:.4f}{metric}"
