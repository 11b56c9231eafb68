"""A trained predictor of a property.

Vertices: the answers for all of them are kept. Edges: what the methods need to answer for any
pair of known vertices is, so that an edge which came later has an answer, too. Both keep the graph
and what is known in it, so that the methods can look at a graph that has changed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from gremlink.grammar.traversal import Literal
from gremlink.proxy.learning.features.encodings import Encoding
from gremlink.proxy.learning.graph import Floats, Indexes
from gremlink.proxy.learning.inductive.extension import Extension
from gremlink.proxy.learning.inductive.neighbourhood import Neighbourhood
from gremlink.proxy.learning.inductive.scope import STRUCTURE, Scope
from gremlink.proxy.learning.methods import NETWORK
from gremlink.proxy.learning.properties.context import Context, Known
from gremlink.proxy.learning.properties.methods.method import BaseModel
from gremlink.proxy.learning.properties.methods.networks import Networks
from gremlink.proxy.learning.properties.mixture import blended
from gremlink.proxy.learning.properties.prediction.live_labels import (
    Pair,
    revised_edges,
    revised_vertices,
)
from gremlink.proxy.learning.properties.thresholds import Decision
from gremlink.proxy.learning.trained.stored_graph import StoredGraph
from gremlink.proxy.learning.trained.target import Outputs, PropertyTarget, Subjects
from gremlink.proxy.learning.trained.vertex_embeddings import (
    NoEmbeddings,
    VertexEmbeddings,
    no_embeddings_of,
)


@dataclass(frozen=True, slots=True)
class EdgeFeatures:
    """Features of edges: float32 `[edges, width]`, a row for each of `ids`.

    `ends` are the numbers of their heads and tails. All are empty where edges have no features, and
    for a property of vertices; `ends` also in artifacts that were made without them.
    """

    encodings: tuple[Encoding, ...]
    ids: Sequence[str]
    values: Floats
    ends: tuple[Indexes, ...] = ()


@dataclass(frozen=True, slots=True)
class PropertyModel:
    """A trained model of a property: methods with their weights, and decision thresholds.

    `known` are the known values of the graph in `stored`. `answers` are those for
    all vertices of the type, float32 `[vertices, outputs]`; `None` for edges, and where the graph
    is another than that of the training.
    """

    target: PropertyTarget
    stored: StoredGraph
    known: Known
    members: tuple[tuple[float, BaseModel], ...]
    decision: Decision
    edges: EdgeFeatures
    answers: Floats | None = None

    @property
    def scope(self) -> Scope:
        """The part of a live graph to read for a prediction on it."""
        methods = [member for _, member in self.members]
        has_network = any(isinstance(member, Networks) for member in methods)
        scope = Scope.around(
            self.stored,
            NETWORK if has_network else STRUCTURE,
            max(member.hops for member in methods),
        )
        owner, key = self.target.owner, self.target.key
        if isinstance(owner, str):
            return replace(scope, keys=tuple(dict.fromkeys((*scope.keys, key))))
        edge_keys = tuple(encoding.name for encoding in self.edges.encodings)
        return replace(scope, edge_keys=edge_keys, valued=(owner.label, key))

    def outputs(self, subjects: Subjects) -> Outputs:
        """Return the blended outputs: float64 `[elements, outputs]`."""
        weights = np.array([weight for weight, _ in self.members])
        outputs = [member.outputs(subjects) for _, member in self.members]
        return self.decision.applied(self.target.form, blended(weights, outputs))

    def vertex_embeddings(self, method: str | None = None) -> VertexEmbeddings:
        """Return those of the network, which `method` may name. Raises `NoEmbeddings`."""
        if method not in (None, NETWORK):
            has = any(isinstance(member, Networks) for _, member in self.members)
            raise no_embeddings_of(str(method), (NETWORK,) if has else ())
        ends = tuple(dict.fromkeys(self.target.ends))
        for _, member in self.members:
            if isinstance(member, Networks):
                counts = self.stored.graph.counts
                every = {end: np.arange(counts[end]) for end in ends}
                context = Context(self.stored.graph, self.target.ends, self.known, every)
                states = context.states(member.encoders)
                places = {end: self.target.ends.index(end) for end in ends}
                tables = {
                    end: np.concatenate([each[places[end]] for each in states], axis=1)
                    for end in ends
                }
                return VertexEmbeddings(NETWORK, self.stored, tables)
        raise NoEmbeddings(
            "the model has no network, so it places vertices nowhere: of the methods for "
            f"properties {NETWORK} alone does (train with it as the model)"
        )

    def on_vertices(
        self, extension: Extension, read: Neighbourhood, asked: Collection[Literal]
    ) -> PropertyModel:
        """Return the same methods on a graph that was brought up to date, for these vertices."""
        known = revised_vertices(self.known, self.target, extension, read, asked)
        return self._on(extension, known, asked)

    def on_edges(
        self,
        extension: Extension,
        read: Neighbourhood,
        ends: Collection[Literal],
        asked: Collection[Pair],
    ) -> PropertyModel:
        """Return the same for edges: `ends` are the vertices at theirs, `asked` the numbers of
        these."""
        known = revised_edges(self.known, self.target, extension, read, asked)
        return self._on(extension, known, ends)

    def _on(
        self, extension: Extension, known: Known, vertices: Collection[Literal]
    ) -> PropertyModel:
        return self.looking_at(extension.stored, known, extension.rows(vertices))

    def looking_at(
        self, stored: StoredGraph, known: Known, rows: Mapping[str, Indexes]
    ) -> PropertyModel:
        """Return the same methods on another graph; `rows`, sorted int64 by type, are the vertices
        that will be asked about."""
        context = Context(stored.graph, self.target.ends, known, rows)
        members = tuple((weight, member.on(context)) for weight, member in self.members)
        return replace(self, stored=stored, known=known, members=members, answers=None)
