"""The space in which a model's network has placed the vertices: who is near, and how it looks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from gremlink.grammar.traversal import Literal
from gremlink.proxy.graph.labels import may_have
from gremlink.proxy.learning.graph import Floats, Indexes
from gremlink.proxy.learning.links.prediction.model import LinkModel
from gremlink.proxy.learning.properties.context import View
from gremlink.proxy.learning.properties.prediction.head import Networks
from gremlink.proxy.learning.settings import NETWORK
from gremlink.proxy.learning.trained.embeddings import unit_rows
from gremlink.proxy.learning.trained.stored_graph import StoredGraph
from gremlink.proxy.learning.workflows.load import Model

Plane = tuple[tuple[float, float], ...]

MOST_SHOWN = 1500
"""Vertices in a picture, about."""


class NoEmbeddings(Exception):
    """The model was made without a network."""


class UnknownVertex(Exception):
    """The model has no embedding of it."""


@dataclass(frozen=True, slots=True)
class VertexEmbeddings:
    """Those of a network, by type: float32 `[vertices, width]`, rows in the order of the ids."""

    network: str
    stored: StoredGraph
    tables: Mapping[str, Floats]

    def find(self, text: str) -> tuple[str, int]:
        """The type and the row of the vertex with an id, as text. Raises `UnknownVertex`."""
        for name in self.tables:
            for row, vertex in enumerate(self.stored.ids[name]):
                if str(vertex.value) == text:
                    return name, row
        raise UnknownVertex(
            f"no vertex of {', '.join(self.tables)} has the id {text!r}, or it came after training"
        )

    def nearest(
        self, vertex: tuple[str, int], limit: int, among: str | None = None
    ) -> list[tuple[Literal, float]]:
        """The `limit` vertices of its own type, or of `among`, with the largest cosines.

        Best first, the vertex itself left out. Raises `UnknownVertex` for an unknown type.
        """
        name, row = vertex
        among = among or name
        if among not in self.tables:
            raise UnknownVertex(f"no embeddings of type {among!r}: use {', '.join(self.tables)}")
        asked = unit_rows(self.tables[name][row : row + 1])[0]
        cosines = unit_rows(self.tables[among]) @ asked
        if among == name:
            cosines[row] = -np.inf
        best = np.argsort(-cosines, kind="stable")[:limit]
        ids = self.stored.ids[among]
        kept = [int(each) for each in best if np.isfinite(cosines[each])]
        return [(ids[each], float(cosines[each])) for each in kept]

    def labelled(
        self, vertex: tuple[str, int], limit: int, label: str
    ) -> list[tuple[Literal, float]]:
        """The `limit` vertices with a label that have the largest cosines, best first.

        None for a vertex without an embedding. Raises `UnknownVertex` for a label of none.
        """
        among = [name for name in self.tables if may_have(label, name)]
        if not among:
            raise UnknownVertex(f"no embeddings of {label!r}: there are those of {self._types}")
        if vertex[0] not in self.tables:
            return []
        found = [each for name in among for each in self.nearest(vertex, limit, name)]
        return sorted(found, key=lambda each: -each[1])[:limit]

    @property
    def _types(self) -> str:
        return ", ".join(self.tables)


def embeddings_of(model: Model) -> VertexEmbeddings:
    """Those of the model's graph neural network, else of its first network.

    Raises `NoEmbeddings`.
    """
    if isinstance(model, LinkModel):
        if not model.networks:
            raise NoEmbeddings("the model has no network, so it places vertices nowhere")
        network = NETWORK if NETWORK in model.networks else next(iter(model.networks))
        vertices = model.networks[network].vertices
        return VertexEmbeddings(
            network, model.stored, {name: vertices[name] for name in model.stored.types}
        )
    ends = tuple(dict.fromkeys(model.target.ends))
    for _, member in model.members:
        if isinstance(member, Networks):
            counts = model.stored.graph.counts
            every = {end: np.arange(counts[end]) for end in ends}
            view = View(model.stored.graph, model.target.ends, model.known, every)
            states = view.states(member.encoders)
            tables = {
                end: np.concatenate([each[model.target.ends.index(end)] for each in states], axis=1)
                for end in ends
            }
            return VertexEmbeddings(NETWORK, model.stored, tables)
    raise NoEmbeddings("the model has no network, so it places vertices nowhere")


Groups = Mapping[str, tuple[str, Indexes]]
"""By name, vertices of a type."""


def picture(model: Model, groups: Groups | None = None) -> dict[str, Plane]:
    """A sample of the vertices in a plane, by type or in `groups`; nothing without a network."""
    try:
        found = embeddings_of(model)
    except NoEmbeddings:
        return {}
    if groups is None:
        groups = {name: (name, np.arange(len(table))) for name, table in found.tables.items()}
    random = np.random.default_rng(0)
    total = sum(len(rows) for _, rows in groups.values())
    share = min(1.0, MOST_SHOWN / max(total, 1))
    kept = {
        name: (kind, np.sort(random.permutation(rows)[: int(np.ceil(share * len(rows)))]))
        for name, (kind, rows) in groups.items()
        if len(rows)
    }
    if not kept:
        return {}
    points = plane(np.concatenate([found.tables[kind][rows] for kind, rows in kept.values()]))
    placed = {}
    for name, (_, rows) in kept.items():
        placed[name], points = points[: len(rows)], points[len(rows) :]
    return placed


def plane(table: Floats) -> Plane:
    """Rows on the two axes along which they differ most (principal components).

    They get length 1 before, because directions are what models compare. Signs are such that the
    largest weight of an axis is positive.
    """
    points = unit_rows(table).astype(np.float64)
    points = points - points.mean(axis=0)
    _, _, axes = np.linalg.svd(points, full_matrices=False)
    axes = axes[:2]
    axes = axes * np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)])[:, None]
    flat = points @ axes.T
    flat = np.pad(flat, ((0, 0), (0, 2 - flat.shape[1])))
    return tuple((round(float(x), 4), round(float(y), 4)) for x, y in flat)
