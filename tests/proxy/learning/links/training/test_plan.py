from __future__ import annotations

import numpy as np
import pytest

from gremlink.proxy.learning.budget import default_budget
from gremlink.proxy.learning.graph import Edges, FeatureBlock, Features, Relation, TypedGraph
from gremlink.proxy.learning.links.training.plan import cost, planned
from gremlink.proxy.learning.methods import (
    HEURISTICS,
    KNOWLEDGE_NAMES,
    LIGHTGCN,
    NETWORK,
    RECOMMENDERS,
)
from gremlink.proxy.learning.settings import TrainingSettings

LIKES = Relation("P", "likes", "T")


def graph(edges: int, *, features: bool = False) -> TypedGraph:
    heads, tails = np.divmod(np.arange(edges), 100)
    described = {
        "P": Features(np.ones((1000, 1), np.float32), (FeatureBlock("a", "number", 0, 1),))
    }
    links = {LIKES: Edges(heads, tails)}
    return TypedGraph({"P": 1000, "T": 100}, links, described if features else {})


def names(found: TypedGraph, model: str = "auto", budget: float = 0.0) -> tuple[str, ...]:
    return planned(found, [LIKES], model, TrainingSettings(budget=budget)).names


def test_a_budget_without_room_leaves_what_only_counts() -> None:
    assert set(names(graph(5000), budget=0.01)) <= set(HEURISTICS)


def test_directed_paths_compete_where_there_is_a_direction() -> None:
    heads, tails = np.arange(99), np.arange(1, 100)
    there = Edges(heads, tails)
    both = Edges(np.concatenate([heads, tails]), np.concatenate([tails, heads]))
    knows, follows = Relation("P", "knows", "P"), Relation("P", "follows", "P")
    for links, directed in (({knows: both}, False), ({knows: both, follows: there}, True)):
        found = planned(TypedGraph({"P": 100}, links), list(links), "auto", TrainingSettings())
        assert ("directed-resource-allocation" in found.names) is directed
        assert "bi-fan" in found.names
    assert not {"directed-resource-allocation", "bi-fan"} & set(names(graph(200)))


def test_much_room_is_for_everything() -> None:
    edges = graph(5000).edges[LIKES]
    found = TypedGraph({"P": 1000, "T": 100}, {LIKES: edges, Relation("P", "sees", "T"): edges})
    plan = planned(found, [LIKES], "auto", TrainingSettings(budget=100_000.0))
    assert {"rgcn", "lightgcn", "transe", "complex", "ease", "ials"} <= set(plan.names)
    assert plan.warnings() == ()
    assert plan.seconds <= 100_000


def test_walks_over_the_whole_graph_need_room_too() -> None:
    large = graph(100_000)
    walks = {"katz", "personalised-pagerank"}
    assert walks <= set(names(large, budget=1000.0))
    plan = planned(large, [LIKES], "auto", TrainingSettings(budget=10.0))
    assert not walks & set(plan.names)
    assert walks <= set(plan.left_out)
    assert "katz" in names(large, "katz", budget=10.0)


def test_what_found_no_room_is_told() -> None:
    (warning,) = planned(graph(5000), [LIKES], "auto", TrainingSettings(budget=0.01)).warnings()
    assert "budget of 0 s" in warning
    assert "ease" in warning


def test_the_network_that_reads_features_comes_first() -> None:
    bare, described = (graph(20_000, features=each) for each in (False, True))
    for seconds in np.geomspace(1.0, 1000.0, 30):
        if NETWORK in names(bare, budget=seconds):
            assert NETWORK in names(described, budget=seconds)


def test_on_few_edges_vertices_get_no_numbers_of_their_own() -> None:
    assert set(names(graph(200))) <= {NETWORK, *HEURISTICS}


@pytest.mark.parametrize("model", ["distmult", "ease", "lightgcn"])
def test_a_model_asked_for_by_name_is_trained_whatever_the_budget(model: str) -> None:
    found = names(graph(5000), model, budget=0.01)
    assert found[0] == model
    assert set(found[1:]) <= set(HEURISTICS)


def test_larger_graphs_get_more_time() -> None:
    budgets = [default_budget(edges) for edges in (100, 1000, 10_000, 100_000, 1_000_000)]
    assert budgets == sorted(budgets)
    assert budgets[-1] < 1800


def test_networks_are_averaged_where_there_is_room() -> None:
    little, much = (
        planned(graph(20_000), [LIKES], "auto", TrainingSettings(budget=budget)).averaged
        for budget in (5.0, 50_000.0)
    )
    assert little == {}
    assert much == {NETWORK: 3, LIGHTGCN: 3}


FACTORS = [name for name in RECOMMENDERS if name != "undirected-ease"]
"""Those that apply between two types."""


@pytest.mark.parametrize(
    ("labels", "first", "last"),
    [("a", FACTORS, KNOWLEDGE_NAMES), ("abcd", KNOWLEDGE_NAMES, FACTORS)],
)
def test_factor_models_come_first_unless_there_are_many_relations(
    labels: str, first: list[str], last: list[str]
) -> None:
    edges = graph(5000).edges[LIKES]
    weights = np.arange(len(edges), dtype=np.float32)[:, None]
    edges = Edges(edges.heads, edges.tails, weights)
    relations = [Relation("P", label, "T") for label in labels]
    found = TypedGraph({"P": 1000, "T": 100}, dict.fromkeys(relations, edges))
    settings = TrainingSettings()
    costs = [cost(name, found, relations, settings, small=False).seconds() for name in first]
    needed = 2 * sum(costs)
    plan = planned(found, relations, "auto", TrainingSettings(budget=1.001 * needed))
    assert set(first) <= set(plan.names)
    assert not set(last) & set(plan.names)


def test_a_single_relation_between_two_types_is_left_to_factor_models() -> None:
    plan = planned(graph(5000), [LIKES], "auto", TrainingSettings(budget=100_000.0))
    assert not set(KNOWLEDGE_NAMES) & {*plan.names, *plan.left_out}
