"""Progress of learning as events of a job."""

from __future__ import annotations

from gremlink.proxy.learning.events import (
    EpochDone,
    Event,
    Overall,
    PhaseStarted,
    Progress,
    StepDone,
)
from gremlink.proxy.management.jobs.events import Tell
from gremlink.proxy.management.jobs.figures import FigureFile


def job_progress(tell: Tell, figures: FigureFile | None = None) -> Progress:
    """Return a listener that reports phases and epochs of learning, and writes their figures."""

    overall = ""

    def progress(event: Event) -> None:
        nonlocal overall
        if figures is not None:
            figures.tell(event)
        match event:
            case Overall():
                overall = f", {event.share:.0%} of all, {event.seconds_left:.0f} s left"
            case EpochDone():
                tell(event.phase, event.epoch, event.epochs, _figures(event) + overall)
            case StepDone():
                tell(event.phase, event.done, event.total, overall.removeprefix(", "))
            case PhaseStarted():
                tell(event.phase, 0, None, overall.removeprefix(", "))

    return progress


def _figures(event: EpochDone) -> str:
    metric = "" if event.validation is None else f", {event.metric} {event.validation:.4f}"
    return f"epoch {event.epoch} of {event.epochs}, loss {event.loss:.4f}{metric}"
