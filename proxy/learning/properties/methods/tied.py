r"""Logistic regression on what others say of each class, with weights that are tied over classes.

Columns are blocks, each with one column for each class. Without any data for it, a class that a
block speaks for is likelier by as much as any other class would be: `logit_c = sum_b a_b x_bc`,
with one weight for each block. What a class's column says of other classes is learned beside it,
and shrunk: `logit_c += sum_bd W_bcd x_bd`. So few rows of many classes are enough where neighbours
are alike, and unlike neighbours are learned where the rows tell. It is ridge regression towards the
tied weights; hierarchical priors as in Gelman & Hill, "Data analysis using regression" (2007).
"""

from __future__ import annotations

import numpy as np
from scipy.special import logit

from gremlink.proxy.learning.graph import Floats
from gremlink.proxy.learning.properties.methods.regression import (
    ABSENT,
    FALL,
    STEPS,
    Linear,
    normalised,
)
from gremlink.proxy.learning.trained.target import Form, Outputs

TIED = 0.1
"""Inverse penalty of the tied weights, whose columns are standard."""


def fit_tied(form: Form, matrix: Outputs, truth: Floats, strength: float) -> Linear:
    """Fit on blocks: float64 `[rows, blocks * classes]`, with their truth `[rows, classes]`.

    `strength` is the inverse penalty of the weights that are not tied, for standard columns. Of
    classes only, not of numbers.
    """
    one_of, classes = form is Form.ONE_CLASS, truth.shape[1]
    weights, intercepts = np.zeros((matrix.shape[1], classes)), np.full(classes, ABSENT)
    own = truth > 0
    if one_of:
        told = np.flatnonzero(own.any(axis=0))
        if len(told) == 1:
            intercepts[told] = 0.0
            return Linear(form, weights, intercepts)
    else:
        intercepts[own.all(axis=0)] = -ABSENT
        told = np.flatnonzero(own.any(axis=0) & ~own.all(axis=0))
        if not len(told):
            return Linear(form, weights, intercepts)
    blocks = np.ascontiguousarray(matrix.reshape(len(matrix), -1, classes)[:, :, told])
    tied, free, found = _fit(matrix, blocks, own[:, told].astype(np.float64), strength, one_of)
    shared = np.zeros((blocks.shape[1], classes, len(told)))
    shared[:, told, np.arange(len(told))] = tied[:, None]
    weights[:, told] = free + shared.reshape(len(free), len(told))
    intercepts[told] = found
    return Linear(form, weights, intercepts)


def _fit(
    matrix: Outputs, blocks: Outputs, own: Outputs, strength: float, one_of: bool
) -> tuple[Outputs, Outputs, Outputs]:
    """Return the tied weights `[blocks]`, the others `[columns, told]` and intercepts `[told]`.

    `blocks` are `[rows, blocks, told]`, `own` is `[rows, told]`. L-BFGS in the principal directions
    of both tables, each divided by the root of its curvature.
    """
    from scipy.optimize import minimize

    (count, told), columns, several = own.shape, matrix.shape[1], blocks.shape[1]
    mean, spread = matrix.mean(axis=0), matrix.std(axis=0)
    spread[spread == 0] = 1.0
    table, turn, held = _turned((matrix - mean) / spread, count, 1.0 / (strength * count))
    pairs = blocks.transpose(0, 2, 1).reshape(count * told, several)
    levels = pairs.std(axis=0)
    levels[levels == 0] = 1.0
    shared, shared_turn, shared_held = _turned(
        (pairs - pairs.mean(axis=0)) / levels, count * told, 1.0 / (TIED * count)
    )

    def objective(flat: Outputs) -> tuple[float, Outputs]:
        tied, inner = flat[:several], flat[several:].reshape(columns + 1, told)
        raw = (shared @ tied).reshape(count, told) + table @ inner[:-1] + inner[-1]
        likely, total = normalised(raw, one_of=one_of)
        wrong = likely - own
        slope = np.concatenate([table.T @ wrong, wrong.sum(axis=0)[None]]) / count
        slope[:-1] += held[:, None] * inner[:-1]
        tied_slope = shared.T @ wrong.ravel() / count + shared_held * tied
        value = (total - (raw * own).sum()) / count
        value += 0.5 * (held[:, None] * inner[:-1] ** 2).sum() + 0.5 * (shared_held * tied**2).sum()
        return float(value), np.concatenate([tied_slope, slope.ravel()])

    begin = np.zeros(several + (columns + 1) * told)
    shares = own.mean(axis=0)
    begin[-told:] = np.log(shares) if one_of else logit(shares)
    first = np.abs(objective(begin)[1]).max()
    options = {"maxiter": STEPS, "gtol": max(FALL * float(first), 1e-12), "ftol": 1e-12}
    found = minimize(objective, begin, jac=True, method="L-BFGS-B", options=options).x
    tied = shared_turn @ found[:several] / levels
    inner = found[several:].reshape(columns + 1, told)
    free = (turn @ inner[:-1]) / spread[:, None]
    # The blocks were not centred for each class alone: the intercepts take what that leaves.
    shift = mean @ free + (pairs.mean(axis=0) @ tied)
    return tied, free, inner[-1] - shift


def _turned(table: Outputs, rows: int, penalty: float) -> tuple[Outputs, Outputs, Outputs]:
    """Return a centred table in its principal directions, each divided by the root of its
    curvature, with the matrix that turns weights back, and their penalties."""
    variances, turn = np.linalg.eigh(table.T @ table / rows)
    scale = 1.0 / np.sqrt(np.maximum(variances, 0.0) / 4.0 + penalty)
    turn = turn * scale
    return table @ turn, turn, penalty * scale**2
