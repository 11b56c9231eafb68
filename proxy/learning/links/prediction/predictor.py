"""Answering link-prediction queries from an artifact: NumPy and SciPy only, never torch or DGL."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cached_property
from itertools import chain, islice
from pathlib import Path

import numpy as np

from gremlink.errors import Error
from gremlink.grammar.traversal import Kind, Literal
from gremlink.proxy.learning.graph import Direction, Relation
from gremlink.proxy.learning.inductive.extension import Place, Places, extend, places_of
from gremlink.proxy.learning.inductive.neighbourhood import Neighbourhood
from gremlink.proxy.learning.inductive.scope import Scope
from gremlink.proxy.learning.links.mixture import weighted
from gremlink.proxy.learning.links.prediction.explanation import Evidence, Explanation
from gremlink.proxy.learning.links.prediction.model import LinkModel, from_artifact
from gremlink.proxy.learning.links.prediction.ranker import Ranker, ScoredVertex, Table, Vertices
from gremlink.proxy.learning.links.prediction.speculative import (
    SpeculativePrediction,
    predict_speculatively,
)
from gremlink.proxy.learning.trained.vertex_embeddings import VertexEmbeddings
from gremlink.proxy.store.artifacts import read_artifact
from gremlink.proxy.store.reading import making

SAMPLES = 32
"""Vertices of a type about which a database is asked: they are labelled alike but for the order of
their labels."""

BLOCK = 64
"""Inputs that are scored at a time; a multiple of this many rows of candidates is in memory."""


class UnknownRelation(Error, LookupError):
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


class LinkPredictor:
    """A loaded model. Threads may share it: prediction changes nothing."""

    def __init__(self, model: LinkModel, places: Places | None = None) -> None:
        """Take a model; `places` are those of its vertices, if they are known."""
        self._model = model
        ids = {name: tuple(ids) for name, ids in model.stored.ids.items()}
        self._places = places_of(model.stored) if places is None else places
        self._vertices = Vertices(ids, self._places)
        self._rankers = tuple(Ranker(model, target) for target in model.relations)

    @cached_property
    def _evidence(self) -> Evidence:
        return Evidence(self._model.stored)

    @classmethod
    def load(cls, directory: Path) -> LinkPredictor:
        """Load and verify an artifact.

        Raises `ArtifactError` (of `gremlink.proxy.store.artifacts`).
        """
        artifact = read_artifact(directory)
        with making("a link-prediction model", directory):
            predictor = cls(from_artifact(artifact))
            for ranker in predictor._rankers:
                _ = ranker.scorer  # what is damaged shows now
            return predictor

    @property
    def relations(self) -> tuple[Relation, ...]:
        """Relations that can be asked for: edge label, label of the tail and of the head
        vertices."""
        return tuple(ranker.relation for ranker in self._rankers)

    @property
    def is_rdf(self) -> bool:
        """`True` for a model of an RDF graph."""
        return self._model.stored.rdf

    @property
    def scope(self) -> Scope:
        """The part of the live graph that `extended` needs."""
        return self._model.scope

    def extended(self, neighbourhood: Neighbourhood, asked: Collection[Literal]) -> LinkPredictor:
        """Return the same model on the stored graph with what was read in it; new vertices are
        answers.

        `asked` are the inputs, whose embeddings are made anew. Raises ValueError for a property
        that was read and does not fit its encoding.
        """
        extension = extend(self._model.stored, self._places, neighbourhood)
        return LinkPredictor(self._model.on(extension, asked), extension.places)

    def place(self, vertex: Literal) -> Place | None:
        """Return type and position of a vertex, `None` for one that the model has not seen."""
        return self._places.get(vertex)

    @cached_property
    def embeddings(self) -> VertexEmbeddings:
        """Vertices in the space of a network. Raises `NoEmbeddings`."""
        return self._model.vertex_embeddings()

    def bearers(
        self, edge_label: str, direction: Direction, target_label: str
    ) -> tuple[dict[str, tuple[Literal, ...]], bool]:
        """Return some vertices of each type that may have the label, as the database decides; and
        whether others surely have it. Raises `UnknownRelation`."""
        rankers = self._matching(edge_label, direction, target_label)
        types = dict.fromkeys(ranker.relation.target_type(direction) for ranker in rankers)
        surely_has = self._model.stored.surely_has
        asked = [name for name in types if not surely_has(target_label, name)]
        found = {}
        for name in asked:
            ids = self._vertices.ids[name]
            found[name] = tuple(ids[:: -(-len(ids) // SAMPLES) or 1])
        return found, len(asked) < len(types)

    def sources(
        self, edge_label: str, direction: Direction, target_label: str, limit: int
    ) -> list[Literal]:
        """Return the vertices that may be inputs, at most so many. Raises `UnknownRelation`."""
        rankers = self._matching(edge_label, direction, target_label)
        types = dict.fromkeys(ranker.relation.source_type(direction) for ranker in rankers)
        ids = chain.from_iterable(self._vertices.ids[name] for name in types)
        return list(islice(ids, limit))

    def target_kinds(self, edge_label: str, direction: Direction, target_label: str) -> set[Kind]:
        """Return the types of the ids of possible answers. Raises `UnknownRelation`."""
        rankers = self._matching(edge_label, direction, target_label)
        types = {ranker.relation.target_type(direction) for ranker in rankers}
        return {each.kind for name in types for each in self._vertices.ids[name]}

    def candidates(self, edge_label: str, direction: Direction, target_label: str) -> int:
        """Count the vertices that may be answers. Raises `UnknownRelation`."""
        rankers = self._matching(edge_label, direction, target_label)
        types = {ranker.relation.target_type(direction) for ranker in rankers}
        return sum(len(self._vertices.ids[name]) for name in types)

    def methods(self, edge_label: str, direction: Direction, target_label: str) -> tuple[str, ...]:
        """Return the methods with any weight in the answers. Raises `UnknownRelation`."""
        found = [
            name
            for ranker in self._matching(edge_label, direction, target_label)
            for name, has_weight in zip(
                ranker.target.members, weighted(ranker.target.weights[direction]), strict=True
            )
            if has_weight
        ]
        return tuple(dict.fromkeys(found))

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
        without: Collection[str] = (),
    ) -> list[list[ScoredVertex]]:
        """Rank targets for each input, best first, at most `limit` each.

        `known[i]` are vertices that are no answers for `inputs[i]`; the input itself never is one,
        nothing outside `candidates` is, if they are given, and nothing of the types `without`.
        Answers below `threshold` are dropped. An input that the model has not seen gets none.
        Equal scores keep the order of the export. Raises `UnknownRelation`.
        """
        rankers = [
            ranker
            for ranker in self._matching(edge_label, direction, target_label)
            if ranker.relation.target_type(direction) not in without
        ]
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
                table = Table(able, direction, sources, self._vertices)
                if candidates is not None:
                    table.keep(candidates)
                for row, (position, known_) in enumerate(zip(block, hidden, strict=True)):
                    table.logits[row, table.columns(known_)] = -np.inf
                    _, ranked = table.best(row, limit)
                    answers[position] = [
                        vertex
                        for vertex in ranked
                        if threshold is None or vertex.score >= threshold
                    ]
        return answers

    def known(
        self,
        *,
        edge_label: str,
        direction: Direction,
        target_label: str,
        inputs: Sequence[Literal],
    ) -> list[frozenset[Literal]]:
        """Return the links of each input in training. Raises `UnknownRelation`."""
        found: list[frozenset[Literal]] = []
        rankers = self._matching(edge_label, direction, target_label)
        for vertex in inputs:
            place = self._places.get(vertex)
            linked: set[Literal] = set()
            for ranker in rankers:
                if place is not None and ranker.relation.source_type(direction) == place[0]:
                    cells = ranker.scorer.known.cells(np.array([place[1]], np.int64), direction)
                    ids = self._vertices.ids[ranker.relation.target_type(direction)]
                    linked.update(ids[column] for column in cells.columns.tolist())
            found.append(frozenset(linked))
        return found

    def predict_speculatively(
        self,
        *,
        edge_label: str,
        direction: Direction,
        target_label: str,
        source: Literal,
        limit: int,
        threshold: float | None,
        hides: bool,
    ) -> SpeculativePrediction | None:
        """Return the answers of `predict` for a `source` that has the links it had in training.

        `hides` leaves those in `direction` out. `None` for a vertex that the model has not seen,
        and where that depends on too much, or on the database. Raises `UnknownRelation`.
        """
        rankers = self._matching(edge_label, direction, target_label)
        if not all(
            self._model.stored.surely_has(target_label, each.relation.target_type(direction))
            for each in rankers
        ):
            return None
        place = self._places.get(source)
        if place is None or limit < 1:
            return None
        able = [each for each in rankers if each.relation.source_type(direction) == place[0]]
        if len(able) != 1:
            return None
        return predict_speculatively(
            able[0],
            self._vertices,
            place[1],
            direction,
            limit=limit,
            threshold=threshold,
            hides=hides,
        )

    def explain(
        self,
        *,
        edge_label: str,
        direction: Direction,
        target_label: str,
        inputs: Sequence[Literal],
        targets: Sequence[Sequence[Literal]],
    ) -> list[list[Explanation]]:
        """Explain the predictions of `targets[i]` for `inputs[i]`, in their order.

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

    def _matching(self, edge_label: str, direction: Direction, target_label: str) -> list[Ranker]:
        found = [
            ranker
            for ranker in self._rankers
            if ranker.relation.label == edge_label
            and self._model.stored.may_have(target_label, ranker.relation.target_type(direction))
        ]
        if not found:
            raise UnknownRelation(edge_label, direction, target_label, self.relations)
        return found
