"""Answering link-prediction queries from an artifact: NumPy and SciPy only, never torch or DGL."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grammar.traversal import Literal
from proxy.learning.graph import Direction, Indexes, Relation
from proxy.learning.inductive.extension import Places, extend, places_of
from proxy.learning.inductive.neighbourhood import Neighbourhood
from proxy.learning.inductive.scope import Scope
from proxy.learning.links.calibration import Calibration, probabilities
from proxy.learning.links.explanation import Evidence, Explanation
from proxy.learning.links.model import LinkModel, RelationModel, from_artifact
from proxy.learning.links.scorers.mixture import Mixture
from proxy.store.artifacts import read_artifact
from proxy.store.reading import making

BLOCK = 64
"""Inputs that are scored at a time; a multiple of this many rows of candidates is in memory."""


@dataclass(frozen=True, slots=True)
class ScoredVertex:
    """An answer: a vertex, and between 0 and 1 how likely the link is (`Calibration`)."""

    id: Literal
    score: float


class UnknownRelation(LookupError):
    """The model does not predict what was asked; the message lists what it does predict."""

    def __init__(
        self,
        edge_label: str,
        direction: Direction,
        target_label: str,
        available: Sequence[Relation],
    ) -> None:
        known = ", ".join(str(relation) for relation in available)
        super().__init__(
            f"the model does not predict {direction}({edge_label!r}) to vertices labelled "
            f"{target_label!r}; it was trained for {known}"
        )
        self.edge_label = edge_label
        self.direction = direction
        self.target_label = target_label
        self.available = tuple(available)


@dataclass(frozen=True)
class _Ranker:
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


class LinkPredictor:
    """A loaded model. Threads may share it: prediction changes nothing."""

    def __init__(self, model: LinkModel, places: Places | None = None) -> None:
        """`places` are those of the model's vertices, if they are known."""
        self._model = model
        self._ids = {name: tuple(ids) for name, ids in model.stored.ids.items()}
        self._places = places_of(model.stored) if places is None else places
        self._rankers = tuple(_Ranker(model, target) for target in model.relations)

    @cached_property
    def _evidence(self) -> Evidence:
        return Evidence(self._model.stored)

    @classmethod
    def load(cls, directory: Path) -> LinkPredictor:
        """Load and verify an artifact.

        Raises `ArtifactError` (of `proxy.store.artifacts`).
        """
        artifact = read_artifact(directory)
        with making("a link-prediction model", directory):
            predictor = cls(from_artifact(artifact))
            for ranker in predictor._rankers:
                _ = ranker.scorer  # what is damaged shows now
            return predictor

    @property
    def relations(self) -> tuple[Relation, ...]:
        """What it can answer: edge label, label of the tail and of the head vertices."""
        return tuple(ranker.relation for ranker in self._rankers)

    @property
    def scope(self) -> Scope:
        """What `extended` has to be given."""
        return self._model.scope

    def extended(self, neighbourhood: Neighbourhood, asked: Collection[Literal]) -> LinkPredictor:
        """The same model on the stored graph with what was read in it; new vertices are answers.

        `asked` are the inputs, whose embeddings are made anew. Raises ValueError for a property
        that was read and does not fit its encoding.
        """
        extension = extend(self._model.stored, self._places, neighbourhood)
        return LinkPredictor(self._model.on(extension, asked), extension.places)

    def require(self, edge_label: str, direction: Direction, target_label: str) -> None:
        """Raise `UnknownRelation` unless such predictions can be made."""
        self._matching(edge_label, direction, target_label)

    def candidates(self, edge_label: str, direction: Direction, target_label: str) -> int:
        """How many vertices may be answers. Raises `UnknownRelation`."""
        rankers = self._matching(edge_label, direction, target_label)
        types = {ranker.relation.target_type(direction) for ranker in rankers}
        return sum(len(self._ids[name]) for name in types)

    def methods(self, edge_label: str, direction: Direction, target_label: str) -> tuple[str, ...]:
        """The methods with any weight in the answers. Raises `UnknownRelation`."""
        weighted = [
            name
            for ranker in self._matching(edge_label, direction, target_label)
            for name, weight in zip(
                ranker.target.members, ranker.target.weights[direction], strict=True
            )
            if weight
        ]
        return tuple(dict.fromkeys(weighted))

    def predict(
        self,
        *,
        edge_label: str,
        direction: Direction,
        target_label: str,
        inputs: Sequence[Literal],
        known: Sequence[Collection[Literal]],
        limit: int,
        threshold: float | None = None,
        candidates: Collection[Literal] | None = None,
    ) -> list[list[ScoredVertex]]:
        """Rank targets for each input, best first, at most `limit` each.

        `known[i]` are vertices that are no answers for `inputs[i]`; the input itself never is one,
        and nothing outside `candidates` is, if they are given.
        Answers below `threshold` are dropped. An input that the model has not seen gets none.
        Equal scores keep the order of the export. Raises `UnknownRelation`.
        """
        rankers = self._matching(edge_label, direction, target_label)
        answers: list[list[ScoredVertex]] = [[] for _ in inputs]
        if limit < 1:
            return answers
        by_type: dict[str, list[int]] = {}
        for position, literal in enumerate(inputs):
            place = self._places.get(literal)
            if place is not None:
                by_type.setdefault(place[0], []).append(position)
        for vertex_type, positions in by_type.items():
            able = [
                ranker
                for ranker in rankers
                if ranker.relation.source_type(direction) == vertex_type
            ]
            for start in range(0, len(positions) if able else 0, BLOCK):
                block = positions[start : start + BLOCK]
                sources = np.array([self._places[inputs[p]][1] for p in block], np.int64)
                hidden = [known[p] for p in block]
                found = self._rank(able, direction, sources, hidden, limit, candidates)
                for position, ranked in zip(block, found, strict=True):
                    answers[position] = [
                        vertex
                        for vertex in ranked
                        if threshold is None or vertex.score >= threshold
                    ]
        return answers

    def explain(
        self,
        *,
        edge_label: str,
        direction: Direction,
        target_label: str,
        inputs: Sequence[Literal],
        targets: Sequence[Sequence[Literal]],
    ) -> list[list[Explanation]]:
        """Why `targets[i]` are predicted for `inputs[i]`, in their order.

        Raises `UnknownRelation`, and KeyError for what `predict` does not answer.
        """
        rankers = self._matching(edge_label, direction, target_label)
        answers = []
        for literal, wanted in zip(inputs, targets, strict=True):
            vertex_type, source = self._places[literal]
            found: dict[Literal, Explanation] = {}
            for ranker in rankers:
                if ranker.relation.source_type(direction) != vertex_type:
                    continue
                target = ranker.relation.target_type(direction)
                own = [each for each in wanted if self._places[each][0] == target]
                places = np.array([self._places[each][1] for each in own], np.int64)
                why = self._evidence.explain(
                    ranker.target, ranker.scorer, direction, source, places
                )
                found.update(zip(own, why, strict=True))
            answers.append([found[each] for each in wanted])
        return answers

    def _matching(self, edge_label: str, direction: Direction, target_label: str) -> list[_Ranker]:
        found = [
            ranker
            for ranker in self._rankers
            if ranker.relation.label == edge_label
            and target_label in ranker.relation.target_type(direction).split(";")
        ]
        if not found:
            raise UnknownRelation(edge_label, direction, target_label, self.relations)
        return found

    def _rank(
        self,
        rankers: Sequence[_Ranker],
        direction: Direction,
        sources: Indexes,
        known: Sequence[Collection[Literal]],
        limit: int,
        allowed: Collection[Literal] | None,
    ) -> list[list[ScoredVertex]]:
        """Answers for sources of one type, over the candidates of all relations together."""
        spans: dict[str, int] = {}
        parts: list[NDArray[Any]] = []
        width = 0
        for ranker in rankers:
            target = ranker.relation.target_type(direction)
            logits: NDArray[Any] = ranker.scorer.scores(sources, direction)
            if len(rankers) > 1:  # one relation's own scores are in the order of its logits
                logits = ranker.calibrations[direction].logits(logits)
            if target == ranker.relation.source_type(direction):
                logits[np.arange(len(sources)), sources] = -np.inf
            spans[target] = width
            width += logits.shape[1]
            parts.append(logits)
        joined = parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)
        if allowed is not None:
            open_ = self._columns(allowed, spans)
            scored = joined[:, open_]
            joined.fill(-np.inf)
            joined[:, open_] = scored
        answers = []
        for row, hidden in zip(joined, known, strict=True):
            row[self._columns(hidden, spans)] = -np.inf
            best = top(row, limit)
            logits = row[best]
            if len(rankers) == 1:
                logits = rankers[0].calibrations[direction].logits(logits)
            scores = probabilities(logits)
            answers.append(
                [
                    ScoredVertex(self._candidate(index, spans), score)
                    for index, score in zip(best.tolist(), scores.tolist(), strict=True)
                ]
            )
        return answers

    def _candidate(self, column: int, spans: Mapping[str, int]) -> Literal:
        """The vertex that stands in a column: the reverse of `_columns`."""
        target = [name for name, start in spans.items() if start <= column][-1]
        return self._ids[target][column - spans[target]]

    def _columns(self, vertices: Collection[Literal], spans: Mapping[str, int]) -> Indexes:
        """Where vertices stand among candidates whose types begin at `spans`; int64."""
        places = (self._places.get(literal) for literal in vertices)
        return np.array(
            [spans[place[0]] + place[1] for place in places if place and place[0] in spans],
            np.int64,
        )


def top(row: NDArray[Any], limit: int) -> Indexes:
    """Positions of the `limit` largest finite numbers, largest first, equals in their order."""
    chosen = np.flatnonzero(row >= _bound(row, limit)) if limit < len(row) else np.arange(len(row))
    chosen = chosen[np.isfinite(row[chosen])]
    order = np.argsort(-row[chosen], kind="stable")[:limit]
    return np.asarray(chosen[order], dtype=np.int64)


GROUPS = 1024
"""Groups of numbers whose largest ones are compared."""


def _bound(row: NDArray[Any], limit: int) -> Any:
    """A number that at least `limit` numbers reach, and not many more."""
    if 4 * limit > GROUPS or len(row) < 4 * GROUPS:
        return np.partition(row, len(row) - limit)[len(row) - limit]
    # As many groups reach the `limit`-th largest of their maxima, each with a number of its own. To
    # find the maxima takes a fraction of what a partition of all numbers takes.
    whole = len(row) // GROUPS * GROUPS
    largest = row[:whole].reshape(-1, GROUPS).max(axis=0)
    return np.partition(largest, GROUPS - limit)[GROUPS - limit]
