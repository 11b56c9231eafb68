"""The budget of a training, and the rates behind all estimates of time.

Costs are counted, not timed: a method tells its `Work` from the graph's size, and a `Speed` turns
that into seconds. So no decision depends on a clock, and training is the same under any load.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace

from gremlink.proxy.learning.graph import TypedGraph
from gremlink.proxy.learning.settings import TrainingSettings


@dataclass(frozen=True, slots=True)
class Speed:
    """A machine's seconds for one of each kind of `Work`."""

    products: float
    decompositions: float
    gathers: float
    walks: float
    updates: float
    steps: float
    calls: float


REFERENCE = Speed(
    products=2e-11,
    decompositions=3.5e-11,
    gathers=3e-10,
    walks=6.5e-9,
    updates=9e-10,
    steps=2.7e-4,
    calls=3e-5,
)
"""Two ordinary cores."""


@dataclass(frozen=True, slots=True)
class Work:
    """Counted operations of a method, from the graph's size.

    `products` are multiply-adds of dense float32 matrix products; `decompositions` those inside
    LAPACK: 9 n^3 for eigenvalues with their vectors, n^3 for Cholesky with the inverse. `gathers`
    are multiply-adds of a sparse matrix times a dense one, edges times width, and `walks` those of
    a sparse one times a sparse one. `updates` are numbers that are read, changed and written one by
    one. `steps` are those of the tensor library's optimiser, for what each takes on next to
    nothing; `calls` are those of NumPy and SciPy, likewise.
    """

    products: float = 0.0
    decompositions: float = 0.0
    gathers: float = 0.0
    walks: float = 0.0
    updates: float = 0.0
    steps: float = 0.0
    calls: float = 0.0

    def __add__(self, other: Work) -> Work:
        return Work(*(getattr(self, kind) + getattr(other, kind) for kind in KINDS))

    def __mul__(self, times: float) -> Work:
        return Work(*(times * getattr(self, kind) for kind in KINDS))

    __rmul__ = __mul__

    def seconds(self, speed: Speed = REFERENCE) -> float:
        """Convert to seconds on a machine."""
        return float(sum(getattr(self, kind) * getattr(speed, kind) for kind in KINDS))


KINDS = tuple(field.name for field in fields(Work))
"""The kinds of work, in the order of the fields of `Work` and of `Speed`."""


def total(parts: Iterable[Work]) -> Work:
    """Add up."""
    return sum(parts, Work())


STOPPED = 0.7
"""Share of its epochs after which a network has stopped, usually."""


def default_budget(edges: int) -> float:
    """Return the default budget in seconds: 170 for 2,000 edges, 310 for 50,000, 1,030 for 2
    million."""
    return min(180.0, 0.07 * edges) + 0.6 * math.sqrt(edges)


def messages_cost(graph: TypedGraph, relations: int, width: int, layers: int) -> Work:
    """Count the work of an epoch of the graph neural network without its loss.

    `relations` are those that it predicts, `width` and `layers` those of its encoder. The factors
    are measured on generated graphs: sparse and dense ones, with few and many relations.
    """
    numbers = float(width * (layers + 1))
    ends = sum(graph.counts[each.head] + graph.counts[each.tail] for each in graph.edges) / 2
    return Work(
        gathers=34.0 * graph.edge_count * numbers,
        updates=(29.0 * graph.vertex_count + 21.0 * ends) * numbers,
        steps=8.0 + 9.0 * (len(graph.edges) + relations),
    )


OF_A_DEADLINE = 0.6
"""The share of a deadline that methods are planned for: estimates are no measurements."""


def within(settings: TrainingSettings, deadline: float, size: int) -> TrainingSettings:
    """Return the settings with a budget that leaves room in `deadline` seconds, where there is one.

    `size` is what the budget is by default for.
    """
    if not deadline:
        return settings
    budget = settings.budget or default_budget(size)
    return replace(settings, budget=min(budget, OF_A_DEADLINE * deadline))
