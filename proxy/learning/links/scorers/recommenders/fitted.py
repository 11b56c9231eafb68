"""Factor models: methods that learn from a relation without a network, in NumPy and SciPy.

Each keeps arrays of its own, which go into the artifact. Where several settings are sensible it
chooses by itself, on links that it holds back from what it was given.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Protocol, TypeVar

import numpy as np

from gremlink.proxy.learning.budget import Work
from gremlink.proxy.learning.graph import DIRECTIONS, Relation, TypedGraph
from gremlink.proxy.learning.links.evaluation.queries import Queries, rank_queries
from gremlink.proxy.learning.links.known import KnownLinks
from gremlink.proxy.learning.links.scorer import Scorer

HELD_SHARE = 0.1
MOST_HELD = 2000
"""Links that a choice of settings is made on, at most; each is asked about from both ends."""

FEWEST = 500
"""With fewer links the first setting is taken: on so few held back a choice would be chance."""

FITS = 5
"""Fits by estimate: one for each setting, and one for good."""

FIXED = Work(calls=500.0)
"""Of a fit on next to nothing."""

Setting = TypeVar("Setting")
Tensors = Mapping[str, Any]


class FittedScorer(Scorer, Protocol):
    """A scorer with arrays of its own."""

    name: ClassVar[str]

    @classmethod
    def applies(cls, graph: TypedGraph, relation: Relation) -> bool:
        """Return whether the method says anything about this relation, in bounded memory."""
        return True

    @classmethod
    @abstractmethod
    def cost(cls, graph: TypedGraph, relation: Relation) -> Work:
        """Count the work of `fit`, the choice of settings included; see `fitting_cost`."""
        ...

    @classmethod
    @abstractmethod
    def fit(cls, graph: TypedGraph, relation: Relation) -> FittedScorer:
        """Learn from a graph, from which held-out edges have been removed."""
        ...

    @classmethod
    @abstractmethod
    def restore(cls, graph: TypedGraph, relation: Relation, tensors: Tensors) -> FittedScorer:
        """Restore the scorer that had these `tensors`, on the same graph or a later state of it.

        Vertices that came since are scored as far as their links, and as candidates their columns,
        allow.
        """
        ...

    @abstractmethod
    def tensors(self) -> dict[str, Any]:
        """Return what was learned: arrays by name."""
        ...


def fitting_cost(
    graph: TypedGraph, relation: Relation, once: Work, fits: int = FITS, also: int = 0
) -> Work:
    """Count the work to fit a method for each of its settings, and to choose among them.

    `once` is the work of one fit. On few links there is one in place of `fits`, beside those
    that there are `also`.
    """
    edges = len(graph.edges[relation])
    ends = graph.counts[relation.head] + graph.counts[relation.tail]
    ranked = Work(updates=10.0 * min(MOST_HELD, edges) * ends)
    return ((fits if edges >= FEWEST else 1) + also) * (once + ranked) + FIXED


def links_read(graph: TypedGraph, relation: Relation) -> int:
    """Count the edges of all relations that share a type with one."""
    ends = {relation.head, relation.tail}
    near = [each for each in graph.edges if {each.head, each.tail} & ends]
    return sum(len(graph.edges[each]) for each in near)


def chosen(
    graph: TypedGraph,
    relation: Relation,
    settings: Sequence[Setting],
    fit: Callable[[TypedGraph, Setting], Scorer],
) -> Setting:
    r"""Choose the setting that ranks held-back links best, over both directions.

    Settings are compared by the mean of :math:`1 / \log_2(1 + \mathrm{rank})`, the gain of NDCG,
    which is steadier than MRR.
    """
    edges = graph.edges[relation]
    count = len(edges)
    if len(settings) == 1 or count < FEWEST:
        return settings[0]
    # The same links for every method that is asked about the same graph.
    order = np.random.default_rng(count).permutation(count)
    held = min(MOST_HELD, round(HELD_SHARE * count))
    queries = edges.select(order[:held])
    without = graph.replacing({relation: edges.select(np.sort(order[held:]))})
    known = KnownLinks(graph, relation)

    def quality(setting: Setting) -> float:
        scorer = fit(without, setting)
        asked = [Queries.about(queries, direction) for direction in DIRECTIONS]
        ranks = np.concatenate([rank_queries(scorer, each, known) for each in asked])
        return float((1.0 / np.log2(1.0 + ranks)).mean())

    return max(settings, key=quality)
