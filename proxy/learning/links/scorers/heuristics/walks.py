"""Walks over the whole graph, from one type of vertices to another."""

from __future__ import annotations

import os
from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray
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
from gremlink.proxy.learning.links.evaluation.choice import (
    Several,
    asked_rows,
    choice_cost,
    chosen_together,
    questions_of,
)
from gremlink.proxy.learning.links.scorer import FittedScorer, Tensors

if TYPE_CHECKING:
    from typing_extensions import Self

BLOCK = 16
"""Sources walked from at a time: their float32 beside each other are one line of a processor's
cache, so that a step over an edge fetches nothing in vain."""

CACHE, CACHED = 2**19, 0.6
"""Bytes that a core's cache holds, and the time of a step where it holds all that is walked on."""

ASKED = 3_000
"""Validation and test edges of a large graph that walks begin from."""

LISTED = 1
"""Steps, by estimate, that reach few vertices and take next to no time."""

STACKED = 4
"""Steps whose results are held to be weighted together."""

SPARSE = 8.0
"""How much longer a step over an edge takes while few vertices are reached, which are listed."""

LISTING = 30_000.0
"""Steps over edges that take as long as preparing a list: the whole of a small graph is sooner
done."""

Coefficients = NDArray[np.float32]
"""Weights of the walks by their length, from 0: `[lengths]`."""


class WalkSetting(NamedTuple):
    """The decay of walks by length, and the power of the degree that a score is divided by."""

    decay: float
    damping: float


class ChosenWalks(FittedScorer):
    """A method that sums walks by their length; how, is chosen on links that are held back."""

    settings: ClassVar[tuple[WalkSetting, ...]]
    """The first one is the default."""

    earlier: ClassVar[WalkSetting]
    """That of artifacts without a setting."""

    def __init__(self, graph: TypedGraph, relation: Relation, setting: WalkSetting) -> None:
        """Prepare the walks."""
        self._setting = setting
        self._walks = WholeWalks(graph, relation, self.step(graph))
        self._factors = {
            end: degrees ** np.float32(-setting.damping)
            for end, degrees in _candidate_degrees(graph, relation).items()
        }

    @classmethod
    @abstractmethod
    def step(cls, graph: TypedGraph) -> sparse.csr_array:
        """Return the matrix of a step over the whole graph: float32 `[vertices, vertices]`."""
        ...

    @classmethod
    @abstractmethod
    def coefficients(cls, decay: float) -> Coefficients:
        """Return the weights of walks by their length."""
        ...

    @classmethod
    def cost(cls, graph: TypedGraph, relation: Relation) -> Work:
        """Count the work to choose a setting, and to walk from all held-out links."""
        asked, tried = (
            sum(float(asked_rows(graph, relation, end, links).sum()) for end in DIRECTIONS)
            for links in (
                min(0.1 * len(graph.edges[relation]), ASKED),
                questions_of(graph, relation),
            )
        )
        steps = [len(cls.coefficients(each.decay)) - 1 - LISTED for each in cls.settings]
        walked = steps[0] * asked + max(steps) * tried
        held = 4.0 * BLOCK * graph.vertex_count <= CACHE
        return Work(
            gathers=walked * 2.0 * graph.edge_count * (CACHED if held else 1.0),
            calls=10.0 * (asked + tried) / BLOCK,
        ) + choice_cost(graph, relation, len(cls.settings), together=True)

    @classmethod
    def learning_cost(cls, graph: TypedGraph, relation: Relation) -> Work:
        """See `FittedScorer.learning_cost`: nothing is left to learn."""
        return Work()

    @classmethod
    def learn(cls, graph: TypedGraph, relation: Relation, setting: WalkSetting) -> Self:
        """Prepare the walks."""
        return cls(graph, relation, setting)

    @classmethod
    def choose(cls, graph: TypedGraph, relation: Relation) -> WalkSetting:
        """Choose decay and damping."""

        def several(part: TypedGraph) -> Several[WalkSetting]:
            walks = WholeWalks(part, relation, cls.step(part))
            degrees = _candidate_degrees(part, relation)

            def scores(
                asked: Sequence[WalkSetting], sources: Indexes, end: Direction
            ) -> Iterator[Floats]:
                decays = list(dict.fromkeys(each.decay for each in asked))
                summed = walks.several([cls.coefficients(each) for each in decays], sources, end)
                for each in asked:
                    found = summed[decays.index(each.decay)]
                    yield found * degrees[end] ** np.float32(-each.damping)

            return scores

        return chosen_together(graph, relation, cls.settings, several)

    @classmethod
    def restore(cls, graph: TypedGraph, relation: Relation, tensors: Tensors) -> Self:
        """See `FittedScorer.restore`."""
        if "setting" not in tensors:
            return cls(graph, relation, cls.earlier)
        return cls(graph, relation, WalkSetting(*map(float, tensors["setting"])))

    def tensors(self) -> dict[str, Any]:
        """See `FittedScorer.tensors`."""
        return {"setting": np.array(self._setting, np.float64)}

    def scores(self, sources: Indexes, direction: Direction) -> Floats:
        """See `Scorer.scores`."""
        found = self._walks.scores(self.coefficients(self._setting.decay), sources, direction)
        return found * self._factors[direction] if self._setting.damping else found


class WholeWalks:
    r"""Polynomials of a step over the whole graph at the candidates: :math:`\sum_t c_t M^t e_u`."""

    def __init__(self, graph: TypedGraph, relation: Relation, step: sparse.csr_array) -> None:
        """Take the matrix :math:`M` of a step: float32 `[vertices, vertices]`."""
        ends: dict[Direction, str] = {"out": relation.tail, "in": relation.head}
        self._step = step
        self._back = sparse.csr_array(step.T)
        self._degrees = np.diff(self._back.indptr)
        self._begins = {end: graph.offsets[ends[end]] for end in DIRECTIONS}
        spans = {
            end: slice(self._begins[end], self._begins[end] + graph.counts[ends[end]])
            for end in DIRECTIONS
        }
        self._spans = spans
        whole = all(graph.counts[end] == graph.vertex_count for end in ends.values())
        self._last = {end: step if whole else step[spans[end]] for end in DIRECTIONS}

    def scores(self, coefficients: Coefficients, sources: Indexes, direction: Direction) -> Floats:
        """Score by one polynomial: float32 `[sources, candidates]`."""
        asked, places = np.unique(sources, return_inverse=True)
        found = np.empty((len(asked), self._width(direction)), np.float32)

        def fill(start: int) -> None:
            block = asked[start : start + BLOCK]
            found[start : start + BLOCK] = self._summed(coefficients, block, direction).T

        _each_block(fill, len(asked))
        return found[places]

    def several(
        self, coefficients: list[Coefficients], sources: Indexes, direction: Direction
    ) -> Floats:
        """Score by several polynomials, from the same walks: float32 `[polynomials, sources,
        candidates]`."""
        asked, places = np.unique(sources, return_inverse=True)
        longest = max(len(each) for each in coefficients)
        table = np.zeros((len(coefficients), longest), np.float32)
        for row, each in zip(table, coefficients, strict=True):
            row[: len(each)] = each
        found = np.empty((len(table), len(asked), self._width(direction)), np.float32)

        def fill(start: int) -> None:
            block = asked[start : start + BLOCK]
            total = np.zeros((len(table), self._width(direction) * len(block)), np.float32)
            powers = self._powers(longest - 1, block, direction)
            for first in range(0, longest, STACKED):
                few = table[:, first : first + STACKED]
                stack = np.stack([next(powers).ravel() for _ in range(few.shape[1])])
                total += few @ stack
            each = total.reshape(len(table), -1, len(block))
            found[:, start : start + BLOCK] = each.transpose(0, 2, 1)

        _each_block(fill, len(asked))
        return found[:, places]

    def _width(self, direction: Direction) -> int:
        span = self._spans[direction]
        return int(span.stop - span.start)

    def _begin(self, sources: Indexes, direction: Direction) -> sparse.csr_array:
        """Return the sources among all vertices: `[sources, vertices]`."""
        places = sources + self._begins["in" if direction == "out" else "out"]
        ones = np.ones(len(sources), np.float32)
        shape = len(sources), self._step.shape[0]
        return sparse.csr_array((ones, places, np.arange(len(sources) + 1)), shape=shape)

    def _listed(self, reached: sparse.csr_array) -> bool:
        """Return whether the next step takes less time over a list of the reached vertices."""
        edges = float(self._degrees[reached.indices].sum())
        return bool(LISTING + SPARSE * edges < self._step.nnz * reached.shape[0])

    def _summed(self, coefficients: Coefficients, sources: Indexes, direction: Direction) -> Floats:
        """Sum by Horner's scheme: float32 `[candidates, sources]`."""
        begin = self._begin(sources, direction)
        left = list(coefficients[::-1])
        reached = begin * left.pop(0)
        while len(left) > 1 and self._listed(reached):
            reached = sparse.csr_array(reached @ self._back + begin * left.pop(0))
            reached.sort_indices()
        summed = np.ascontiguousarray(reached.toarray().T)
        places = begin.indices, np.arange(len(sources))
        for coefficient in left[:-1]:
            summed = self._step @ summed
            summed[places] += coefficient
        summed = self._last[direction] @ summed
        at = begin.indices - self._spans[direction].start
        inside = (at >= 0) & (at < len(summed))
        summed[at[inside], np.flatnonzero(inside)] += left[-1]
        return np.asarray(summed, np.float32)

    def _powers(self, steps: int, sources: Indexes, direction: Direction) -> Iterator[Floats]:
        """Yield what each number of steps reaches, from 0: float32 `[candidates, sources]`."""
        span = self._spans[direction]
        reached = self._begin(sources, direction)
        yield reached[:, span].toarray().T
        done = 0
        while done < steps and self._listed(reached):
            reached = sparse.csr_array(reached @ self._back)
            reached.sort_indices()
            done += 1
            yield reached[:, span].toarray().T
        dense = np.ascontiguousarray(reached.toarray().T)
        while done < steps:
            done += 1
            if done == steps:
                yield np.asarray(self._last[direction] @ dense, np.float32)
            else:
                dense = self._step @ dense
                yield dense[span]


def _each_block(fill: Callable[[int], None], count: int) -> None:
    starts = range(0, count, BLOCK)
    if len(starts) == 1:
        fill(0)
    elif starts:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(fill, starts))


def _candidate_degrees(graph: TypedGraph, relation: Relation) -> dict[Direction, Floats]:
    """Count the neighbours of the candidates of each direction, at least 1: float32
    `[candidates]`."""
    degrees = np.maximum(np.diff(graph.whole.indptr), 1).astype(np.float32)
    found = {}
    for end in DIRECTIONS:
        first = graph.offsets[relation.target_type(end)]
        found[end] = degrees[first : first + graph.counts[relation.target_type(end)]]
    return found
