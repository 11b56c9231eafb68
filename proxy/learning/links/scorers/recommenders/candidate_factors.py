"""Factors of candidates that linear models imply: such models rank without any of their own.

All scores of a linear model are a matrix `[sources, candidates]`: links times weights. Its leading
singular vectors place candidates near to each other that are predicted for the same sources.
"""

from __future__ import annotations

import numpy as np
from scipy import linalg, sparse

from gremlink.proxy.learning.graph import Direction, Floats
from gremlink.proxy.learning.links.scorers.recommenders.linear import LinearScorer
from gremlink.proxy.learning.links.scorers.recommenders.pure_svd import MORE, RANKS, ROUNDS

LEAST = 1e-4
"""Share of the first singular value, below which others are rounding."""


def candidate_factors(scorer: LinearScorer, direction: Direction) -> Floats:
    """Return factors of the candidates: float32 `[candidates, factors]`.

    Right singular vectors of the scores times the values, zeros where nothing is ever predicted.
    The scores are never there as a whole; see `pure_svd.leading` for how it is done.
    """
    links, weights = scorer.read(direction)
    back_links, back_weights = sparse.csr_array(links.T), weights.T
    count = weights.shape[1]
    width = max(1, min(RANKS[0] + MORE, links.shape[0], count))

    def forth(vectors: Floats) -> Floats:
        return np.asarray(links @ np.asarray(weights @ vectors, np.float32), np.float32)

    def back(vectors: Floats) -> Floats:
        return np.asarray(back_weights @ np.asarray(back_links @ vectors, np.float32), np.float32)

    start = np.random.default_rng(0).standard_normal((count, width)).astype(np.float32)
    found = _orthogonal(start)
    for _ in range(ROUNDS):
        found = _orthogonal(back(_orthogonal(forth(found))))
    _, values, turned = linalg.svd(forth(found), full_matrices=False, check_finite=False)
    kept = values > LEAST * max(float(values.max(initial=0.0)), 1e-12)
    factors = (found @ turned.T * values)[:, kept][:, : RANKS[0]]
    predicted = np.asarray(abs(weights).sum(axis=0)).ravel() > 0
    return np.asarray(np.where(predicted[:, None], factors, 0.0), np.float32)


def _orthogonal(vectors: Floats) -> Floats:
    return np.asarray(linalg.qr(vectors, mode="economic", check_finite=False)[0], np.float32)
