"""The candidates of a link training that its budget has room for; see `learning.budget`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gremlink.proxy.learning.budget import (
    REFERENCE,
    STOPPED,
    Speed,
    Work,
    default_budget,
    total,
)
from gremlink.proxy.learning.graph import Relation, TypedGraph
from gremlink.proxy.learning.links.scorers import SIMPLE
from gremlink.proxy.learning.links.training.network_methods import NETWORK_METHODS
from gremlink.proxy.learning.methods import (
    AUTO,
    HEURISTICS,
    KNOWLEDGE_NAMES,
    LIGHTGCN,
    NETWORK,
    NETWORKS,
    RECOMMENDERS,
)
from gremlink.proxy.learning.settings import TrainingSettings

LEARNABLE = 500
"""Edges to predict below which no method with an embedding for every vertex is tried, but for the
graph neural network, which passes messages between neighbours and reads features."""

ASKING_SHARE = 0.3
"""Share of the budget that a heuristic may take: its cost is that of queries."""

MANY_RELATIONS = 4
"""Relations from which methods that learn all of them together come first."""

AVERAGED = 3
"""Networks of a kind whose scores are averaged where the budget has room (Lakshminarayanan, Pritzel
& Blundell, "Simple and scalable predictive uncertainty estimation using deep ensembles", NIPS
2017). The graph neural networks may take half of it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The candidates, the networks first, and those without room, with their estimates.

    `seconds` is the estimate of all that are trained; `budget` in seconds; `averaged` is how many
    networks of a kind are trained, where that is not one.
    """

    names: tuple[str, ...]
    left_out: Mapping[str, float]
    seconds: float
    budget: float
    averaged: Mapping[str, int] = field(default_factory=dict)

    def warnings(self) -> tuple[str, ...]:
        """Return a warning where something was left out."""
        if not self.left_out:
            return ()
        listed = ", ".join(f"{name} ({cost:,.0f} s)" for name, cost in self.left_out.items())
        return (
            f"no room in the budget of {self.budget:,.0f} s (--budget, --deadline) for {listed}",
        )


def planned(
    graph: TypedGraph,
    relations: Sequence[Relation],
    model: str,
    settings: TrainingSettings,
    speed: Speed = REFERENCE,
) -> Plan:
    """Plan the candidates.

    Heuristics always run, unless they are too slow for each query. The others are taken in the
    order of `_turn` while there is room. A model that was requested by name is always trained, and
    compared with heuristics.
    """
    edges = sum(len(graph.edges[relation]) for relation in relations)
    small = edges <= settings.cross_validate_up_to
    budget = settings.budget or default_budget(graph.edge_count)
    counted = [
        name
        for name in HEURISTICS
        if any(SIMPLE[name].applies(graph, relation) for relation in relations)
    ]

    def seconds_of(name: str) -> float:
        return cost(name, graph, relations, settings, small=small).seconds(speed)

    asking = {name: seconds_of(name) for name in counted}
    too_long = {
        name: seconds
        for name, seconds in asking.items()
        if seconds > ASKING_SHARE * budget and name != model
    }
    counted = [name for name in counted if name not in too_long]
    candidates = [
        name
        for name in RECOMMENDERS
        if any(SIMPLE[name].applies(graph, relation) for relation in relations)
    ]
    if model != AUTO:
        others = [] if model in counted else [model]
        return Plan((*others, *counted), too_long, 0.0, budget)
    if edges >= LEARNABLE:
        # One relation between two types is a matrix, which factor models read as well and sooner.
        matrix = len(graph.edges) == 1 and all(each.head != each.tail for each in graph.edges)
        left: tuple[str, ...] = KNOWLEDGE_NAMES if matrix else ()
        if len(relations) >= MANY_RELATIONS:  # LightGCN cannot tell relations apart
            left = (LIGHTGCN,)
        candidates.extend(each for each in NETWORKS if each not in left)
    else:
        candidates = [NETWORK]
    folds = settings.folds * (2 if edges < 200 else 1) if small else 1
    costs = {name: seconds_of(name) * (folds + 1) for name in candidates}
    averaged: dict[str, int] = {}
    if not small and AVERAGED * costs[NETWORK] <= budget / 2:
        averaged[NETWORK] = AVERAGED
        costs[NETWORK] *= AVERAGED
    taken: list[str] = []
    spent = 0.0
    reads = bool(graph.features) or edges < LEARNABLE
    many = len(graph.edges) >= MANY_RELATIONS
    for name in sorted(costs, key=lambda each: (_turn(each, reads=reads, many=many), costs[each])):
        if spent + costs[name] <= budget:
            taken.append(name)
            spent += costs[name]
    for name in taken:
        if name not in NETWORKS or name == NETWORK:
            continue
        # With cross-validation only the final networks, on all edges, are several.
        more = costs[name] / (folds + 1) if small else costs[name]
        room = int((budget - spent) / more)
        if room:
            averaged[name] = min(AVERAGED, 1 + room)
            spent += (averaged[name] - 1) * more
    networks = [name for name in NETWORKS if name in taken]
    factors = [name for name in RECOMMENDERS if name in taken]
    left_out = {name: costs[name] for name in costs if name not in taken} | too_long
    return Plan((*networks, *counted, *factors), left_out, spent, budget, averaged)


def _turn(name: str, *, reads: bool, many: bool) -> int:
    """Return the priority of a method, 0 first; of equals the cheaper one comes first.

    Where there are features, the graph neural network, which `reads` them, is the first. In a graph
    of `many` relations knowledge-graph embeddings follow, which learn each of these from all; in
    others factor models, which have been the best where there is one relation.
    """
    if name == NETWORK:
        return 0 if reads else 2
    if name in KNOWLEDGE_NAMES:
        return 1 if many else 3
    if name in RECOMMENDERS:
        return 3 if many else 1
    return 2


def cost(
    name: str,
    graph: TypedGraph,
    relations: Sequence[Relation],
    settings: TrainingSettings,
    *,
    small: bool,
) -> Work:
    """Count the work to train a method once."""
    if name in NETWORK_METHODS:
        network = NETWORK_METHODS[name]
        epochs = network.most_epochs(settings, small=small)
        return STOPPED * epochs * network.epoch_cost(graph, relations, settings)
    method = SIMPLE[name]
    applying = [each for each in relations if method.applies(graph, each)]
    return total(method.cost(graph, relation) for relation in applying)
