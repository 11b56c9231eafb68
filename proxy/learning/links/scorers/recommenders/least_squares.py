"""Regularised least squares for many rows of links at once: the solver behind iALS."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from gremlink.proxy.learning.budget import Work
from gremlink.proxy.learning.graph import Floats, Indexes

NUMBERS = 2**23
"""Numbers of a block of rows, about: 32 MiB for each of a few arrays."""

WIDER = 1.25
"""Rows are solved together with those that have up to so many times as many links."""


class RowSolver:
    r"""Solves for the factors of rows, given those of the columns.

    .. math::
        u = \arg\min_u \sum_{v \in X_u} (1 - u^\top v)^2 + \alpha \sum_v (u^\top v)^2
            + \lambda (|X_u| + \alpha n) \|u\|^2

    over the :math:`n` columns that have any links. In the eigenvectors of :math:`\sum_v v v^\top`
    all but the row's own links is diagonal. So a row with :math:`d` links is a system of :math:`d`
    equations, fewer than factors for most rows (Woodbury's identity), and rows with about as many
    links are solved in one call of LAPACK.
    """

    def __init__(self, columns: Floats, absent: float, ridge: float) -> None:
        """Take the factors, float32 `[columns, rank]`, :math:`\\alpha` and :math:`\\lambda`."""
        gram = (columns.T @ columns).astype(np.float64)
        values, vectors = np.linalg.eigh(gram)
        self._vectors = vectors.astype(np.float32)
        self._everywhere = (absent * np.maximum(values, 0.0)).astype(np.float32)
        turned = columns @ self._vectors
        # Rows of a block are filled up with a column that has no factors.
        self._columns = np.concatenate([turned, np.zeros((1, turned.shape[1]), np.float32)])
        self._least = ridge * absent * int(np.count_nonzero(columns.any(axis=1)))
        self._ridge = ridge

    def solve(self, rows: sparse.csr_array) -> Floats:
        """Solve for rows of links: float32 `[rows, rank]`, zeros without links."""
        counts = np.diff(rows.indptr)
        rank = self._columns.shape[1]
        solved = np.zeros((rows.shape[0], rank), np.float32)
        groups = _widths(counts)
        order = np.argsort(groups, kind="stable")
        for width in np.unique(groups[groups > 0]).tolist():
            first, last = np.searchsorted(groups[order], (width, width + 1))
            some = order[first:last]
            step = max(1, NUMBERS // (width * rank))
            for start in range(0, len(some), step):
                block = some[start : start + step]
                solved[block] = self._solve(rows, block, counts[block], width)
        return np.asarray(solved @ self._vectors.T)

    def _solve(self, rows: sparse.csr_array, block: Indexes, counts: Indexes, width: int) -> Floats:
        """Solve for rows with at most `width` links."""
        places = np.arange(width)
        linked = places < counts[:, None]
        starts = rows.indptr[block].astype(np.int64)
        cells = np.minimum(starts[:, None] + places, len(rows.indices) - 1)
        own = self._columns[np.where(linked, rows.indices[cells], len(self._columns) - 1)]
        shrink = (self._least + self._ridge * counts).astype(np.float32)
        diagonal = self._everywhere + shrink[:, None]
        if width > diagonal.shape[1]:
            every = np.arange(diagonal.shape[1])
            systems = own.transpose(0, 2, 1) @ own
            systems[:, every, every] += diagonal
            return np.asarray(np.linalg.solve(systems, own.sum(axis=1)[:, :, None])[:, :, 0])
        scaled = own / diagonal[:, None, :]
        systems = scaled @ own.transpose(0, 2, 1)
        systems[:, places, places] += 1.0
        ones = np.ones((len(block), width, 1), np.float32)
        weights = np.linalg.solve(systems, ones).transpose(0, 2, 1)
        return np.asarray((weights @ scaled)[:, 0])


def _widths(counts: Indexes) -> Indexes:
    """Return the width of the block that each row is solved in: at least its number of links."""
    widths = [1]
    while widths[-1] < counts.max(initial=0):
        widths.append(max(widths[-1] + 1, int(WIDER * widths[-1])))
    found = np.asarray(widths, np.int64)[np.searchsorted(widths, counts)]
    return np.where(counts > 0, found, 0)


def preparing_work(columns: int, rank: int) -> Work:
    """Count the work of a `RowSolver`, before it solves for any row."""
    return Work(products=2.0 * rank**2 * columns, decompositions=10.0 * rank**3, calls=5.0)


def solving_work(
    counts: Indexes, rank: int, asked: NDArray[np.float64] | None = None, times: float = 1.0
) -> Work:
    """Count the work to solve for rows with so many links each, `asked` times each, in so many
    `times` together; once by default."""
    widths = _widths(counts).astype(np.float64)
    size = np.minimum(widths, rank)
    solved = np.asarray(counts > 0, np.float64) if asked is None else asked
    return Work(
        products=float(solved @ (widths * size * rank + float(rank) ** 2)),
        decompositions=float(solved @ size**3) / 1.5,
        updates=float(solved @ (3.0 * widths * rank + 2.0 * size**2)),
        calls=3.0 * times * len(np.unique(widths)) + float(solved.sum()) / 150.0,
    )
