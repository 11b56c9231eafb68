"""Feature similarity: candidates whose properties resemble the source's, or its links'."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from scipy import sparse

from gremlink.proxy.learning.budget import Work
from gremlink.proxy.learning.features.scaling import unit_blocks
from gremlink.proxy.learning.graph import Direction, Floats, Indexes, Relation, TypedGraph
from gremlink.proxy.learning.links.scorer import StructuralScorer


class FeatureSimilarity(StructuralScorer):
    r"""Cosine of the properties' encodings, each property weighing the same.

    .. math:: s(u, v) = \frac{1}{|P|} \sum_{p \in P} \cos(x_{u,p}, x_{v,p})

    The mean over properties is Gower's: "A general coefficient of similarity and some of its
    properties", Biometrics 27 (1971). Between two types the candidate is compared with what the
    source is linked to already (Pazzani & Billsus, "Content-based recommendation systems", 2007).
    """

    name: ClassVar[str] = "feature-similarity"

    def __init__(self, queries: dict[Direction, Floats], candidates: dict[Direction, Floats]):
        """Take for each direction float32 `[sources, width]` and `[candidates, width]`."""
        self._queries = queries
        self._candidates = candidates

    @classmethod
    def applies(cls, graph: TypedGraph, relation: Relation) -> bool:
        """Return whether an end has features to compare."""
        if relation.head == relation.tail:
            return relation.head in graph.features
        return relation.head in graph.features or relation.tail in graph.features

    @classmethod
    def cost(cls, graph: TypedGraph, relation: Relation) -> Work:
        """See `StructuralScorer.cost`."""
        return Work()

    @classmethod
    def fit(cls, graph: TypedGraph, relation: Relation) -> FeatureSimilarity:
        """Normalise the features; between two types, average those of each vertex's links."""
        if relation.head == relation.tail:
            vectors = unit_blocks(graph.features[relation.head])
            return cls({"out": vectors, "in": vectors}, {"out": vectors, "in": vectors})
        links = graph.adjacency(relation)
        queries: dict[Direction, Floats] = {}
        candidates: dict[Direction, Floats] = {}
        ends: tuple[tuple[Direction, str, sparse.csr_array], ...] = (
            ("out", relation.tail, links),
            ("in", relation.head, sparse.csr_array(links.T)),
        )
        for direction, target, matrix in ends:
            if target in graph.features:
                candidates[direction] = unit_blocks(graph.features[target])
            else:
                candidates[direction] = np.zeros((graph.counts[target], 1), np.float32)
            profile = np.asarray(matrix @ candidates[direction], dtype=np.float32)
            queries[direction] = profile / np.maximum(
                np.linalg.norm(profile, axis=1, keepdims=True), 1e-12
            )
        return cls(queries, candidates)

    def scores(self, sources: Indexes, direction: Direction) -> Floats:
        """See `Scorer.scores`."""
        product = self._queries[direction][sources] @ self._candidates[direction].T
        return np.asarray(product, dtype=np.float32)
