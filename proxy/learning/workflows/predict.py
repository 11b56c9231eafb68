"""A model that is asked about everything: its inputs, its rows, and how they are written back."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from gremlink.grammar.sparql.terms import XSD, BlankNode, Iri, RdfLiteral, Term, from_ntriples
from gremlink.grammar.traversal import Kind, Literal
from gremlink.proxy.graph.load.write_back import (
    PredictedEdge,
    PredictedEdgeValue,
    PredictedValue,
    Provenance,
    Written,
    count_edges,
    count_values,
    remove_edges,
    remove_values,
    write_edge_values,
    write_edges,
    write_values,
)
from gremlink.proxy.graph.rdf.client import RdfStore
from gremlink.proxy.graph.rdf.predictions import (
    PredictedTriple,
    count_triples,
    remove_triples,
    write_triples,
)
from gremlink.proxy.graph.server.connection import GraphConnection, Server
from gremlink.proxy.graph.server.typed_values import driver_value
from gremlink.proxy.learning.graph import Direction, Relation
from gremlink.proxy.learning.links.prediction.model import LinkModel
from gremlink.proxy.learning.links.prediction.predictor import LinkPredictor
from gremlink.proxy.learning.predictions.files import id_in, read_ids, writing
from gremlink.proxy.learning.predictions.rows import (
    LinkRequest,
    NothingToPredict,
    Row,
    Tell,
    link_request,
    link_sources,
    predicted_links,
    predicted_values,
    property_inputs,
)
from gremlink.proxy.learning.properties.prediction.predictor import PropertyPredictor
from gremlink.proxy.learning.workflows.load import model_in
from gremlink.proxy.store.artifacts import MANIFEST, read_artifact

Inputs = Sequence[Any]
"""Ids of vertices, or for a property of edges pairs of them."""

MARK_LENGTH = 16
"""Hexadecimal digits of a run's mark."""


@dataclass(frozen=True)
class Predictions:
    """A loaded model and what is asked of it; `links` is there for a model of links."""

    artifact: Path
    predictor: LinkPredictor | PropertyPredictor
    links: LinkRequest | None
    limit: int
    threshold: float | None

    @property
    def is_links(self) -> bool:
        """True if links are predicted."""
        return self.links is not None

    @property
    def has_ends(self) -> bool:
        """True if edges are asked about, by their two ends."""
        return isinstance(self.predictor, PropertyPredictor) and self.predictor.element == "edge"

    @property
    def names(self) -> tuple[str, str, str]:
        """Names of the columns: the input, the other end of an edge, what is predicted."""
        if isinstance(self.predictor, LinkPredictor):
            return "source", "end", "target"
        ids = ("source", "target") if self.has_ends else ("id", "end")
        others = {*ids, *(f"{name}_type" for name in ids), "score", "rank"}
        key = self.predictor.key
        while key in others:  # a property may have any name
            key = f"predicted_{key}"
        return (*ids, key)

    def inputs(
        self, label: str | None = None, ids: Path | Iterable[str | int] | None = None
    ) -> Inputs:
        """Return everything that the model knows, or the vertices of a type, or those named.

        `ids` are the lines of a file, or values. Raises `NothingToPredict`, `UnknownRelation`,
        OSError.
        """
        if ids is not None:
            if self.has_ends:
                raise NothingToPredict(
                    "the model predicts a property of edges: ask about all of them"
                )
            if isinstance(ids, Path):
                return read_ids(ids, self.predictor.place)
            return [id_in(str(each), self.predictor.place) for each in ids]
        if isinstance(self.predictor, LinkPredictor):
            assert self.links is not None
            return link_sources(self.predictor, self.links, label)
        owner = self.predictor.owner
        if label is not None and label != owner:
            raise NothingToPredict(f"the model predicts {self.predictor.key!r} of {owner}")
        return property_inputs(self.predictor)

    def batches(self, inputs: Inputs, tell: Tell | None = None) -> Iterator[list[Row]]:
        """Yield the predictions of the inputs, some at a time."""
        if isinstance(self.predictor, LinkPredictor):
            assert self.links is not None
            return predicted_links(self.predictor, self.links, inputs, tell=tell)
        return predicted_values(
            self.predictor, inputs, limit=self.limit, threshold=self.threshold, tell=tell
        )

    def kinds(self, inputs: Inputs) -> tuple[set[Kind], set[Kind], set[Kind]]:
        """Return the types of the ids and values in each of the three columns."""
        ends = [each if isinstance(each, tuple) else (each,) for each in inputs]
        first = {pair[0].kind for pair in ends}
        second = {pair[-1].kind for pair in ends}
        if isinstance(self.predictor, PropertyPredictor):
            return first, second, self.predictor.value_kinds
        assert self.links is not None
        return (
            first,
            second,
            self.predictor.target_kinds(
                self.links.edge_label, self.links.direction, self.links.target_label
            ),
        )

    def write_file(self, path: Path, inputs: Inputs, tell: Tell | None = None) -> int:
        """Write the predictions of the inputs into a file; return their number.

        Raises `UnknownFormat`, `OutputUnwritable`.
        """
        count = 0
        with writing(path, self.names, self.kinds(inputs), ends=self.has_ends) as writer:
            for rows in self.batches(inputs, tell):
                writer.write(rows)
                count += len(rows)
        return count

    def count_written(self, inputs: Inputs, tell: Tell | None = None) -> int:
        """Count the predictions that `write_back` would write."""
        return sum(len(self.written(rows)) for rows in self.batches(inputs, tell))

    def write_back(
        self,
        database: Server | RdfStore,
        name: str,
        inputs: Inputs,
        origin: str,
        tell: Tell | None = None,
    ) -> Written:
        """Write the predictions of the inputs into a graph, by the name of the model, `origin`.

        Those of a graph of RDF go into its store. Raises `NothingToPredict` for another kind of
        database, GraphError.
        """
        provenance = self.provenance(origin, inputs)
        batches = self.batches(inputs, tell)
        if isinstance(database, RdfStore) != self.predictor.is_rdf:
            wanted = "an RDF store" if self.predictor.is_rdf else "a Gremlin database"
            raise NothingToPredict(f"the predictions of this model are for {wanted}")
        if isinstance(database, RdfStore):
            return write_triples(database, name, self.triples(batches), provenance)
        with GraphConnection(database) as connection:
            if self.is_links:
                return write_edges(connection, name, self.edges(batches), provenance)
            if self.has_ends:
                owner = cast(Relation, cast(PropertyPredictor, self.predictor).owner)
                values = self.edge_values(batches)
                return write_edge_values(connection, name, owner.label, values, provenance)
            return write_values(connection, name, self.values(batches), provenance)

    def written(self, rows: Sequence[Row]) -> list[Row]:
        """Return the rows that are written back: of a property the best value alone."""
        return list(rows) if self.is_links else [row for row in rows if row.rank == 1]

    def edges(self, batches: Iterable[list[Row]]) -> Iterator[PredictedEdge]:
        """Yield links as edges to write, in the direction of the relation."""
        assert self.links is not None
        forwards = self.links.direction == "out"
        for rows in batches:
            for row in rows:
                ends = driver_value(row.source), driver_value(row.predicted)
                source, target = ends if forwards else ends[::-1]
                yield PredictedEdge(source, target, row.score, row.rank)

    def values(self, batches: Iterable[list[Row]]) -> Iterator[PredictedValue]:
        """Yield values to write."""
        for rows in batches:
            for row in self.written(rows):
                yield PredictedValue(
                    driver_value(row.source), driver_value(row.predicted), row.score
                )

    def edge_values(self, batches: Iterable[list[Row]]) -> Iterator[PredictedEdgeValue]:
        """Yield values of edges to write."""
        for rows in batches:
            for row in self.written(rows):
                assert row.end is not None
                source, target = driver_value(row.source), driver_value(row.end)
                yield PredictedEdgeValue(source, target, driver_value(row.predicted), row.score)

    def triples(self, batches: Iterable[list[Row]]) -> Iterator[PredictedTriple]:
        """Yield what is written into an RDF store, links in the direction of the relation."""
        backwards = self.links is not None and self.links.direction == "in"
        for rows in batches:
            for row in self.written(rows):
                source, found = _resource(row.source), self._term(row.predicted)
                ends = (found, source) if backwards else (source, found)
                yield PredictedTriple(*ends, row.score, row.rank)

    def _term(self, value: Literal) -> Term:
        if self.is_links:
            return _resource(value)
        if value.kind is not Kind.STRING:
            return RdfLiteral(repr(float(value.value)), f"{XSD}double")
        try:
            return from_ntriples(value.value)
        except ValueError:
            return RdfLiteral(value.value)

    def provenance(self, name: str, inputs: Inputs) -> Provenance:
        """Return the origin for what is written: equal models, requests and inputs have equal
        ones.
        """
        asked = self.links if self.links is not None else (self.limit, self.threshold)
        return provenance_of(self.artifact, name, str(asked), inputs)


def _resource(id: Literal) -> Term:
    text = str(id.value)
    return BlankNode(text.removeprefix("_:")) if text.startswith("_:") else Iri(text)


def provenance_of(artifact: Path, name: str, asked: str, inputs: Iterable[Any]) -> Provenance:
    """Return the origin for what a model says: `asked` and `inputs` tell what was asked of it."""
    manifest = artifact / MANIFEST
    moment = time.gmtime(manifest.stat().st_mtime)
    mark = hashlib.sha256(manifest.read_bytes() + json.dumps(asked).encode())
    for each in inputs:
        mark.update(repr(each).encode())
    return Provenance(
        name, time.strftime("%Y-%m-%dT%H:%M:%SZ", moment), mark.hexdigest()[:MARK_LENGTH]
    )


def open_predictions(
    artifact: Path,
    *,
    edge_label: str | None = None,
    direction: str = "out",
    target_label: str | None = None,
    limit: int = 10,
    threshold: float | None = None,
    hides: bool = True,
) -> Predictions:
    """Load a model and complete what is asked of it. Raises ArtifactError, `NothingToPredict`."""
    model = model_in(read_artifact(artifact), artifact)
    loaded = LinkPredictor(model) if isinstance(model, LinkModel) else PropertyPredictor(model)
    return predictions_of(
        artifact,
        loaded,
        edge_label=edge_label,
        direction=direction,
        target_label=target_label,
        limit=limit,
        threshold=threshold,
        hides=hides,
    )


def predictions_of(
    artifact: Path,
    predictor: LinkPredictor | PropertyPredictor,
    *,
    edge_label: str | None = None,
    direction: str = "out",
    target_label: str | None = None,
    limit: int = 10,
    threshold: float | None = None,
    hides: bool = True,
) -> Predictions:
    """Complete what is asked of a model. Raises `NothingToPredict`."""
    if isinstance(predictor, LinkPredictor):
        asked = link_request(
            predictor,
            edge_label=edge_label,
            direction=cast(Direction, direction),
            target_label=target_label,
            limit=limit,
            threshold=threshold,
            hides=hides,
        )
        return Predictions(artifact, predictor, asked, limit, threshold)
    if edge_label is not None or target_label is not None:
        raise NothingToPredict("the model predicts a property, and no links")
    return Predictions(artifact, predictor, None, limit, threshold)


def remove_predictions(
    database: Server | RdfStore, name: str, *, dry_run: bool = False
) -> tuple[int, int]:
    """Remove the predicted edges and values of a name; return the numbers of both.

    Of an RDF store the first number is that of all predictions. With `dry_run` they are counted
    alone. Raises GraphError.
    """
    if isinstance(database, RdfStore):
        return (count_triples if dry_run else remove_triples)(database, name), 0
    by_edge, by_value = (count_edges, count_values) if dry_run else (remove_edges, remove_values)
    with GraphConnection(database) as connection:
        return by_edge(connection, name), by_value(connection, name)
