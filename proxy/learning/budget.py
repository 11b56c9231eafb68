"""The budget of a training, and the rates behind all estimates of time.

Costs are seconds on the reference machine, two ordinary cores. They are estimated from the graph's
size and not measured: the same budget means the same training on any machine under any load.
"""

from __future__ import annotations

import math
from dataclasses import replace

from gremlink.proxy.learning.graph import TypedGraph
from gremlink.proxy.learning.settings import TrainingSettings

MULTIPLICATIONS_PER_SECOND = 2e10
"""Products of floats, of a matrix."""

SECONDS_PER_STEP_UPDATE = 1.5e-9
"""To read, change and write a number in a step of a network, most of which is matrix products."""

SECONDS_PER_UPDATE = 4e-9
"""To read, change and write a number elsewhere."""

SECONDS_PER_EDGE = 5e-10
"""To pass a number over an edge."""

SECONDS_PER_CALL = 2e-3
"""A step of a network on next to nothing, for each relation."""

STOPPED = 0.7
"""Share of its epochs after which a network has stopped, usually."""


def default_budget(edges: int) -> float:
    """Return the default budget in seconds: 170 for 2,000 edges, 310 for 50,000, 1,030 for 2
    million."""
    return min(180.0, 0.07 * edges) + 0.6 * math.sqrt(edges)


def messages_cost(graph: TypedGraph, relations: int, width: int, layers: int) -> float:
    """Estimate the seconds of an epoch of the graph neural network without its loss.

    `relations` are those that it predicts, `width` and `layers` those of its encoder.
    """
    rounds = layers + 1
    messages = 4.0 * graph.edge_count * width * rounds
    updated = 12.0 * graph.vertex_count * width * rounds
    calls = SECONDS_PER_CALL * (len(graph.edges) + relations) / 2
    return calls + (messages + updated) * SECONDS_PER_STEP_UPDATE


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
