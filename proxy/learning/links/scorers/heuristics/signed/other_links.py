"""Other links: what the links that a pair has say about one more."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from gremlink.proxy.learning.budget import Work
from gremlink.proxy.learning.graph import (
    DIRECTIONS,
    Direction,
    Floats,
    Indexes,
    Relation,
    TypedGraph,
)
from gremlink.proxy.learning.links.scorer import StructuralScorer
from gremlink.proxy.learning.links.scorers.heuristics.signed.linked_pairs import LinkedPairs
from gremlink.proxy.learning.links.scorers.heuristics.signed.log_odds import log_odds_ratio


class OtherLinks(StructuralScorer):
    r"""The log-odds of a link between two vertices that other relations link, in either direction.

    .. math:: s(u, v) = \sum_{r' \ne r} \theta_{r,r'} [(u, v) \in E_{r'}] +
        \theta_{r,r'^{-1}} [(v, u) \in E_{r'}]

    Inverse and implied relations speak for a link, those that exclude each other against it; see
    `log_odds_ratio`. The sum is that of a naive Bayes classifier (Maron, "Automatic indexing", J.
    ACM 8, 1961); relations that say the same twice get less weight in the blend.
    """

    name: ClassVar[str] = "other-links"
    signed: ClassVar[bool] = True

    def __init__(self, pairs: dict[Direction, LinkedPairs], log_odds: dict[Direction, Floats]):
        """Take for each direction the links, and float32 `[marks]`, what each mark says."""
        self._pairs = pairs
        self._log_odds = log_odds

    @classmethod
    def applies(cls, graph: TypedGraph, relation: Relation) -> bool:
        """Return whether another relation joins the same types."""
        ends = {relation.head, relation.tail}
        return any({each.head, each.tail} == ends for each in graph.edges if each != relation)

    @classmethod
    def cost(cls, graph: TypedGraph, relation: Relation) -> Work:
        """See `StructuralScorer.cost`."""
        return Work()

    @classmethod
    def fit(cls, graph: TypedGraph, relation: Relation) -> OtherLinks:
        """Count the links with each mark, and the candidates of the same sources with it."""
        pairs: dict[Direction, LinkedPairs] = {}
        log_odds: dict[Direction, Floats] = {}
        own = list(graph.edges).index(relation)
        for direction in DIRECTIONS:
            begin, end = relation.source_type(direction), relation.target_type(direction)
            pairs[direction] = every = LinkedPairs.of(graph, begin, end)
            sources, targets = graph.edges[relation].ends(direction)
            asked = np.bincount(sources, minlength=graph.counts[begin]).astype(np.float64)
            # Each link is a question, so a source counts as often as it has links.
            weights = asked / np.maximum(graph.counts[end] - asked, 1.0)
            rows, places = every.of_pairs(sources, targets)
            count = 2 * len(graph.edges)
            marks = every.marks[places]
            marked = np.bincount(marks, minlength=count).astype(np.float64)
            expected = np.bincount(
                every.marks, np.repeat(weights, np.diff(every.starts)), minlength=count
            ) - np.bincount(marks, weights[sources[rows]], minlength=count)
            found = log_odds_ratio(marked, np.maximum(expected, 0.0), len(sources))
            # The relation itself is what is asked for; its opposite is what `reciprocity` reads.
            found[2 * own : 2 * own + 2] = 0.0
            log_odds[direction] = found.astype(np.float32)
        return cls(pairs, log_odds)

    def scores(self, sources: Indexes, direction: Direction) -> Floats:
        """See `Scorer.scores`."""
        pairs = self._pairs[direction]
        rows, places = pairs.of_sources(sources)
        scores = np.zeros((len(sources), pairs.width), np.float32)
        said = self._log_odds[direction][pairs.marks[places]]
        np.add.at(scores, (rows, pairs.others[places]), said)
        return scores
