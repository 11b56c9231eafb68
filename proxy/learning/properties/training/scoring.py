"""Scoring of predictions: what chooses among methods, stops a network and judges trials.

Scores are better when larger. Trials may be judged by any of Neptune's evaluation metrics.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gremlink.proxy.learning.graph import Floats
from gremlink.proxy.learning.properties.dataset import PropertyDataset
from gremlink.proxy.learning.properties.thresholds import Shares, predicted_classes
from gremlink.proxy.learning.properties.training.fit_thresholds import are_uneven, fit_decision
from gremlink.proxy.learning.properties.training.metrics import Mask, macro_auc, macro_f1
from gremlink.proxy.learning.search.configuration import BadHpoConfiguration, Metric
from gremlink.proxy.learning.trained.target import Form, Outputs

Score = Callable[[Outputs, Floats], float]
"""Makes a score of outputs and truth, `[rows, outputs]` both."""

NAMES = {"accuracy": "acc", "macro_f1": "F1", "auc": "roc_auc", "rmse": "mse"}
"""Neptune's names of the metrics that choose."""

OF_CLASSES = ("acc", "acc_topk", "F1", "precision", "recall", "roc_auc")


@dataclass(frozen=True, slots=True)
class Scoring:
    """The metric of a property. `shares` are the classes' frequencies, float64 `[classes]`."""

    form: Form
    shares: Shares

    @property
    def metric(self) -> str:
        """RMSE for numbers, macro F1 for several or uneven classes, else accuracy."""
        if self.form is Form.NUMBER:
            return "rmse"
        several = self.form is Form.SEVERAL_CLASSES
        return "macro_f1" if several or are_uneven(self.form, self.shares) else "accuracy"

    @property
    def trial_metric(self) -> Metric:
        """The default metric of a search's trials; for several classes as in Neptune."""
        if self.form is Form.SEVERAL_CLASSES:
            return Metric("roc_auc")
        return Metric(NAMES[self.metric])

    def score(self, outputs: Outputs, truth: Floats) -> float:
        """Return the metric, larger is better; no number is the worst."""
        if self.form is Form.NUMBER:
            value = -float(np.sqrt(((outputs - truth.astype(np.float64)) ** 2).mean()))
        else:
            predicted = predicted_classes(self.form, outputs)
            measure = accuracy if self.metric == "accuracy" else macro_f1
            value = measure(truth > 0, predicted)
        return float(np.nan_to_num(value, nan=-np.inf))

    def loss(self, outputs: Outputs, truth: Floats) -> float:
        """Return the mean negative log-likelihood, or the mean square error."""
        return float(self.losses(outputs, truth).mean())

    def losses(self, outputs: Outputs, truth: Floats) -> NDArray[np.float64]:
        """Return the loss of each row: float64 `[rows]`, of several classes their mean."""
        if self.form is Form.NUMBER:
            return np.asarray(np.mean((outputs - truth.astype(np.float64)) ** 2, axis=1))
        own = truth > 0
        if self.form is Form.ONE_CLASS:
            return np.asarray(-np.log(np.maximum(outputs[own], 1e-12)))
        likely = np.where(own, outputs, 1.0 - outputs)
        return np.asarray(np.mean(-np.log(np.maximum(likely, 1e-12)), axis=1))

    def by(self, metric: Metric | None) -> Score:
        """Return the score by a metric of Neptune's, by default `trial_metric`; `mse` is negated.

        Rare classes are corrected for before classes are predicted, as in what is served. Raises
        `BadHpoConfiguration` for a metric that does not suit the property.
        """
        metric = metric or self.trial_metric
        if (metric.name == "mse") != (self.form is Form.NUMBER) or metric.name == "mrr":
            suited = "mse" if self.form is Form.NUMBER else ", ".join(OF_CLASSES)
            raise BadHpoConfiguration(
                f"eval_metric is {metric.name!r}, which does not suit the target: use {suited}"
            )

        def score(outputs: Outputs, truth: Floats) -> float:
            if self.form is Form.NUMBER:
                return -float(((outputs - truth) ** 2).mean())
            own: Mask = truth > 0
            if metric.name == "acc_topk":
                return _in_top(outputs, own, metric.topk)
            if metric.name == "roc_auc":
                return float(np.nan_to_num(macro_auc(own, outputs), nan=0.0))
            if metric.name == "acc":
                return accuracy(own, predicted_classes(self.form, outputs))
            decision = fit_decision(self.form, outputs, truth, self.shares)
            predicted: Mask = predicted_classes(self.form, decision.applied(self.form, outputs))
            if metric.name == "F1":
                return macro_f1(own, predicted)
            seen: Mask = np.any(own | predicted, axis=0)
            whole: Mask = own if metric.name == "recall" else predicted
            return _mean_share(own & predicted, whole, seen)

        return score


def scoring_of(dataset: PropertyDataset) -> Scoring:
    """Return the scoring of a property with these values."""
    known = dataset.truth[dataset.labelled]
    return Scoring(dataset.target.form, known.mean(axis=0, dtype=np.float64))


def accuracy(truth: Mask, predicted: Mask) -> float:
    """Return the share of rows with exactly the true classes."""
    return float((truth == predicted).all(axis=1).mean())


def _in_top(outputs: Outputs, truth: Mask, top: int) -> float:
    """Return the share of rows with a true class among the `top` likeliest."""
    order = np.argsort(-outputs, axis=1, kind="stable")[:, :top]
    return float(np.take_along_axis(truth, order, axis=1).any(axis=1).mean())


def _mean_share(part: Mask, whole: Mask, seen: Mask) -> float:
    """Return the mean share of `part` in `whole` over the classes that are `seen`."""
    counts = np.maximum(whole[:, seen].sum(axis=0), 1)
    return float((part[:, seen].sum(axis=0) / counts).mean())
