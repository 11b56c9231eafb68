"""A histogram of latencies; a measurement costs one entry in an array."""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Sequence

import numpy as np

from gremlink.proxy.relay.waits import WAITS

BOUNDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds: the upper ends of a histogram's buckets."""


def seconds() -> array[float]:
    """Return an empty array for seconds: eight bytes each, where a list keeps an object each."""
    return array("d")


class LatencyHistogram:
    """A histogram of the seconds that are appended to `took`."""

    def __init__(self, period: float = WAITS.counting) -> None:
        self._period = period
        self.took: array[float] = seconds()
        self._counts = np.zeros(len(BOUNDS) + 1, np.int64)
        self._sum = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Count measurements periodically from now on, until `stop`."""
        self.count()
        self._timer = asyncio.get_running_loop().call_later(self._period, self.start)

    def stop(self) -> None:
        """Stop counting."""
        if self._timer is not None:
            self._timer.cancel()

    def count(self) -> None:
        """Sort the measurements into the buckets."""
        if self.took:
            took = np.array(self.took)
            del self.took[:]
            self._counts += np.bincount(np.searchsorted(BOUNDS, took), minlength=len(BOUNDS) + 1)
            self._sum += float(took.sum())

    def histogram(self) -> tuple[Sequence[tuple[str, float]], float]:
        """Return cumulative counts by the bound as text, and the sum of all, in seconds."""
        self.count()
        names = [str(bound) for bound in BOUNDS] + ["+Inf"]
        return list(zip(names, np.cumsum(self._counts).tolist(), strict=True)), self._sum
