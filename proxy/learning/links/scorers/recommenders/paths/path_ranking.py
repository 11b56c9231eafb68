"""Path ranking: how much each type of path from a source to a candidate speaks for a link."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, sparse

from gremlink.proxy.learning.budget import Work
from gremlink.proxy.learning.graph import (
    DIRECTIONS,
    Direction,
    Floats,
    Indexes,
    Relation,
    TypedGraph,
)
from gremlink.proxy.learning.links.known import KnownLinks
from gremlink.proxy.learning.links.scorers.recommenders.fitted import FIXED, FittedScorer, Tensors
from gremlink.proxy.learning.links.scorers.recommenders.paths.typed_walks import (
    LONGEST,
    Paths,
    TypedWalks,
)

QUESTIONS = 1000
"""Links of a direction that are learned from, at most."""

FEWEST_QUESTIONS = 100
"""As many are learned from where paths are many."""

WALKS = 2**20
"""Walks that are followed to learn a direction, about; as many are in memory at a time."""

OF_A_SOURCE = 10_000
"""Walks from a source, on average, beyond which paths are shorter."""

SUPPORT = 3
"""Links that a type of path leads to, at least."""

STEPS = 40
"""Steps of the optimiser, at most."""

WALKED = 20.0
"""Times that a walk is touched: followed, sorted, counted."""

Weights = NDArray[np.float64]


class PathRanking(FittedScorer):
    r"""A log-linear model of the types of paths, of up to three edges, along or against arrows.

    .. math:: s_r(u, v) = \sum_{\pi} \theta_{r,\pi} \log_2 (1 + n_\pi(u, v)), \qquad
        \pi = (r_1), (r_1, r_2), (r_1, r_2, r_3)

    Lao & Cohen, "Relational retrieval using a combination of path-constrained random walks",
    Machine Learning 81 (2010), with numbers of paths :math:`n_\pi` for their probabilities.
    :math:`\theta` is the maximum of the likelihood of training links under a soft-max over all
    candidates, with a normal prior. A link is not part of the paths that it is learned from.
    """

    name: ClassVar[str] = "path-ranking"
    signed: ClassVar[bool] = True

    def __init__(
        self,
        graph: TypedGraph,
        relation: Relation,
        weights: dict[Direction, tuple[Indexes, Floats]],
    ) -> None:
        """Take for each direction the types of paths, int64 `[types, 3]`, and float32 `[types]`.

        A type is the numbers of its edges' kinds, 0 where it is shorter.
        """
        self._graph = graph
        self._relation = relation
        self._kinds = weights
        self._walks = TypedWalks.of(graph)
        self._weights = {end: self._sorted(*pair) for end, pair in weights.items()}

    @classmethod
    def applies(cls, graph: TypedGraph, relation: Relation) -> bool:
        """Return whether there are relations to tell apart."""
        return sum(len(edges) > 0 for edges in graph.edges.values()) > 1

    @classmethod
    def cost(cls, graph: TypedGraph, relation: Relation) -> Work:
        """See `FittedScorer.cost`."""
        return cls.learning_cost(graph, relation)

    @classmethod
    def learning_cost(cls, graph: TypedGraph, relation: Relation) -> Work:
        """See `FittedScorer.learning_cost`."""
        work, every = FIXED, TypedWalks.of(graph)
        for end in DIRECTIONS:
            _, _, walks = _room(graph, relation, end, every)
            followed = min(min(len(graph.edges[relation]), QUESTIONS) * walks, WALKS)
            work = work + Work(walks=WALKED * followed, calls=20.0 * STEPS)
        return work

    @classmethod
    def learn(cls, graph: TypedGraph, relation: Relation, setting: None) -> PathRanking:
        """Learn the weights of paths; there is no setting."""
        walks = TypedWalks.of(graph)
        return cls(
            graph, relation, {end: _learn(graph, relation, end, walks) for end in DIRECTIONS}
        )

    @classmethod
    def restore(cls, graph: TypedGraph, relation: Relation, tensors: Tensors) -> PathRanking:
        """See `FittedScorer.restore`."""
        return cls(
            graph,
            relation,
            {end: (tensors[f"paths.{end}"], tensors[f"weights.{end}"]) for end in DIRECTIONS},
        )

    def tensors(self) -> dict[str, Any]:
        """See `FittedScorer.tensors`."""
        found: dict[str, Any] = {}
        for end, (kinds, weights) in self._kinds.items():
            found[f"paths.{end}"], found[f"weights.{end}"] = kinds, weights
        return found

    def scores(self, sources: Indexes, direction: Direction) -> Floats:
        """See `Scorer.scores`."""
        graph, relation = self._graph, self._relation
        first = graph.offsets[relation.target_type(direction)]
        count = graph.counts[relation.target_type(direction)]
        wanted, types, weights = self._weights[direction]
        scores = np.zeros((len(sources), count), np.float32)
        if not len(types):
            return scores
        length = max(edges for edges in range(1, LONGEST + 1) if len(wanted[edges - 1]))
        asked = sources + graph.offsets[relation.source_type(direction)]
        for part in _parts(self._walks.counts[length - 1][asked]):
            found = _towards(self._walks.paths(asked[part], length, wanted), first, count)
            place = np.searchsorted(types, found.type)
            cells, counts = np.unique(
                (found.source * count + found.end) * len(types) + place, return_counts=True
            )
            cell, type_ = np.divmod(cells, len(types))
            summed = np.bincount(
                cell, weights[type_] * np.log2(1.0 + counts), minlength=count * len(asked[part])
            )
            scores[part] = summed.reshape(-1, count)
        return scores

    def _sorted(
        self, kinds: Indexes, weights: Floats
    ) -> tuple[tuple[Indexes, ...], Indexes, Floats]:
        """Return the types by their number of edges, all of them, sorted, and their weights."""
        base = self._walks.base
        lengths = (kinds > 0).sum(axis=1)
        types = np.zeros(len(kinds), np.int64)
        for column in kinds.T:
            types = np.where(column > 0, types * base + column, types)
        order = np.argsort(types)
        wanted = tuple(np.sort(types[lengths == edges]) for edges in range(1, LONGEST + 1))
        return wanted, types[order], weights[order]


def _room(
    graph: TypedGraph, relation: Relation, direction: Direction, every: TypedWalks
) -> tuple[int, int, float]:
    """Return the longest paths, the questions, and the walks of each, on average."""
    sources, _ = graph.edges[relation].ends(direction)
    links = len(sources)
    if not links:
        return 1, 0, 0.0
    begins = sources + graph.offsets[relation.source_type(direction)]
    means = [float(each[begins].mean()) for each in every.counts]
    length = max(n for n in range(1, LONGEST + 1) if n == 1 or means[n - 1] <= OF_A_SOURCE)
    walks = max(means[length - 1], 1.0)
    return length, min(links, QUESTIONS, max(FEWEST_QUESTIONS, int(WALKS / walks))), walks


def _parts(walks: Indexes) -> Iterator[slice]:
    """Split sources, in order, so that each part's walks fit into memory."""
    ends = np.cumsum(walks) // WALKS
    cuts = [0, *(np.flatnonzero(np.diff(ends)) + 1).tolist(), len(walks)]
    for start, stop in itertools.pairwise(cuts):
        for begin in range(start, stop, 64):
            yield slice(begin, min(begin + 64, stop))


def _towards(paths: Paths, first: int, count: int) -> Paths:
    """Return the paths that end at candidates, which are numbered from 0."""
    there = (paths.end >= first) & (paths.end < first + count)
    return Paths(paths.source[there], paths.end[there] - first, paths.type[there])


def _learn(
    graph: TypedGraph, relation: Relation, direction: Direction, walks: TypedWalks
) -> tuple[Indexes, Floats]:
    """Learn the weights of one direction: the kinds of each path's edges, and its weight."""
    length, questions, _ = _room(graph, relation, direction, walks)
    if not questions:
        return np.zeros((0, LONGEST), np.int64), np.zeros(0, np.float32)
    sources, targets = graph.edges[relation].ends(direction)
    drawn = np.random.default_rng(0).permutation(len(sources))[:questions]
    sources, targets = sources[drawn], targets[drawn]
    begins = sources + graph.offsets[relation.source_type(direction)]
    first = graph.offsets[relation.target_type(direction)]
    count = graph.counts[relation.target_type(direction)]
    own = walks.kinds[relation, direction]
    known = KnownLinks(graph, relation)
    found: list[tuple[Indexes, Indexes, Indexes, Indexes]] = []
    competing = np.zeros(questions)
    for part in _parts(walks.counts[length - 1][begins]):
        paths = _towards(
            walks.paths(begins[part], length, without=(own, first + targets[part])), first, count
        )
        mask = known.mask(sources[part], direction)
        mask[np.arange(len(mask)), targets[part]] = False
        competing[part] = count - mask.sum(axis=1)
        kept = ~mask[paths.source, paths.end]
        types, number = np.unique(paths.type[kept], return_inverse=True)
        cell = (paths.source[kept] * count + paths.end[kept]) * max(len(types), 1)
        cells, counts = np.unique(cell + number.reshape(-1), return_counts=True)
        pair, number = np.divmod(cells, max(len(types), 1))
        found.append((part.start + pair // count, pair % count, types[number], counts))
    question, end, type_, counts = (np.concatenate(each) for each in zip(*found, strict=True))
    right = end == targets[question]
    types, supports = np.unique(type_[right], return_counts=True)
    types = types[supports >= SUPPORT]
    if not len(types):
        return np.zeros((0, LONGEST), np.int64), np.zeros(0, np.float32)
    used = np.isin(type_, types)
    pairs, row = np.unique(question[used] * count + end[used], return_inverse=True)
    features = sparse.csr_array(
        (np.log2(1.0 + counts[used]), (row.reshape(-1), np.searchsorted(types, type_[used]))),
        shape=(len(pairs), len(types)),
    )
    weights = _maximised(
        features, pairs // count, pairs % count == targets[pairs // count], competing
    )
    kinds = np.zeros((len(types), LONGEST), np.int64)
    rest = types.copy()
    for column in reversed(range(LONGEST)):
        rest, kinds[:, column] = np.divmod(rest, walks.base)
    return kinds, weights.astype(np.float32)


def _maximised(
    features: sparse.csr_array, question: Indexes, right: NDArray[np.bool_], competing: Weights
) -> Weights:
    """Return the weights of the largest posterior: float64 `[types]`.

    Candidates that no path leads to have the score 0.
    """
    turned = features.T.tocsr()
    others = np.maximum(competing - np.bincount(question, minlength=len(competing)), 1.0)

    def loss(weights: Weights) -> tuple[float, Weights]:
        scores = features @ weights
        shares = np.exp(np.minimum(scores, 50.0))
        total = others + np.bincount(question, shares, minlength=len(others))
        value = np.log(total).sum() - scores[right].sum() + 0.5 * float(weights @ weights)
        return float(value), turned @ (shares / total[question] - right) + weights

    found = optimize.minimize(
        loss,
        np.zeros(features.shape[1]),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": STEPS},
    )
    return np.asarray(found.x, np.float64)
