"""Progress of long work."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called now and then with what is being done, how much of it, and of how much if known."""

    def __call__(self, what: str, done: int, total: int | None) -> None:
        """Report the progress."""
        ...


def silent(what: str, done: int, total: int | None) -> None:
    """Ignore progress."""
