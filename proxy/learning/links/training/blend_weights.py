"""The weights of a blend for one set of queries: soft-max regression over full rankings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from gremlink.proxy.learning.graph import Floats
from gremlink.proxy.learning.links.evaluation.ranking import Ranking
from gremlink.proxy.learning.links.mixture import MemberWeights

RIDGE = 1.0
"""Prior precision of a weight around 0, or around 1 for log-odds, in queries."""

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
            part, slope = negative_log_likelihood(ranking, weights.astype(np.float32))
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


def negative_log_likelihood(ranking: Ranking, weights: Floats) -> tuple[float, NDArray[np.float64]]:
    """Return the loss of the targets, summed over the queries, and its gradient `[members]`."""
    rows = np.arange(len(ranking.targets))
    # Flat: two products of one large matrix and a vector are what takes the time.
    flat = ranking.scores.reshape(-1, ranking.scores.shape[2])
    odds = (flat @ weights).reshape(ranking.offsets.shape) + ranking.offsets
    highest = odds.max(axis=1, keepdims=True)
    odds -= highest
    np.exp(odds, out=odds)
    total = odds.sum(axis=1, keepdims=True)
    own = ranking.scores[rows, ranking.targets]
    loss = float((np.log(total[:, 0]) + highest[:, 0] - own @ weights).sum())
    odds /= total
    expected = odds.reshape(-1) @ flat
    return loss, (expected - own.sum(axis=0)).astype(np.float64)
