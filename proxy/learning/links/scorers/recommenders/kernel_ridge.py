"""Kernel ridge regression: the links of vertices that are alike, smoothed at both ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.linalg import get_lapack_funcs

from gremlink.proxy.learning.budget import Work
from gremlink.proxy.learning.graph import (
    Direction,
    Floats,
    Indexes,
    Relation,
    TypedGraph,
)
from gremlink.proxy.learning.links.evaluation.choice import questions_of
from gremlink.proxy.learning.links.scorers.recommenders.descriptions import (
    BLOCKS,
    COLUMNS,
    Block,
    Descriptions,
    described,
    has_own,
    similarities,
)
from gremlink.proxy.learning.links.scorers.recommenders.fitted import (
    FIXED,
    INVERTED,
    MOST_HELD,
    Choice,
    FittedScorer,
    Tensors,
    choosing_cost,
)

MOST_VERTICES = 8_000
"""Vertices of a type up to which all scores are kept: the regression's matrix has as many rows and
columns, 244 MiB of float32."""

MOST_CELLS = 72 * 2**20
"""Scores that are kept, 144 MiB of float16. Where there would be more, a source's are computed when
they are asked for."""

TRIED = 100
"""Links that settings are compared on where they are solved for what is asked about."""

ASKED = 3_000
"""Validation or test edges of a large graph that are asked about, from both ends together."""

STEPS = 12
"""Steps of conjugate gradients, by estimate."""

CHOOSES_UP_TO = 4_000
"""Vertices up to which all settings compete, each solved as a whole; beyond, two do, and are solved
for what is asked about."""

LARGEST = 1_000.0
"""The largest of the kept scores: float16 then tells small ones apart, too."""

Sides = Literal["both", "head", "tail"]
SIDES: tuple[Sides, ...] = ("both", "head", "tail")
"""Ends at which links are smoothed, in the order of their numbers in artifacts."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One kernel with its ridge: `blocks` of `descriptions`, links with or without direction."""

    blocks: frozenset[Block]
    ridge: float
    undirected: bool = False
    sides: Sides = "both"

    def tensor(self) -> NDArray[np.float64]:
        """Return the setting for an artifact."""
        blocks = [float(block in self.blocks) for block in BLOCKS]
        sides = float(SIDES.index(self.sides))
        return np.array([self.ridge, float(self.undirected), sides, *blocks], np.float64)

    @classmethod
    def of(cls, tensor: Sequence[float]) -> Setting:
        """Restore what `tensor` gave."""
        ridge, undirected, sides, *blocks = map(float, tensor)
        held = frozenset(name for name, there in zip(BLOCKS, blocks, strict=True) if there)
        return cls(held, ridge, bool(undirected), SIDES[int(sides)])


class KernelRidge(FittedScorer):
    r"""Two-step kernel ridge regression.

    .. math:: S = H_h A H_t, \qquad H = K (K + \lambda I)^{-1}

    :math:`A` has the links, :math:`K` the cosines of the ends' `descriptions`: terms, links in
    other relations, other links in this one, terms of those linked to, a block of length 1 each.
    Links spread to what resembles both of their ends: Pahikkala et al., "A two-step learning
    approach for solving full and almost full cold start problems in dyadic prediction", ECML 2014;
    Stock et al., "A comparative study of pairwise learning methods based on kernel ridge
    regression", Neural Computation 30 (2018). Kernel and ridge are chosen on links that are held
    back. Scores within a large type, and those of vertices that came after training, are found by
    conjugate gradients when they are asked for.
    """

    name: ClassVar[str] = "kernel-ridge"
    reads_terms: ClassVar[bool] = True

    def __init__(
        self,
        graph: TypedGraph,
        relation: Relation,
        setting: Setting,
        kept: NDArray[np.float16] | None,
    ):
        """Take the scores: float16 `[heads, tails]`, of the vertices that there were in training;
        `None` where they are not kept."""
        self._graph, self._relation = graph, relation
        self._setting = setting
        self._kept = kept
        self._smoothing: _Smoothing | None = None

    @classmethod
    def cost(cls, graph: TypedGraph, relation: Relation) -> Work:
        """See `FittedScorer.cost`."""
        once = cls.learning_cost(graph, relation)
        settings = settings_for(graph, relation)
        if not _keeps(graph, relation):
            once += _asking_cost(graph, relation, min(0.1 * len(graph.edges[relation]), ASKED))
        if _is_small(graph, relation):
            tried = [_solving_cost(graph, relation, each) for each in settings]
            return once + choosing_cost(graph, relation, tried)
        asked = 2.0 * len(settings) * min(TRIED, questions_of(graph, relation))
        return once + _asking_cost(graph, relation, asked)

    @classmethod
    def learning_cost(cls, graph: TypedGraph, relation: Relation) -> Work:
        """See `FittedScorer.learning_cost`; nothing where scores are found when asked for."""
        if not _keeps(graph, relation):
            return FIXED
        return FIXED + _solving_cost(graph, relation, settings_for(graph, relation)[0])

    @classmethod
    def choose(cls, graph: TypedGraph, relation: Relation) -> Setting:
        """Choose kernel and ridge."""
        whole = _is_small(graph, relation)

        def tried(part: TypedGraph, asked: Relation, setting: Setting) -> KernelRidge:
            return _solved(part, asked, setting) if whole else cls(part, asked, setting, None)

        choice = Choice(graph, relation, tried, MOST_HELD if whole else TRIED)
        return choice.best(*settings_for(graph, relation))

    @classmethod
    def learn(cls, graph: TypedGraph, relation: Relation, setting: Setting) -> KernelRidge:
        """Solve, or prepare to solve for what is asked about."""
        if _keeps(graph, relation):
            return _solved(graph, relation, setting)
        return cls(graph, relation, setting, None)

    @classmethod
    def restore(cls, graph: TypedGraph, relation: Relation, tensors: Tensors) -> KernelRidge:
        """See `FittedScorer.restore`."""
        return cls(graph, relation, Setting.of(tensors["setting"]), tensors.get("scores"))

    def tensors(self) -> dict[str, Any]:
        """See `FittedScorer.tensors`."""
        kept = {} if self._kept is None else {"scores": self._kept}
        return {**kept, "setting": self._setting.tensor()}

    def scores(self, sources: Indexes, direction: Direction) -> Floats:
        """See `Scorer.scores`."""
        counts, kept = self._graph.counts, self._kept
        if kept is not None and kept.shape == (
            counts[self._relation.head],
            counts[self._relation.tail],
        ):
            # Without direction the scores are symmetric, and rows are nearer together than columns.
            by_row = direction == "out" or self._setting.undirected
            found = kept[sources] if by_row else kept[:, sources].T
            return np.ascontiguousarray(found, dtype=np.float32)
        if self._smoothing is None:
            self._smoothing = _Smoothing.of(self._graph, self._relation, self._setting)
        return self._smoothing.scores(sources, direction)


def _entries(graph: TypedGraph) -> float:
    """Count the numbers of all descriptions, about."""
    terms = sum(int(each.values.nnz) for each in graph.terms.values())
    return terms + 4.0 * graph.edge_count


def _solving_cost(graph: TypedGraph, relation: Relation, setting: Setting) -> Work:
    """Count the work to solve for all scores."""
    heads, tails = float(graph.counts[relation.head]), float(graph.counts[relation.tail])
    links = len(graph.edges[relation]) * (2.0 if setting.undirected else 1.0)
    work = Work(updates=8.0 * heads * tails)
    if setting.sides != "tail":
        work += Work(gathers=links * heads)
    if setting.sides != "head":
        work += Work(products=heads * tails**2)
    ends = {"both": (heads, tails), "head": (heads,), "tail": (tails,)}[setting.sides]
    for count in ends[:1] if setting.undirected else ends:
        work += Work(
            decompositions=INVERTED * count**3,
            gathers=_entries(graph) * count,
            updates=12.0 * count**2,
        )
    return work


def _asking_cost(graph: TypedGraph, relation: Relation, asked: float) -> Work:
    """Count the work to solve for what is asked about."""
    steps, ends = STEPS * asked, graph.counts[relation.head] + graph.counts[relation.tail]
    return Work(gathers=4.0 * steps * _entries(graph), updates=16.0 * steps * ends)


def _keeps(graph: TypedGraph, relation: Relation) -> bool:
    heads, tails = graph.counts[relation.head], graph.counts[relation.tail]
    return max(heads, tails) <= MOST_VERTICES and heads * tails <= MOST_CELLS


def _is_small(graph: TypedGraph, relation: Relation) -> bool:
    return max(graph.counts[relation.head], graph.counts[relation.tail]) <= CHOOSES_UP_TO


def settings_for(graph: TypedGraph, relation: Relation) -> list[Setting]:
    """Return the settings that compete, the default first."""
    everything, links = frozenset[Block](("own", "links")), frozenset[Block](("links",))
    owns = [has_own(graph, relation, end) for end in (relation.head, relation.tail)]
    if relation.head == relation.tail:
        if owns[0]:
            found = [
                Setting(everything, 3.0, undirected=True),
                Setting(everything, 3.0),
                Setting(frozenset(("own",)), 2.0, undirected=True),
            ]
            if relation.head in graph.terms:
                found.append(Setting(frozenset(BLOCKS), 8.0, undirected=True))
                found.append(Setting(frozenset(("own", "around")), 8.0, undirected=True))
        else:
            found = [Setting(links, 8.0, undirected=True), Setting(links, 3.0)]
            found.append(Setting(links, 20.0, undirected=True))
    else:
        found = [
            Setting(everything, 10.0),
            Setting(everything, 10.0, sides="head"),
            Setting(everything, 10.0, sides="tail"),
        ]
        if any(owns):
            found.append(Setting(frozenset(("own",)), 3.0))
    return found if _is_small(graph, relation) else found[:2]


def _solved(graph: TypedGraph, relation: Relation, setting: Setting) -> KernelRidge:
    heads, tails = _smoothed(graph, relation, setting)
    links = _links(graph, relation, setting)
    scores: Floats = links.toarray()
    residual: Floats | None = None
    if heads is not None:
        residual = _residual(heads, setting.ridge)
        scores -= np.asarray(links.T @ residual).T
    if tails is not None:
        if residual is None or tails is not heads:
            residual = _residual(tails, setting.ridge)
        scores -= scores @ residual
    scores *= np.float32(LARGEST) / max(float(np.abs(scores).max(initial=0.0)), 1e-30)
    return KernelRidge(graph, relation, setting, scores.astype(np.float16))


def _links(graph: TypedGraph, relation: Relation, setting: Setting) -> sparse.csr_array:
    return graph.neighbourhood(relation) if setting.undirected else graph.adjacency(relation)


def _smoothed(
    graph: TypedGraph, relation: Relation, setting: Setting
) -> tuple[Descriptions, Descriptions]:
    """Return the descriptions at the ends where links are smoothed."""
    heads, tails = described(graph, relation, setting.blocks, undirected=setting.undirected)
    return (
        heads if setting.sides != "tail" else None,
        tails if setting.sides != "head" else None,
    )


def _residual(rows: sparse.csr_array, ridge: float) -> Floats:
    r"""Return :math:`I - H = \lambda (K + \lambda I)^{-1}`: float32 `[vertices, vertices]`."""
    kernel = similarities(rows)
    kernel[np.diag_indices_from(kernel)] += np.float32(ridge)
    factorise, invert = get_lapack_funcs(("potrf", "potri"), (kernel,))
    # Its own transpose, in the order of memory in which nothing is copied.
    factor, failed = factorise(kernel.T, lower=1, overwrite_a=1)
    inverse, unfinished = invert(factor, lower=1, overwrite_c=1)
    if failed or unfinished:
        raise ValueError(f"a ridge of {ridge} does not make the regression solvable")
    inverse *= np.float32(ridge)
    _mirror(inverse)
    return np.asarray(inverse, np.float32)


def _mirror(matrix: Floats) -> None:
    """Copy the lower triangle to the upper one, in place."""
    count = len(matrix)
    for start in range(0, count, COLUMNS):
        stop = min(start + COLUMNS, count)
        square = np.tril(matrix[start:stop, start:stop])
        matrix[start:stop, start:stop] = square + np.tril(square, -1).T
        matrix[start:stop, stop:] = matrix[stop:, start:stop].T


TOLERANCE = 1e-2
"""Relative error of a solution: less moves nothing in a ranking, where scores correlate by .9999
with the exact ones."""

MOST_STEPS = 100

MOST_NUMBERS = 2**23
"""Numbers that are solved for at a time, 32 MiB in each of five arrays."""


@dataclass(frozen=True, slots=True)
class _Smoothing:
    """The regression, solved for the sources that are asked about, on the graph as it is."""

    links: sparse.csr_array
    heads: Descriptions
    tails: Descriptions
    ridge: float

    @classmethod
    def of(cls, graph: TypedGraph, relation: Relation, setting: Setting) -> _Smoothing:
        heads, tails = _smoothed(graph, relation, setting)
        return cls(_links(graph, relation, setting), heads, tails, setting.ridge)

    def scores(self, sources: Indexes, direction: Direction) -> Floats:
        """See `Scorer.scores`."""
        near, far, links = self.heads, self.tails, self.links.T
        if direction == "in":
            near, far, links = self.tails, self.heads, self.links
        found = np.empty((len(sources), links.shape[0]), np.float32)
        width = max(1, MOST_NUMBERS // max(links.shape))
        for start in range(0, len(sources), width):
            part = sources[start : start + width]
            asked = np.zeros((links.shape[1], len(part)), np.float32)
            asked[part, np.arange(len(part))] = 1.0
            smooth = self._applied(far, links @ self._applied(near, asked))
            found[start : start + width] = smooth.T
        return found

    def _applied(self, rows: Descriptions, values: Floats) -> Floats:
        r"""Return :math:`H x = x - \lambda (K + \lambda I)^{-1} x` of columns `[vertices,
        columns]`, the inverse by conjugate gradients (Hestenes & Stiefel, 1952)."""
        if rows is None:
            return values
        back = sparse.csr_array(rows.T)
        solved = np.zeros_like(values)
        left, step = values.copy(), values.copy()
        size = np.einsum("ij,ij->j", left, left)
        enough = np.maximum(TOLERANCE**2 * size, 1e-30)
        for _ in range(MOST_STEPS):
            if (size <= enough).all():
                break
            image = rows @ (back @ step) + self.ridge * step
            length = size / np.maximum(np.einsum("ij,ij->j", step, image), 1e-30)
            solved += length * step
            left -= length * image
            before, size = size, np.einsum("ij,ij->j", left, left)
            step = left + (size / np.maximum(before, 1e-30)) * step
        return np.asarray(values - self.ridge * solved, np.float32)
