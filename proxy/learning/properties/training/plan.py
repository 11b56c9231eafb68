"""The plan of a property training within its budget; see `learning.budget`.

Where time is short fewer networks are averaged, then there are fewer parts of a cross-validation,
then one split, then fewer epochs; only then is a method left out.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gremlink.proxy.learning.budget import (
    REFERENCE,
    STOPPED,
    Speed,
    Work,
    default_budget,
    messages_cost,
)
from gremlink.proxy.learning.methods import NETWORK
from gremlink.proxy.learning.models.gnn.mini_batches import (
    BATCHES,
    learns_from_samples,
    read_by_a_step,
)
from gremlink.proxy.learning.models.property_network import ROWS
from gremlink.proxy.learning.processing.processed import CustomSplit
from gremlink.proxy.learning.properties.dataset import PropertyDataset
from gremlink.proxy.learning.properties.methods import METHODS
from gremlink.proxy.learning.properties.training.network import kinds
from gremlink.proxy.learning.settings import TrainingSettings

FEW = 3
"""Parts, or networks, of the second step down; then there is one."""

LEAST_EPOCHS = 25

ROWS_PER_EDGE = 10
"""Rows that are as soon predicted as a target edge is ranked among all candidates: so many times as
many are cross-validated."""

LEAST = 60.0
"""Seconds of a default budget before those for edges and rows."""


@dataclass(frozen=True, slots=True)
class Effort:
    """`parts` of a cross-validation, 0 for one split; `networks` that are averaged in the served
    model; `epochs` of each network, at most."""

    parts: int
    networks: int
    epochs: int


@dataclass(frozen=True, slots=True)
class PropertyPlan:
    """The candidates, the network first, and those without room, with their estimates.

    `effort` fits into the budget, `wanted` is that of the settings, with an estimate of `full`
    seconds; `seconds` is the estimate of `effort`. `budget` is in seconds.
    """

    names: tuple[str, ...]
    left_out: Mapping[str, float]
    effort: Effort
    wanted: Effort
    full: float
    seconds: float
    budget: float

    @property
    def most_epochs(self) -> int | None:
        """The most epochs of a network, also in a search; `None` for any number."""
        return self.effort.epochs if self.effort.epochs < self.wanted.epochs else None

    def warnings(self) -> tuple[str, ...]:
        """Return warnings of what is done otherwise, or not at all."""
        found = []
        allowed = f"the budget of {self.budget:,.0f} s (--budget, --deadline)"
        done, wanted = self.effort, self.wanted
        fewer = []
        if done.parts < wanted.parts:
            parts = f"{done.parts} parts" if done.parts else "one split"
            fewer.append(f"{parts} instead of {wanted.parts} parts of a cross-validation")
        if NETWORK in self.names:
            if done.networks < wanted.networks:
                fewer.append(f"{_counted(done.networks, 'network')} instead of {wanted.networks}")
            if done.epochs < wanted.epochs:
                fewer.append(f"up to {done.epochs} epochs instead of {wanted.epochs}")
        if fewer:
            found.append(
                f"{allowed} is less than the {self.full:,.0f} s that all would take by estimate: "
                f"there is {', '.join(fewer)}"
            )
        if self.left_out:
            listed = (f"{name} ({seconds:,.0f} s)" for name, seconds in self.left_out.items())
            found.append(f"{allowed} has no room for {', '.join(listed)}")
        return tuple(found)


def planned(
    dataset: PropertyDataset,
    names: Sequence[str],
    settings: TrainingSettings,
    model: str,
    speed: Speed = REFERENCE,
) -> PropertyPlan:
    """Plan within the budget; `names` are the methods that apply, and `model` always stays."""
    size = dataset.graph.edge_count + len(dataset.labelled)
    budget = settings.budget or LEAST + default_budget(size)
    small = len(dataset.labelled) <= ROWS_PER_EDGE * settings.cross_validate_up_to
    folds = min(settings.folds, len(dataset.labelled))
    judged = small and not isinstance(dataset.split, CustomSplit)
    epoch = epoch_cost(dataset, settings).seconds(speed)
    simple = {name: METHODS[name].cost(dataset).seconds(speed) for name in names if name != NETWORK}
    several = len(kinds(dataset, settings))

    def costs(effort: Effort) -> dict[str, float]:
        times = effort.parts or 1
        found = {name: seconds * (times + 1) for name, seconds in simple.items()}
        if NETWORK in names:
            once = STOPPED * effort.epochs * epoch
            found[NETWORK] = once * (several * times + effort.networks)
        return found

    efforts = list(_efforts(settings, folds if judged else 0))
    full = sum(costs(efforts[0]).values())
    effort = next((each for each in efforts if sum(costs(each).values()) <= budget), efforts[-1])
    taken = costs(effort)
    left_out: dict[str, float] = {}
    for name in sorted(taken, key=lambda each: -taken[each]):
        always = name == model or (name in METHODS and METHODS[name].always)
        if sum(taken.values()) > budget and not always:
            left_out[name] = taken.pop(name)
    kept = tuple(name for name in names if name in taken)
    seconds = sum(taken.values())
    return PropertyPlan(kept, left_out, effort, efforts[0], full, seconds, budget)


def _efforts(settings: TrainingSettings, folds: int) -> Iterator[Effort]:
    """Yield efforts, from that of the settings to the least; `folds` is 0 for one split."""
    epochs = settings.epochs
    if folds:
        yield Effort(folds, settings.networks, epochs)
        few = min(FEW, settings.networks)
        yield Effort(folds, few, epochs)
        yield Effort(min(FEW, folds), few, epochs)
    yield Effort(0, 1, epochs)
    while epochs > LEAST_EPOCHS:
        epochs = max(epochs // 2, LEAST_EPOCHS)
        yield Effort(0, 1, epochs)


def epoch_cost(dataset: PropertyDataset, settings: TrainingSettings) -> Work:
    """Count the work of an epoch of the network."""
    graph, width = dataset.graph, settings.width
    described = sum(
        graph.counts[name] * block.values.shape[1] for name, block in graph.features.items()
    )
    if learns_from_samples(graph, settings):
        batch = min(settings.batch_size, len(dataset.labelled))
        steps = min(BATCHES, math.ceil(len(dataset.labelled) / batch))
        read = read_by_a_step(graph, settings, float(batch * len(dataset.target.ends)))
        each = 8.0 + 9.0 * (len(graph.edges) + 1)
        return steps * Work(steps=each, updates=read * 40.0 * width)
    columns = width * (1 if dataset.target.element == "node" else 3)
    asked = min(len(dataset.labelled), ROWS) * (columns + dataset.target.width)
    products = Work(products=6.0 * width * (described + asked))
    return messages_cost(graph, 1, width, settings.layers) + products


def _counted(count: int, name: str) -> str:
    return f"{count} {name}" if count == 1 else f"{count} {name}s"
