"""Progress on standard error: one line on a terminal, nothing elsewhere.

`graph_progress` is for loading and exporting, `training_progress` for training. The line disappears
when the work is done.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from gremlink.proxy.cli.output import console
from gremlink.proxy.learning.events import EpochDone, Event, Overall, PhaseStarted, StepDone

if TYPE_CHECKING:
    from rich.progress import Progress

    from gremlink.proxy.graph.progress import Progress as GraphProgress
    from gremlink.proxy.learning.events import Progress as TrainingProgress


@contextmanager
def graph_progress() -> Iterator[GraphProgress]:
    """Show the kind of elements being read or written, and their count."""
    with _line() as line:

        def tell(what: str, done: int, total: int | None) -> None:
            count = f"{done:,}" if total is None else f"{done:,} of {total:,}"
            line.show(what, done, total, count)

        yield tell


@contextmanager
def training_progress() -> Iterator[TrainingProgress]:
    """Show the phase, its figures and the overall progress; to a pipe print a line a phase."""
    overall = ""
    with _line() as line:

        def tell(event: Event) -> None:
            nonlocal overall
            match event:
                case PhaseStarted():
                    if not console.is_interactive():
                        console.note(f"{overall}{': ' if overall else ''}{event.phase}")
                    line.show(event.phase, 0, None, "", overall)
                case EpochDone():
                    shown = figures(event)
                    line.show(event.phase, event.epoch, event.epochs, shown, overall)
                case StepDone():
                    count = f"{event.done:,} of {event.total:,}"
                    line.show(event.phase, event.done, event.total, count, overall)
                case Overall():
                    overall = str(event)

        yield tell


def figures(event: EpochDone) -> str:
    """Return the figures of an epoch in one line. The time left is for this phase."""
    metric = "" if event.validation is None else f"  {event.metric} {event.validation:.4f}"
    return (
        f"epoch {event.epoch} of {event.epochs}  loss {event.loss:.4f}{metric}"
        f"  {event.seconds_left:.0f} s left"
    )


class _Line:
    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._task = bars.add_task("", total=None, figures="", overall="")

    def show(
        self, what: str, done: int, total: int | None, figures: str, overall: str = ""
    ) -> None:
        if self._bars.tasks[0].description != what:
            self._bars.reset(self._task, total=total)
        self._bars.update(
            self._task,
            description=what,
            completed=done,
            total=total,
            figures=figures,
            overall=overall,
        )


@contextmanager
def _line() -> Iterator[_Line]:
    from rich.progress import (
        BarColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
    )

    bars = Progress(
        SpinnerColumn(),
        TextColumn("{task.fields[overall]}", markup=False, style="bold"),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[figures]}", markup=False),
        TimeElapsedColumn(),
        console=console.errors(),
        disable=not console.is_interactive(),
        transient=True,
        # With a redirection rich would pass on text unescaped, colours included.
        redirect_stdout=False,
        redirect_stderr=False,
    )
    with bars:
        yield _Line(bars)
