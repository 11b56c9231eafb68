"""Gradient-boosted trees on a table; grown by scikit-learn, applied by NumPy from plain arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gremlink.proxy.learning.budget import Work
from gremlink.proxy.learning.graph import Floats
from gremlink.proxy.learning.properties.methods.regression import ABSENT
from gremlink.proxy.learning.trained.target import Form, Outputs, PropertyTarget

ROUNDS = 120
LEARNING_RATE = 0.08
LEAST_IN_LEAF = 20
"""Rows in a leaf; fewer where there are few rows at all."""

FEW_CELLS = 1_000_000
"""Below so many cells of a table one thread is the fastest."""

TREE = Work(calls=27.0)
"""A tree on next to nothing."""

COLUMN = Work(calls=0.35)
"""To look for a tree's splits in a column's histograms."""

CELL = Work(updates=5.0)
"""To count a cell of the table in a tree's histograms."""


@dataclass(frozen=True, slots=True)
class Forest:
    """Trees that add up, for each output.

    The trees' vertices follow each other: `feature` is int32, -1 in a leaf; up to
    `threshold` it goes `left`, else `right`; `value` is a leaf's. `roots` and `columns`, int32
    `[trees]`, tell where a tree begins and which output it adds to; `baseline` is `[outputs]`.
    """

    feature: NDArray[np.int32]
    threshold: NDArray[np.float64]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    value: NDArray[np.float64]
    roots: NDArray[np.int32]
    columns: NDArray[np.int32]
    baseline: NDArray[np.float64]

    def raw(self, matrix: Floats) -> Outputs:
        """Return the sums, logits or numbers: float64 `[rows, outputs]`."""
        numbers = matrix.astype(np.float64)
        rows = np.arange(len(numbers))
        sums = np.tile(self.baseline, (len(numbers), 1))
        for root, column in zip(self.roots, self.columns, strict=True):
            place = np.full(len(numbers), root)
            moving = rows if self.feature[root] >= 0 else rows[:0]
            while len(moving):
                here = place[moving]
                lower = numbers[moving, self.feature[here]] <= self.threshold[here]
                place[moving] = np.where(lower, self.left[here], self.right[here])
                moving = moving[self.feature[place[moving]] >= 0]
            sums[:, column] += self.value[place]
        return sums

    def tensors(self) -> dict[str, NDArray[Any]]:
        """Return the arrays by name."""
        return {each.name: getattr(self, each.name) for each in fields(self)}


def growing_cost(target: PropertyTarget, rows: int, columns: int) -> Work:
    """Count the work to grow the trees on a table."""
    # One tree tells two classes apart.
    trees = 1 if target.form is Form.ONE_CLASS and target.width == 2 else target.width
    return ROUNDS * trees * (TREE + COLUMN * columns + CELL * (rows * columns))


def fit_forest(form: Form, matrix: Floats, truth: Floats, seed: int) -> Forest:
    """Grow trees on rows of a table, float32 `[rows, columns]`; truth is `[rows, outputs]`.

    Friedman, "Greedy function approximation: a gradient boosting machine" (2001), by histograms
    (Ke et al., "LightGBM", NIPS 2017).
    """
    from threadpoolctl import threadpool_limits

    # On few rows threads wait for each other longer than they work.
    with threadpool_limits(1 if matrix.size < FEW_CELLS else None, user_api="openmp"):
        return _grow(form, matrix, truth, seed)


def _grow(form: Form, matrix: Floats, truth: Floats, seed: int) -> Forest:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    options = {
        "max_iter": ROUNDS,
        "learning_rate": LEARNING_RATE,
        "min_samples_leaf": max(1, min(LEAST_IN_LEAF, len(matrix) // 5)),
        "max_leaf_nodes": 15,
        "l2_regularization": 1.0,
        "early_stopping": False,
        "random_state": seed,
    }
    numbers = matrix.astype(np.float64)
    growing = _Growing(truth.shape[1])
    match form:
        case Form.NUMBER:
            model = HistGradientBoostingRegressor(**options).fit(numbers, truth.ravel())
            growing.add(model, [0])
        case Form.ONE_CLASS:
            labels = truth.argmax(axis=1)
            present = np.unique(labels)
            if len(present) == 1:
                growing.baseline[present] = 0.0
            else:
                model = HistGradientBoostingClassifier(**options).fit(numbers, labels)
                if len(present) == 2:
                    # One tree a round tells the second class; the first has the logit 0.
                    growing.baseline[present[0]] = 0.0
                    present = present[1:]
                growing.add(model, present.tolist())
        case Form.SEVERAL_CLASSES:
            binned = _bins_once(HistGradientBoostingClassifier)
            for column, own in enumerate(truth.T > 0):
                if own.all():
                    growing.baseline[column] = -ABSENT
                elif own.any():
                    model = binned(**options).fit(numbers, own)
                    growing.add(model, [column])
    return growing.forest()


def _bins_once(kind: Any) -> Any:
    """Return a kind of model whose fits share the bins of the first: all see one table.

    Scikit-learn has no public way to it; a version that bins elsewhere only takes longer.
    """
    kept: list[tuple[Any, Any]] = []

    class Binned(kind):  # type: ignore[misc]
        _bin_mapper: Any

        def _bin_data(self, *table: Any, **options: Any) -> Any:
            if not kept:
                kept.append((super()._bin_data(*table, **options), self._bin_mapper))
            binned, self._bin_mapper = kept[0]
            return binned

    return Binned


class _Growing:
    """Collects the trees of scikit-learn's models."""

    def __init__(self, outputs: int) -> None:
        self.baseline = np.full(outputs, ABSENT)
        self._parts: list[NDArray[Any]] = []
        self._roots: list[int] = []
        self._columns: list[int] = []
        self._count = 0

    def add(self, model: Any, columns: Sequence[int]) -> None:
        """Add the model's trees, one for each of `columns` a round."""
        self.baseline[list(columns)] = np.asarray(model._baseline_prediction).ravel()
        for trees in model._predictors:
            for column, tree in zip(columns, trees, strict=True):
                self._parts.append(tree.nodes)
                self._roots.append(self._count)
                self._columns.append(column)
                self._count += len(tree.nodes)

    def forest(self) -> Forest:
        starts = np.repeat(self._roots, [len(part) for part in self._parts]).astype(np.int32)
        if not self._parts:
            whole, broken = np.zeros(0, np.int32), np.zeros(0)
            return Forest(whole, broken, whole, whole, broken, whole, whole, self.baseline)
        nodes = np.concatenate(self._parts)
        leaf = nodes["is_leaf"].astype(bool)
        return Forest(
            np.where(leaf, -1, nodes["feature_idx"]).astype(np.int32),
            nodes["num_threshold"].astype(np.float64),
            nodes["left"].astype(np.int32) + starts,
            nodes["right"].astype(np.int32) + starts,
            nodes["value"].astype(np.float64),
            np.array(self._roots, np.int32),
            np.array(self._columns, np.int32),
            self.baseline,
        )
