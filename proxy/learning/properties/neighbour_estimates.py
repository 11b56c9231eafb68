"""Neighbour estimates: known values nearby, smoothed; a baseline that needs no model.

For vertices, the values of neighbours and of the neighbours' neighbours; for edges, the values of
the other edges at each end. An element's own value never takes part.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gremlink.proxy.learning.graph import Floats, Indexes, TypedGraph
from gremlink.proxy.learning.trained.target import Outputs, Subjects

PRIOR_NEIGHBOURS = 2.0
"""The overall mean counts like so many neighbours."""

PRIOR_EDGES = 5.0
"""The overall mean counts like so many edges at an end."""


@dataclass(frozen=True, slots=True)
class Estimates:
    """Means of the values nearby, drawn to the overall mean: float32 `[vertices, outputs]` per end.

    `mean` is the overall one, float64 `[outputs]`.
    """

    ends: tuple[Floats, ...]
    mean: Outputs

    def rows(self, subjects: Subjects) -> Floats:
        """Return the estimates of the ends side by side: float32 `[elements, ends * outputs]`."""
        parts = [table[places] for table, places in zip(self.ends, subjects.ends, strict=True)]
        return np.concatenate(parts, axis=1)

    @property
    def hops(self) -> int:
        """Number of hops to the values that count."""
        return 2 if len(self.ends) == 1 else 1


def around_vertices(graph: TypedGraph, vertex_type: str, rows: Indexes, truth: Floats) -> Estimates:
    r"""Estimate each vertex by the mean of known values around it: float32 `[vertices, outputs]`.

    .. math:: \frac{A Y + (A D^{-1} A - \mathrm{diag}) Y + \alpha \bar y}
                   {A l + (A D^{-1} A - \mathrm{diag}) l + \alpha}

    over all relations without direction, `Y` the known values and `l` where there are some. It is
    label propagation (Zhu & Ghahramani, 2002) of two rounds without the ways back to the start.
    `rows` are the vertices with a known value, `truth` these, float32 `[rows, outputs]`.
    """
    count = graph.counts[vertex_type]
    known = np.zeros((count, truth.shape[1] + 1))
    known[rows, :-1] = truth
    known[rows, -1] = 1.0
    first = graph.offsets[vertex_type]
    links = graph.whole[first : first + count]
    inverse = 1.0 / np.maximum(np.asarray(graph.whole.sum(axis=1)).ravel(), 1.0)
    one = links[:, first : first + count] @ known
    two = links @ ((links.T @ known) * inverse[:, None])
    two -= (links @ inverse)[:, None] * known
    joined = one + two
    mean = truth.mean(axis=0, dtype=np.float64)
    sums, weights = joined[:, :-1], np.maximum(joined[:, -1:], 0.0)
    estimated = (sums + PRIOR_NEIGHBOURS * mean) / (weights + PRIOR_NEIGHBOURS)
    return Estimates((estimated.astype(np.float32),), mean)


def at_ends(counts: tuple[int, ...], known: Subjects, truth: Floats) -> tuple[Estimates, Floats]:
    """Return the mean at each end over its known edges, and for these the mean without themselves.

    `counts` are the vertices of each end's type, `truth` is float32 `[known, outputs]`. The second
    is float32 `[known, ends * outputs]`.
    """
    mean = truth.mean(axis=0, dtype=np.float64)
    tables: list[Floats] = []
    without: list[Floats] = []
    for count, places in zip(counts, known.ends, strict=True):
        sums = np.zeros((count, truth.shape[1]))
        np.add.at(sums, places, truth)
        sums += PRIOR_EDGES * mean
        weights = np.bincount(places, minlength=count)[:, None] + PRIOR_EDGES
        tables.append((sums / weights).astype(np.float32))
        others = (sums[places] - truth) / (weights[places] - 1.0)
        without.append(others.astype(np.float32))
    return Estimates(tuple(tables), mean), np.concatenate(without, axis=1)
