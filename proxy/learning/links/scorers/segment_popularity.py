"""Popularity inside a segment: a baseline of reports, in no model."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from scipy import sparse

from gremlink.proxy.learning.budget import Work
from gremlink.proxy.learning.graph import (
    DIRECTIONS,
    Direction,
    Floats,
    Indexes,
    Relation,
    TypedGraph,
)
from gremlink.proxy.learning.links.scorer import StructuralScorer
from gremlink.proxy.learning.links.scorers.recommenders.profiles import Profiles, link_counts
from gremlink.proxy.learning.links.scorers.recommenders.pure_svd import MORE, ROUNDS, leading
from gremlink.proxy.learning.methods import SEGMENT_POPULARITY
from gremlink.proxy.learning.segments.clustering import COUNTS, LEAST, SAMPLE, parted

RANK = 16
"""Singular vectors that segments are found in."""

TURNS = 30
"""Turns of k-means, about."""


class SegmentPopularity(StructuralScorer):
    r"""The links of a candidate that come from the source's segment.

    .. math:: s(u, v) = |\{w : (w, v) \in E_r,\ \sigma(w) = \sigma(u)\}|

    Candidates alike in the segment are ordered by their popularity in all of the graph. Segments
    are those of k-means among the leading singular vectors of the sources' links,
    :math:`\sqrt{n/2}` of :math:`n` sources (Mardia, Kent & Bibby, "Multivariate analysis", 1979) as
    far as `COUNTS` goes.
    """

    name: ClassVar[str] = SEGMENT_POPULARITY

    def __init__(
        self, segments: dict[Direction, Indexes], counts: dict[Direction, sparse.csr_array]
    ) -> None:
        """Take the sources' segments, int64 `[sources]`, and their links to each candidate, float32
        `[segments, candidates]`."""
        self._segments = segments
        self._counts = counts
        self._popular: dict[Direction, Floats] = {}
        for end, found in counts.items():
            total = np.asarray(found.sum(axis=0), np.float32).ravel()
            self._popular[end] = total / (1.0 + total.max(initial=0.0))

    @classmethod
    def applies(cls, graph: TypedGraph, relation: Relation) -> bool:
        """Return whether there are sources for two segments at both ends."""
        return min(graph.counts[relation.head], graph.counts[relation.tail]) >= 2 * LEAST

    @classmethod
    def cost(cls, graph: TypedGraph, relation: Relation) -> Work:
        """Count the work of `fit`."""
        work = Work()
        width = float(RANK + MORE)
        for end in DIRECTIONS:
            rows, columns = link_counts(graph, relation, end, "directed")
            count = _count(len(rows))
            links = float(rows.sum())
            compared = TURNS * min(len(rows), SAMPLE) + len(rows)
            work += Work(
                gathers=(2.0 * ROUNDS + 2.0) * width * links,
                walks=links,
                products=4.0 * (ROUNDS + 1.0) * width * width * (len(rows) + len(columns))
                + 1.0 * compared * count * RANK,
                updates=1.0 * compared * count + len(columns) + 30.0 * links,
                calls=100.0,
            )
        return work

    @classmethod
    def fit(cls, graph: TypedGraph, relation: Relation) -> SegmentPopularity:
        """Part the sources of each direction, and count the links of each segment."""
        segments: dict[Direction, Indexes] = {}
        counts: dict[Direction, sparse.csr_array] = {}
        for end in DIRECTIONS:
            profiles = Profiles.all_links(graph, relation, end)
            left, values, _ = leading(profiles.matrix, RANK)
            found = parted(np.asarray(left * values, np.float32), _count(len(left)))
            # Sources without links are in a segment of their own, from which no links come.
            found[np.diff(profiles.matrix.indptr) == 0] = int(found.max(initial=0)) + 1
            members = sparse.csr_array(
                (np.ones(len(found), np.float32), (found, np.arange(len(found)))),
                shape=(int(found.max(initial=0)) + 1, len(found)),
            )
            own = sparse.csr_array(profiles.matrix[:, : profiles.last])
            segments[end], counts[end] = found, sparse.csr_array(members @ own)
        return cls(segments, counts)

    def scores(self, sources: Indexes, direction: Direction) -> Floats:
        """See `Scorer.scores`."""
        own = self._counts[direction][self._segments[direction][sources]].toarray()
        return np.asarray(own + self._popular[direction], np.float32)


def _count(sources: int) -> int:
    """Return a number of segments."""
    return int(np.clip(round((sources / 2) ** 0.5), 2, max(COUNTS)))
