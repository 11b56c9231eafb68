"""What a property training found, in sentences: one test for each situation."""

from __future__ import annotations

import numpy as np
import pytest

from gremlink.proxy.learning.graph import (
    FeatureBlock,
    Features,
    Relation,
    TypedGraph,
    distinct_edges,
)
from gremlink.proxy.learning.reports.property_findings import (
    Figures,
    about_methods,
    about_nothing,
    about_sources,
)
from gremlink.proxy.learning.trained.target import Form, PropertyTarget, Subjects

TARGET = PropertyTarget("Person", "age", "regression", Form.NUMBER)
ALONE = Subjects((np.arange(3),), np.zeros((3, 0), np.float32))


def accuracies(**values: float) -> Figures:
    named = {name.replace("_and_", "+"): value for name, value in values.items()}
    intervals = {name: (value - 0.03, value + 0.03) for name, value in named.items()}
    return Figures("Accuracy", False, named, intervals)


def errors(**values: float) -> Figures:
    named = {name.replace("_and_", "+"): value for name, value in values.items()}
    intervals = {name: (0.95 * value, 1.05 * value) for name, value in named.items()}
    return Figures("RMSE", True, named, intervals)


def graph(*, linked: bool = True, described: bool = False) -> TypedGraph:
    edges = (
        {
            Relation("Person", "knows", "Person"): distinct_edges(
                np.array([0, 1]), np.array([1, 2]), same_type=True
            )
        }
        if linked
        else {}
    )
    block = FeatureBlock("height", "numerical", 0, 1)
    features = {"Person": Features(np.ones((3, 1), np.float32), (block,))} if described else {}
    return TypedGraph({"Person": 3}, edges, features)


def test_words_tell_nearly_everything() -> None:
    figures = accuracies(auto=0.63, majority=0.18, linear=0.61, neighbours=0.2, collective=0.628)
    assert list(about_sources(figures)) == [
        "Their own features tell nearly everything, Accuracy 0.61 (linear); neighbours add 3 %, "
        "0.628 (collective); the most frequent class has 0.18."
    ]
    less = accuracies(majority=0.18, linear=0.61, collective=0.60)
    assert "neighbours add next to nothing, 0.6 (collective)" in next(about_sources(less))


def test_neighbours_tell_nearly_everything() -> None:
    figures = errors(mean=26.0, linear=25.8, neighbours=8.5, collective=6.7)
    assert list(about_sources(figures)) == [
        "Their own features tell next to nothing, RMSE 25.8 (linear); what their neighbours have "
        "tells it, 6.7 (collective); the mean has 26."
    ]


def test_both_tell_it_together() -> None:
    figures = accuracies(majority=0.31, linear=0.68, neighbours=0.85, collective=0.93)
    assert list(about_sources(figures)) == [
        "Features and neighbours tell it together: Accuracy of features alone 0.68 (linear), the "
        "values of neighbours 0.85 (neighbours), of both 0.93 (collective); the most frequent "
        "class has 0.31."
    ]


def test_without_features_or_without_links() -> None:
    (said,) = about_sources(accuracies(majority=0.26, neighbours=0.8))
    assert said.startswith("The elements have no features: what their neighbours have tells it")
    assert list(about_sources(errors(mean=2.0, linear=1.0))) == []


@pytest.mark.parametrize(
    ("linked", "described", "advice"),
    [
        (True, False, "more elements with a value (there are 120), features of Person, which"),
        (False, True, "more elements with a value (there are 120), edges: the export has none."),
    ],
)
def test_nothing_beats_the_mean(linked: bool, described: bool, advice: str) -> None:
    figures = errors(auto=2.1, mean=2.0, linear=1.97, neighbours=2.2)
    found = graph(linked=linked, described=described)
    (said,) = about_nothing(figures, found, TARGET, ALONE, 120)
    assert said.startswith(
        "No method beats the mean: neither features nor neighbours say anything of 'age' of Person."
    )
    assert advice in said
    assert list(about_sources(figures)) == []
    (plenty,) = about_nothing(figures, graph(described=True), TARGET, ALONE, 5000)
    assert "other features, or another property" in plenty


def test_what_is_better_than_the_mean_needs_no_advice() -> None:
    figures = errors(auto=1.0, mean=2.0, linear=1.0)
    assert list(about_nothing(figures, graph(), TARGET, ALONE, 120)) == []


@pytest.mark.parametrize(
    ("auto", "said"),
    [
        (0.93, "collective is the best alone, the blend adds 3 %."),
        (0.902, "collective is the best alone, the blend does as well."),
        (0.88, "collective is the best alone, the blend, chosen on other rows, has 2 % less."),
    ],
)
def test_what_the_blend_adds(auto: float, said: str) -> None:
    figures = accuracies(auto=auto, majority=0.3, collective=0.9, linear=0.7)
    assert list(about_methods(figures, "auto", ("collective", "linear"))) == [said]
    assert list(about_methods(figures, "auto", ("collective",))) == []
    assert list(about_methods(figures, "linear", ("linear",))) == []


def test_smaller_errors_are_better() -> None:
    figures = errors(auto=0.8, mean=2.0, rgcn=0.84, linear=1.1)
    assert list(about_methods(figures, "auto", ("rgcn", "linear"))) == [
        "rgcn is the best alone, the blend adds 5 %."
    ]
