"""EASE: links predicted from a vertex's other links, by one closed-form regression."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np
from scipy import sparse
from scipy.linalg import get_lapack_funcs

from gremlink.proxy.learning.budget import Work
from gremlink.proxy.learning.graph import DIRECTIONS, Direction, Floats, Relation, TypedGraph
from gremlink.proxy.learning.links.scorers.recommenders.fitted import (
    FIXED,
    INVERTED,
    Choice,
    choosing_cost,
    links_read,
)
from gremlink.proxy.learning.links.scorers.recommenders.linear import LinearScorer, Weights
from gremlink.proxy.learning.links.scorers.recommenders.profiles import (
    Profiles,
    View,
    all_columns,
    same_for_both,
)

if TYPE_CHECKING:
    from typing_extensions import Self

MOST_UNKNOWN = 8192
"""Rows of the largest matrix that is inverted, 256 MiB of float32."""

MOST_WEIGHTS = 2**26
"""Weights of both directions together, at most: 256 MiB."""

STRIPE = 1024
"""Rows of a matrix that are written at a time."""

LEAST = 1e-35
"""Weights below are 0: products of smaller ones are subnormal, and take twenty times as long."""


class EaseSetting(NamedTuple):
    """The ridge, and the power of a source's number of links by which it counts less."""

    ridge: float
    discount: float


RIDGES = (100.0, 30.0, 10.0, 300.0, 1000.0)
DISCOUNTS = (0.5, 0.0, 1.0)


class Ease(LinearScorer):
    r"""A linear auto-encoder whose weights have no diagonal.

    .. math::
        s(u, \cdot) = x_u B, \qquad B = \arg\min_{\mathrm{diag} B = 0}
            \|D^{1/2} (X - X B)\|_F^2 + \lambda \|B\|_F^2, \qquad
        B_{ij} = -P_{ij} / P_{jj}, \quad P = (X^\top D X + \lambda I)^{-1}

    Steck, "Embarrassingly shallow autoencoders for sparse data", WWW 2019. :math:`X` has all links
    of a vertex, in the columns of `Profiles`; with one relation between two types that is the
    paper's matrix. Where a regression on them is too large, those of the relation alone.

    :math:`D_{uu} = (|x_u| / \overline{|x|})^{-\delta}` is not in the paper: who is linked to
    everything says little about any two of them (inverse user frequency; Breese, Heckerman &
    Kadie, UAI 1998). :math:`\lambda` and :math:`\delta` are chosen on links that are held back.
    """

    name: ClassVar[str] = "ease"

    views: ClassVar[tuple[View, ...]] = ("directed", "own-directed")
    """Views in the order in which they are tried."""

    @classmethod
    def applies(cls, graph: TypedGraph, relation: Relation) -> bool:
        """Return whether candidates are not too many on both sides."""
        return cls.view(graph, relation) is not None

    @classmethod
    def view(cls, graph: TypedGraph, relation: Relation) -> View | None:
        """Return the first view in which the regression is not too large."""
        return next((each for each in cls.views if _fits(graph, relation, each)), None)

    @classmethod
    def cost(cls, graph: TypedGraph, relation: Relation) -> Work:
        """See `FittedScorer.cost`."""
        once, tried = cls.learning_cost(graph, relation), len(RIDGES) + len(DISCOUNTS) - 1
        return once + choosing_cost(graph, relation, [once] * tried)

    @classmethod
    def learning_cost(cls, graph: TypedGraph, relation: Relation) -> Work:
        """See `FittedScorer.learning_cost`."""
        view = cls.view(graph, relation)
        return FIXED + (Work() if view is None else _solving_cost(graph, relation, view))

    @classmethod
    def choose(cls, graph: TypedGraph, relation: Relation) -> Any:
        """Choose the ridge, then the discount."""
        choice: Choice[EaseSetting] = Choice(graph, relation, cls.learn)
        first = choice.best(*(EaseSetting(ridge, DISCOUNTS[0]) for ridge in RIDGES))
        return choice.best(*(first._replace(discount=discount) for discount in DISCOUNTS))

    @classmethod
    def learn(cls, graph: TypedGraph, relation: Relation, setting: Any) -> Self:
        """Solve for both directions. Raises ValueError where the method does not apply."""
        profiles = cls.profiles(graph, relation)
        shared = _shared(profiles["out"].view, relation)
        return cls(profiles, regression(profiles, setting, same_columns=shared))

    @classmethod
    def profiles(cls, graph: TypedGraph, relation: Relation) -> dict[Direction, Profiles]:
        """Build the profiles. Raises ValueError where the method does not apply."""
        view = cls.view(graph, relation)
        if view is None:
            raise ValueError(f"{relation} has too many candidates for {cls.name}")
        return Profiles.of_both(graph, relation, view)


def _sizes(
    graph: TypedGraph, relation: Relation, view: View
) -> dict[Direction, tuple[int, int, int]]:
    """Return rows, columns and candidates of each direction; of one where both are the same."""
    return {
        end: (
            graph.counts[relation.source_type(end)],
            all_columns(graph, relation, end, view),
            graph.counts[relation.target_type(end)],
        )
        for end in DIRECTIONS[: 1 if same_for_both(relation, view) else 2]
    }


def _fits(graph: TypedGraph, relation: Relation, view: View) -> bool:
    sizes = _sizes(graph, relation, view).values()
    weights = sum(columns * candidates for _, columns, candidates in sizes)
    unknown = max(min(rows, columns) for rows, columns, _ in sizes)
    return weights <= MOST_WEIGHTS and unknown <= MOST_UNKNOWN


def _solving_cost(graph: TypedGraph, relation: Relation, view: View) -> Work:
    work = Work()
    links = 2.0 * links_read(graph, relation)
    for end, (rows, columns, candidates) in _sizes(graph, relation, view).items():
        unknown = min(rows, columns)
        shared = end == "in" and _shared(view, relation)
        work += Work(updates=4.0 * columns * candidates, calls=30)
        if not shared:
            work += Work(decompositions=INVERTED * unknown**3, updates=4.0 * unknown**2)
            work += Work(walks=links * links / max(rows, 1))
        if rows < columns:
            work += Work(gathers=links * (rows + candidates))
    return work


def _shared(view: View, relation: Relation) -> bool:
    """Return whether both directions have the same columns, in another order."""
    return relation.head == relation.tail and view == "directed"


def regression(
    profiles: dict[Direction, Profiles], setting: EaseSetting, *, same_columns: bool
) -> dict[Direction, Weights]:
    """Solve for both directions: float32 `[columns, candidates]` each.

    With the same columns in another order, one matrix is inverted for both.
    """
    out, into = profiles["out"], profiles["in"]
    if into is out:
        return dict.fromkeys(DIRECTIONS, weights_of(out, setting))
    inverse = None
    if same_columns:  # twice as many as rows, at least
        links = discounted(out.matrix, setting.discount)
        inverse = inverse_gram(sparse.csr_array(links.T), setting.ridge)
    return {end: weights_of(each, setting, inverse) for end, each in profiles.items()}


def weights_of(
    profiles: Profiles, setting: EaseSetting, rows_inverse: Floats | None = None
) -> Floats:
    r"""Solve the regression of the candidates' columns on all: float32 `[columns, candidates]`.

    With fewer rows than columns, :math:`\lambda P = I - X^\top (X X^\top + \lambda I)^{-1} X`, so
    the smaller matrix is inverted; `rows_inverse` is that inverse, if it is known already.
    """
    links = discounted(profiles.matrix, setting.discount)
    own = np.arange(profiles.last)
    rows, columns = links.shape
    if rows < columns:
        if rows_inverse is None:
            rows_inverse = inverse_gram(sparse.csr_array(links.T), setting.ridge)
        reached = np.asarray(links[:, : profiles.last].T @ rows_inverse)
        weights = np.asarray(links.T @ reached.T)
        weights[own, own] -= 1.0
    else:
        weights = -inverse_gram(links, setting.ridge)[:, : profiles.last]
    weights /= -weights[own, own]
    weights[own, own] = 0.0
    for start in range(0, len(weights), STRIPE):
        part = weights[start : start + STRIPE]
        part[np.abs(part) < LEAST] = 0.0
    return np.ascontiguousarray(weights, dtype=np.float32)


def discounted(matrix: sparse.csr_array, discount: float) -> sparse.csr_array:
    """Scale the rows by their number of links, in means, to the power of minus half the
    discount."""
    counts = np.diff(matrix.indptr)
    if not discount or not matrix.nnz:
        return matrix
    scales = np.maximum(counts, 1) / counts[counts > 0].mean()
    scaled = matrix.copy()
    scaled.data = (matrix.data * np.repeat(scales ** (-discount / 2), counts)).astype(np.float32)
    return scaled


def inverse_gram(matrix: sparse.csr_array, ridge: float) -> Floats:
    r"""Invert :math:`A^\top A + \lambda I`: float32 `[columns, columns]`, in the memory of one such
    matrix."""
    back = sparse.csr_array(matrix.T)
    count = back.shape[0]
    gram = np.empty((count, count), np.float32)
    for start in range(0, count, STRIPE):
        gram[start : start + STRIPE] = (back[start : start + STRIPE] @ matrix).toarray()
    gram[np.diag_indices(count)] += np.float32(ridge)
    factorise, invert = get_lapack_funcs(("potrf", "potri"), (gram,))
    # The matrix is symmetric: transposed it has the order of LAPACK, and nothing is copied.
    factor, failed = factorise(gram.T, lower=0, overwrite_a=1)
    inverse, unfinished = invert(factor, lower=0, overwrite_c=1)
    if failed or unfinished:
        raise ValueError(f"a ridge of {ridge} does not make the regression solvable")
    for start in range(0, count, STRIPE):
        stop = start + STRIPE
        inside = inverse[start:stop, start:stop]
        inside[...] = np.triu(inside) + np.triu(inside, 1).T
        inverse[stop:, start:stop] = inverse[start:stop, stop:].T
    return np.asarray(inverse.T, dtype=np.float32)
