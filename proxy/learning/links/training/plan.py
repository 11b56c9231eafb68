"""The candidates of a link training that its budget has room for; see `learning.budget`.

All is counted: what a network has done is its epochs, not its time. So what is left after one has
stopped early is known, and is spent in the same way each time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from gremlink.proxy.learning.budget import (
    REFERENCE,
    STOPPED,
    Speed,
    Work,
    default_budget,
    total,
)
from gremlink.proxy.learning.graph import Relation, TypedGraph
from gremlink.proxy.learning.links.scorers import FITTED, SIMPLE
from gremlink.proxy.learning.links.training.network_methods import NETWORK_METHODS
from gremlink.proxy.learning.methods import (
    AUTO,
    HEURISTICS,
    KNOWLEDGE_NAMES,
    LIGHTGCN,
    NETWORK,
    NETWORKS,
    PATH_RANKING,
    RECOMMENDERS,
)
from gremlink.proxy.learning.settings import TrainingSettings

LEARNABLE = 500
"""Edges to predict below which only the graph neural network is tried beside what counts, which
passes messages between neighbours and reads features, and in a graph of several relations
`OF_SEVERAL`: with more candidates noise won on blocks of 120 vertices and 240 links."""

OF_SEVERAL = ("kernel-ridge", PATH_RANKING, *KNOWLEDGE_NAMES)
"""Methods that learn a relation from others, which few links of its own suffice for."""

DEAR = 0.3
"""Share of the budget beyond which a candidate is one of the last in line."""

MANY_RELATIONS = 4
"""Relations from which methods that learn all of them together come first."""

AVERAGED = 3
"""Networks of a kind whose scores are averaged where the budget has room (Lakshminarayanan, Pritzel
& Blundell, "Simple and scalable predictive uncertainty estimation using deep ensembles", NIPS
2017). The graph neural networks may take half of it before others have all their epochs."""

LEAST_SHARE = 0.25
"""Share of its epochs that a network gets at least: with less it has hardly learned."""

LONGER = 3.0
"""Times its epochs that a network may go on for while it still improves and there is room."""

BLEND_EDGES = 2000
"""Validation edges of a relation that the blend is learned from, at most."""

TEST_SCORES = 2**28
"""Scores of a relation's test queries, at most: test edges from both ends times all candidates.

Beyond it a sample of the test edges is ranked, so that the time for reports grows with the graph's
edges and not with the square of its vertices."""

HELD_SHARE = 0.1
"""Share of the edges that are held out for each of validation and test, by default."""

FEW_EDGES = 200
"""Below so many edges there are twice as many parts: each model then misses fewer of them."""

RANKED = Work(updates=6.0)
"""To rank by a score, and to learn and apply weights for it."""

LOOKED = Work(updates=6.0)
"""To validate a network by a score."""

LOOKED_AT = 2**23
"""Scores of a validation of a network, for each relation, about."""


@dataclass(frozen=True, slots=True)
class Share:
    """Seconds of a candidate: to `study` it beside the others, and for the `final` model."""

    study: float
    final: float

    @property
    def seconds(self) -> float:
        """All of it."""
        return self.study + self.final


@dataclass(frozen=True, slots=True)
class Rates:
    """The seconds that candidates take.

    `each` is for an epoch of a network, or for the fit of another method, with the choice of its
    setting; `learning` is without, for methods that are fitted once more for the final model.
    `look` is the part of an epoch in which a network is validated; `ranking` is for all rankings of
    held-out edges by one candidate. `parts` are those of a cross-validation, 0 for one split;
    `most` are the epochs of each network by the settings, `networks` the graph neural networks of a
    small graph's model.
    """

    each: Mapping[str, float]
    learning: Mapping[str, float]
    look: float
    ranking: float
    parts: int
    most: Mapping[str, int]
    networks: int

    def share(self, name: str, epochs: float, count: int = 1, *, ran: float = 0.0) -> Share:
        """Return the share of `count` networks of so many epochs, of which the first `ran`, or more
        than these, until it stopped; for another method of its fits."""
        each = self.each[name]
        if name not in NETWORKS:
            final = self.learning.get(name, 0.0)
            return Share(each * max(self.parts, 1) + self.ranking, final)
        if self.parts:
            study = self.parts * (each + self.look) * epochs
            served = self.networks if name == NETWORK else count
            return Share(study + self.ranking, served * each * STOPPED * epochs)
        study = (each + self.look) * max(ran, epochs) + each * epochs * (count - 1)
        return Share(study + self.ranking, each * epochs * count)

    def planned(self, name: str, most: int, count: int = 1) -> Share:
        """Return the share of networks of `most` epochs before they have been trained."""
        return self.share(name, most if self.parts else STOPPED * most, count)


@dataclass(frozen=True, slots=True)
class Plan:
    """The candidates, the networks first, and those without room, with their estimates.

    `left_out` are in the order in which they would be taken. `budget` is in seconds. `averaged` is
    how many networks of a kind are trained, where that is not one, `epochs` how many each gets at
    most, `shares` what each candidate takes, by estimate until it has been trained.
    """

    names: tuple[str, ...]
    left_out: Mapping[str, float]
    budget: float
    rates: Rates = field(repr=False)
    shares: Mapping[str, Share]
    averaged: Mapping[str, int] = field(default_factory=dict)
    epochs: Mapping[str, int] = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        """The estimate of all that is trained."""
        return sum(share.seconds for share in self.shares.values())

    @property
    def room(self) -> float:
        """Seconds of the budget that nothing has been planned for."""
        return self.budget - self.seconds

    def longest(self, name: str) -> int:
        """Return the epochs of a network with all room that is left, if it still improves then."""
        planned = self.epochs[name]
        most = int(LONGER * self.rates.most[name])
        runs = 2.0 * self.averaged.get(name, 1)
        more = int(max(self.room, 0.0) / max(runs * self.rates.each[name] + self.rates.look, 1e-9))
        return max(planned, min(most, planned + more))

    def after(self, name: str, ran: int, best: int, count: int) -> Plan:
        """Return the plan when `count` networks are trained, the first for `ran` epochs, all others
        as well as those of the model for `best`."""
        share = self.rates.share(name, best, count, ran=ran)
        shares, averaged = {**self.shares, name: share}, {**self.averaged, name: count}
        return replace(self, shares=shares, averaged=averaged)

    def next_in_line(self) -> tuple[Plan, str] | None:
        """Return the plan with the next candidate that there is room for, and its name."""
        for name in self.left_out:
            most = least = 0
            if name in NETWORKS:
                most = self.rates.most[name]
                least = least_epochs(most)
            if self.rates.planned(name, least).seconds > self.room:
                continue
            while most > least and self.rates.planned(name, most).seconds > self.room:
                most -= 1
            names = _ordered((*self.names, name))
            left = {each: cost for each, cost in self.left_out.items() if each != name}
            shares = {**self.shares, name: self.rates.planned(name, most)}
            epochs = {**self.epochs, name: most} if most else self.epochs
            return replace(self, names=names, left_out=left, shares=shares, epochs=epochs), name
        return None

    def has_room_for_another(self, name: str, epochs: int) -> bool:
        """Return whether one more network of so many epochs fits, on training and on all edges."""
        return 2.0 * epochs * self.rates.each[name] <= self.room

    def warnings(self) -> tuple[str, ...]:
        """Return warnings where something was left out or shortened."""
        found = []
        within = f"in the budget of {self.budget:,.0f} s (--budget, --deadline)"
        if self.left_out:
            listed = ", ".join(f"{name} ({cost:,.0f} s)" for name, cost in self.left_out.items())
            found.append(f"no room {within} for {listed}")
        short = {name: most for name, most in self.epochs.items() if most < self.rates.most[name]}
        if short:
            listed = ", ".join(
                f"{name} ({most} epochs instead of {self.rates.most[name]})"
                for name, most in short.items()
            )
            found.append(f"no room {within} for all epochs of {listed}")
        return tuple(found)


def planned(
    graph: TypedGraph,
    relations: Sequence[Relation],
    model: str,
    settings: TrainingSettings,
    speed: Speed = REFERENCE,
    *,
    small: bool | None = None,
) -> Plan:
    """Plan the candidates; `small` graphs are judged by cross-validation, by default by their size.

    Heuristics always run, unless they are dear. The others are taken in the order of `_turn` while
    there is room, dear ones last, networks with `LEAST_SHARE` of their epochs; then networks get
    the rest of them in this order, and at last there are several of each. A model that was
    requested by name is always trained, and compared with heuristics.
    """
    edges = sum(len(graph.edges[relation]) for relation in relations)
    if small is None:
        small = edges <= settings.cross_validate_up_to
    budget = settings.budget or default_budget(graph.edge_count)

    def applying(names: Iterable[str]) -> list[str]:
        return [
            name
            for name in names
            if any(SIMPLE[name].applies(graph, relation) for relation in relations)
        ]

    counted, candidates = applying(HEURISTICS), applying(RECOMMENDERS)
    if model != AUTO:
        candidates = [] if model in counted else [model]
    elif edges < LEARNABLE:
        several = OF_SEVERAL if len(graph.edges) > 1 else ()
        candidates = [NETWORK, *(each for each in several if each in (*candidates, *NETWORKS))]
    else:
        # One relation between two types is a matrix, which factor models read as well and sooner.
        matrix = len(graph.edges) == 1 and all(each.head != each.tail for each in graph.edges)
        left: tuple[str, ...] = KNOWLEDGE_NAMES if matrix else ()
        if len(relations) >= MANY_RELATIONS:  # LightGCN cannot tell relations apart
            left = (LIGHTGCN,)
        candidates.extend(each for each in NETWORKS if each not in left)
    rates = _rates((*counted, *candidates), graph, relations, settings, speed, small=small)
    most = rates.most
    full = {name: rates.planned(name, most.get(name, 0)) for name in (*counted, *candidates)}
    slow = [name for name in counted if full[name].seconds > DEAR * budget and name != model]
    shares = {name: full[name] for name in counted if name not in slow}
    names = (*candidates, *shares) if model != AUTO else tuple(shares)
    empty = Plan(names, {}, budget, rates, shares)
    if model != AUTO:
        others = {name: full[name] for name in candidates}
        left_out = {name: full[name].seconds for name in slow}
        epochs = {name: most[name] for name in candidates if name in NETWORKS}
        return replace(empty, left_out=left_out, shares=shares | others, epochs=epochs)
    reads = bool(graph.features) or edges < LEARNABLE
    many = len(graph.edges) >= MANY_RELATIONS
    line = sorted(
        candidates,
        key=lambda each: (
            rates.planned(each, least_epochs(most.get(each, 0))).seconds > DEAR * budget,
            _turn(each, reads=reads, many=many),
            full[each].seconds,
        ),
    )
    return _filled(empty, line, slow)


def _filled(plan: Plan, line: Sequence[str], slow: Sequence[str]) -> Plan:
    """Take candidates in the order of the line while there is room, then the slow heuristics."""
    rates, most = plan.rates, plan.rates.most
    left_out: dict[str, float] = {}
    epochs: dict[str, int] = {}
    shares = dict(plan.shares)

    def room() -> float:
        return plan.budget - sum(share.seconds for share in shares.values())

    for name in (*line, *slow):
        least = least_epochs(most[name]) if name in NETWORKS else 0
        share = rates.planned(name, least)
        if share.seconds > room():
            left_out[name] = rates.planned(name, most.get(name, 0)).seconds
            continue
        shares[name] = share
        if least:
            epochs[name] = least
    averaged: dict[str, int] = {}
    for name in [each for each in line if each in epochs]:
        free = room() + shares[name].seconds
        longest = most[name]
        while longest > epochs[name] and rates.planned(name, longest).seconds > free:
            longest -= 1
        epochs[name], shares[name] = longest, rates.planned(name, longest)
        several = rates.planned(name, longest, AVERAGED)
        half = min(free, plan.budget / 2)
        if name == NETWORK and not rates.parts and several.seconds <= half:
            averaged[name], shares[name] = AVERAGED, several
    for name in [each for each in line if each in epochs and each not in averaged]:
        if name == NETWORK and rates.parts:
            continue  # it has as many as the settings say
        for count in range(AVERAGED, 1, -1):
            several = rates.planned(name, epochs[name], count)
            if several.seconds - shares[name].seconds <= room():
                averaged[name], shares[name] = count, several
                break
    return replace(
        plan,
        names=_ordered(shares),
        left_out=left_out,
        shares=shares,
        averaged=averaged,
        epochs=epochs,
    )


def least_epochs(most: int) -> int:
    """Return the fewest epochs that a network is worth training for."""
    return max(1, round(LEAST_SHARE * most))


def _ordered(names: Iterable[str]) -> tuple[str, ...]:
    """Return names in the order of reports, networks first."""
    there = set(names)
    return tuple(name for name in (*NETWORKS, *HEURISTICS, *RECOMMENDERS) if name in there)


def _turn(name: str, *, reads: bool, many: bool) -> int:
    """Return the priority of a method, 0 first; of equals the cheaper one comes first.

    Where there are features, the graph neural network, which `reads` them, is the first. In a graph
    of `many` relations path ranking and knowledge-graph embeddings follow, which learn each of
    these from all; in others factor models, which have been the best where there is one relation.
    """
    if name == NETWORK:
        return 0 if reads else 2
    if name in KNOWLEDGE_NAMES or (name == PATH_RANKING and many):
        return 1 if many else 3
    if name in RECOMMENDERS:
        return 3 if many else 1
    return 2


def count_folds(settings: TrainingSettings, edges: int) -> int:
    """Return the parts of a cross-validation over so many edges."""
    return settings.folds * (2 if edges < FEW_EDGES else 1)


def _rates(
    names: Sequence[str],
    graph: TypedGraph,
    relations: Sequence[Relation],
    settings: TrainingSettings,
    speed: Speed,
    *,
    small: bool,
) -> Rates:
    edges = sum(len(graph.edges[relation]) for relation in relations)
    networks = [name for name in names if name in NETWORKS]
    scores, looked = 0.0, 0.0
    for relation in relations:
        count = len(graph.edges[relation])
        ends = graph.counts[relation.head] + graph.counts[relation.tail]
        valid = min(HELD_SHARE * count, BLEND_EDGES)
        test = min(HELD_SHARE * count, TEST_SCORES / max(ends, 1))
        scores += ends * (count if small else valid + test)
        looked += min(HELD_SHARE * count * ends, LOOKED_AT)
    look = looked / settings.evaluate_every * (LOOKED + Work(products=float(settings.width)))
    return Rates(
        {name: cost(name, graph, relations, settings).seconds(speed) for name in names},
        {
            name: learning_cost(name, graph, relations).seconds(speed)
            for name in names
            if name in FITTED
        },
        look.seconds(speed),
        (scores * RANKED).seconds(speed),
        count_folds(settings, edges) if small else 0,
        {name: NETWORK_METHODS[name].most_epochs(settings, small=small) for name in networks},
        settings.networks,
    )


def cost(
    name: str, graph: TypedGraph, relations: Sequence[Relation], settings: TrainingSettings
) -> Work:
    """Count the work of an epoch of a network, or to fit another method once."""
    if name in NETWORK_METHODS:
        return NETWORK_METHODS[name].epoch_cost(graph, relations, settings)
    method = SIMPLE[name]
    applying = [each for each in relations if method.applies(graph, each)]
    return total(method.cost(graph, relation) for relation in applying)


def learning_cost(name: str, graph: TypedGraph, relations: Sequence[Relation]) -> Work:
    """Count the work to fit a method once under settings that are chosen already."""
    method = FITTED[name]
    applying = [each for each in relations if method.applies(graph, each)]
    return total(method.learning_cost(graph, relation) for relation in applying)
