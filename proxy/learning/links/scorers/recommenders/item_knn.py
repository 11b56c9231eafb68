"""Item-kNN: a candidate is as likely as it resembles what the source is linked to."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

import numpy as np
from scipy import sparse

from gremlink.proxy.learning.budget import Work, total
from gremlink.proxy.learning.graph import DIRECTIONS, Direction, Relation, TypedGraph
from gremlink.proxy.learning.links.scorers.recommenders.fitted import (
    FIXED,
    Choice,
    choosing_cost,
)
from gremlink.proxy.learning.links.scorers.recommenders.linear import LinearScorer, Weights
from gremlink.proxy.learning.links.scorers.recommenders.profiles import (
    Profiles,
    View,
    column_counts,
    same_for_both,
    views,
)

if TYPE_CHECKING:
    from typing_extensions import Self

MOST_PAIRS = 2**26
"""Pairs of links of one source that are counted, at most: sources with the most links, which say
least about any pair, are left out."""

SORTED = 2.0
"""Pairs of links that are counted for one different pair, by estimate."""

STRIPE = 1024
"""Candidates that are compared at a time."""


class KnnSetting(NamedTuple):
    """Neighbours of a candidate, and the view of the profiles; the rest is explained in
    `ItemKnn`."""

    neighbours: int
    shrinkage: float
    power: float
    discount: float
    view: View = "directed"


SETTINGS = (
    KnnSetting(200, 3.0, 0.7, 0.5),
    KnnSetting(200, 30.0, 0.7, 0.5),
    KnnSetting(200, 30.0, 0.5, 0.5),
    KnnSetting(50, 3.0, 0.5, 0.5),
    KnnSetting(200, 3.0, 0.5, 1.0),
    KnnSetting(200, 100.0, 0.5, 1.0),
)
"""On fifteen graphs the best of these came within 1 % of the best of a grid of 24."""


class ItemKnn(LinearScorer):
    r"""A sum of similarities to the columns of the source's links, the `neighbours` nearest only.

    .. math::
        s(u, v) = \sum_{i \in x_u \cap N_k(v)}
            \frac{\sum_w |x_w|^{-\delta} x_{wi} x_{wv}}{|x_i|^\alpha |x_v|^{1 - \alpha} + h}

    Deshpande & Karypis, "Item-based top-N recommendation algorithms", ACM TOIS 22 (2004), with a
    shrinkage :math:`h` (Bell & Koren, ICDM 2007). :math:`X` has all links of a vertex, in the
    columns of `Profiles`. :math:`\alpha = 1/2`, :math:`\delta = 0` make the cosine; a larger
    `power` :math:`\alpha` prefers popular candidates, a `discount` :math:`\delta` those that
    sources with few links have in common; degrees are in means there. View and setting are
    chosen on links that are held back.
    """

    name: ClassVar[str] = "item-knn"

    @classmethod
    def cost(cls, graph: TypedGraph, relation: Relation) -> Work:
        """See `FittedScorer.cost`."""
        seen = views(graph, relation)
        once = cls.learning_cost(graph, relation)
        return once + choosing_cost(graph, relation, [once] * (len(SETTINGS) + len(seen) - 1))

    @classmethod
    def learning_cost(cls, graph: TypedGraph, relation: Relation) -> Work:
        """See `FittedScorer.learning_cost`; the mean of the views."""
        seen = views(graph, relation)
        return FIXED + total(_counting_cost(graph, relation, each) for each in seen) * (
            1.0 / len(seen)
        )

    @classmethod
    def choose(cls, graph: TypedGraph, relation: Relation) -> KnnSetting:
        """Choose the view, then the rest."""
        choice = Choice(graph, relation, cls.learn)
        seen = [SETTINGS[0]._replace(view=view) for view in views(graph, relation)]
        view = choice.best(*seen).view
        return choice.best(*(each._replace(view=view) for each in SETTINGS))

    @classmethod
    def learn(cls, graph: TypedGraph, relation: Relation, setting: KnnSetting) -> Self:
        """Compare the candidates of both directions."""
        profiles = Profiles.of_both(graph, relation, setting.view)
        out = similarities(profiles["out"], setting)
        same = profiles["in"] is profiles["out"]
        weights: dict[Direction, Weights] = {"out": out, "in": out}
        if not same:
            weights["in"] = similarities(profiles["in"], setting)
        return cls(profiles, weights)


def similarities(profiles: Profiles, setting: KnnSetting) -> sparse.csr_array:
    """Compare each candidate with all columns, and keep the nearest: float32 `[columns,
    candidates]`."""
    matrix = profiles.matrix
    degrees = np.diff(matrix.indptr)
    counted = degrees.astype(np.float64)
    kept = np.where(degrees <= _most_links(counted), degrees, 0)
    mean = max(float(counted[degrees > 0].mean()), 1.0) if matrix.nnz else 1.0
    scales = np.where(kept > 0, (np.maximum(degrees, 1) / mean) ** -setting.discount, 0.0)
    scaled = matrix.copy()
    scaled.data = (matrix.data * np.repeat(scales, degrees)).astype(np.float32)
    scaled.eliminate_zeros()
    back = sparse.csr_array(matrix[:, : profiles.last].T)
    counts = np.maximum(column_counts(matrix), 1.0)
    given, asked = counts**setting.power, counts[: profiles.last] ** (1.0 - setting.power)
    nearest = []
    for start in range(0, profiles.last, STRIPE):
        common = sparse.csr_array(back[start : start + STRIPE] @ scaled)
        rows = start + np.repeat(np.arange(common.shape[0]), np.diff(common.indptr))
        common.data /= given[common.indices] * asked[rows] + setting.shrinkage
        common.data[common.indices == rows] = 0.0
        nearest.append(_nearest(common, setting.neighbours))
    joined = sparse.vstack(nearest, format="csr")
    return sparse.csr_array(joined.T)


def _most_links(degrees: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
    """Return the number of links above which a source is left out."""
    ordered = np.sort(degrees)
    room = int(np.searchsorted(np.cumsum(ordered**2), MOST_PAIRS, side="right"))
    return float("inf") if room == len(ordered) else float(ordered[max(room - 1, 0)])


def _nearest(rows: sparse.csr_array, count: int) -> sparse.csr_array:
    """Keep the largest numbers of each row."""
    for row in np.flatnonzero(np.diff(rows.indptr) > count):
        values = rows.data[rows.indptr[row] : rows.indptr[row + 1]]
        values[np.argpartition(values, len(values) - count)[: len(values) - count]] = 0.0
    rows.eliminate_zeros()
    return rows


def _counting_cost(graph: TypedGraph, relation: Relation, view: View) -> Work:
    work = Work()
    for end in DIRECTIONS[: 1 if same_for_both(relation, view) else 2]:
        profiles = Profiles.build(graph, relation, end, view)
        degrees = np.diff(profiles.matrix.indptr).astype(np.float64)
        pairs = min(float((degrees**2).sum()), MOST_PAIRS)
        # At most as many others as it is counted with: more than are kept are sorted out by row.
        others = profiles.matrix[:, : profiles.last].T @ degrees
        work += Work(
            walks=pairs,
            updates=6.0 * pairs,
            calls=float(np.count_nonzero(others > SORTED * SETTINGS[0].neighbours)) / 3.0 + 10.0,
        )
    return work
