"""Answering queries for properties from an artifact: NumPy and SciPy only, no learning library."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, Protocol
from weakref import WeakKeyDictionary

import numpy as np

from gremlink.grammar.gc_pause import without_collection
from gremlink.grammar.lazy import UniformLiterals, literals_of
from gremlink.grammar.traversal import Kind, Literal
from gremlink.proxy.learning.graph import Floats, Indexes, Relation
from gremlink.proxy.learning.inductive.extension import (
    Place,
    Places,
    encoded_rows,
    extend,
    places_of,
)
from gremlink.proxy.learning.inductive.neighbourhood import Cells, Neighbourhood
from gremlink.proxy.learning.inductive.scope import Scope
from gremlink.proxy.learning.properties.prediction.artifact import from_artifact
from gremlink.proxy.learning.properties.prediction.explanation import (
    PropertyEvidence,
    PropertyExplanation,
)
from gremlink.proxy.learning.properties.prediction.live_labels import Pair
from gremlink.proxy.learning.properties.prediction.model import PropertyModel
from gremlink.proxy.learning.trained.target import Element, Form, Outputs, Subjects, Task
from gremlink.proxy.learning.trained.vertex_embeddings import NoEmbeddings, VertexEmbeddings
from gremlink.proxy.store.artifacts import read_artifact
from gremlink.proxy.store.reading import making

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
        """Take a model; `places` are those of its vertices, if they are known."""
        self._model = model
        self._places = places_of(model.stored) if places is None else places
        self._found: WeakKeyDictionary[UniformLiterals, tuple[Sequence[int], Indexes]] = (
            WeakKeyDictionary()
        )
        """For ids that were read together, which are known, and their rows."""
        self._edge_rows = {text: row for row, text in enumerate(model.edges.ids)}

    @classmethod
    def load(cls, directory: Path) -> PropertyPredictor:
        """Load and verify an artifact. Raises `gremlink.proxy.store.artifacts.ArtifactError`."""
        artifact = read_artifact(directory)
        with making("a model of a property", directory):
            return cls(from_artifact(artifact))

    @property
    def element(self) -> Element:
        """Element that has the property: `"node"` or `"edge"`."""
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
    def is_rdf(self) -> bool:
        """`True` for a model of an RDF graph: its classes are terms in N-Triples."""
        return self._model.stored.rdf

    @property
    def datatype(self) -> str | None:
        """Datatype of the property's values in an RDF graph, where all have the same."""
        return self._model.target.datatype

    @property
    def scope(self) -> Scope:
        """The part of the live graph that `extended` needs."""
        return self._model.scope

    def vertices(self, limit: int) -> Sequence[Literal]:
        """Return the vertices that may be inputs, at most so many; none for a property of edges."""
        owner = self._model.target.owner
        return self._model.stored.ids[owner][:limit] if isinstance(owner, str) else ()

    @property
    def owner(self) -> str | Relation:
        """The type of the vertices, or the edges, that have the property."""
        return self._model.target.owner

    @property
    def value_kinds(self) -> set[Kind]:
        """The types of the values that may be predicted."""
        return {each.kind for each in self._model.target.classes} or {Kind.DOUBLE}

    def edge_ends(self) -> list[tuple[Literal, Literal]]:
        """Return the ends of the edges that may be inputs; none for a property of vertices."""
        owner = self._model.target.owner
        if isinstance(owner, str):
            return []
        edges = self._model.stored.graph.edges[owner]
        heads, tails = self._model.stored.ids[owner.head], self._model.stored.ids[owner.tail]
        pairs = zip(edges.heads.tolist(), edges.tails.tolist(), strict=True)
        return [(heads[head], tails[tail]) for head, tail in pairs]

    def place(self, vertex: Literal) -> Place | None:
        """Return type and position of a vertex, `None` for one that the model has not seen."""
        return self._places.get(vertex)

    @cached_property
    def embeddings(self) -> VertexEmbeddings:
        """Vertices in the space of a network. Raises `NoEmbeddings`."""
        return self._model.vertex_embeddings()

    def extended(
        self, read: Neighbourhood, inputs: Sequence[Literal | EdgeInput]
    ) -> PropertyPredictor:
        """Return the same model on the stored graph with what was read in it, for these inputs.

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
        """Number of classes; 0 for a number."""
        return len(self._model.target.classes)

    def predict(
        self,
        inputs: Sequence[Literal | EdgeInput],
        limit: int,
        threshold: float | None = None,
    ) -> list[list[PredictedValue]]:
        """Predict the values of each input, ids of vertices or edges, best first.

        Classes: at most `limit`, none with a score below `threshold`. Numbers: always
        one. What the model has not seen has none: an unknown vertex, an edge with an unknown
        end or of another relation.
        """
        with without_collection():
            return self._predicted(inputs, limit, threshold)

    def counted(
        self,
        inputs: Sequence[Literal | EdgeInput],
        limit: int,
        threshold: float | None = None,
    ) -> list[tuple[Literal, int]]:
        """Count the values that `predict` has for all inputs together.

        In the order in which they come there first. Numbers are not looked at for equal ones.
        """
        _, outputs = self._outputs(inputs)
        if self._model.target.form is Form.NUMBER:
            return [(number, 1) for number in _numbers(outputs)]
        places, scores = _best(outputs, limit)
        if threshold is not None:
            places = places[scores >= threshold]
        classes = self._model.target.classes
        return [(classes[each], count) for each, count in Counter(places.ravel().tolist()).items()]

    def explain(
        self, inputs: Sequence[Literal | EdgeInput], values: Sequence[Sequence[Literal]]
    ) -> list[list[PropertyExplanation]]:
        """Explain the predictions `values[i]` of `inputs[i]`, in their order.

        Raises KeyError for a class that the model does not know.
        """
        known, subjects = self._vertices(inputs) if self.element == "node" else self._edges(inputs)
        columns = {value: place for place, value in enumerate(self._model.target.classes)}
        is_number = self._model.target.form is Form.NUMBER
        found: list[list[PropertyExplanation]] = [[] for _ in inputs]
        for row, position in enumerate(known):
            wanted = [0 if is_number else columns[value] for value in values[position]]
            if wanted:
                subject = subjects.select(np.array([row], np.int64))
                found[position] = self._evidence.explain(subject, wanted)
        return found

    @cached_property
    def _evidence(self) -> PropertyEvidence:
        try:
            embeddings = self.embeddings
        except NoEmbeddings:
            return PropertyEvidence(self._model, None)
        return PropertyEvidence(self._model, embeddings)

    def _predicted(
        self, inputs: Sequence[Literal | EdgeInput], limit: int, threshold: float | None
    ) -> list[list[PredictedValue]]:
        known, outputs = self._outputs(inputs)
        values = self._values(outputs, limit, threshold)
        if len(known) == len(inputs):
            return values
        found: list[list[PredictedValue]] = [[] for _ in inputs]
        for position, each in zip(known, values, strict=True):
            found[position] = each
        return found

    def _outputs(self, inputs: Sequence[Literal | EdgeInput]) -> tuple[Sequence[int], Outputs]:
        """Return a mask of the known inputs, and the model's outputs for them."""
        known, subjects = self._vertices(inputs) if self.element == "node" else self._edges(inputs)
        if not known:
            return known, np.zeros((0, max(self.classes, 1)))
        answers = self._model.answers
        outputs = (
            self._model.outputs(subjects)
            if answers is None
            else answers[subjects.ends[0]].astype(np.float64)
        )
        origin = self._model.target.origin
        return known, outputs + origin if origin else outputs

    def _vertices(self, inputs: Sequence[Literal | EdgeInput]) -> tuple[Sequence[int], Subjects]:
        """Return a mask of the known inputs, and these as subjects."""
        alike = inputs if isinstance(inputs, UniformLiterals) else None
        found = None if alike is None else self._found.get(alike)
        if found is None:
            rows = self._rows_of(inputs)
            known: Sequence[int] = range(len(rows))
            if None in rows:
                known = [position for position in known if rows[position] is not None]
                rows = [rows[position] for position in known]
            found = known, np.array(rows, np.int64)
            if alike is not None:
                self._found[alike] = found
        known, places = found
        return known, Subjects((places,), np.zeros((len(places), 0), np.float32))

    def _rows_of(self, inputs: Sequence[Literal | EdgeInput]) -> list[int | None]:
        """Return the row of each vertex, `None` for those that the model does not know."""
        if isinstance(inputs, UniformLiterals):
            return list(map(self._rows[inputs.kind].get, inputs.values))
        return [
            self._rows[vertex.kind].get(vertex.value) if isinstance(vertex, Literal) else None
            for vertex in inputs
        ]

    @cached_property
    def _rows(self) -> dict[Kind, dict[Any, int]]:
        """The rows of the vertices whose property it is, by kinds of their ids.

        What is in a literal is looked up in a fraction of the literal's own time.
        """
        rows: dict[Kind, dict[Any, int]] = {kind: {} for kind in Kind}
        for row, id in enumerate(self._model.stored.ids[str(self._model.target.owner)]):
            rows[id.kind][id.value] = row
        return rows

    def _edges(self, inputs: Sequence[Literal | EdgeInput]) -> tuple[list[int], Subjects]:
        """Return a mask of the inputs whose ends are known, and these as subjects."""
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
        return known, Subjects((places[:, 0], places[:, 1]), self._features(edges, pairs))

    def _pair(self, edge: EdgeInput, places: Places) -> Pair | None:
        """Return the numbers of an edge's ends, `None` if it is none that the model knows."""
        owner = self._model.target.owner
        assert isinstance(owner, Relation)
        head, tail = places.get(edge.source), places.get(edge.target)
        if edge.label != owner.label or head is None or tail is None:
            return None
        return (head[1], tail[1]) if (head[0], tail[0]) == (owner.head, owner.tail) else None

    @cached_property
    def _pair_rows(self) -> dict[Pair, int]:
        """Rows of edges by their ends; of several between two vertices the first."""
        ends = self._model.edges.ends
        if not ends:
            return {}
        pairs = list(zip(*(each.tolist() for each in ends), strict=True))
        return {pair: row for row, pair in reversed(list(enumerate(pairs)))}

    def _features(self, edges: Sequence[EdgeInput], pairs: Sequence[Pair]) -> Floats:
        """Return float32 `[edges, width]`: features as they were read, else as in the export, else
        the mean.

        An edge whose id is null is the one between its ends, which are numbered in `pairs`.
        """
        stored = self._model.edges
        features: Floats = np.zeros((len(edges), stored.values.shape[1]), np.float32)
        if not features.size:
            return features
        mean = stored.values.mean(axis=0)
        read: list[int] = []
        for position, edge in enumerate(edges):
            if edge.id.kind is Kind.NULL:
                row = self._pair_rows.get(pairs[position])
            else:
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
            return [[PredictedValue(number, CERTAIN)] for number in _numbers(outputs)]
        classes = self._model.target.classes
        places, scores = _best(outputs, limit)
        if limit == 1:
            highest = scores[:, 0].tolist()
            pairs = zip(map(classes.__getitem__, places[:, 0].tolist()), highest, strict=True)
            if threshold is None:
                return [[_new(PredictedValue, pair)] for pair in pairs]
            return [[_new(PredictedValue, pair)] if pair[1] >= threshold else [] for pair in pairs]
        return [
            [
                PredictedValue(classes[place], score)
                for place, score in zip(best, row, strict=True)
                if threshold is None or score >= threshold
            ]
            for best, row in zip(places.tolist(), scores.tolist(), strict=True)
        ]


def _numbers(outputs: Outputs) -> list[Literal]:
    return literals_of(Kind.DOUBLE, outputs[:, 0].tolist())


def _best(outputs: Outputs, limit: int) -> tuple[Indexes, Outputs]:
    """Return the classes with the highest scores, best first, at most `limit`, and their scores.

    Both `[inputs, classes]`; of equal scores the class that comes first is better.
    """
    if limit == 1:
        places = outputs.argmax(axis=1)[:, None]
    else:
        places = np.argsort(-outputs, axis=1, kind="stable")[:, : max(limit, 0)]
    return places, np.take_along_axis(outputs, places, axis=1)
