"""The bootstrap: figures as they would be if chance had held other elements out.

Efron & Tibshirani, "An introduction to the bootstrap" (1993).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Values = NDArray[np.float64]

BLOCK = 64
"""Draws at a time: bounds the memory of their counts."""


def resampled(columns: Values | sparse.csr_array, draws: int, seed: int = 0) -> Values:
    """Return the sums of columns over units that are drawn with replacement: `[draws, columns]`.

    `columns` is float64 `[units, columns]`. Equal seeds and numbers of units draw the same.
    """
    random = np.random.default_rng(seed)
    units = columns.shape[0]
    parts: list[Any] = []
    for begin in range(0, draws, BLOCK):
        counts = [
            np.bincount(random.integers(units, size=units), minlength=units)
            for _ in range(min(BLOCK, draws - begin))
        ]
        parts.append(np.array(counts, np.float64) @ columns)
    return np.asarray(np.concatenate(parts), dtype=np.float64)
