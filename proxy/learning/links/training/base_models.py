"""The base models beside the networks: fitting, timing, and validation of networks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

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
from gremlink.proxy.learning.links.scorers import (
    FITTED,
    SIMPLE,
    STRUCTURAL,
    FittedScorer,
    Scorer,
)
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
    choices: Choices | None = None,
) -> dict[str, Scorer]:
    """Fit those of `names` that need no network on a graph without held-out edges.

    The `whole` graph decides which apply: without some of its edges a relation without direction
    looks as if it had one. Settings that methods choose are noted in `choices`.
    """
    choices = Choices() if choices is None else choices
    fitted: dict[str, Scorer] = {}
    for name in names:
        if name not in SIMPLE:
            continue
        with stopwatch.timing(name):
            if not SIMPLE[name].applies(whole, relation):
                fitted[name] = Nothing(graph, relation)
            elif name in FITTED:
                setting = FITTED[name].choose(graph, relation)
                choices.note(name, relation, setting)
                fitted[name] = FITTED[name].learn(graph, relation, setting)
            else:
                fitted[name] = STRUCTURAL[name].fit(graph, relation)
        step()
    return fitted


class Choices:
    """The settings that fitted methods have chosen in a training, on the graphs without held-out
    links: the model on all links is learned with them, as it was validated with them."""

    def __init__(self) -> None:
        """Begin without any."""
        self._settings: dict[tuple[str, Relation], list[Any]] = {}

    def note(self, name: str, relation: Relation, setting: Any) -> None:
        """Note what a method has chosen for a relation."""
        self._settings.setdefault((name, relation), []).append(setting)

    def learn(self, name: str, graph: TypedGraph, relation: Relation) -> FittedScorer:
        """Learn from a graph under the setting that was chosen, the most often and then the first;
        under the graph's own choice where there was none."""
        noted = self._settings.get((name, relation))
        if noted is None:
            return FITTED[name].fit(graph, relation)
        return FITTED[name].learn(graph, relation, max(noted, key=noted.count))


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
