"""Progress of the functions of the face: lines of text, for those who ask for them."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gremlink.proxy.graph import Progress as GraphProgress
    from gremlink.proxy.learning.events import Event
    from gremlink.proxy.learning.events import Progress as TrainingProgress

Progress = bool | Callable[[str], None]
"""`True` prints lines to standard error, a function is called with each, `False` is silent."""

EVERY = 1.0
"""Seconds between two lines about the same work, at least."""


def listener(progress: Progress) -> Callable[[str], None] | None:
    """Return the function that is called with each line, `None` for silence."""
    if callable(progress):
        return progress
    return _print if progress else None


def of_graph(progress: Progress) -> GraphProgress | None:
    """Return what loads and exports call, `None` for silence: they count nothing then."""
    tell = listener(progress)
    if tell is None:
        return None
    last = -EVERY

    def told(what: str, done: int, total: int | None) -> None:
        nonlocal last
        if done == total or time.monotonic() >= last + EVERY:
            last = time.monotonic()
            tell(f"{what}: {done:,}" + ("" if total is None else f" of {total:,}"))

    return told


def of_training(progress: Progress) -> TrainingProgress | None:
    """Return what processing and training call: a line for each phase, how far the whole is."""
    tell = listener(progress)
    if tell is None:
        return None
    from gremlink.proxy.learning.events import Overall, PhaseStarted

    overall = ""

    def told(event: Event) -> None:
        nonlocal overall
        if isinstance(event, Overall):
            overall = f"{event}: "
        elif isinstance(event, PhaseStarted):
            tell(f"{overall}{event.phase}")

    return told


def _print(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
