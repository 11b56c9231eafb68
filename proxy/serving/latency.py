"""Latency estimates of models: quick work is done on the event loop, without a thread."""

from __future__ import annotations

import math
from weakref import WeakKeyDictionary

from gremlink.proxy.inference.commands import (
    CountValues,
    GuessLinks,
    PredictLinks,
    PredictProperty,
    PrepareLinks,
    PrepareProperty,
)
from gremlink.proxy.serving.cache import Predictor
from gremlink.proxy.serving.dispatch import ModelWork

QUICK = 0.001
"""Seconds that the event loop may give to a model: handing work to a thread and back takes about
half of it, and all other clients wait meanwhile."""

KNOWN = 1000
"""Known links that may be looked up in that time."""

Question = PrepareLinks | PrepareProperty


class LatencyEstimates:
    """Seconds of CPU for an input, by model and question. Any thread may call."""

    def __init__(self) -> None:
        self._seconds: WeakKeyDictionary[Predictor, dict[Question, float]] = WeakKeyDictionary()

    def is_quick(self, predictor: Predictor, work: ModelWork) -> bool:
        """Tell whether work will take less than `QUICK`; only if the model has done its like."""
        match work:
            case PrepareLinks() | PrepareProperty():
                return True
            case PredictLinks(model, inputs, known, candidates=None, neighbourhood=None):
                if sum(map(len, known)) > KNOWN:
                    return False
            case PredictProperty(model, inputs, neighbourhood=None) | CountValues(
                PredictProperty(model, inputs, neighbourhood=None)
            ):
                pass
            case GuessLinks(model, asked):
                inputs = [asked]
            case _:
                return False
        shown = self._seconds.get(predictor, {}).get(model, math.inf)
        return len(inputs) * shown <= QUICK

    def took(self, predictor: Predictor, work: ModelWork, seconds: float) -> None:
        """Note the seconds of CPU that some work took."""
        match work:
            case (
                PredictLinks(model, inputs)
                | PredictProperty(model, inputs)
                | CountValues(PredictProperty(model, inputs))
            ) if inputs:
                count = len(inputs)
            case GuessLinks(model):
                count = 1
            case _:
                return
        shown = self._seconds.setdefault(predictor, {})
        # A slow one counts at once, and is forgotten bit by bit.
        shown[model] = max(seconds / count, shown.get(model, 0.0) / 2)
