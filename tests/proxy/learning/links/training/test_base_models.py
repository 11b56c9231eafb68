from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from gremlink.proxy.learning.graph import Direction, Edges, Floats, Indexes, Relation, TypedGraph
from gremlink.proxy.learning.links.evaluation.queries import mean_gain, mean_reciprocal_rank
from gremlink.proxy.learning.links.scorers import FITTED
from gremlink.proxy.learning.links.training.base_models import (
    Choices,
    Nothing,
    Validation,
    fit_simple,
)
from gremlink.proxy.learning.provenance import Stopwatch

LIKES = Relation("P", "likes", "T")


class Trained:
    """Ranks the things by their numbers, the highest first."""

    def scorer(self, relation: Relation) -> Trained:
        return self

    def scores(self, sources: Indexes, direction: Direction) -> Floats:
        count = 3 if direction == "out" else 2
        return np.tile(np.arange(count, dtype=np.float32), (len(sources), 1))


def held(count: int) -> tuple[TypedGraph, dict[Relation, Edges]]:
    edges = Edges(np.zeros(count, np.int64), np.zeros(count, np.int64))
    return TypedGraph({"P": 2, "T": 3}, {LIKES: edges}), {LIKES: edges}


def test_a_look_is_the_mean_gain_or_what_is_asked_for() -> None:
    graph, edges = held(1)
    # Thing 0 is the last of three, person 0 the last of two.
    gain = Validation(graph, edges)
    assert gain.score(Trained()) == pytest.approx((1 / np.log2(4) + 1 / np.log2(3)) / 2)
    assert gain.score(Trained()) == mean_gain(gain.ranks(Trained()))
    mrr = Validation(graph, edges, mean_reciprocal_rank)
    assert mrr.score(Trained()) == pytest.approx((1 / 3 + 1 / 2) / 2)


def test_as_many_edges_are_asked_about_as_there_is_room_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    graph, edges = held(40)
    assert len(Validation(graph, edges).ranks(Trained())) == 80
    monkeypatch.setattr(Validation, "LEAST", 4)
    monkeypatch.setattr(Validation, "LEAST_OF_EACH", 2)
    monkeypatch.setattr(Validation, "SCORES", 50)
    assert len(Validation(graph, edges).ranks(Trained())) == 20
    monkeypatch.setattr(Validation, "SCORES", 5)
    assert len(Validation(graph, edges).ranks(Trained())) == 8


def test_relations_share_the_room_by_their_edges(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Validation, "SCORES", 0)
    monkeypatch.setattr(Validation, "LEAST", 20)
    monkeypatch.setattr(Validation, "LEAST_OF_EACH", 2)
    graph, edges = held(10)
    others = {
        Relation("P", f"knows {count}", "T"): Edges(
            np.zeros(count, np.int64), np.ones(count, np.int64)
        )
        for count in (190, 1)
    }
    every = {**edges, **others}
    whole = TypedGraph(graph.counts, every)
    assert len(Validation(whole, every).ranks(Trained())) == 2 * (2 + 19 + 1)


def test_a_relation_that_lost_opposites_to_a_test_is_still_without_direction() -> None:
    knows = Relation("P", "knows", "P")
    both = Edges(np.array([0, 1, 1, 2]), np.array([1, 0, 2, 1]))
    whole = TypedGraph({"P": 3}, {knows: both})
    seen = whole.replacing({knows: both.select(np.array([0, 2]))})
    names = ("resource-allocation", "directed-resource-allocation")
    found = fit_simple(seen, whole, knows, names, Stopwatch())
    assert isinstance(found["directed-resource-allocation"], Nothing)
    found = fit_simple(seen, seen, knows, names, Stopwatch())
    assert not isinstance(found["directed-resource-allocation"], Nothing)


def test_the_model_on_all_links_has_the_settings_that_were_validated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    knows = Relation("P", "knows", "P")
    heads, tails = np.nonzero(np.random.default_rng(0).random((60, 60)) < 0.3)
    whole = TypedGraph({"P": 60}, {knows: Edges(heads, tails)})
    part = whole.replacing({knows: whole.edges[knows].select(np.arange(len(heads)) % 5 > 0)})
    names, choices = tuple(FITTED), Choices()
    fit_simple(part, whole, knows, names, Stopwatch(), choices=choices)
    expected = {}
    for name in names:
        if FITTED[name].applies(whole, knows):
            setting = FITTED[name].choose(part, knows)
            expected[name] = FITTED[name].learn(whole, knows, setting).tensors()
    assert len(expected) >= 8
    for name, tensors in expected.items():
        monkeypatch.setattr(FITTED[name], "choose", None)
        found = choices.learn(name, whole, knows).tensors()
        assert found.keys() == tensors.keys()
        assert all(np.array_equal(found[each], tensors[each]) for each in found)


def test_the_model_has_the_setting_that_most_parts_chose_and_its_own_choice_without_any(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    knows = Relation("P", "knows", "P")
    learned: list[str] = []
    method = SimpleNamespace(
        fit=lambda *_: learned.append("own"), learn=lambda *arguments: learned.append(arguments[2])
    )
    monkeypatch.setitem(FITTED, "ease", method)
    graph, choices = TypedGraph({"P": 0}, {}), Choices()
    choices.learn("ease", graph, knows)
    for setting in ("first", "second", "second", "third"):
        choices.note("ease", knows, setting)
    choices.learn("ease", graph, knows)
    assert learned == ["own", "second"]
