"""A warm start: networks that begin with the weights of an earlier training on an earlier graph.

Edges that the earlier training has seen must not be held out, only those that came since; where
these are few, or where the user chose the split, networks begin anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from gremlink.grammar.traversal import Literal
from gremlink.proxy.learning.features.encodings import to_document
from gremlink.proxy.learning.graph import Floats, Indexes, Mask, Relation
from gremlink.proxy.learning.links.prediction.model import TASK, LinkModel, from_artifact
from gremlink.proxy.learning.links.training.dataset import Dataset
from gremlink.proxy.learning.methods import KNOWLEDGE_NAMES
from gremlink.proxy.learning.models.warm_start import NetworkStart
from gremlink.proxy.learning.trained.embeddings import Embeddings, RelationVectors
from gremlink.proxy.learning.trained.encoder import Encoder
from gremlink.proxy.learning.trained.knowledge import KnowledgeEmbeddings
from gremlink.proxy.learning.trained.stored_graph import StoredGraph
from gremlink.proxy.store.reading import making, read_for

LEAST_NEW = 40
"""New edges, at least, to test networks that know all others."""


@dataclass(frozen=True, slots=True)
class Warm:
    """The weights of an earlier training, by the vertices of the new graph.

    `seen` are the edges that it knew, bool `[edges]` by relation; `network` and `knowledge` are
    first weights, those of new vertices the mean of their type.
    """

    seen: Mapping[Relation, Mask]
    network: NetworkStart | None
    knowledge: Mapping[str, KnowledgeEmbeddings]

    def new_edges(self, relations: Sequence[Relation]) -> int:
        """Count the edges of relations that the earlier training did not know."""
        return sum(int((~self.seen[each]).sum()) for each in relations)


def read_earlier(directory: Path) -> LinkModel:
    """Read the earlier model. Raises `ArtifactError`."""
    artifact = read_for(TASK, directory, ": a training of links begins with one of links")
    with making("a model", directory):
        return from_artifact(artifact)


def warm_start(earlier: LinkModel, dataset: Dataset) -> Warm:
    """Move the earlier model's networks to the graph of a data set."""
    stored = dataset.stored
    places = {
        name: _places(ids, stored.ids[name])
        for name, ids in earlier.stored.ids.items()
        if name in stored.ids
    }
    knowledge = {
        name: replace(
            trained,
            vertices={
                each: _moved(trained.vertices.get(each), places.get(each), count)
                for each, count in stored.graph.counts.items()
            },
        )
        for name, trained in earlier.networks.items()
        if name in KNOWLEDGE_NAMES and isinstance(trained, KnowledgeEmbeddings)
    }
    return Warm(
        {each: _seen(each, earlier.stored, stored, places) for each in stored.graph.edges},
        _network(earlier, stored, places),
        knowledge,
    )


def _places(ids: Sequence[Literal], now: Sequence[Literal]) -> Indexes:
    """Return the new index of each vertex of a type, -1 for deleted ones: int64 `[earlier]`."""
    numbers = {vertex: number for number, vertex in enumerate(now)}
    return np.array([numbers.get(vertex, -1) for vertex in ids], np.int64)


def _moved(table: Floats | None, places: Indexes | None, count: int) -> Floats:
    """Return the rows by their new index, the mean of all for new ones: float32 `[count, width]`.

    A type that is new has no columns.
    """
    if table is None or places is None or not len(table):
        return np.zeros((count, 0), np.float32)
    moved = np.tile(table.mean(axis=0, dtype=np.float32), (count, 1))
    there = places >= 0
    moved[places[there]] = table[there]
    return moved


def _seen(
    relation: Relation, before: StoredGraph, now: StoredGraph, places: Mapping[str, Indexes]
) -> Mask:
    edges = now.graph.edges[relation]
    known = before.graph.edges.get(relation)
    if known is None or relation.head not in places or relation.tail not in places:
        return np.zeros(len(edges), np.bool_)
    heads, tails = places[relation.head][known.heads], places[relation.tail][known.tails]
    base = now.graph.counts[relation.tail]
    kept = (heads >= 0) & (tails >= 0)
    seen: Mask = np.isin(edges.heads * base + edges.tails, heads[kept] * base + tails[kept])
    if relation.head == relation.tail:
        # The opposite edge says much about this one.
        seen |= np.isin(edges.heads * base + edges.tails, tails[kept] * base + heads[kept])
    return seen


def _network(
    earlier: LinkModel, stored: StoredGraph, places: Mapping[str, Indexes]
) -> NetworkStart | None:
    if earlier.embeddings is None or not earlier.encoders:
        return None
    encoder = earlier.encoders[0]
    same = {
        name
        for name in stored.encodings
        if name in earlier.stored.encodings
        and [to_document(each) for each in stored.encodings[name]]
        == [to_document(each) for each in earlier.stored.encodings[name]]
    }
    moved = Encoder(
        {
            name: _moved(encoder.embeddings.get(name), places.get(name), count)
            for name, count in stored.graph.counts.items()
        },
        {name: values for name, values in encoder.projections.items() if name in same},
        encoder.layers,
        encoder.mean,
    )
    width = encoder.layers[0].loop.shape[0] if encoder.layers else 0
    return NetworkStart(moved, _first_vectors(earlier.embeddings, len(earlier.encoders), width))


def _first_vectors(
    embeddings: Embeddings, networks: int, width: int
) -> dict[Relation, RelationVectors]:
    """Return those of the first of several networks, whose columns are concatenated."""
    return {
        relation: RelationVectors(
            *(
                getattr(vectors, part)[: width or None] * np.float32(networks)
                for part in ("diagonal", "tail_bias", "head_bias")
            )
        )
        for relation, vectors in embeddings.relations.items()
    }
