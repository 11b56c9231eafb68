"""Neptune's evaluation metrics for properties, as something that is better when larger."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from gremlink.proxy.learning.graph import Floats
from gremlink.proxy.learning.properties.metrics import chosen
from gremlink.proxy.learning.properties.thresholds import best_lift
from gremlink.proxy.learning.properties.training.model_selection import Yardstick
from gremlink.proxy.learning.search.configuration import BadHpoConfiguration, Metric
from gremlink.proxy.learning.trained.target import Form, Outputs

Merit = Callable[[Outputs, Floats], float]
"""From answers and truth, `[rows, outputs]` both."""

NAMES = {"accuracy": "acc", "macro_f1": "F1", "auc": "roc_auc", "rmse": "mse"}
"""Neptune's names of the metrics that choose."""

OF_CLASSES = ("acc", "acc_topk", "F1", "precision", "recall", "roc_auc")


def metric_of(yardstick: Yardstick) -> Metric:
    """What judges trials, unless a configuration says otherwise; for several classes as Neptune."""
    if yardstick.form is Form.SEVERAL_CLASSES:
        return Metric("roc_auc")
    return Metric(NAMES[yardstick.metric])


def merit_by(metric: Metric | None, yardstick: Yardstick) -> Merit:
    """How good answers are. `mse` counts negatively.

    Rare classes are lifted before classes are named, as they are in what is served. Raises
    `BadHpoConfiguration` for a metric that does not suit the property.
    """
    metric = metric or metric_of(yardstick)
    form = yardstick.form
    if (metric.name == "mse") != (form is Form.NUMBER) or metric.name == "mrr":
        suited = "mse" if form is Form.NUMBER else ", ".join(OF_CLASSES)
        raise BadHpoConfiguration(
            f"eval_metric is {metric.name!r}, which does not suit the target: use {suited}"
        )

    def merit(outputs: Outputs, truth: Floats) -> float:
        if form is Form.NUMBER:
            return -float(((outputs - truth) ** 2).mean())
        if metric.name == "acc_topk":
            return _in_top(outputs, truth > 0, metric.topk)
        if metric.name in ("F1", "precision", "recall"):
            lift = best_lift(form, outputs, truth, yardstick.shares)
            outputs = lift.applied(form, outputs)
        if metric.name in ("precision", "recall"):
            return _mean_share(truth > 0, chosen(form, outputs), metric.name == "recall")
        figures = yardstick.measure(outputs, truth)
        own = next(name for name, other in NAMES.items() if other == metric.name)
        return float(np.nan_to_num(figures[own], nan=0.0))

    return merit


def _in_top(outputs: Outputs, truth: NDArray[np.bool_], top: int) -> float:
    """The share of rows with a true class among the `top` likeliest."""
    order = np.argsort(-outputs, axis=1, kind="stable")[:, :top]
    return float(np.take_along_axis(truth, order, axis=1).any(axis=1).mean())


def _mean_share(truth: NDArray[np.bool_], predicted: NDArray[np.bool_], of_truth: bool) -> float:
    """Recall, or precision: the mean over the classes that are true or predicted anywhere."""
    both = (truth & predicted).sum(axis=0)
    whole = (truth if of_truth else predicted).sum(axis=0)
    seen = (truth | predicted).any(axis=0)
    return float((both[seen] / np.maximum(whole[seen], 1)).mean())
