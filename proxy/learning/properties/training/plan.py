"""The plan of a property training within its budget; see `learning.budget`.

Where time is short fewer networks are averaged, then there are fewer parts of a cross-validation,
then one split, then fewer epochs; only then is a method left out. Where there is room a network may
go on for longer while it improves. What networks have done is counted in epochs, not timed; so what
is left after they have stopped early is known, and more of them are averaged.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from gremlink.proxy.learning.budget import (
    REFERENCE,
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
from gremlink.proxy.learning.trained.target import Form

FEW = 3
"""Parts, or networks, of the second step down; then there is one."""

LEAST_EPOCHS = 25

LONGER = 3
"""Times its epochs that a network may go on for while it still improves, where all of them may."""

STUDIED = {Form.NUMBER: 0.9, Form.ONE_CLASS: 0.5, Form.SEVERAL_CLASSES: 0.5}
"""Share of its epochs after which a network has stopped, usually: numbers are learned for long."""

SERVED = {Form.NUMBER: 0.7, Form.ONE_CLASS: 0.3, Form.SEVERAL_CLASSES: 0.3}
"""Share of its epochs at which it is the best, usually."""

WITHOUT_DECODER = 0.6
"""Share of an epoch's messages that one takes which learns no links, measured."""

ROWS_PER_EDGE = 10
"""Rows that are as soon predicted as a target edge is ranked among all candidates: so many times as
many are cross-validated."""

LEAST = 60.0
"""Seconds of a default budget before those for edges and rows."""


@dataclass(frozen=True, slots=True)
class Effort:
    """`parts` of a cross-validation, 0 for one split; `networks` that are averaged in the served
    model, at least; `epochs` of each network, at most."""

    parts: int
    networks: int
    epochs: int


@dataclass(frozen=True, slots=True)
class PropertyPlan:
    """The candidates, the network first, and those without room, with their estimates.

    `effort` fits into the budget, `wanted` is that of the settings, with an estimate of `full`
    seconds; `seconds` is the estimate of `effort`. `budget` is in seconds. `simple` are the seconds
    of a fit of each method, `epoch` those of an epoch of the network. `most` are the networks that
    are averaged with all room, `longest` the epochs that one may go on for.
    """

    names: tuple[str, ...]
    left_out: Mapping[str, float]
    effort: Effort
    wanted: Effort
    full: float
    seconds: float
    budget: float
    simple: Mapping[str, float] = field(default_factory=dict)
    epoch: float = 0.0
    most: int = 1
    longest: int = 0

    def epochs(self, asked: int) -> int:
        """Return the most epochs of a network whose settings ask for so many, also in a search."""
        if self.effort.epochs < self.wanted.epochs:
            return min(asked, self.effort.epochs)
        return max(asked, self.longest) if asked == self.wanted.epochs else asked

    def count_networks(self, ran: int, best: int) -> int:
        """Return how many networks are averaged, of so many epochs each, when those that were
        compared have run for `ran` together."""
        times = (self.effort.parts or 1) + 1
        left = self.budget - times * sum(
            self.simple[name] for name in self.names if name != NETWORK
        )
        count = int((left - self.epoch * ran) / max(self.epoch * best, 1e-9))
        return max(self.effort.networks, min(count, self.most))

    def estimates(
        self, served: Collection[str], ran: int, best: int, networks: int
    ) -> dict[str, float]:
        """Return the seconds of each method by its counted work, and the final fits of those that
        are served; the networks' from the epochs that they `ran`."""
        found = {
            name: self.simple[name] * ((self.effort.parts or 1) + (name in served))
            for name in self.names
            if name != NETWORK
        }
        if NETWORK in self.names:
            final = best * networks if NETWORK in served else 0
            found[NETWORK] = self.epoch * (ran + final)
        return found

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
                networks = _counted(done.networks, "network")
                fewer.append(f"{networks} at least instead of {wanted.networks}")
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
    form = dataset.target.form

    def costs(effort: Effort, studied: float, served: float) -> dict[str, float]:
        times = effort.parts or 1
        found = {name: seconds * (times + 1) for name, seconds in simple.items()}
        if NETWORK in names:
            once = effort.epochs * epoch
            found[NETWORK] = once * (studied * several * times + served * effort.networks)
        return found

    def usual(effort: Effort) -> dict[str, float]:
        return costs(effort, STUDIED[form], SERVED[form])

    efforts = list(_efforts(settings, folds if judged else 0))
    full = sum(usual(efforts[0]).values())
    effort = next((each for each in efforts if sum(usual(each).values()) <= budget), efforts[-1])
    taken = usual(effort)
    left_out: dict[str, float] = {}
    for name in sorted(taken, key=lambda each: -taken[each]):
        always = name == model or (name in METHODS and METHODS[name].always)
        if sum(taken.values()) > budget and not always:
            left_out[name] = taken.pop(name)
    kept = tuple(name for name in names if name in taken)
    longest = effort.epochs
    if NETWORK in taken and settings.early_stop:
        others = sum(seconds for name, seconds in taken.items() if name != NETWORK)
        all_epochs = costs(effort, 1.0, 1.0)[NETWORK]
        times = (budget - others) / max(all_epochs, 1e-9)
        longest = max(longest, int(min(times, LONGER) * effort.epochs))
    return PropertyPlan(
        kept,
        left_out,
        effort,
        efforts[0],
        full,
        sum(taken.values()),
        budget,
        simple,
        epoch,
        settings.networks if effort.parts else min(FEW, settings.networks),
        longest,
    )


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
    return WITHOUT_DECODER * messages_cost(graph, 1, width, settings.layers) + products


def _counted(count: int, name: str) -> str:
    return f"{count} {name}" if count == 1 else f"{count} {name}s"
