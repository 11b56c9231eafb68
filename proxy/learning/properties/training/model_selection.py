"""Choice among methods by their outputs on held-out rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gremlink.proxy.learning.graph import Floats
from gremlink.proxy.learning.methods import AUTO
from gremlink.proxy.learning.properties.mixture import Weights, blended, fit_weights
from gremlink.proxy.learning.properties.thresholds import Decision
from gremlink.proxy.learning.properties.training.fit_thresholds import fit_decision
from gremlink.proxy.learning.properties.training.scoring import Scoring
from gremlink.proxy.learning.trained.target import Form, Outputs


@dataclass(frozen=True, slots=True)
class Choice:
    """A blend of methods: their weights, float64 `[methods]`, and the decision after it."""

    weights: Weights
    decision: Decision

    def outputs(self, form: Form, outputs: Sequence[Outputs]) -> Outputs:
        """Return the predictions from the outputs of all methods."""
        taken = [index for index, weight in enumerate(self.weights) if weight > 0]
        joined = blended(self.weights[taken], [outputs[index] for index in taken])
        return self.decision.applied(form, joined)


def choose(scoring: Scoring, by_method: Mapping[str, Outputs], truth: Floats) -> dict[str, Choice]:
    """Return the choice of each method alone, and under `auto` the best: a blend or one method.

    Outputs are float64 `[rows, outputs]`. `auto` is the method with the least loss, unless the
    blend leads by more than the standard error of the lead: of few rows the metric itself tells
    little, and a blend that is fitted to them is always a little ahead on them.
    """
    form, outputs = scoring.form, list(by_method.values())
    choices: dict[str, Choice] = {}
    losses: dict[str, NDArray[np.float64]] = {}
    alone = {name: np.eye(len(outputs))[index] for index, name in enumerate(by_method)}
    for name, weights in (*alone.items(), (AUTO, fit_weights(form, outputs, truth))):
        joined = blended(weights, outputs)
        choices[name] = Choice(weights, fit_decision(form, joined, truth, scoring.shares))
        losses[name] = scoring.losses(joined, truth)
    best = min(alone, key=lambda name: float(losses[name].mean()))
    lead = losses[best] - losses[AUTO]
    if not lead.mean() > lead.std() / np.sqrt(len(lead)):
        choices[AUTO] = choices[best]
    return choices
