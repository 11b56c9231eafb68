"""Linear models: scores are a vertex's links, in the columns of `Profiles`, times weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from scipy import sparse

from gremlink.proxy.learning.graph import (
    DIRECTIONS,
    Direction,
    Floats,
    Indexes,
    Relation,
    TypedGraph,
)
from gremlink.proxy.learning.links.scorer import FittedScorer, Tensors
from gremlink.proxy.learning.links.scorers.recommenders.profiles import (
    Profiles,
    restored,
    stored_columns,
)

if TYPE_CHECKING:
    from typing_extensions import Self

Weights: TypeAlias = "Floats | sparse.csr_array"
"""Float32 `[columns, candidates]`."""

DENSE = 0.05
"""Share of rows' numbers that are not 0, beyond which a product of dense matrices is faster."""


class LinearScorer(FittedScorer):
    """A scorer with a weight of each column for each candidate."""

    def __init__(
        self, profiles: dict[Direction, Profiles], weights: dict[Direction, Weights]
    ) -> None:
        """Take the weights by direction; one object for both where they are the same."""
        self._profiles = profiles
        self._weights = weights

    @classmethod
    def restore(cls, graph: TypedGraph, relation: Relation, tensors: Tensors) -> Self:
        """See `FittedScorer.restore`."""
        return cls(*restored_weights(graph, relation, tensors))

    def tensors(self) -> dict[str, Any]:
        """See `FittedScorer.tensors`."""
        found = stored_columns(self._profiles)
        same = self._weights["in"] is self._weights["out"]
        for end in DIRECTIONS[: 1 if same else 2]:
            found.update(_packed(end, self._weights[end]))
        return found

    def read(self, direction: Direction) -> tuple[sparse.csr_array, Weights]:
        """Return the links of all sources, `[sources, columns]`, and the weights that they are
        multiplied with."""
        return self._profiles[direction].matrix, self._weights[direction]

    def scores(self, sources: Indexes, direction: Direction) -> Floats:
        """See `Scorer.scores`."""
        profiles, weights = self._profiles[direction], self._weights[direction]
        # Held-out links ask again and again about sources with many links.
        asked, places = np.unique(sources, return_inverse=True)
        rows = profiles.matrix[asked]
        if isinstance(weights, np.ndarray) and rows.nnz > DENSE * rows.shape[0] * rows.shape[1]:
            rows = rows.toarray()
        found = rows @ weights
        dense = found.toarray() if sparse.issparse(found) else found
        return profiles.padded(np.asarray(dense, dtype=np.float32)[places])


def restored_weights(
    graph: TypedGraph, relation: Relation, tensors: Tensors
) -> tuple[dict[Direction, Profiles], dict[Direction, Weights]]:
    """Rebuild the profiles with the columns that weights are for, and the weights.

    Raises ValueError.
    """
    profiles = restored(graph, relation, tensors)
    out = _unpacked("out", profiles["out"], tensors)
    alone = not any(name in tensors for name in ("in", "in.data"))
    into = out if alone else _unpacked("in", profiles["in"], tensors)
    return profiles, {"out": out, "in": into}


def _packed(end: Direction, weights: Weights) -> dict[str, Any]:
    if isinstance(weights, np.ndarray):
        return {end: weights}
    return {
        f"{end}.data": weights.data,
        f"{end}.indices": weights.indices.astype(np.int32),
        f"{end}.indptr": weights.indptr.astype(np.int64),
    }


def _unpacked(end: Direction, profiles: Profiles, tensors: Tensors) -> Weights:
    if end in tensors:
        dense: Floats = tensors[end]
        return dense
    parts = tensors[f"{end}.data"], tensors[f"{end}.indices"], tensors[f"{end}.indptr"]
    weights: Weights = sparse.csr_array(parts, shape=(profiles.width, profiles.last))
    return weights
