from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from gremlink.proxy.learning.budget import default_budget
from gremlink.proxy.learning.graph import Edges, FeatureBlock, Features, Relation, TypedGraph
from gremlink.proxy.learning.links.training.plan import (
    AVERAGED,
    LONGER,
    OF_SEVERAL,
    Plan,
    least_epochs,
    planned,
)
from gremlink.proxy.learning.methods import (
    HEURISTICS,
    KNOWLEDGE_NAMES,
    LIGHTGCN,
    NETWORK,
    PATH_RANKING,
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
    plan = planned(large, [LIKES], "auto", TrainingSettings(budget=1.0))
    assert not walks & set(plan.names)
    assert walks <= set(plan.left_out)
    assert "katz" in names(large, "katz", budget=1.0)


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


def test_on_few_edges_of_several_relations_one_is_learned_from_others() -> None:
    edges = graph(200).edges[LIKES]
    both = TypedGraph({"P": 1000, "T": 100}, {LIKES: edges, Relation("P", "sees", "T"): edges})
    assert set(names(both)) - {NETWORK, *HEURISTICS} == set(OF_SEVERAL)


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


FACTORS = [name for name in RECOMMENDERS if name not in ("undirected-ease", PATH_RANKING)]
"""Those that apply between two types."""

OF_MANY = (PATH_RANKING, *KNOWLEDGE_NAMES)
"""Those that learn from all relations together."""


@pytest.mark.parametrize(
    ("labels", "first", "last"),
    [("a", FACTORS, OF_MANY), ("abcd", OF_MANY, FACTORS)],
)
def test_factor_models_come_first_unless_there_are_many_relations(
    labels: str, first: Sequence[str], last: Sequence[str]
) -> None:
    edges = graph(5000).edges[LIKES]
    weights = np.arange(len(edges), dtype=np.float32)[:, None]
    edges = Edges(edges.heads, edges.tails, weights)
    relations = [Relation("P", label, "T") for label in labels]
    found = TypedGraph({"P": 1000, "T": 100}, dict.fromkeys(relations, edges))
    rich = planned(found, relations, "auto", TrainingSettings(budget=1e9))
    always = [name for name in rich.names if name in HEURISTICS]
    least = [rich.rates.planned(name, least_epochs(rich.rates.most.get(name, 0))) for name in first]
    needed = sum(share.seconds for share in (*least, *(rich.shares[name] for name in always)))
    plan = planned(found, relations, "auto", TrainingSettings(budget=1.001 * needed))
    assert set(first) <= set(plan.names)
    assert not set(last) & set(plan.names)


def test_a_single_relation_between_two_types_is_left_to_factor_models() -> None:
    plan = planned(graph(5000), [LIKES], "auto", TrainingSettings(budget=100_000.0))
    assert not set(KNOWLEDGE_NAMES) & {*plan.names, *plan.left_out}


def least_of(plan: Plan, name: str) -> float:
    """The seconds of a candidate in its shortest form."""
    return plan.rates.planned(name, least_epochs(plan.rates.most.get(name, 0))).seconds


@pytest.mark.parametrize("edges", [700, 20_000])
def test_nothing_is_left_out_or_shortened_while_there_is_room(edges: int) -> None:
    found = TypedGraph(
        {"P": 1000, "T": 100},
        {LIKES: graph(edges).edges[LIKES], Relation("P", "sees", "T"): graph(900).edges[LIKES]},
    )
    plans = [
        planned(found, [LIKES], "auto", TrainingSettings(budget=float(budget)))
        for budget in np.geomspace(3.0, 3000.0, 40)
    ]
    for plan in plans:
        assert plan.seconds <= plan.budget
        for name in plan.left_out:
            assert least_of(plan, name) > plan.room
        for name, most in plan.epochs.items():
            full = plan.rates.most[name]
            assert least_epochs(full) <= most <= full
            longer = plan.rates.planned(name, most + 1).seconds - plan.shares[name].seconds
            assert most == full or longer > plan.room
    counts = [len(plan.names) for plan in plans]
    assert counts[-1] > counts[0]
    assert not plans[-1].left_out
    assert any(set(plan.epochs.values()) - set(plan.rates.most.values()) for plan in plans)


def test_what_stops_early_leaves_room_for_the_next_in_line() -> None:
    found = graph(20_000)
    rich = planned(found, [LIKES], "auto", TrainingSettings(budget=1e9))
    budget = rich.seconds - sum(rich.shares[name].seconds for name in (NETWORK, LIGHTGCN))
    budget += 1.5 * least_of(rich, LIGHTGCN)
    plan = planned(found, [LIKES], "auto", TrainingSettings(budget=budget))
    assert plan.names == tuple(name for name in rich.names if name != NETWORK)
    assert plan.next_in_line() is None
    assert plan.longest(LIGHTGCN) == plan.epochs[LIGHTGCN] < rich.epochs[LIGHTGCN]
    stopped = plan.after(LIGHTGCN, ran=3, best=1, count=1)
    assert stopped.room > plan.room
    following = replace(stopped, budget=plan.budget + least_of(rich, NETWORK)).next_in_line()
    assert following is not None
    more, name = following
    assert name == NETWORK
    assert more.names == rich.names
    assert not more.left_out
    assert least_epochs(200) <= more.epochs[NETWORK] <= 200
    assert more.seconds <= more.budget


def test_a_network_that_still_improves_goes_on_where_there_is_room() -> None:
    plan = planned(graph(5000), [LIKES], "auto", TrainingSettings(budget=1e6))
    assert plan.longest(NETWORK) == LONGER * plan.epochs[NETWORK]
    assert replace(plan, budget=plan.seconds).longest(NETWORK) == plan.epochs[NETWORK]
    assert plan.averaged[NETWORK] == AVERAGED
    assert plan.has_room_for_another(NETWORK, 200)
    assert not replace(plan, budget=plan.seconds).has_room_for_another(NETWORK, 200)
