"""Choice among the settings of a method, on links that are held back from what it learns from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from gremlink.proxy.learning.budget import Work, total
from gremlink.proxy.learning.graph import (
    DIRECTIONS,
    Direction,
    Edges,
    Floats,
    Indexes,
    Mask,
    Relation,
    TypedGraph,
)
from gremlink.proxy.learning.links.evaluation.queries import BLOCK, Queries, tied_ranks
from gremlink.proxy.learning.links.known import KnownLinks
from gremlink.proxy.learning.links.scorer import Scorer

FEWEST = 500
"""With fewer links the first setting is taken: on so few held back a choice would be chance."""

HELD_SHARE = 0.1
FEW_HELD = 300
MOST_HELD = 2000
"""Links that a choice of settings is made on: a tenth, of few links up to a fifth; each is asked
about from both ends."""

MOST_SCORES = 2**25
"""Scores of all questions from both ends for one setting, about."""

FIRST_ROUND = 100
"""Links of the first round of a choice, at least; each further round asks about twice as many, and
half of the settings come into it."""

LEAD = 1.0
"""Standard errors by which a setting has to be ahead of the first one."""

RANKED = 6.0
"""Updates to rank a score, by estimate."""

Setting = TypeVar("Setting")

Several = Callable[[Sequence[Setting], Indexes, Direction], Iterable[Floats]]
"""Scores all candidates for some sources under each of several settings, in their order."""


@dataclass(frozen=True, slots=True)
class HeldBack:
    """Links that are held back: the `graph` without them, and the questions about them.

    Inside one vertex type a pair is held back with the links of both directions, and what the
    source is linked to either way is no candidate: settings are judged by new pairs, because the
    opposite link is a rule of its own that has nothing to do with them.
    """

    graph: TypedGraph
    links: Edges
    known: KnownLinks
    same_type: bool

    @classmethod
    def of(cls, graph: TypedGraph, relation: Relation) -> HeldBack | None:
        """Hold links back; the same ones for each method. None where there are too few."""
        edges = graph.edges[relation]
        if len(edges) < FEWEST:
            return None
        same_type = relation.head == relation.tail
        first, pairs = np.arange(len(edges)), np.arange(len(edges))
        if same_type:
            low = np.minimum(edges.heads, edges.tails)
            high = np.maximum(edges.heads, edges.tails)
            keys = low * graph.counts[relation.head] + high
            _, first, pairs = np.unique(keys, return_index=True, return_inverse=True)
        held = np.random.default_rng(len(edges)).permutation(len(first))
        held = held[: count_held(graph, relation, len(first))]
        away = np.zeros(len(first), np.bool_)
        away[held] = True
        return cls(
            graph.replacing({relation: edges.select(~away[pairs])}),
            edges.select(first[held]),
            KnownLinks(graph, relation),
            same_type,
        )

    def gains(
        self, score: Callable[[Indexes, Direction], Iterable[Floats]], first: int, last: int
    ) -> NDArray[np.float64]:
        """Return what rankings gain on the links `first:last`: float64 `[settings, links]`.

        The gain is that of NDCG, the mean of both ends.
        """
        links = self.links.select(np.arange(first, last))
        both: list[NDArray[np.float64]] = []
        for direction in DIRECTIONS:
            parts = []
            for block in Queries.about(links, direction).blocks():
                allowed = self._allowed(block)
                rankings = score(block.sources, direction)
                parts.append(
                    [tied_ranks(each, block.targets, allowed).gains() for each in rankings]
                )
            both.append(np.concatenate(parts, axis=1))
        return np.asarray((both[0] + both[1]) / 2.0)

    def _allowed(self, block: Queries) -> Mask:
        allowed = block.allowed(self.known)
        if self.same_type:
            opposite: Direction = "in" if block.direction == "out" else "out"
            allowed &= ~self.known.mask(block.sources, opposite)
            allowed[np.arange(len(block)), block.targets] = True
        return allowed


def count_held(graph: TypedGraph, relation: Relation, pairs: int) -> int:
    """Count the links to hold back of so many."""
    ends = graph.counts[relation.head] + graph.counts[relation.tail]
    room = max(FEW_HELD, MOST_SCORES // ends)
    wanted = max(HELD_SHARE * pairs, min(2.0 * HELD_SHARE * pairs, FEW_HELD))
    return round(min(wanted, room, MOST_HELD))


@dataclass
class Choice(Generic[Setting]):
    r"""The choice of the setting that ranks held-back links best, over both directions.

    `learn` is called once for each setting, and one scorer is kept at a time. It is asked about
    `most` links: fewer, where asking is what takes the time. Settings are compared by the mean of
    :math:`1 / \log_2(1 + \mathrm{rank})`, the gain of NDCG, which is steadier than MRR.
    """

    graph: TypedGraph
    relation: Relation
    learn: Callable[[TypedGraph, Relation, Setting], Scorer]
    most: int = MOST_HELD
    _gains: dict[Setting, NDArray[np.float64]] = field(default_factory=dict)

    def best(self, default: Setting, *others: Setting) -> Setting:
        """Return the best setting: the default where links are few, or where the lead of the best
        of the others, paired by link, is within `LEAD` standard errors."""
        held = self._held if others else None
        if held is None:
            return default
        settings = [default, *others]
        return settings[_best(np.concatenate([self._gained(held, each) for each in settings]))]

    @cached_property
    def _held(self) -> HeldBack | None:
        return HeldBack.of(self.graph, self.relation)

    def _gained(self, held: HeldBack, setting: Setting) -> NDArray[np.float64]:
        """Return the gains of a setting, found once: float64 `[1, links]`."""
        if setting not in self._gains:
            scorer = self.learn(held.graph, self.relation, setting)

            def scored(sources: Indexes, end: Direction) -> list[Floats]:
                return [scorer.scores(sources, end)]

            self._gains[setting] = held.gains(scored, 0, min(self.most, len(held.links)))
        return self._gains[setting]


def chosen_together(
    graph: TypedGraph,
    relation: Relation,
    settings: Sequence[Setting],
    fit: Callable[[TypedGraph], Several[Setting]],
) -> Setting:
    """Choose a setting as `Choice` does, by one fit that serves all.

    Many settings are halved round by round (Jamieson & Talwalkar, "Non-stochastic best arm
    identification and hyperparameter optimization", AISTATS 2016).
    """
    held = HeldBack.of(graph, relation) if len(settings) > 1 else None
    if held is None:
        return settings[0]
    score = fit(held.graph)
    alive = list(range(len(settings)))
    gains = np.zeros((len(settings), 0))
    for last in rounds(len(settings), len(held.links)):
        asked = [settings[each] for each in alive]
        done = gains.shape[1]

        def scored(
            sources: Indexes, end: Direction, asked: Sequence[Setting] = asked
        ) -> Iterable[Floats]:
            return score(asked, sources, end)

        fresh = held.gains(scored, done, last)
        gains = np.concatenate([gains[: len(alive)], fresh], axis=1)
        if last < len(held.links):
            order = 1 + np.argsort(-gains[1:].mean(axis=1), kind="stable")
            kept = [0, *sorted(order[: len(alive) // 2].tolist())]
            alive, gains = [alive[place] for place in kept], gains[kept]
    return settings[alive[_best(gains)]]


def _best(gains: NDArray[np.float64]) -> int:
    """Return the place of the best setting, 0 unless the lead is clear: gains are `[settings,
    links]`."""
    best = int(gains.mean(axis=1).argmax())
    lead = gains[best] - gains[0]
    clear = lead.mean() > LEAD * lead.std() / np.sqrt(len(lead))
    return best if clear else 0


def choosing_cost(graph: TypedGraph, relation: Relation, tried: Sequence[Work]) -> Work:
    """Count the work of a `Choice` among settings that take so much each; none on few links."""
    if not questions_of(graph, relation):
        return Work()
    return total(tried) + choice_cost(graph, relation, len(tried), together=False)


def choice_cost(graph: TypedGraph, relation: Relation, settings: int, *, together: bool) -> Work:
    """Count the work to rank the questions of a choice by all settings, without fits and scores."""
    links = questions_of(graph, relation)
    ends = graph.counts[relation.head] + graph.counts[relation.tail]
    times = asked_times(settings, links) if together else float(settings)
    return Work(updates=RANKED * times * links * ends, calls=40.0 * times * links / BLOCK)


def questions_of(graph: TypedGraph, relation: Relation) -> int:
    """Count the links that a choice asks about, from both ends; 0 where the default is taken."""
    pairs = len(graph.edges[relation])
    return count_held(graph, relation, pairs) if pairs >= FEWEST else 0


def asked_rows(
    graph: TypedGraph, relation: Relation, direction: Direction, links: float
) -> NDArray[np.float64]:
    """Count how often each source is asked about by so many random links of the relation, once in
    each block of questions: float64 `[sources]`."""
    sources, _ = graph.edges[relation].ends(direction)
    counts = np.bincount(sources, minlength=graph.counts[relation.source_type(direction)])
    block = min(float(BLOCK), links)
    if not block or not len(sources):
        return np.zeros(len(counts))
    missed = (1.0 - np.minimum(counts / len(sources), 1.0)) ** block
    return np.asarray((1.0 - missed) * (links / block))


def rounds(settings: int, links: int) -> list[int]:
    """Return how many of the links have been asked about at the end of each round of a choice."""
    found = [links]
    while settings > 3 and found[0] >= 2 * FIRST_ROUND:
        found.insert(0, found[0] // 2)
        settings = 1 + settings // 2
    return found


def asked_times(settings: int, links: int) -> float:
    """Return for how many settings each link is asked about in a choice, on average."""
    done, asked = 0, 0.0
    for last in rounds(settings, links):
        asked += settings * (last - done)
        done, settings = last, 1 + settings // 2
    return asked / max(links, 1)
