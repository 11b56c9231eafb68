"""Scores from trained embeddings: what a network leaves behind for serving."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gremlink.proxy.learning.graph import Direction, Floats, Indexes, Relation


@dataclass(frozen=True, slots=True)
class RelationVectors:
    """A DistMult relation, float32 `[width]` each: the diagonal and the candidates' biases."""

    diagonal: Floats
    tail_bias: Floats
    head_bias: Floats


@dataclass(frozen=True, slots=True)
class Embeddings:
    """All vertices, float32 `[vertices, width]` by type with rows of length 1, and relations."""

    vertices: Mapping[str, Floats]
    relations: Mapping[Relation, RelationVectors]

    def scorer(self, relation: Relation) -> EmbeddingScorer:
        """Return the scorer of one relation."""
        return EmbeddingScorer(
            self.vertices[relation.head], self.vertices[relation.tail], self.relations[relation]
        )


def unit_rows(values: Floats) -> Floats:
    """Scale rows to length 1; those of length 0 stay."""
    length = np.linalg.norm(values, axis=1, keepdims=True)
    return np.asarray(values / np.maximum(length, 1e-12), dtype=np.float32)


def averaged(several: Sequence[Embeddings]) -> Embeddings:
    """Join embeddings side by side, so that scores are the mean of several networks' scores."""
    first = several[0]
    share = np.float32(1.0 / len(several))

    def joined(parts: Sequence[Floats], factor: np.float32) -> Floats:
        return (np.concatenate(parts, axis=-1) * factor).astype(np.float32)

    return Embeddings(
        {
            name: joined([each.vertices[name] for each in several], np.float32(1.0))
            for name in first.vertices
        },
        {
            relation: RelationVectors(
                *(
                    joined([getattr(each.relations[relation], part) for each in several], share)
                    for part in ("diagonal", "tail_bias", "head_bias")
                )
            )
            for relation in first.relations
        },
    )


class EmbeddingScorer:
    """Dot products of embeddings under a relation: see `models.decoder.DistMultDecoder`."""

    def __init__(self, heads: Floats, tails: Floats, vectors: RelationVectors) -> None:
        """Take float32 `[vertices, width]` of both ends."""
        self._heads = heads
        self._tails = tails
        self._vectors = vectors

    def scores(self, sources: Indexes, direction: Direction) -> Floats:
        """See `Scorer.scores`."""
        if direction == "out":
            asked, candidates, bias = self._heads, self._tails, self._vectors.tail_bias
        else:
            asked, candidates, bias = self._tails, self._heads, self._vectors.head_bias
        queries = asked[sources] * self._vectors.diagonal + bias
        if len(queries) == 1:  # as a matrix product it takes half as long again
            return np.asarray(candidates @ queries[0], dtype=np.float32)[None]
        return np.asarray(queries @ candidates.T, dtype=np.float32)
