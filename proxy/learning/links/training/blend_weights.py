"""The weights of a blend for one set of queries: soft-max regression over full rankings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from gremlink.proxy.learning.links.evaluation.ranking import Ranking
from gremlink.proxy.learning.links.mixture import MemberWeights

RIDGE = 1.0
"""Prior precision of a weight around 0, or around 1 for log-odds, in queries."""

LEVEL = 6.0
"""Prior precision of the weights of sources with few links, and with many, around their common
ones, in queries. 1.3 or 6 made no difference on eight development graphs."""

PRECISE = 1e-7
"""Relative change of the loss that ends a fit: with many relations there are hundreds of fits."""


def fit_weights(
    rankings: Sequence[Ranking],
    *,
    around: MemberWeights | None = None,
    precision: float = RIDGE,
    penalty: NDArray[np.float64] | None = None,
    free: NDArray[np.bool_] | None = None,
    signed: NDArray[np.bool_] | None = None,
) -> MemberWeights:
    r"""Fit the weights that make the targets likeliest: float64 `[members]`, negative at most for
    those that are `signed`.

    Minimises :math:`-\sum_q \log \mathrm{softmax}_q(w^\top \hat s)_{t_q} + \frac{\lambda}{2}
    \|w - w_0\|^2 + \mu^\top w` (the listwise loss of Cao et al., ICML 2007) with L-BFGS-B:
    :math:`w_0` is `around`, by default 1 for the log-odds of those that are `signed` and 0 for
    others; :math:`\lambda` is `precision`, :math:`\mu` `penalty`. Base models outside `free` get no
    weight.
    """
    members = rankings[0].scores.shape[2]
    either = np.zeros(members, np.bool_) if signed is None else signed
    centre = either.astype(np.float64) if around is None else around
    slopes = np.zeros(members) if penalty is None else penalty
    open_ = np.ones(members, np.bool_) if free is None else free

    def objective(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        away = weights - centre
        loss = precision * float((away**2).sum()) / 2 + float(slopes @ weights)
        gradient = precision * away + slopes
        for ranking in rankings:
            part, slope = negative_log_likelihood(ranking, weights)
            loss += part
            gradient = gradient + slope
        return loss, gradient

    solved = minimize(
        objective,
        np.where(open_, np.where(either, centre, 0.1) if around is None else centre, 0.0),
        jac=True,
        method="L-BFGS-B",
        bounds=[
            (None if may_be_negative and is_open else 0.0, None if is_open else 0.0)
            for is_open, may_be_negative in zip(open_, either, strict=True)
        ],
        options={"maxiter": 200, "ftol": PRECISE},
    )
    return np.asarray(solved.x, dtype=np.float64)


def fit_levels(
    rankings: Sequence[Ranking], around: MemberWeights, signed: NDArray[np.bool_]
) -> MemberWeights:
    r"""Fit weights for sources with few links and with many: float64 `[2, members]`.

    Both are shrunk to those `around`, float64 `[members]`, with the precision `LEVEL` in queries;
    what has no weight there gets none. See `fit_weights`.
    """
    columns = np.flatnonzero(around).tolist()
    own = [ranking.members(columns) for ranking in rankings]
    centre = np.stack([around[columns]] * 2)

    def objective(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        weights = flat.reshape(centre.shape)
        loss = LEVEL * float(((weights - centre) ** 2).sum()) / 2
        gradient = LEVEL * (weights - centre)
        for ranking in own:
            part, slope = negative_log_likelihood(ranking, weights)
            loss += part
            gradient = gradient + slope
        return loss, gradient.reshape(-1)

    solved = minimize(
        objective,
        centre.reshape(-1),
        jac=True,
        method="L-BFGS-B",
        bounds=[(None if signed[column] else 0.0, None) for column in columns] * 2,
        options={"maxiter": 200, "ftol": PRECISE},
    )
    found = np.zeros((2, len(around)))
    found[:, columns] = solved.x.reshape(centre.shape)
    return found


def negative_log_likelihood(
    ranking: Ranking, weights: MemberWeights
) -> tuple[float, NDArray[np.float64]]:
    """Return the loss of the targets, summed over the queries, and its gradient, in the shape of
    the weights."""
    rows = np.arange(len(ranking.targets))
    odds = ranking.blended(weights)
    own = odds[rows, ranking.targets]
    odds += ranking.offsets
    highest = odds.max(axis=1, keepdims=True)
    odds -= highest
    np.exp(odds, out=odds)
    total = odds.sum(axis=1, keepdims=True)
    loss = float((np.log(total[:, 0]) + highest[:, 0] - own).sum(dtype=np.float64))
    odds /= total
    found = ranking.scores[rows, ranking.targets]
    if weights.ndim == 1:
        # Flat: two products of one large matrix and a vector are what takes the time.
        expected = odds.reshape(-1) @ ranking.scores.reshape(-1, ranking.scores.shape[2])
        return loss, (expected - found.sum(axis=0)).astype(np.float64)
    away = (np.matmul(odds[:, None, :], ranking.scores)[:, 0, :] - found).astype(np.float64)
    many = ranking.levels.astype(np.float64)
    return loss, np.stack([(1.0 - many) @ away, many @ away])
