"""Findings of a property training in plain sentences: what tells the property, what does not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gremlink.proxy.learning.graph import TypedGraph
from gremlink.proxy.learning.methods import AUTO
from gremlink.proxy.learning.reports.figures import brief
from gremlink.proxy.learning.reports.report import MethodRow
from gremlink.proxy.learning.trained.target import PropertyTarget, Subjects

CONSTANTS = {"majority": "the most frequent class", "mean": "the mean"}
"""Methods that look at nothing, and what they say."""

OF_THEIR_OWN = ("linear", "boosting")
"""Methods that look at nothing but the element's own features; all others see its neighbours."""

VALUES_NEARBY = "neighbours"

NEARLY = 0.9
"""Share of the best lead that counts as nearly everything; the rest to 1 is next to nothing."""

ALIKE = 0.005
"""Share by which figures differ that are called equal."""

FEW_VALUES = 1000
"""Known values below which more of them are asked for."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of the methods by a metric, with its title, and their intervals."""

    title: str
    lower_is_better: bool
    values: Mapping[str, float]
    intervals: Mapping[str, tuple[float, float]]

    @classmethod
    def of(
        cls,
        rows: Sequence[MethodRow],
        metric: str,
        title: str,
        intervals: Mapping[str, tuple[float, float]],
        *,
        lower_is_better: bool,
    ) -> Figures:
        """Take those of the rows of a report."""
        values = {row.method: row.metrics[metric] for row in rows}
        return cls(title, lower_is_better, values, intervals)

    @property
    def constant(self) -> str | None:
        """The method that looks at nothing."""
        return next((name for name in CONSTANTS if name in self.values), None)

    def best(self, names: Sequence[str]) -> str | None:
        """Return the best of some methods."""
        there = [name for name in names if name in self.values]
        return max(there, key=self.gain, default=None)

    def gain(self, name: str) -> float:
        """Return by how much a method is better than 0; negative for errors."""
        return -self.values[name] if self.lower_is_better else self.values[name]

    def lead(self, name: str, other: str) -> float:
        """Return the share by which a method is better than another."""
        one, two = self.values[name], self.values[other]
        if self.lower_is_better:
            one, two = two, one
        return one / two - 1.0 if two > 0 else 0.0

    def surely(self, name: str) -> float:
        """Return the gain at the worse end of the interval, where there is one."""
        low, high = self.intervals.get(name, (self.values[name], self.values[name]))
        return -high if self.lower_is_better else low

    def told(self, name: str) -> str:
        """Return a figure with the method that has it."""
        return f"{brief(self.values[name], 4)} ({name})"


def about_nothing(
    figures: Figures, graph: TypedGraph, target: PropertyTarget, subjects: Subjects, values: int
) -> Iterator[str]:
    """Say what to do where no method is clearly better than the one that looks at nothing."""
    constant = figures.constant
    others = [name for name in figures.values if name != constant]
    if constant is None or not others:
        return
    if any(figures.surely(name) > figures.gain(constant) for name in others):
        return
    advice = []
    if values < FEW_VALUES:
        advice.append(f"more elements with a value (there are {values:,})")
    described = {*graph.features, *graph.terms}
    if not described & set(target.ends) and not subjects.features.shape[1]:
        advice.append(f"features of {' and '.join(dict.fromkeys(target.ends))}, which have none")
    if not graph.edge_count:
        advice.append("edges: the export has none")
    yield (
        f"No method beats {CONSTANTS[constant]}: neither features nor neighbours say anything of "
        f"{target}. What may help: {', '.join(advice) or 'other features, or another property'}."
    )


def about_sources(figures: Figures) -> Iterator[str]:
    """Say whether the elements' own features tell the property, or their neighbours do."""
    constant = figures.constant
    own = figures.best(OF_THEIR_OWN)
    seeing = [each for each in figures.values if each not in (AUTO, *CONSTANTS, *OF_THEIR_OWN)]
    around = figures.best(seeing)
    if constant is None or around is None:
        return
    nothing = f"{CONSTANTS[constant]} has {brief(figures.values[constant], 4)}"
    if own is None:
        if figures.surely(around) > figures.gain(constant):
            yield (
                f"The elements have no features: what their neighbours have tells it, "
                f"{figures.title} {figures.told(around)}; {nothing}."
            )
        return
    best = max((own, around), key=figures.gain)
    if figures.surely(best) <= figures.gain(constant):
        return
    floor = figures.gain(constant)
    share = (figures.gain(own) - floor) / (figures.gain(best) - floor)
    if share >= NEARLY:
        lead = figures.lead(around, own)
        added = f"add {100 * lead:.0f} %" if lead >= 0.01 else "add next to nothing"
        yield (
            f"Their own features tell nearly everything, {figures.title} {figures.told(own)}; "
            f"neighbours {added}, {figures.told(around)}; {nothing}."
        )
    elif share <= 1.0 - NEARLY:
        yield (
            f"Their own features tell next to nothing, {figures.title} {figures.told(own)}; what "
            f"their neighbours have tells it, {figures.told(around)}; {nothing}."
        )
    else:
        alone = ""
        if VALUES_NEARBY in figures.values and around != VALUES_NEARBY:
            alone = f", the values of neighbours {figures.told(VALUES_NEARBY)}"
        yield (
            f"Features and neighbours tell it together: {figures.title} of features alone "
            f"{figures.told(own)}{alone}, of both {figures.told(around)}; {nothing}."
        )


def about_methods(figures: Figures, model: str, used: Sequence[str]) -> Iterator[str]:
    """Say which method is the best alone, and what the blend of several adds to it."""
    alone = figures.best([name for name in figures.values if name != model])
    if model != AUTO or len(used) < 2 or alone is None:
        return
    lead = figures.lead(model, alone)
    if abs(lead) < ALIKE:
        added = "the blend does as well"
    elif lead > 0:
        added = f"the blend adds {100 * lead:.0f} %" if lead >= 0.01 else "the blend adds a little"
    else:
        added = f"the blend, chosen on other rows, has {-100 * lead:.0f} % less"
    yield f"{alone} is the best alone, {added}."
