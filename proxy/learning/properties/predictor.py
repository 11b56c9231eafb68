"""Answering queries for properties from an artifact: NumPy and SciPy only, no learning library."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from grammar.collector import without_collection
from grammar.traversal import Kind, Literal
from proxy.learning.graph import Floats, Relation
from proxy.learning.inductive.extension import Places, encoded_rows, extend, places_of
from proxy.learning.inductive.neighbourhood import Cells, Neighbourhood
from proxy.learning.inductive.scope import Scope
from proxy.learning.properties.artifact import from_artifact
from proxy.learning.properties.dataset import Subjects
from proxy.learning.properties.model import PropertyModel
from proxy.learning.properties.revision import Pair
from proxy.learning.properties.target import Element, Form, Outputs, Task
from proxy.store.artifacts import read_artifact
from proxy.store.reading import making

CERTAIN = 1.0
"""The score of a number, which has none."""


class PredictedValue(NamedTuple):
    """An answer: a class as the graph types it, or a Double, and between 0 and 1 its confidence."""

    value: Literal
    score: float


_new = tuple.__new__  # a third of the time of the class's own constructor


class EdgeInput(Protocol):
    """An edge to predict a property of."""

    @property
    def id(self) -> Literal:
        """Its id."""
        ...

    @property
    def label(self) -> str:
        """Its label."""
        ...

    @property
    def source(self) -> Literal:
        """The vertex that it leaves."""
        ...

    @property
    def target(self) -> Literal:
        """The vertex that it enters."""
        ...

    @property
    def values(self) -> Cells | None:
        """Its properties, if they were read."""
        ...


class PropertyPredictor:
    """A loaded model. Threads may share it: prediction changes nothing."""

    def __init__(self, model: PropertyModel, places: Places | None = None) -> None:
        """`places` are those of the model's vertices, if they are known."""
        self._model = model
        self._places = places_of(model.stored) if places is None else places
        self._edge_rows = {text: row for row, text in enumerate(model.edges.ids)}

    @classmethod
    def load(cls, directory: Path) -> PropertyPredictor:
        """Load and verify an artifact. Raises `ArtifactError` (of `proxy.store.artifacts`)."""
        artifact = read_artifact(directory)
        with making("a model of a property", directory):
            return cls(from_artifact(artifact))

    @property
    def element(self) -> Element:
        """Whose property it is: `"node"` or `"edge"`."""
        return self._model.target.element

    @property
    def task(self) -> Task:
        """`"classification"` or `"regression"`."""
        return self._model.target.task

    @property
    def key(self) -> str:
        """The property."""
        return self._model.target.key

    @property
    def scope(self) -> Scope:
        """What `extended` has to be given."""
        return self._model.scope

    def extended(
        self, read: Neighbourhood, inputs: Sequence[Literal | EdgeInput]
    ) -> PropertyPredictor:
        """The same model on the stored graph with what was read in it, for these inputs.

        Raises ValueError for a property that was read and does not fit its encoding.
        """
        extension = extend(self._model.stored, self._places, read)
        if self.element == "node":
            vertices = [vertex for vertex in inputs if isinstance(vertex, Literal)]
            model = self._model.on_vertices(extension, read, vertices)
        else:
            edges = [edge for edge in inputs if not isinstance(edge, Literal)]
            ends = {end for edge in edges for end in (edge.source, edge.target)}
            numbers = {pair for edge in edges if (pair := self._pair(edge, extension.places))}
            model = self._model.on_edges(extension, read, ends, numbers)
        return PropertyPredictor(model, extension.places)

    @property
    def classes(self) -> int:
        """How many classes it tells apart; 0 for a number."""
        return len(self._model.target.classes)

    def predict(
        self,
        inputs: Sequence[Literal | EdgeInput],
        limit: int,
        threshold: float | None = None,
    ) -> list[list[PredictedValue]]:
        """The values of each input, ids of vertices or edges, best first.

        Classes: at most `limit`, none with a score below `threshold`. Numbers: one, whatever the
        two say. What the model has not seen has none: an unknown vertex, an edge with an unknown
        end or of another relation.
        """
        with without_collection():
            return self._predicted(inputs, limit, threshold)

    def _predicted(
        self, inputs: Sequence[Literal | EdgeInput], limit: int, threshold: float | None
    ) -> list[list[PredictedValue]]:
        known, subjects = self._vertices(inputs) if self.element == "node" else self._edges(inputs)
        if not known:
            return [[] for _ in inputs]
        answers = self._model.answers
        outputs = (
            self._model.outputs(subjects)
            if answers is None
            else answers[subjects.ends[0]].astype(np.float64)
        )
        values = self._values(outputs, limit, threshold)
        if len(known) == len(inputs):
            return values
        found: list[list[PredictedValue]] = [[] for _ in inputs]
        for position, each in zip(known, values, strict=True):
            found[position] = each
        return found

    def _vertices(self, inputs: Sequence[Literal | EdgeInput]) -> tuple[list[int], Subjects]:
        """Which inputs are known, and they as subjects."""
        known: list[int] = []
        rows: list[int] = []
        texts = self._texts
        for position, vertex in enumerate(inputs):
            if not isinstance(vertex, Literal):
                continue
            # Nearly all ids are texts, and a text is looked up in a fraction of a literal's time.
            row = texts.get(vertex.value) if vertex.kind is Kind.STRING else self._row(vertex)
            if row is not None:
                known.append(position)
                rows.append(row)
        return known, Subjects((np.array(rows, np.int64),), np.zeros((len(rows), 0), np.float32))

    @cached_property
    def _texts(self) -> dict[str, int]:
        """The rows of the vertices whose property it is, by those of their ids that are texts."""
        ids = self._model.stored.ids[str(self._model.target.owner)]
        return {id.value: row for row, id in enumerate(ids) if id.kind is Kind.STRING}

    def _row(self, vertex: Literal) -> int | None:
        place = self._places.get(vertex)
        return place[1] if place is not None and place[0] == self._model.target.owner else None

    def _edges(self, inputs: Sequence[Literal | EdgeInput]) -> tuple[list[int], Subjects]:
        """Which inputs have known ends, and they as subjects."""
        known: list[int] = []
        pairs: list[Pair] = []
        edges: list[EdgeInput] = []
        for position, edge in enumerate(inputs):
            pair = None if isinstance(edge, Literal) else self._pair(edge, self._places)
            if pair is not None and not isinstance(edge, Literal):
                known.append(position)
                pairs.append(pair)
                edges.append(edge)
        places = np.array(pairs, np.int64).reshape(-1, 2)
        return known, Subjects((places[:, 0], places[:, 1]), self._features(edges))

    def _pair(self, edge: EdgeInput, places: Places) -> Pair | None:
        """The numbers of an edge's ends, `None` if it is none that the model knows."""
        owner = self._model.target.owner
        assert isinstance(owner, Relation)
        head, tail = places.get(edge.source), places.get(edge.target)
        if edge.label != owner.label or head is None or tail is None:
            return None
        return (head[1], tail[1]) if (head[0], tail[0]) == (owner.head, owner.tail) else None

    def _features(self, edges: Sequence[EdgeInput]) -> Floats:
        """Float32 `[edges, width]`: as they were read, else as in the export, else the mean."""
        stored = self._model.edges
        features: Floats = np.zeros((len(edges), stored.values.shape[1]), np.float32)
        if not features.size:
            return features
        mean = stored.values.mean(axis=0)
        read: list[int] = []
        for position, edge in enumerate(edges):
            row = self._edge_rows.get(str(edge.id.value))
            features[position] = mean if row is None else stored.values[row]
            if edge.values is not None:
                read.append(position)
        if read:
            cells = {edges[position].id: edges[position].values or {} for position in read}
            features[read] = encoded_rows(cells, stored.encodings)
        return features

    def _values(
        self, outputs: Outputs, limit: int, threshold: float | None
    ) -> list[list[PredictedValue]]:
        if self._model.target.form is Form.NUMBER:
            return [
                [PredictedValue(Literal(Kind.DOUBLE, float(number)), CERTAIN)]
                for number in outputs[:, 0]
            ]
        if limit < 1:
            return [[] for _ in outputs]
        classes = self._model.target.classes
        if limit == 1:
            best = outputs.argmax(axis=1)
            highest = outputs[np.arange(len(outputs)), best].tolist()
            pairs = zip(map(classes.__getitem__, best.tolist()), highest, strict=True)
            if threshold is None:
                return [[_new(PredictedValue, pair)] for pair in pairs]
            return [[_new(PredictedValue, pair)] if pair[1] >= threshold else [] for pair in pairs]
        order = np.argsort(-outputs, axis=1, kind="stable")[:, :limit]
        scores = np.take_along_axis(outputs, order, axis=1)
        return [
            [
                PredictedValue(classes[place], score)
                for place, score in zip(places, row, strict=True)
                if threshold is None or score >= threshold
            ]
            for places, row in zip(order.tolist(), scores.tolist(), strict=True)
        ]
