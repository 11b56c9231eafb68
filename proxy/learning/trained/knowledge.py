"""Scores from knowledge-graph embeddings: what their training leaves behind for serving."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from gremlink.proxy.learning.graph import DIRECTIONS, Direction, Floats, Indexes, Relation

Form = Literal["translation", "product", "complex-product", "rotation", "dot"]
"""Ways in which a vertex and a relation make a query, which is a place or a direction."""


def complex_product(left: Floats, right: Floats) -> Floats:
    """Multiply complex numbers whose real parts fill the first half: float32 `[.., width]`."""
    half = left.shape[-1] // 2
    a, b, c, d = left[..., :half], left[..., half:], right[..., :half], right[..., half:]
    return np.concatenate([a * c - b * d, a * d + b * c], axis=-1)


QUERIES: Mapping[Form, Callable[[Floats, Floats], Floats]] = {
    "translation": lambda vertex, relation: vertex + relation,
    "product": lambda vertex, relation: vertex * relation,
    "complex-product": complex_product,
    "rotation": complex_product,
    "dot": lambda vertex, relation: vertex + np.zeros_like(relation),
}

COMPLEX: frozenset[Form] = frozenset({"complex-product", "rotation"})
"""Forms whose numbers are complex: real parts in the first half, imaginary ones in the second."""

DISTANCES: frozenset[Form] = frozenset({"translation", "rotation"})
"""Forms whose candidates are likelier the nearer they are to the query, by Euclidean distance."""


@dataclass(frozen=True, slots=True)
class KnowledgeEmbeddings:
    """All vertices, float32 `[vertices, width]` by type, and relations, float32 `[width]`.

    A relation has one vector for each direction in which it can be asked.
    """

    form: Form
    vertices: Mapping[str, Floats]
    relations: Mapping[tuple[Relation, Direction], Floats]

    def scorer(self, relation: Relation) -> KnowledgeScorer:
        """Return the scorer of one relation."""
        return KnowledgeScorer(self, relation)

    def enlarged(self, enlarge: Callable[[str, Floats], Floats]) -> KnowledgeEmbeddings:
        """Add rows for vertices that came later: the mean of their type, which is all there is.

        `enlarge` adds rows of 0 to the table of a type.
        """
        vertices = {}
        for name, table in self.vertices.items():
            vertices[name] = enlarge(name, table)
            if len(table):
                vertices[name][len(table) :] = table.mean(axis=0)
        return KnowledgeEmbeddings(self.form, vertices, self.relations)

    @classmethod
    def side_by_side(cls, several: Sequence[KnowledgeEmbeddings]) -> KnowledgeEmbeddings:
        """Join embeddings of one form and length, so that scores are the sums of several ones'
        scores."""
        first = several[0]
        parts = 2 if first.form in COMPLEX else 1

        def joined(tables: Sequence[Floats]) -> Floats:
            split = [np.split(table, parts, axis=-1) for table in tables]
            return np.concatenate([each[n] for n in range(parts) for each in split], axis=-1)

        return cls(
            first.form,
            {name: joined([each.vertices[name] for each in several]) for name in first.vertices},
            {kind: joined([each.relations[kind] for each in several]) for kind in first.relations},
        )

    def first(self, width: int) -> KnowledgeEmbeddings:
        """Return the first of the joined ones, each of this length."""
        parts = 2 if self.form in COMPLEX else 1

        def cut(table: Floats) -> Floats:
            split = np.split(table, parts, axis=-1)
            return np.concatenate([each[..., : width // parts] for each in split], axis=-1)

        return KnowledgeEmbeddings(
            self.form,
            {name: cut(table) for name, table in self.vertices.items()},
            {kind: cut(vector) for kind, vector in self.relations.items()},
        )

    def tensors(self, types: Sequence[str], relations: Sequence[Relation]) -> dict[str, Floats]:
        """Return the arrays by name; types and relations go by their positions."""
        vertices = {f"vertices.{types.index(name)}": table for name, table in self.vertices.items()}
        vectors = {
            f"relations.{relations.index(relation)}.{end}": vector
            for (relation, end), vector in self.relations.items()
        }
        return {**vertices, **vectors}

    @classmethod
    def of(
        cls,
        form: Form,
        tensors: Mapping[str, Floats],
        types: Sequence[str],
        relations: Sequence[Relation],
    ) -> KnowledgeEmbeddings:
        """Restore what `tensors` gave. Raises KeyError, ValueError."""
        if form not in QUERIES:
            raise ValueError(f"no embeddings have the form {form!r}")
        vectors = {
            (relation, end): tensors[f"relations.{index}.{end}"]
            for index, relation in enumerate(relations)
            for end in DIRECTIONS
            if f"relations.{index}.{end}" in tensors
        }
        vertices = {name: tensors[f"vertices.{index}"] for index, name in enumerate(types)}
        return cls(form, vertices, vectors)


class KnowledgeScorer:
    """Dot products, or negative squared distances, of queries and candidates."""

    def __init__(self, trained: KnowledgeEmbeddings, relation: Relation) -> None:
        self._trained = trained
        self._relation = relation

    def scores(self, sources: Indexes, direction: Direction) -> Floats:
        """See `Scorer.scores`."""
        trained, relation = self._trained, self._relation
        asked = trained.vertices[relation.source_type(direction)][sources]
        candidates = trained.vertices[relation.target_type(direction)]
        queries = QUERIES[trained.form](asked, trained.relations[relation, direction])
        products = queries @ candidates.T
        if trained.form in DISTANCES:
            own = np.square(queries).sum(axis=1, keepdims=True)
            products = 2.0 * products - np.square(candidates).sum(axis=1) - own
        return np.asarray(products, dtype=np.float32)
