"""What the event loop does itself, because a model has shown that it is quick."""

from __future__ import annotations

import gc

from gremlink.grammar.traversal import Literal
from gremlink.proxy.inference.commands import (
    CountValues,
    Describe,
    PredictLinks,
    PredictProperty,
    PrepareLinks,
    PrepareProperty,
)
from gremlink.proxy.learning.properties.prediction.predictor import PropertyPredictor
from gremlink.proxy.serving.latency import KNOWN, QUICK, LatencyEstimates

KNOWS = PrepareLinks("links", "knows", "out", "Person")
LEVEL = PrepareProperty("levels", "classification", "level")


def links(inputs: int, *, known: int = 0, among: frozenset[Literal] | None = None) -> PredictLinks:
    everyone = [Literal.of(number) for number in range(max(inputs, known))]
    hidden = [frozenset(everyone[:known])] * inputs
    return PredictLinks(KNOWS, everyone[:inputs], hidden, 1, None, among)


def predictor() -> PropertyPredictor:
    return PropertyPredictor.__new__(PropertyPredictor)


def test_a_model_is_quick_when_it_has_shown_it() -> None:
    pace, model = LatencyEstimates(), predictor()
    assert not pace.is_quick(model, links(1))
    pace.took(model, links(2), QUICK)
    assert pace.is_quick(model, links(2))
    assert not pace.is_quick(model, links(3))
    assert not pace.is_quick(predictor(), links(1))
    assert not pace.is_quick(model, PredictProperty(LEVEL, [Literal.of(1)], 1, None))


def test_counting_values_takes_as_long_as_predicting_them() -> None:
    pace, model = LatencyEstimates(), predictor()
    few, more = (PredictProperty(LEVEL, [Literal.of(1)] * count, 1, None) for count in (2, 3))
    pace.took(model, CountValues(few), QUICK)
    assert pace.is_quick(model, few)
    assert pace.is_quick(model, CountValues(few))
    assert not pace.is_quick(model, CountValues(more))


def test_looking_at_the_endpoint_is_always_quick_and_telling_of_it_never() -> None:
    pace, model = LatencyEstimates(), predictor()
    assert pace.is_quick(model, KNOWS)
    assert pace.is_quick(model, LEVEL)
    assert not pace.is_quick(model, Describe(KNOWS))


def test_what_many_vertices_have_to_be_looked_up_for_is_not_quick() -> None:
    pace, model = LatencyEstimates(), predictor()
    pace.took(model, links(1), QUICK / 100)
    assert pace.is_quick(model, links(1, known=KNOWN))
    assert not pace.is_quick(model, links(1, known=KNOWN + 1))
    assert not pace.is_quick(model, links(1, among=frozenset()))


def test_a_slow_run_counts_at_once_and_is_forgotten_bit_by_bit() -> None:
    pace, model = LatencyEstimates(), predictor()
    pace.took(model, links(1), QUICK / 10)
    pace.took(model, links(1), 3 * QUICK)
    seen = []
    for _ in range(3):
        seen.append(pace.is_quick(model, links(1)))
        pace.took(model, links(1), QUICK / 10)
    assert seen == [False, False, True]


def test_nothing_is_kept_of_a_model_that_has_gone() -> None:
    pace, model = LatencyEstimates(), predictor()
    pace.took(model, links(1), QUICK)
    assert len(pace._seconds) == 1
    del model
    gc.collect()
    assert len(pace._seconds) == 0
