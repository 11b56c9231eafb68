"""Choosing among methods by what they said of held-out rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gremlink.proxy.learning.graph import Floats
from gremlink.proxy.learning.methods import AUTO
from gremlink.proxy.learning.properties.dataset import PropertyDataset
from gremlink.proxy.learning.properties.metrics import metrics_for
from gremlink.proxy.learning.properties.mixture import Weights, blended, fit_weights
from gremlink.proxy.learning.properties.thresholds import Lift, are_uneven, best_lift
from gremlink.proxy.learning.trained.target import Form, Outputs

Said = Mapping[str, Outputs]
"""By method, float64 `[rows, outputs]`."""


@dataclass(frozen=True, slots=True)
class Choice:
    """How to answer: the methods' weights, float64 `[methods]`, and how classes are lifted."""

    weights: Weights
    lift: Lift

    def outputs(self, form: Form, said: Sequence[Outputs]) -> Outputs:
        """The answers from what all methods say."""
        taken = [index for index, weight in enumerate(self.weights) if weight > 0]
        joined = blended(self.weights[taken], [said[index] for index in taken])
        return self.lift.applied(form, joined)


@dataclass(frozen=True, slots=True)
class Yardstick:
    """What counts in a choice. `shares` are the classes' frequencies, float64 `[classes]`."""

    form: Form
    shares: NDArray[np.float64]

    @property
    def metric(self) -> str:
        """RMSE for numbers, macro F1 for several or uneven classes, else accuracy."""
        if self.form is Form.NUMBER:
            return "rmse"
        several = self.form is Form.SEVERAL_CLASSES
        return "macro_f1" if several or are_uneven(self.form, self.shares) else "accuracy"

    def measure(self, outputs: Outputs, truth: Floats) -> dict[str, float]:
        """All metrics of answers, `[rows, outputs]` both."""
        metrics = metrics_for(self.form)
        metrics.update(truth, outputs)
        return metrics.compute()

    def merit(self, figures: Mapping[str, float]) -> float:
        """The metric that counts, larger is better, `nan` worst."""
        value = float(np.nan_to_num(figures[self.metric], nan=-np.inf))
        return -value if self.form is Form.NUMBER else value

    def loss(self, outputs: Outputs, truth: Floats) -> float:
        """What stops a network: mean negative log-likelihood, or the mean square of the error."""
        if self.form is Form.NUMBER:
            return float(((outputs - truth) ** 2).mean())
        own = truth > 0
        if self.form is Form.ONE_CLASS:
            return float(-np.log(np.maximum(outputs[own], 1e-12)).mean())
        likely = np.where(own, outputs, 1.0 - outputs)
        return float(-np.log(np.maximum(likely, 1e-12)).mean())


def yardstick_of(dataset: PropertyDataset) -> Yardstick:
    """What counts for a property with these values."""
    known = dataset.truth[dataset.labelled]
    return Yardstick(dataset.target.form, known.mean(axis=0, dtype=np.float64))


def choose(yardstick: Yardstick, said: Said, truth: Floats) -> dict[str, Choice]:
    """For each method how it answers alone, and under `auto` the best of all: a blend or one.

    Where one method alone does at least as well as the blend, it answers alone.
    """
    form, shares = yardstick.form, yardstick.shares
    outputs = list(said.values())
    choices: dict[str, Choice] = {}
    merits: dict[str, float] = {}
    candidates = {name: np.eye(len(said))[place] for place, name in enumerate(said)}
    for name, weights in (*candidates.items(), (AUTO, fit_weights(form, outputs, truth))):
        joined = blended(weights, outputs)
        lift = best_lift(form, joined, truth, shares)
        choices[name] = Choice(weights, lift)
        merits[name] = yardstick.merit(yardstick.measure(lift.applied(form, joined), truth))
    best = max(candidates, key=lambda name: merits[name])
    if merits[best] >= merits[AUTO]:
        choices[AUTO] = choices[best]
    return choices
