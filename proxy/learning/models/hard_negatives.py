"""Candidates that are hard to tell from the right ones: what resembling sources are linked to."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from gremlink.proxy.learning.graph import Indexes

WALKS = 4
"""Walks for each candidate that is wanted: many of them end at the same."""


def near_candidates(
    there: sparse.csr_array,
    back: sparse.csr_array,
    sources: Indexes,
    most: int,
    random: np.random.Generator,
) -> Indexes:
    """Return the ends of random walks of three edges from the sources: sorted int64, `most` at
    most.

    `there` is a relation's matrix `[sources, candidates]`, `back` its transpose; a walk goes there,
    back, and there again. Negatives that are near in the graph are those of Ying et al., "Graph
    convolutional neural networks for web-scale recommender systems", KDD 2018.
    """
    walkers = np.resize(random.permutation(sources), WALKS * most)
    for matrix in (there, back, there):
        walkers = _stepped(matrix, walkers, random)
    found = np.unique(walkers)
    return np.sort(random.permutation(found)[:most])


def _stepped(matrix: sparse.csr_array, rows: Indexes, random: np.random.Generator) -> Indexes:
    """Draw a random column of each row; rows without any are left out."""
    begin, count = matrix.indptr[rows], np.diff(matrix.indptr)[rows]
    goes = count > 0
    chosen = begin[goes] + (random.random(int(goes.sum())) * count[goes]).astype(np.int64)
    return np.asarray(matrix.indices[chosen], np.int64)
