"""Exponential back-off for speculative queries: each that fails has cost a query."""

from __future__ import annotations

LONGEST = 64
"""Occasions that are passed over at most before the next attempt."""


class Backoff:
    """After each failure in a row twice as many occasions are passed over, up to `LONGEST`."""

    def __init__(self) -> None:
        self._pause = 0
        self._left = 0

    def is_due(self) -> bool:
        """Tell whether to make an attempt on this occasion."""
        if self._left:
            self._left -= 1
            return False
        return True

    def succeeded(self) -> None:
        """Note that an attempt succeeded."""
        self._pause = self._left = 0

    def failed(self) -> None:
        """Note that an attempt failed."""
        self._pause = min(max(2 * self._pause, 1), LONGEST)
        self._left = self._pause
