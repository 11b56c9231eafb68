"""Fitting the simple methods that compete, and the clock for all."""

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
    Questions,
    mean_gain,
    rank_questions,
)
from gremlink.proxy.learning.links.known import KnownLinks
from gremlink.proxy.learning.links.scorers import SIMPLE, Scorer
from gremlink.proxy.learning.provenance import Stopwatch
from gremlink.proxy.learning.trained.network import Trained

Step = Callable[[], None]
"""Hears that one more step of a phase is done."""


def nobody() -> None:
    """Nobody counts."""


class Timed:
    """A scorer whose time counts for a method."""

    def __init__(self, scorer: Scorer, method: str, watch: Stopwatch) -> None:
        self._scorer = scorer
        self._method = method
        self._watch = watch

    def scores(self, sources: Indexes, direction: Direction) -> Floats:
        """See `Scorer.scores`."""
        with self._watch.timing(self._method):
            return self._scorer.scores(sources, direction)


class Nothing:
    """Stands in for a method that does not apply to a relation: all candidates are level."""

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
    watch: Stopwatch,
    step: Step = nobody,
) -> dict[str, Scorer]:
    """Those of `names` that need no network, fitted on a graph without held-out edges.

    Which apply is asked of the `whole` graph: without some of its edges a relation without
    direction looks as if it had one.
    """
    fitted: dict[str, Scorer] = {}
    for name in names:
        scorer = SIMPLE.get(name)
        if scorer is None:
            continue
        with watch.timing(name):
            fitted[name] = (
                scorer.fit(graph, relation)
                if scorer.applies(whole, relation)
                else Nothing(graph, relation)
            )
        step()
    return fitted


class Validation:
    """Full ranking of validation edges while a network trains."""

    LEAST = 500
    """Edges of a relation that are asked about, from both ends, if `SCORES` has room for less."""

    SCORES = 2**23
    """Scores that a look at one relation takes, about: more questions tell better where to stop,
    and with few candidates they cost next to nothing."""

    def __init__(
        self,
        graph: TypedGraph,
        held_out: Mapping[Relation, Edges],
        measure: Measure = mean_gain,
    ) -> None:
        """`graph` holds every link; known ones do not compete. `measure` makes a figure of ranks,
        the higher the better."""
        self._measure = measure
        self._questions: list[tuple[Relation, Questions]] = []
        for relation, edges in held_out.items():
            room = self.SCORES // (graph.counts[relation.head] + graph.counts[relation.tail])
            asked = edges.select(np.arange(min(len(edges), max(self.LEAST, room))))
            self._questions.extend((relation, Questions.about(asked, end)) for end in DIRECTIONS)
        self._known = {relation: KnownLinks(graph, relation) for relation in held_out}

    def judge(self, trained: Trained) -> float:
        """Over all relations and both directions."""
        return self._measure(self.ranks(trained))

    def ranks(self, trained: Trained) -> NDArray[np.float64]:
        """Of all questions: float64 `[questions]`."""
        found = [
            rank_questions(trained.scorer(relation), questions, self._known[relation])
            for relation, questions in self._questions
        ]
        return np.concatenate(found)
