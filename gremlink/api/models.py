"""Trained models in memory: `load`, and what is asked of them. NumPy and SciPy only, no torch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from gremlink.api.all_predictions import AllPredictions
from gremlink.api.arguments import Id, PathLike, choice_of, directory_of, each_of, literal_of
from gremlink.api.results.embeddings import Embeddings
from gremlink.api.results.explanation import Explanation, PropertyExplanation
from gremlink.api.results.segments import Segments
from gremlink.api.results.table import Table
from gremlink.errors import WrongArgument
from gremlink.grammar.traversal import Kind, Literal
from gremlink.proxy.graph.labels import may_have
from gremlink.proxy.learning.graph import DIRECTIONS, Direction, Relation
from gremlink.proxy.learning.inductive.extension import Places, places_of
from gremlink.proxy.learning.links.prediction.model import TASK
from gremlink.proxy.learning.links.prediction.model import LinkModel as Links
from gremlink.proxy.learning.links.prediction.predictor import LinkPredictor
from gremlink.proxy.learning.properties.prediction.predictor import PropertyPredictor
from gremlink.proxy.learning.trained.vertex_embeddings import UnknownVertex
from gremlink.proxy.learning.workflows.load import model_in
from gremlink.proxy.learning.workflows.predict import Inputs, Predictions, predictions_of
from gremlink.proxy.store.artifacts import read_artifact

if TYPE_CHECKING:
    from gremlink.proxy.learning.inductive.neighbourhood import Cells
    from gremlink.proxy.learning.properties.prediction.model import PropertyModel as Property


class PredictedLink(NamedTuple):
    """A vertex that `source` may be linked to; `score` is from 0 to 1, how likely that is."""

    source: Any
    target: Any
    score: float


class PredictedProperty(NamedTuple):
    """The value of an element's property; `score` is from 0 to 1, and 1 for numbers."""

    id: Any
    value: Any
    score: float


_LINKS = PredictedLink, PredictedLink._fields
_VALUES = PredictedProperty, PredictedProperty._fields


class Edge(NamedTuple):
    """An edge to predict a property of: the ids of the vertices that it leaves and enters.

    Without an `id` it is the edge between the two in the training. `properties` are those of an
    edge that came later, by key.
    """

    source: Id
    target: Id
    id: Id = None
    properties: Mapping[str, Any] | None = None


class _Loaded:
    """The part that all models share."""

    def __init__(self, artifact: Path, model: Links | Property) -> None:
        self.artifact = artifact
        self._model = model
        self._places: Places = places_of(model.stored)

    @property
    def vertices(self) -> Mapping[str, int]:
        """Numbers of vertices by label, as the graph had them at the training."""
        return dict(self._model.stored.graph.counts)

    def ids(self, label: str) -> list[Any]:
        """Return the ids of the vertices of a label. Raises `WrongArgument`."""
        found = self._model.stored.ids
        if label not in found:
            raise WrongArgument(f"no vertices {label!r}: the model knows {', '.join(found)}")
        return [vertex.value for vertex in found[label]]

    def embeddings(self, method: str | None = None) -> Embeddings:
        """Return the embeddings of the vertices.

        Those of the model's network, else of a method without one that places vertices: see
        docs/links.md. `method` names another one of the model.

        Raises:
            NoEmbeddings: The model has none of this method, or none at all.
        """
        return Embeddings(self._model.vertex_embeddings(method), self._places)

    def segments(
        self,
        count: int | None = None,
        *,
        label: str | None = None,
        method: str | None = None,
        seed: int = 0,
    ) -> Segments:
        """Part the vertices of each label into segments that lie together, and name their marks.

        Args:
            count: Segments of each label; by default as many as fit best.
            label: The only label to part.
            method: As in `embeddings`.
            seed: Equal seeds give equal segments.

        Raises:
            WrongArgument: An argument cannot be used.
            NoEmbeddings: As in `embeddings`.
            UnknownVertex: There are no embeddings of the label.
            NotInstalled: This installation only serves.
        """
        from gremlink.api.installed import explain_missing
        from gremlink.proxy.learning.segments.segmented import segmented

        _require_whole("count", 1 if count is None else count, least=1)
        _require_whole("seed", seed, least=0)
        found = self._model.vertex_embeddings(method)
        with explain_missing():
            return Segments(segmented(found, count, label=label, seed=seed))

    def _inputs_of(self, found: Predictions, ids: Iterable[Id] | None, label: str | None) -> Inputs:
        if ids is None:
            return found.inputs(label)
        if label is not None:
            raise WrongArgument("ids and label: give one of them")
        return [self._literal(id) for id in each_of(ids)]

    def _literal(self, id: Id) -> Literal:
        return literal_of(id, self._places.get)


def _require_whole(name: str, value: object, *, least: int) -> None:
    """Raise `WrongArgument` for another value than a whole number from `least` on."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise WrongArgument(f"{name} is {value!r}: write a whole number from {least} on")


class LinkModel(_Loaded):
    """A model that predicts links; threads may share it.

    Example:
        >>> model = gremlink.load("artifact")
        >>> model.vertices, model.relations
        ({'User': 20}, ('(User)-FRIEND->(User)',))
    """

    task = TASK

    def __init__(self, artifact: Path, model: Links) -> None:
        super().__init__(artifact, model)
        self._predictor = LinkPredictor(model, self._places)

    @property
    def relations(self) -> tuple[str, ...]:
        """The edges that it predicts, as `(User)-FRIEND->(User)`."""
        return tuple(map(str, self._predictor.relations))

    def predict(
        self,
        ids: Id | Iterable[Id],
        edge_label: str | None = None,
        *,
        direction: Direction = "out",
        target_label: str | None = None,
        limit: int = 10,
        threshold: float | None = None,
        filter_existing_edges: bool = True,
        candidates: Iterable[Id] | None = None,
    ) -> Table[PredictedLink]:
        """Predict links of vertices, best first for each of them.

        Args:
            ids: A vertex, or several. One that came after the training gets no rows.
            edge_label: Label of the edges; needed where the model predicts several.
            direction: `out` for targets, `in` for sources.
            target_label: Label of the vertices to predict; needed where there are several.
            limit: Rows for each vertex, at most.
            threshold: Leave out what has a lower score, from 0 to 1.
            filter_existing_edges: Leave out what the vertex was linked to at the training.
            candidates: Ids of the only vertices that may be predicted.

        Raises:
            WrongArgument: An argument cannot be used.
            UnknownRelation: The model does not predict such links.

        Example:
            >>> found = gremlink.load("artifact").predict(["user_19", "user_01"], "FRIEND", limit=1)
            >>> found.columns, found.column("source")
            (('source', 'target', 'score'), ['user_19', 'user_01'])
        """
        asked = self._asked(edge_label, direction, target_label)
        _require_whole("limit", limit, least=1)
        inputs = [self._literal(id) for id in each_of(ids)]
        known = (
            self._predictor.known(**asked, inputs=inputs)
            if filter_existing_edges
            else [frozenset[Literal]()] * len(inputs)
        )
        only = None if candidates is None else {self._literal(id) for id in each_of(candidates)}
        answers = self._predictor.predict(
            **asked,
            inputs=inputs,
            known=known,
            limit=limit,
            threshold=threshold,
            candidates=only,
        )
        rows = (
            PredictedLink(source.value, found.id.value, found.score)
            for source, each in zip(inputs, answers, strict=True)
            for found in each
        )
        return Table(PredictedLink._fields, tuple(rows))

    def predict_all(
        self,
        edge_label: str | None = None,
        *,
        ids: Iterable[Id] | None = None,
        label: str | None = None,
        direction: Direction = "out",
        target_label: str | None = None,
        limit: int = 10,
        threshold: float | None = None,
        filter_existing_edges: bool = True,
    ) -> AllPredictions[PredictedLink]:
        """Predict links of all vertices, in bounded memory: for a file, or for the graph.

        Args:
            edge_label: As in `predict`, and so are the other arguments below.
            ids: Only of these vertices.
            label: Only of the vertices with this label.
            direction: `out` for targets, `in` for sources.
            target_label: Label of the vertices to predict.
            limit: Rows for each vertex, at most.
            threshold: Leave out what has a lower score, from 0 to 1.
            filter_existing_edges: Leave out what the vertex was linked to at the training.

        Returns:
            Rows to iterate, with `write(path)` and `write_back(url, name)`.

        Raises:
            WrongArgument: An argument cannot be used.
            NothingToPredict: The model predicts no such links.

        Example:
            >>> found = gremlink.load("artifact").predict_all(limit=2)
            >>> found.inputs, found.write("friends.parquet")
            (20, 40)
        """
        choice_of(direction, "direction", DIRECTIONS)
        _require_whole("limit", limit, least=1)
        found = predictions_of(
            self.artifact,
            self._predictor,
            edge_label=edge_label,
            direction=direction,
            target_label=target_label,
            limit=limit,
            threshold=threshold,
            hides=filter_existing_edges,
        )
        return AllPredictions(found, self._inputs_of(found, ids, label), *_LINKS)

    def explain(
        self,
        source: Id,
        target: Id,
        edge_label: str | None = None,
        *,
        direction: Direction = "out",
    ) -> Explanation:
        """Explain why a link is predicted, whether it is there or not.

        Args:
            source: The vertex that is asked about, as in `predict`.
            target: The vertex that is predicted.
            edge_label: Label of the edges; needed where the model predicts several.
            direction: As in `predict`.

        Raises:
            WrongArgument: An argument cannot be used.
            UnknownVertex: A vertex came after the training, or has another label than those of
                the model.

        Example:
            >>> why = gremlink.load("artifact").explain("user_19", "user_07")
            >>> list(why.contributions)
            ['rgcn']
        """
        begin, end = self._literal(source), self._literal(target)
        for name, vertex in (("source", begin), ("target", end)):
            if vertex not in self._places:
                raise UnknownVertex(
                    f"the model has no vertex {vertex.value!r} ({name}): it came after training"
                )
        asked = self._asked(edge_label, direction, self._places[end][0])
        scored = self._predictor.predict(
            **asked, inputs=[begin], known=[frozenset()], limit=1, candidates={end}
        )[0]
        if not scored:
            raise UnknownVertex(
                f"the model predicts no {asked['edge_label']} between {self._places[begin][0]} "
                f"{begin.value!r} and {self._places[end][0]} {end.value!r}; it was trained for "
                f"{', '.join(self.relations)}"
            )
        ((found,),) = self._predictor.explain(**asked, inputs=[begin], targets=[[end]])
        return Explanation.of(begin.value, end.value, scored[0].score, found)

    def _asked(self, edge_label: str | None, direction: Direction, target_label: str | None) -> Any:
        """Return the label of the edges, the direction and the label of the answers."""
        choice_of(direction, "direction", DIRECTIONS)
        relations = self._predictor.relations
        if edge_label is None:
            labels = list(dict.fromkeys(relation.label for relation in relations))
            if len(labels) > 1:
                raise WrongArgument(f"which edge_label? The model predicts {', '.join(labels)}")
            edge_label = labels[0]
        elif not isinstance(edge_label, str):
            raise WrongArgument(f"edge_label is {edge_label!r}: write the label of the edges")
        if target_label is None:
            target_label = _only_target(relations, edge_label, direction)
        return {
            "edge_label": edge_label,
            "direction": direction,
            "target_label": target_label,
        }

    def __repr__(self) -> str:
        return f"LinkModel({str(self.artifact)!r}: {', '.join(self.relations)})"


def _only_target(relations: Iterable[Relation], edge_label: str, direction: Direction) -> str:
    """Return the label by which all answers are found, where there is one."""
    types = dict.fromkeys(
        relation.target_type(direction) for relation in relations if relation.label == edge_label
    )
    common = [each for each in types if all(may_have(each, other) for other in types)]
    if types and not common:
        raise WrongArgument(f"which target_label? {edge_label} leads to {', '.join(types)}")
    return common[0] if common else ""


@dataclass(frozen=True, slots=True)
class _EdgeInput:
    """An edge as a predictor takes it; a null `id` is that of the edge between its ends."""

    id: Literal
    label: str
    source: Literal
    target: Literal
    values: Cells | None = None


class PropertyModel(_Loaded):
    """A model that predicts a property of vertices or edges; threads may share it."""

    def __init__(self, artifact: Path, model: Property) -> None:
        super().__init__(artifact, model)
        self._target = model.target
        self._predictor = PropertyPredictor(model, self._places)

    @property
    def task(self) -> str:
        """`node_classification`, `node_regression`, `edge_classification`, `edge_regression`."""
        return self._target.name

    @property
    def key(self) -> str:
        """The property."""
        return self._target.key

    @property
    def label(self) -> str:
        """Label of the vertices that have it, or the edges as `User-RATED-Movie`."""
        return str(self._target.owner)

    @cached_property
    def classes(self) -> tuple[Any, ...]:
        """The classes that it tells apart, as the graph types them; none for numbers."""
        return tuple(each.value for each in self._target.classes)

    def predict(
        self,
        ids: Id | Edge | tuple[Id, Id] | Iterable[Id | Edge | tuple[Id, Id]],
        *,
        limit: int = 1,
        threshold: float | None = None,
    ) -> Table[PredictedProperty]:
        """Predict values of the property, best first for each element.

        Args:
            ids: A vertex or several; for a property of edges an edge or several, each an `Edge`, a
                pair of ids (source, target), or an edge of gremlinpython. What the model cannot
                know gets no rows.
            limit: Classes for each element, at most; numbers have one row.
            threshold: Leave out classes with a lower score, from 0 to 1.

        Raises:
            WrongArgument: An argument cannot be used.

        Example:
            >>> gremlink.load("property").predict(["user_19"]).columns
            ('id', 'value', 'score')
        """
        _require_whole("limit", limit, least=1)
        inputs, shown = self._inputs(ids)
        answers = self._predictor.predict(inputs, limit, threshold)
        rows = (
            PredictedProperty(id, found.value.value, found.score)
            for id, each in zip(shown, answers, strict=True)
            for found in each
        )
        return Table(PredictedProperty._fields, tuple(rows))

    def explain(self, id: Id | Edge | tuple[Id, Id], value: Any = None) -> PropertyExplanation:
        """Explain why a value is predicted for an element.

        Args:
            id: A vertex or, for a property of edges, an edge, as in `predict`.
            value: The class to explain; without it, the likeliest.

        Raises:
            WrongArgument: An argument cannot be used.
            UnknownVertex: The model does not know the element: it came after the training.

        Example:
            >>> gremlink.load("property").explain("user_19").examples.columns
            ('id', 'values', 'similarity')
        """
        inputs, shown = self._inputs(id)
        if len(inputs) != 1:
            raise WrongArgument(f"{id!r} are {len(inputs)} elements: explain one at a time")
        (answers,) = self._predictor.predict(inputs, max(len(self.classes), 1))
        if not answers:
            raise UnknownVertex(f"the model does not know {shown[0]!r}: it came after training")
        best = answers[0]
        if value is not None and self.classes:
            same = [each for each in answers if each.value.value == value]
            if not same:
                known = ", ".join(map(repr, self.classes[:20]))
                raise WrongArgument(f"no class {value!r}: the model knows {known}")
            best = same[0]
        ((found,),) = self._predictor.explain(inputs, [[best.value]])
        return PropertyExplanation.of(shown[0], best.value.value, best.score, found)

    def _inputs(self, ids: Any) -> tuple[list[Any], list[Any]]:
        """Return elements as the predictor takes them, and how they are shown."""
        if isinstance(self._target.owner, Relation):
            edges = [_edge_of(each) for each in _each_edge(ids)]
            shown = [each.id if each.id is not None else (each.source, each.target)
                     for each in edges]  # fmt: skip
            return [self._edge_input(each) for each in edges], shown
        inputs = [self._literal(id) for id in each_of(ids)]
        return inputs, [each.value for each in inputs]

    def predict_all(
        self,
        *,
        ids: Iterable[Id | Edge | tuple[Id, Id]] | None = None,
        limit: int = 1,
        threshold: float | None = None,
    ) -> AllPredictions[PredictedProperty]:
        """Predict the property of all elements, in bounded memory: for a file, or for the graph.

        Args:
            ids: Only of these vertices, or of the edges with these pairs of ends.
            limit: Classes for each element, at most; numbers have one row.
            threshold: Leave out classes with a lower score, from 0 to 1.

        Returns:
            Rows to iterate, with `write(path)` and `write_back(url, name)`.

        Raises:
            WrongArgument: An argument cannot be used.

        Example:
            >>> found = gremlink.load("property").predict_all()
            >>> found.inputs == found.write("values.csv") > 0
            True
        """
        _require_whole("limit", limit, least=1)
        found = predictions_of(self.artifact, self._predictor, limit=limit, threshold=threshold)
        if ids is None or not isinstance(self._target.owner, Relation):
            return AllPredictions(found, self._inputs_of(found, ids, None), *_VALUES)
        edges = [_edge_of(each) for each in _each_edge(ids)]
        pairs = [(self._literal(each.source), self._literal(each.target)) for each in edges]
        return AllPredictions(found, pairs, *_VALUES)

    def _edge_input(self, edge: Edge) -> _EdgeInput:
        assert isinstance(self._target.owner, Relation)
        return _EdgeInput(
            Literal(Kind.NULL, None) if edge.id is None else Literal.string(str(edge.id)),
            self._target.owner.label,
            self._literal(edge.source),
            self._literal(edge.target),
            None if edge.properties is None else _cells(edge.properties),
        )

    def __repr__(self) -> str:
        return f"PropertyModel({str(self.artifact)!r}: {self.task} of {self._target})"


def _each_edge(given: Any) -> list[Any]:
    if isinstance(given, Edge) or hasattr(given, "outV"):
        return [given]
    if isinstance(given, tuple) and len(given) == 2 and not isinstance(given[0], tuple | Edge):
        return [given]
    return list(given) if isinstance(given, Iterable) and not isinstance(given, str) else [given]


def _edge_of(given: Any) -> Edge:
    if isinstance(given, Edge):
        return given
    if hasattr(given, "outV") and hasattr(given, "inV"):  # an edge of gremlinpython
        return Edge(given.outV.id, given.inV.id, given.id)
    if isinstance(given, tuple | list) and len(given) == 2:
        return Edge(*given)
    raise WrongArgument(
        f"{given!r} is no edge: write the ids of both ends as a pair (source, target), a "
        "gremlink.Edge, or an edge of gremlinpython"
    )


def _cells(properties: Mapping[str, Any]) -> Cells:
    """Return the properties of an edge as an export writes them."""
    return {
        key: [str(item).lower() if isinstance(item, bool) else str(item) for item in
              (value if isinstance(value, list | tuple | set) else [value])]
        for key, value in properties.items()
    }  # fmt: skip


Model: TypeAlias = LinkModel | PropertyModel
"""What `load` returns."""


def load(artifact: PathLike) -> Model:
    """Load a model that `train` has written; its files are verified.

    Args:
        artifact: The model's directory.

    Returns:
        A `LinkModel` or a `PropertyModel`.

    Raises:
        WrongArgument: There is no such directory.
        ArtifactError: `DamagedArtifact` or `UnsupportedArtifact`.

    Example:
        >>> gremlink.load("artifact").task
        'link_prediction'
    """
    directory = directory_of(artifact, "artifact")
    found = model_in(read_artifact(directory), directory)
    if isinstance(found, Links):
        return LinkModel(directory, found)
    return PropertyModel(directory, found)
