"""The scores of a trial: its best validation so far, and its end."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from gremlink.proxy.learning.graph import Indexes
from gremlink.proxy.learning.search.search import Reached, Tell, groups_of

Outputs = NDArray[np.float64]
Score = Callable[[Outputs, Indexes], float]
"""Scores some rows of outputs; larger is better."""


def reached(score: Score, outputs: Outputs) -> Reached:
    """Return the score of all rows, and of each group of them."""
    every = np.arange(len(outputs))
    groups = groups_of(len(outputs))
    return Reached(score(outputs, every), tuple(score(outputs, rows) for rows in groups))


class Best:
    """The best outputs of a network in its training, whose score is reported to the search."""

    def __init__(self, score: Score, tell: Tell) -> None:
        self._score = score
        self._tell = tell
        self._best = -np.inf
        self.outputs: Outputs = np.zeros(0)

    def update(self, outputs: Outputs) -> float:
        """Return the score of new outputs. Raises what `tell` does."""
        score = self._score(outputs, np.arange(len(outputs)))
        if score > self._best:
            self._best, self.outputs = score, outputs
        self._tell(self._best)
        return score
