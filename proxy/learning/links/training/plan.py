"""Which methods a budget of time has room for. See `gremlink.proxy.learning.budget`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gremlink.proxy.learning.budget import (
    CALL,
    RATE,
    STEP_TOUCH,
    STOPPED,
    default_budget,
    messages_cost,
)
from gremlink.proxy.learning.graph import DIRECTIONS, Direction, Relation, TypedGraph
from gremlink.proxy.learning.links.scorers import FITTED, SIMPLE, STRUCTURAL
from gremlink.proxy.learning.links.scorers.heuristics.personalised_pagerank import STEPS
from gremlink.proxy.learning.links.scorers.recommenders.ease import MOST_COLUMNS
from gremlink.proxy.learning.links.scorers.recommenders.weighted_ease import (
    MOST_TRIED,
    WeightedEase,
)
from gremlink.proxy.learning.links.training.networks import most_epochs
from gremlink.proxy.learning.methods import AUTO, KNOWLEDGE_NAMES, LIGHTGCN, NETWORK, NETWORKS
from gremlink.proxy.learning.models.gnn.mini_batches import (
    BATCHES,
    POOL,
    learns_from_samples,
    read_by_a_step,
)
from gremlink.proxy.learning.settings import TrainingSettings

TOUCH = 4e-9
"""Seconds for a number that is read, changed and written."""

WALK = 5e-10
"""Seconds for a number that passes over an edge."""

LEARNABLE = 500
"""Edges to predict below which nothing is tried that gives every vertex numbers of its own, but for
the graph neural network, which shares them among neighbours and reads features."""

TUNED = 5
"""A factor model is fitted so often: once for each of its settings, and once for good."""


WALKERS = ("personalised-pagerank", "katz")
"""Methods that only count, but for each question go over all edges several times."""

ASKED = 3_000
"""Validation and test edges of a large graph that are asked about."""

WALKING_SHARE = 0.3
"""The share of the budget that one of `WALKERS` may take: it is asked more than it is fitted."""

MANY_RELATIONS = 4
"""In a graph of so many relations what one says about another is worth the most."""

AVERAGED = 3
"""Networks of a kind whose scores are averaged where the budget has room: what they have learned by
chance goes (Lakshminarayanan, Pritzel & Blundell, "Simple and scalable predictive uncertainty
estimation using deep ensembles", NIPS 2017). The graph neural networks may take half of it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The methods to train, the network first, and those without room, with their estimates.

    `seconds` is the estimate of all that are trained; `budget` in seconds; `averaged` is how many
    networks of a kind are trained, where that is not one.
    """

    names: tuple[str, ...]
    left_out: Mapping[str, float]
    seconds: float
    budget: float
    averaged: Mapping[str, int] = field(default_factory=dict)

    def told(self) -> tuple[str, ...]:
        """A warning where something was left out."""
        if not self.left_out:
            return ()
        listed = ", ".join(f"{name} ({cost:,.0f} s)" for name, cost in self.left_out.items())
        return (
            f"no room in the budget of {self.budget:,.0f} s (--budget, --deadline) for {listed}",
        )


def planned(
    graph: TypedGraph, relations: Sequence[Relation], model: str, settings: TrainingSettings
) -> Plan:
    """The methods that compete.

    Those that only count always do, unless each question takes them too long. The others are taken
    in the order of `_turn` while there is room. A model that was asked for by name is always
    trained, and beside it what only counts.
    """
    total = sum(len(graph.edges[relation]) for relation in relations)
    small = total <= settings.cross_validate_up_to
    budget = settings.budget or default_budget(graph.edge_count)
    counted = [
        name
        for name, scorer in STRUCTURAL.items()
        if any(scorer.applies(graph, relation) for relation in relations)
    ]
    walking = {name: _walking_cost(graph, relations) for name in WALKERS if name in counted}
    too_long = {
        name: seconds
        for name, seconds in walking.items()
        if seconds > WALKING_SHARE * budget and name != model
    }
    counted = [name for name in counted if name not in too_long]
    candidates = [
        name
        for name, scorer in FITTED.items()
        if any(scorer.applies(graph, relation) for relation in relations)
    ]
    if model != AUTO:
        others = [] if model in counted else [model]
        return Plan((*others, *counted), too_long, 0.0, budget)
    if total >= LEARNABLE:
        # One relation between two types is a matrix, which factor models read as well and sooner.
        matrix = len(graph.edges) == 1 and all(each.head != each.tail for each in graph.edges)
        left: tuple[str, ...] = KNOWLEDGE_NAMES if matrix else ()
        if len(relations) >= MANY_RELATIONS:  # LightGCN cannot tell relations apart
            left = (LIGHTGCN,)
        candidates.extend(each for each in NETWORKS if each not in left)
    else:
        candidates = [NETWORK]
    folds = settings.folds * (2 if total < 200 else 1) if small else 1
    costs = {
        name: cost(name, graph, relations, settings, small=small) * (folds + 1)
        for name in candidates
    }
    averaged: dict[str, int] = {}
    if not small and AVERAGED * costs[NETWORK] <= budget / 2:
        averaged[NETWORK] = AVERAGED
        costs[NETWORK] *= AVERAGED
    taken: list[str] = []
    spent = 0.0
    reads = bool(graph.features) or total < LEARNABLE
    many = len(graph.edges) >= MANY_RELATIONS
    for name in sorted(costs, key=lambda each: (_turn(each, reads=reads, many=many), costs[each])):
        if spent + costs[name] <= budget:
            taken.append(name)
            spent += costs[name]
    for name in taken:
        if name not in NETWORKS or name == NETWORK:
            continue
        # Where there are parts, only those that learn from all edges in the end are several.
        more = costs[name] / (folds + 1) if small else costs[name]
        room = int((budget - spent) / more)
        if room:
            averaged[name] = min(AVERAGED, 1 + room)
            spent += (averaged[name] - 1) * more
    networks = [name for name in NETWORKS if name in taken]
    factors = [name for name in FITTED if name in taken]
    left_out = {name: costs[name] for name in costs if name not in taken} | too_long
    return Plan((*networks, *counted, *factors), left_out, spent, budget, averaged)


def _turn(name: str, *, reads: bool, many: bool) -> int:
    """Whose turn it is: of methods with the same turn the cheaper one comes first.

    Where there are features, the graph neural network, which `reads` them, is the first. After it
    come, in a graph of `many` relations, knowledge-graph embeddings, which learn each of these from
    all; in others factor models, which have been the best of all where there is one relation.
    """
    if name == NETWORK:
        return 0 if reads else 2
    if name in KNOWLEDGE_NAMES:
        return 1 if many else 3
    if name in FITTED:
        return 3 if many else 1
    return 2


def _walking_cost(graph: TypedGraph, relations: Sequence[Relation]) -> float:
    """Seconds to ask a method of `WALKERS` about all that is held out, about."""
    asked = sum(min(0.1 * len(graph.edges[each]), ASKED) for each in relations)
    return 2.0 * asked * STEPS * 2.0 * graph.edge_count * WALK


def cost(
    name: str,
    graph: TypedGraph,
    relations: Sequence[Relation],
    settings: TrainingSettings,
    *,
    small: bool,
) -> float:
    """Seconds to train a method once, about."""
    if name in NETWORKS:
        epochs = most_epochs(name, settings, small=small)
        return STOPPED * epochs * epoch_cost(name, graph, relations, settings)
    applying = [each for each in relations if SIMPLE[name].applies(graph, each)]
    return sum(_fitted_cost(name, graph, relation) for relation in applying)


def epoch_cost(
    name: str, graph: TypedGraph, relations: Sequence[Relation], settings: TrainingSettings
) -> float:
    """Seconds of an epoch, about."""
    width = settings.width
    sides = [(each, end) for each in relations for end in DIRECTIONS]
    if name in KNOWLEDGE_NAMES:
        sides = [(each, end) for each in graph.edges for end in DIRECTIONS]
        width *= 2
    logits = 0.0
    for relation, direction in sides:
        sources = min(len(graph.edges[relation]), graph.counts[relation.source_type(direction)])
        candidates = graph.counts[relation.target_type(direction)]
        logits += float(min(sources * candidates, 2**23)) * (1 + 6 * width / 40)
    if name in KNOWLEDGE_NAMES:
        updated = 12.0 * graph.vertex_count * width
        asked = sum(
            min(len(graph.edges[each]), graph.counts[each.source_type(end)]) for each, end in sides
        )
        batches = 1 + asked // 256
        return batches * CALL + (logits + batches * updated) * STEP_TOUCH
    if learns_from_samples(graph, settings):
        read = read_by_a_step(graph, settings, 2 * (settings.batch_size + POOL))
        return BATCHES * (CALL + read * 12.0 * width * STEP_TOUCH)
    steps = messages_cost(graph, len(relations), width, settings.layers)
    return steps + logits * STEP_TOUCH


def _fitted_cost(name: str, graph: TypedGraph, relation: Relation) -> float:
    edges = graph.edges[relation]
    heads, tails = graph.counts[relation.head], graph.counts[relation.tail]
    tuned = TUNED if len(edges) >= 500 else 1
    ranked = 4.0 * min(2000, len(edges)) * (heads + tails) * TOUCH
    links = sum(
        len(graph.edges[other])
        for other in graph.edges
        if {other.head, other.tail} & {relation.head, relation.tail}
    )
    if name == WeightedEase.name and edges.features is not None:
        tuned += 2 * min(edges.features.shape[1], MOST_TRIED)
    match name:
        case "ease" | "weighted-ease":
            sides = [_columns(graph, relation, end) for end in DIRECTIONS]
            once = sum(float(side) ** 3 * 2.0 / RATE + 6.0 * side**2 * TOUCH for side in sides)
        case "ials":
            rows = heads + tails + sum(_every_column(graph, relation, end) for end in DIRECTIONS)
            once = 12.0 * (rows * 5e-5 + 2.0 * links * 32.0**2 * TOUCH / 4)
        case "pure-svd":
            # Once to choose the rank, once for good.
            tuned = min(tuned, 2)
            once = 400.0 * (4.0 * links + 500.0 * (heads + tails)) * TOUCH
        case _:
            steps = links / max(heads, 1), links / max(tails, 1)
            walked = (
                min(steps[0] * steps[1], heads) * steps[0]
                + min(steps[0] * steps[1], tails) * steps[1]
            )
            once = min(2000, len(edges)) * walked * TOUCH
    return tuned * (once + ranked) + 0.01


def _columns(graph: TypedGraph, relation: Relation, direction: Direction) -> int:
    """The width of EASE's regression."""
    every = _every_column(graph, relation, direction)
    return every if every <= MOST_COLUMNS else graph.counts[relation.target_type(direction)]


def _every_column(graph: TypedGraph, relation: Relation, direction: Direction) -> int:
    """The width of `Profiles.all_links`."""
    source = relation.source_type(direction)
    return sum(
        graph.counts[other.target_type(end)]
        for other in graph.edges
        for end in DIRECTIONS
        if other.source_type(end) == source
    )
