"""EASE: links predicted from a vertex's other links, by one closed-form regression."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from scipy.linalg import get_lapack_funcs

from gremlink.proxy.learning.budget import Work
from gremlink.proxy.learning.graph import (
    DIRECTIONS,
    Direction,
    Floats,
    Indexes,
    Relation,
    TypedGraph,
)
from gremlink.proxy.learning.links.scorers.recommenders.fitted import (
    FittedScorer,
    Tensors,
    chosen,
    fitting_cost,
)
from gremlink.proxy.learning.links.scorers.recommenders.profiles import (
    Profiles,
    all_columns,
    learned,
    restored,
    stored,
)

MOST_COLUMNS = 6000
"""Columns of the largest regression: its matrix has as many rows, 144 MiB of float32."""

RIDGES = (200.0, 50.0, 400.0, 1000.0)


class Ease(FittedScorer):
    r"""A linear auto-encoder whose weights have no diagonal.

    .. math::
        s(u, \cdot) = x_u B, \qquad B = \arg\min_{\mathrm{diag} B = 0}
            \|X - X B\|_F^2 + \lambda \|B\|_F^2, \qquad
        B_{ij} = -P_{ij} / P_{jj}, \quad P = (X^\top X + \lambda I)^{-1}

    Steck, "Embarrassingly shallow autoencoders for sparse data", WWW 2019. :math:`X` has all links
    of a vertex, in the columns of `Profiles`; with one relation between two types that is the
    paper's matrix. Where they are more than `MOST_COLUMNS`, those of the relation in the asked
    direction. :math:`\lambda` is chosen on links that are held back.
    """

    name: ClassVar[str] = "ease"

    def __init__(self, profiles: dict[Direction, Profiles], weights: dict[Direction, Floats]):
        """Take the weights: float32 `[columns, candidates]` by direction."""
        self._profiles = profiles
        self._weights = weights

    @classmethod
    def applies(cls, graph: TypedGraph, relation: Relation) -> bool:
        """Return whether candidates are not too many on both sides, and sources have other
        links."""
        return all(_profiles(graph, relation, end) is not None for end in DIRECTIONS)

    @classmethod
    def cost(cls, graph: TypedGraph, relation: Relation) -> Work:
        """See `FittedScorer.cost`."""
        return fitting_cost(graph, relation, regression_cost(graph, relation))

    @classmethod
    def fit(cls, graph: TypedGraph, relation: Relation) -> Ease:
        """Choose the ridge and solve for both directions."""
        ridge = chosen(graph, relation, RIDGES, lambda part, each: _solved(part, relation, each))
        return _solved(graph, relation, ridge)

    @classmethod
    def restore(cls, graph: TypedGraph, relation: Relation, tensors: Tensors) -> Ease:
        """See `FittedScorer.restore`."""
        return cls(restored(graph, relation, tensors), learned(tensors))

    def tensors(self) -> dict[str, Any]:
        """See `FittedScorer.tensors`."""
        return stored(self._weights, self._profiles)

    def scores(self, sources: Indexes, direction: Direction) -> Floats:
        """See `Scorer.scores`."""
        profiles = self._profiles[direction]
        found = profiles.matrix[sources] @ self._weights[direction]
        return profiles.padded(np.asarray(found, dtype=np.float32))


def _profiles(graph: TypedGraph, relation: Relation, direction: Direction) -> Profiles | None:
    for build in (Profiles.all_links, Profiles.own_links):
        profiles = build(graph, relation, direction)
        if profiles.width <= MOST_COLUMNS:
            return profiles
    return None


def regression_cost(graph: TypedGraph, relation: Relation) -> Work:
    """Count the work to solve the regressions of both directions, by the types' sizes."""
    work = Work()
    for end in DIRECTIONS:
        width = all_columns(graph, relation, end)
        if width > MOST_COLUMNS:
            width = graph.counts[relation.target_type(end)]
        work += Work(decompositions=2.0 * width**3, updates=16.0 * width**2)
    return work


def required_profiles(graph: TypedGraph, relation: Relation, direction: Direction) -> Profiles:
    """Return the profiles of a regression. Raises ValueError where it would be too large."""
    profiles = _profiles(graph, relation, direction)
    if profiles is None:
        raise ValueError(f"{relation} has more than {MOST_COLUMNS:,} candidates: too many for EASE")
    return profiles


def _solved(graph: TypedGraph, relation: Relation, ridge: float) -> Ease:
    profiles = {end: required_profiles(graph, relation, end) for end in DIRECTIONS}
    return Ease(profiles, {end: weights_of(each, ridge) for end, each in profiles.items()})


def weights_of(profiles: Profiles, ridge: float) -> Floats:
    """Solve the regression of the candidates' columns on all: float32 `[columns, candidates]`."""
    matrix = profiles.matrix
    gram = np.asarray((matrix.T @ matrix).toarray(), dtype=np.float32)
    gram[np.diag_indices_from(gram)] += np.float32(ridge)
    factorise, invert = get_lapack_funcs(("potrf", "potri"), (gram,))
    factor, failed = factorise(gram, lower=1, overwrite_a=1)
    inverse, unfinished = invert(factor, lower=1, overwrite_c=1)
    if failed or unfinished:
        raise ValueError(f"a ridge of {ridge} does not make the regression solvable")
    lower = np.tril(inverse)
    inverse = lower + np.tril(lower, -1).T
    weights = -inverse[:, : profiles.last] / np.diag(inverse)[None, : profiles.last]
    own = np.arange(profiles.last)
    weights[own, own] = 0.0
    return np.ascontiguousarray(weights, dtype=np.float32)
