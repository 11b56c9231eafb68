"""The space in which a model has placed the vertices: rows by id, and the nearest ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gremlink.errors import Error
from gremlink.grammar.traversal import Literal
from gremlink.proxy.learning.graph import Floats
from gremlink.proxy.learning.trained.embeddings import unit_rows
from gremlink.proxy.learning.trained.stored_graph import StoredGraph


class NoEmbeddings(Error):
    """No method of the model places vertices."""


class UnknownVertex(Error):
    """The model has no embedding of it."""


def no_embeddings_of(method: str, present: Sequence[str]) -> NoEmbeddings:
    """Make the error for a method that a model has no embeddings of."""
    there = f"use {', '.join(present)}" if present else "no method of it has any"
    return NoEmbeddings(f"the model has no embeddings of {method!r}: {there}")


@dataclass(frozen=True, slots=True)
class VertexEmbeddings:
    """Those of a method, by type: float32 `[vertices, width]`, rows in the order of the ids."""

    network: str
    stored: StoredGraph
    tables: Mapping[str, Floats]

    def find(self, text: str) -> tuple[str, int]:
        """Find the type and the row of the vertex with an id, as text. Raises `UnknownVertex`."""
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
        """Return the `limit` vertices of its own type, or of `among`, with the largest cosines.

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
        """Return the `limit` vertices with a label that have the largest cosines, best first.

        None for a vertex without an embedding. Raises `UnknownVertex` for a label of none.
        """
        among = [name for name in self.tables if self.stored.may_have(label, name)]
        if not among:
            raise UnknownVertex(f"no embeddings of {label!r}: there are those of {self._types}")
        if vertex[0] not in self.tables:
            return []
        found = [each for name in among for each in self.nearest(vertex, limit, name)]
        return sorted(found, key=lambda each: -each[1])[:limit]

    @property
    def _types(self) -> str:
        return ", ".join(self.tables)
