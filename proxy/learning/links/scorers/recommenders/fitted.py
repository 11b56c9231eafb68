"""Factor models: methods that learn from a relation without a network, in NumPy and SciPy.

Each keeps arrays of its own, which go into the artifact. Where several settings are sensible it
chooses by itself, on links that it holds back from what it was given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Protocol, TypeVar

import numpy as np

from gremlink.proxy.learning.graph import DIRECTIONS, Relation, TypedGraph
from gremlink.proxy.learning.links.evaluation.queries import Questions, rank_questions
from gremlink.proxy.learning.links.known import KnownLinks
from gremlink.proxy.learning.links.scorer import Scorer

HELD_SHARE = 0.1
MOST_HELD = 2000
"""Links that a choice of settings is made on, at most; each is asked about from both ends."""

FEWEST = 500
"""With fewer links the first setting is taken: on so few held back a choice would be chance."""

Setting = TypeVar("Setting")
Tensors = Mapping[str, Any]


class FittedScorer(Scorer, Protocol):
    """A scorer with arrays of its own."""

    name: ClassVar[str]

    @classmethod
    def applies(cls, graph: TypedGraph, relation: Relation) -> bool:
        """Whether the method says anything about this relation, in bounded memory."""
        ...

    @classmethod
    def fit(cls, graph: TypedGraph, relation: Relation) -> FittedScorer:
        """Learn from a graph, from which held-out edges have been removed."""
        ...

    @classmethod
    def restore(cls, graph: TypedGraph, relation: Relation, tensors: Tensors) -> FittedScorer:
        """The scorer that had these `tensors`, on the same graph or a later state of it.

        Vertices that came since are scored as far as their links, and as candidates their columns,
        allow.
        """
        ...

    def tensors(self) -> dict[str, Any]:
        """What was learned: arrays by name."""
        ...


def chosen(
    graph: TypedGraph,
    relation: Relation,
    settings: Sequence[Setting],
    fit: Callable[[TypedGraph, Setting], Scorer],
) -> Setting:
    r"""The setting that ranks held-back links best, over both directions.

    By the mean of :math:`1 / \log_2(1 + \mathrm{rank})`, the gain of NDCG, which is steadier than
    that of MRR.
    """
    edges = graph.edges[relation]
    count = len(edges)
    if len(settings) == 1 or count < FEWEST:
        return settings[0]
    # The same links for every method that is asked about the same graph.
    order = np.random.default_rng(count).permutation(count)
    held = min(MOST_HELD, round(HELD_SHARE * count))
    questions = edges.select(order[:held])
    without = graph.replacing({relation: edges.select(np.sort(order[held:]))})
    known = KnownLinks(graph, relation)

    def quality(setting: Setting) -> float:
        scorer = fit(without, setting)
        asked = [Questions.about(questions, direction) for direction in DIRECTIONS]
        ranks = np.concatenate([rank_questions(scorer, each, known) for each in asked])
        return float((1.0 / np.log2(1.0 + ranks)).mean())

    return max(settings, key=quality)
