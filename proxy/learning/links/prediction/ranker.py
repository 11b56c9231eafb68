"""Ranking the candidates of one or several relations, side by side in columns."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gremlink.grammar.traversal import Literal
from gremlink.proxy.learning.graph import Direction, Indexes, Relation
from gremlink.proxy.learning.inductive.extension import Places
from gremlink.proxy.learning.links.calibration import Calibration, probabilities
from gremlink.proxy.learning.links.mixture import Mixture
from gremlink.proxy.learning.links.prediction.model import LinkModel, RelationModel


@dataclass(frozen=True, slots=True)
class ScoredVertex:
    """An answer: a vertex, and between 0 and 1 how likely the link is (`Calibration`)."""

    id: Literal
    score: float


@dataclass(frozen=True)
class Ranker:
    """One relation of a model, ready to rank."""

    model: LinkModel
    target: RelationModel

    @property
    def relation(self) -> Relation:
        """The relation."""
        return self.target.relation

    @property
    def calibrations(self) -> Mapping[Direction, Calibration]:
        """The scale of its scores."""
        return self.target.calibrations

    @cached_property
    def scorer(self) -> Mixture:
        """Its members, fitted when they are needed: a graph that was read may be asked once."""
        return self.model.scorer(self.target)


@dataclass(frozen=True, slots=True)
class Vertices:
    """The vertices of a model: their ids by type, and the way back."""

    ids: Mapping[str, Sequence[Literal]]
    places: Places


class Table:
    """The scores of candidates for some sources of one type.

    `logits` are `[sources, columns]`; of one relation they are its own scores, which are in the
    order of its logits.
    """

    def __init__(
        self,
        rankers: Sequence[Ranker],
        direction: Direction,
        sources: Indexes,
        vertices: Vertices,
    ) -> None:
        self._rankers = rankers
        self._direction = direction
        self._vertices = vertices
        self._spans: dict[str, int] = {}
        """Return the first column of the candidates of a type."""
        parts: list[NDArray[Any]] = []
        width = 0
        for ranker in rankers:
            target = ranker.relation.target_type(direction)
            logits: NDArray[Any] = ranker.scorer.scores(sources, direction)
            if len(rankers) > 1:
                logits = ranker.calibrations[direction].logits(logits)
            if target == ranker.relation.source_type(direction):
                logits[np.arange(len(sources)), sources] = -np.inf
            self._spans[target] = width
            width += logits.shape[1]
            parts.append(logits)
        self.logits = parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)

    def keep(self, allowed: Collection[Literal]) -> None:
        """Leave out all candidates but these."""
        open_ = self.columns(allowed)
        scored = self.logits[:, open_]
        self.logits.fill(-np.inf)
        self.logits[:, open_] = scored

    def best(self, row: int, limit: int) -> tuple[Indexes, list[ScoredVertex]]:
        """Return columns and answers of a source, best first, at most `limit`."""
        best = top(self.logits[row], limit)
        scores = self.scores(self.logits[row, best])
        answers = [
            ScoredVertex(self.vertex(column), score)
            for column, score in zip(best.tolist(), scores.tolist(), strict=True)
        ]
        return best, answers

    def scores(self, logits: NDArray[Any]) -> NDArray[np.float64]:
        """Return the probabilities that `logits` of the table mean: between 0 and 1."""
        if len(self._rankers) == 1:
            logits = self._rankers[0].calibrations[self._direction].logits(logits)
        return probabilities(logits)

    def vertex(self, column: int) -> Literal:
        """Return the vertex of a column: the reverse of `columns`."""
        target = [name for name, start in self._spans.items() if start <= column][-1]
        return self._vertices.ids[target][column - self._spans[target]]

    def columns(self, vertices: Collection[Literal]) -> Indexes:
        """Return the columns of those vertices that are candidates; int64."""
        places = (self._vertices.places.get(literal) for literal in vertices)
        spans = self._spans
        return np.array(
            [spans[place[0]] + place[1] for place in places if place and place[0] in spans],
            np.int64,
        )


def top(row: NDArray[Any], limit: int) -> Indexes:
    """Return positions of the `limit` largest finite numbers, largest first, equals in their
    order."""
    chosen = np.flatnonzero(row >= _bound(row, limit)) if limit < len(row) else np.arange(len(row))
    chosen = chosen[np.isfinite(row[chosen])]
    order = np.argsort(-row[chosen], kind="stable")[:limit]
    return np.asarray(chosen[order], dtype=np.int64)


GROUPS = 1024
"""Groups of numbers whose largest ones are compared."""


def _bound(row: NDArray[Any], limit: int) -> Any:
    """Return a number that at least `limit` numbers reach, and not many more."""
    if 4 * limit > GROUPS or len(row) < 4 * GROUPS:
        return np.partition(row, len(row) - limit)[len(row) - limit]
    # As many groups reach the `limit`-th largest of their maxima, each with a number of its own. To
    # find the maxima takes a fraction of what a partition of all numbers takes.
    whole = len(row) // GROUPS * GROUPS
    largest = row[:whole].reshape(-1, GROUPS).max(axis=0)
    return np.partition(largest, GROUPS - limit)[GROUPS - limit]
