"""Fitting the methods that compete: the network and the structural scorers, with their times."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from proxy.learning.evaluation import Questions, mean_reciprocal_rank, rank_questions
from proxy.learning.events import EpochDone, Progress
from proxy.learning.graph import (
    DIRECTIONS,
    Direction,
    Edges,
    Floats,
    Indexes,
    Relation,
    TypedGraph,
)
from proxy.learning.known import KnownLinks
from proxy.learning.models.fitting import Checkpoint, FitSettings, fit
from proxy.learning.models.rgcn import EncoderSettings
from proxy.learning.scorers import STRUCTURAL, Scorer
from proxy.learning.scorers.embedding import Embeddings
from proxy.learning.settings import NETWORK, TrainingSettings


@dataclass(slots=True)
class Stopwatch:
    """Seconds by method, added up."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def timing(self, method: str) -> Iterator[None]:
        """Count the time of the block for `method`."""
        begun = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[method] = self.seconds.get(method, 0.0) + time.perf_counter() - begun


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


def names_for(graph: TypedGraph, relations: Sequence[Relation], model: str) -> tuple[str, ...]:
    """The methods to compare: the network first, unless one that needs none was asked for, then
    all that say something about at least one of the relations.
    """
    structural = [
        name
        for name, scorer in STRUCTURAL.items()
        if any(scorer.applies(graph, relation) for relation in relations)
    ]
    return tuple(structural) if model in STRUCTURAL else (NETWORK, *structural)


class Nothing:
    """Stands in for a method that does not apply to a relation: all candidates are level."""

    def __init__(self, graph: TypedGraph, relation: Relation) -> None:
        self._sizes = {
            direction: graph.counts[relation.target_type(direction)] for direction in DIRECTIONS
        }

    def scores(self, sources: Indexes, direction: Direction) -> Floats:
        """See `Scorer.scores`."""
        return np.zeros((len(sources), self._sizes[direction]), np.float32)


def fit_structural(
    graph: TypedGraph, relation: Relation, names: Sequence[str], watch: Stopwatch
) -> dict[str, Scorer]:
    """Those of `names` that are structural scorers, fitted on a graph without held-out edges."""
    fitted: dict[str, Scorer] = {}
    for name in names:
        scorer = STRUCTURAL.get(name)
        if scorer is None:
            continue
        with watch.timing(name):
            fitted[name] = (
                scorer.fit(graph, relation)
                if scorer.applies(graph, relation)
                else Nothing(graph, relation)
            )
    return fitted


def fit_settings(settings: TrainingSettings, epochs: int | None = None) -> FitSettings:
    """The network's part of the settings."""
    return FitSettings(
        EncoderSettings(settings.width, settings.layers, settings.dropout),
        epochs=epochs or settings.epochs,
        learning_rate=settings.learning_rate,
        hidden_share=settings.hidden_share,
    )


class Validation:
    """Full ranking of validation edges while a network trains."""

    LIMIT = 500
    """Edges of a relation that are asked about, from both ends."""

    def __init__(self, graph: TypedGraph, held_out: Mapping[Relation, Edges]) -> None:
        """`graph` holds every link; known ones do not compete."""
        self._questions = [
            (relation, Questions.about(edges.select(np.arange(min(len(edges), self.LIMIT))), end))
            for relation, edges in held_out.items()
            for end in DIRECTIONS
        ]
        self._known = {relation: KnownLinks(graph, relation) for relation in held_out}

    def mrr(self, embeddings: Embeddings) -> float:
        """Over all relations and both directions."""
        found = [
            rank_questions(embeddings.scorer(relation), questions, self._known[relation])
            for relation, questions in self._questions
        ]
        return mean_reciprocal_rank(np.concatenate(found))


def epochs_of(
    phase: str,
    graph: TypedGraph,
    relations: Sequence[Relation],
    settings: FitSettings,
    seed: int,
    progress: Progress,
    validation_mrr: list[float],
) -> Iterator[Checkpoint]:
    """Train a network and tell about every epoch; `validation_mrr` is whatever the caller knows."""
    begun = time.monotonic()
    for checkpoint in fit(graph, relations, settings, seed):
        yield checkpoint
        spent = time.monotonic() - begun
        progress(
            EpochDone(
                phase,
                checkpoint.epoch,
                settings.epochs,
                checkpoint.loss,
                validation_mrr[-1] if validation_mrr else None,
                spent / checkpoint.epoch * (settings.epochs - checkpoint.epoch),
            )
        )
