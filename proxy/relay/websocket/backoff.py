"""Whether something is worth trying that costs a query where it fails."""

from __future__ import annotations

LONGEST = 64
"""Occasions that are passed over at most before the next attempt."""


class Backoff:
    """After each failure in a row twice as many occasions are passed over, up to `LONGEST`."""

    def __init__(self) -> None:
        self._pause = 0
        self._left = 0

    def is_due(self) -> bool:
        """Whether to try it on this occasion."""
        if self._left:
            self._left -= 1
            return False
        return True

    def succeeded(self) -> None:
        """An attempt was worth it."""
        self._pause = self._left = 0

    def failed(self) -> None:
        """An attempt was not."""
        self._pause = min(max(2 * self._pause, 1), LONGEST)
        self._left = self._pause
