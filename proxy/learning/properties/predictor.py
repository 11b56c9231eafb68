"""Answering queries for properties from an artifact: NumPy and SciPy only, no learning library."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from grammar.traversal import Kind, Literal
from proxy.learning.properties.dataset import Subjects
from proxy.learning.properties.model import EdgeModel, PropertyModel, VertexAnswers, from_artifact
from proxy.learning.properties.target import Element, Form, Outputs, Task
from proxy.store.artifacts import DamagedArtifact, read_artifact

CERTAIN = 1.0
"""The score of a number, which has none."""


@dataclass(frozen=True, slots=True)
class PredictedValue:
    """An answer: a class as the graph types it, or a Double, and between 0 and 1 its confidence."""

    value: Literal
    score: float


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


class PropertyPredictor:
    """A loaded model. Threads may share it: prediction changes nothing."""

    def __init__(self, model: PropertyModel) -> None:
        self._model = model
        ids = (
            {model.target.ends[0]: model.ids}
            if isinstance(model, VertexAnswers)
            else dict(model.ids)
        )
        self._places = {
            name: {literal: place for place, literal in enumerate(members)}
            for name, members in ids.items()
        }
        self._edge_rows: dict[str, int] = {}
        if isinstance(model, EdgeModel):
            self._edge_rows = {text: row for row, text in enumerate(model.edge_ids)}

    @classmethod
    def load(cls, directory: Path) -> PropertyPredictor:
        """Load and verify an artifact. Raises `ArtifactError` (of `proxy.store.artifacts`)."""
        artifact = read_artifact(directory)
        try:
            return cls(from_artifact(artifact))
        except (KeyError, ValueError, TypeError, IndexError, AttributeError) as error:
            raise DamagedArtifact(directory, f"not a model of a property: {error}") from error

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
        found: list[list[PredictedValue]] = [[] for _ in inputs]
        if isinstance(self._model, VertexAnswers):
            known, rows = self._vertices(inputs)
            outputs = self._model.answers[rows].astype(np.float64)
        else:
            known, subjects = self._edges(self._model, inputs)
            outputs = self._model.outputs(subjects) if known else np.zeros((0, 1))
        for position, values in zip(known, self._values(outputs, limit, threshold), strict=True):
            found[position] = values
        return found

    def _vertices(self, inputs: Sequence[Literal | EdgeInput]) -> tuple[list[int], list[int]]:
        """Which inputs are known, and their rows."""
        places = self._places[self._model.target.ends[0]]
        known: list[int] = []
        rows: list[int] = []
        for position, vertex in enumerate(inputs):
            place = places.get(vertex) if isinstance(vertex, Literal) else None
            if place is not None:
                known.append(position)
                rows.append(place)
        return known, rows

    def _edges(
        self, model: EdgeModel, inputs: Sequence[Literal | EdgeInput]
    ) -> tuple[list[int], Subjects]:
        """Which inputs have known ends, and they as subjects.

        An edge that was not in the export has the mean features.
        """
        owner = model.target.owner
        assert not isinstance(owner, str)
        heads, tails = self._places[owner.head], self._places[owner.tail]
        known: list[int] = []
        ends: list[tuple[int, int]] = []
        rows: list[int] = []
        for position, edge in enumerate(inputs):
            if isinstance(edge, Literal) or edge.label != owner.label:
                continue
            head, tail = heads.get(edge.source), tails.get(edge.target)
            if head is not None and tail is not None:
                known.append(position)
                ends.append((head, tail))
                rows.append(self._edge_rows.get(str(edge.id.value), -1))
        places = np.array(ends, np.int64).reshape(-1, 2)
        features: NDArray[np.float32] = np.zeros(
            (len(known), model.edge_features.shape[1]), np.float32
        )
        if features.shape[1]:
            chosen = np.array(rows, np.int64)
            mean = model.edge_features.mean(axis=0)
            features = np.where((chosen >= 0)[:, None], model.edge_features[chosen], mean)
        return known, Subjects((places[:, 0], places[:, 1]), features.astype(np.float32))

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
