"""The base models beside the networks: fitting, timing, and validation of networks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from gremlink.proxy.learning.graph import (
    DIRECTIONS,
    Direction,
    Edges,
    Floats,
    Indexes,
    Relation,
    TypedGraph,
)
from gremlink.proxy.learning.links.evaluation.queries import (
    Measure,
    Queries,
    mean_gain,
    rank_queries,
)
from gremlink.proxy.learning.links.known import KnownLinks
from gremlink.proxy.learning.links.scorer import is_signed
from gremlink.proxy.learning.links.scorers import SIMPLE, Scorer
from gremlink.proxy.learning.provenance import Stopwatch
from gremlink.proxy.learning.trained.network import Trained

Step = Callable[[], None]
"""Counts one more step of a phase."""


def no_step() -> None:
    """Count nothing."""


class Timed:
    """A scorer whose time counts for a method."""

    def __init__(self, scorer: Scorer, method: str, stopwatch: Stopwatch) -> None:
        self._scorer = scorer
        self._method = method
        self._stopwatch = stopwatch
        self.signed = is_signed(scorer)

    def scores(self, sources: Indexes, direction: Direction) -> Floats:
        """See `Scorer.scores`."""
        with self._stopwatch.timing(self._method):
            return self._scorer.scores(sources, direction)


class Nothing:
    """The scores of a method that does not apply to a relation: zero for all candidates."""

    def __init__(self, graph: TypedGraph, relation: Relation) -> None:
        self._sizes = {
            direction: graph.counts[relation.target_type(direction)] for direction in DIRECTIONS
        }

    def scores(self, sources: Indexes, direction: Direction) -> Floats:
        """See `Scorer.scores`."""
        return np.zeros((len(sources), self._sizes[direction]), np.float32)


def fit_simple(
    graph: TypedGraph,
    whole: TypedGraph,
    relation: Relation,
    names: Sequence[str],
    stopwatch: Stopwatch,
    step: Step = no_step,
) -> dict[str, Scorer]:
    """Fit those of `names` that need no network on a graph without held-out edges.

    The `whole` graph decides which apply: without some of its edges a relation without direction
    looks as if it had one.
    """
    fitted: dict[str, Scorer] = {}
    for name in names:
        scorer = SIMPLE.get(name)
        if scorer is None:
            continue
        with stopwatch.timing(name):
            fitted[name] = (
                scorer.fit(graph, relation)
                if scorer.applies(whole, relation)
                else Nothing(graph, relation)
            )
        step()
    return fitted


class Validation:
    """The validation of a network by a full ranking of validation edges."""

    SCORES = 2**25
    """Scores for one validation, about: more queries show better where to stop, and with few
    candidates they cost next to nothing."""

    LEAST = 1000
    """Edges that are ranked, from both ends, if `SCORES` has room for less."""

    LEAST_OF_EACH = 16
    """Edges of a relation that are ranked, where it has so many."""

    def __init__(
        self,
        graph: TypedGraph,
        held_out: Mapping[Relation, Edges],
        measure: Measure = mean_gain,
    ) -> None:
        """Take the `graph` of every link; known ones do not compete. `measure` makes one figure of
        ranks, larger is better."""
        self._measure = measure
        self._queries: list[tuple[Relation, Queries]] = []
        for relation, edges in held_out.items():
            most = max(self.LEAST_OF_EACH, round(self._share(graph, held_out) * len(edges)))
            asked = edges.select(np.arange(min(len(edges), most)))
            self._queries.extend((relation, Queries.about(asked, end)) for end in DIRECTIONS)
        self._known = {relation: KnownLinks(graph, relation) for relation in held_out}

    def _share(self, graph: TypedGraph, held_out: Mapping[Relation, Edges]) -> float:
        """Return the share of each relation's edges that is ranked."""
        edges = sum(map(len, held_out.values()))
        scores = sum(
            len(edges) * (graph.counts[relation.head] + graph.counts[relation.tail])
            for relation, edges in held_out.items()
        )
        return max(self.SCORES / max(scores, 1), self.LEAST / max(edges, 1))

    def score(self, trained: Trained) -> float:
        """Return the measure over all relations and both directions."""
        return self._measure(self.ranks(trained))

    def ranks(self, trained: Trained) -> NDArray[np.float64]:
        """Return the ranks of all queries: float64 `[queries]`."""
        found = [
            rank_queries(trained.scorer(relation), queries, self._known[relation])
            for relation, queries in self._queries
        ]
        return np.concatenate(found)
