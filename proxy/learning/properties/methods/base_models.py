"""The methods that compete for a property, beside the network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Protocol

import numpy as np

from gremlink.proxy.learning.graph import Floats, Indexes
from gremlink.proxy.learning.methods import NETWORK
from gremlink.proxy.learning.properties import columns
from gremlink.proxy.learning.properties.columns import Table
from gremlink.proxy.learning.properties.context import View
from gremlink.proxy.learning.properties.dataset import PropertyDataset
from gremlink.proxy.learning.properties.methods.gradient_boosting import Forest, fit_forest
from gremlink.proxy.learning.properties.methods.linear import Linear, fit_linear
from gremlink.proxy.learning.properties.methods.neighbour_mean import AroundVertices, AtEnds
from gremlink.proxy.learning.properties.neighbour_estimates import (
    Estimates,
    around_vertices,
    at_ends,
)
from gremlink.proxy.learning.trained.target import Form, Outputs, Subjects

MAJORITY, MEAN = "majority", "mean"
NEIGHBOURS = "neighbours"
LINEAR = "linear"
BOOSTING = "boosting"
BOOSTING_AROUND = "boosting+neighbours"

SIMPLE = (MAJORITY, NEIGHBOURS, LINEAR, BOOSTING, BOOSTING_AROUND)
"""In the order of reports; `MAJORITY` is `MEAN` for numbers."""

TREES_UP_TO = 100
"""Classes; beyond it there would be a tree for each of too many in every round."""


class Member(Protocol):
    """A fitted method."""

    def outputs(self, subjects: Subjects) -> Outputs:
        """Confidences of the classes, or numbers: float64 `[elements, outputs]`."""
        ...

    @property
    def reach(self) -> int:
        """How many links away it looks."""
        ...

    def on(self, view: View) -> Member:
        """The same method, as it was fitted, looking at another view."""
        ...


@dataclass(frozen=True, slots=True)
class Constant:
    """The same for everything: the classes' frequencies, or the mean. float64 `[outputs]`."""

    values: Outputs

    def outputs(self, subjects: Subjects) -> Outputs:
        """See `Member.outputs`."""
        return np.tile(self.values, (len(subjects), 1))

    @property
    def reach(self) -> int:
        """See `Member.reach`."""
        return 0

    def on(self, view: View) -> Constant:
        """See `Member.on`."""
        return self


@dataclass(frozen=True, slots=True)
class OnTable:
    """A linear model over columns."""

    table: Table
    model: Linear

    def outputs(self, subjects: Subjects) -> Outputs:
        """See `Member.outputs`."""
        return self.model.outputs(self.table.rows(subjects))

    @property
    def reach(self) -> int:
        """See `Member.reach`."""
        return 0

    def on(self, view: View) -> OnTable:
        """See `Member.on`."""
        return OnTable(view.own, self.model)


@dataclass(frozen=True, slots=True)
class Boosted:
    """Trees over columns, and over what is known nearby if `estimates` are given.

    `named` are the types whose vertices have a column each: see `columns.around`.
    """

    form: Form
    table: Table
    estimates: Estimates | None
    forest: Forest
    named: Mapping[str, int] = field(default_factory=dict)

    def outputs(self, subjects: Subjects) -> Outputs:
        """See `Member.outputs`."""
        rows = self.table.rows(subjects)
        if self.estimates is not None:
            rows = np.concatenate([rows, self.estimates.rows(subjects)], axis=1)
        return self.form.from_raw(self.forest.raw(rows))

    @property
    def reach(self) -> int:
        """See `Member.reach`."""
        return 0 if self.estimates is None else self.estimates.reach

    def on(self, view: View) -> Boosted:
        """See `Member.on`."""
        if self.estimates is None:
            return replace(self, table=view.own)
        table = view.around(self.named)
        return replace(self, table=table, estimates=view.estimates)


@dataclass
class Field:
    """The methods for one data set; tables that several of them read are made once."""

    dataset: PropertyDataset
    seed: int

    @cached_property
    def own(self) -> Table:
        """The elements' features."""
        return columns.own(self.dataset.graph, self.dataset.target.ends)

    @cached_property
    def around(self) -> Table:
        """The elements' features with those of their neighbourhood."""
        return columns.around(self.dataset.graph, self.dataset.target.ends, self.named)

    @cached_property
    def named(self) -> dict[str, int]:
        """The types whose vertices have a column each."""
        return columns.named_types(self.dataset.graph, self.dataset.target.ends)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The methods that apply, the network first."""
        form = self.dataset.target.form
        constant = MEAN if form is Form.NUMBER else MAJORITY
        linked = self.dataset.graph.edge_count > 0
        described = self.own.rows(self.dataset.subjects.select(np.zeros(1, np.int64))).shape[1]
        few = self.dataset.target.width <= TREES_UP_TO
        return (
            *((NETWORK,) if linked else ()),
            constant,
            *((NEIGHBOURS,) if linked else ()),
            *((LINEAR,) if described else ()),
            *((BOOSTING,) if described and few else ()),
            *((BOOSTING_AROUND,) if linked and few else ()),
        )

    def fit(self, name: str, rows: Indexes) -> Member:
        """A method fitted on the elements at `rows`, which have a value. Not for the network."""
        target = self.dataset.target
        truth = self.dataset.truth[rows]
        known = self.dataset.subjects.select(rows)
        match name:
            case "majority" | "mean":
                return Constant(truth.mean(axis=0, dtype=np.float64))
            case "linear":
                matrix = self.own.rows(known)
                return OnTable(self.own, fit_linear(target.form, matrix, truth))
            case "boosting":
                forest = fit_forest(target.form, self.own.rows(known), truth, self.seed)
                return Boosted(target.form, self.own, None, forest)
            case "neighbours":
                estimates, without = self._estimates(rows, known, truth)
                if target.element == "node":
                    return AroundVertices(estimates)
                return AtEnds.fit(target.form, estimates, without, truth)
            case "boosting+neighbours":
                estimates, without = self._estimates(rows, known, truth)
                matrix = np.concatenate([self.around.rows(known), without], axis=1)
                forest = fit_forest(target.form, matrix, truth, self.seed)
                return Boosted(target.form, self.around, estimates, forest, self.named)
        raise ValueError(f"unknown method {name!r}: choose one of {', '.join(SIMPLE)}")

    def _estimates(self, rows: Indexes, known: Subjects, truth: Floats) -> tuple[Estimates, Floats]:
        """What is known nearby, and that for the known elements without themselves."""
        graph, ends = self.dataset.graph, self.dataset.target.ends
        if len(ends) == 1:
            estimates = around_vertices(graph, ends[0], rows, truth)
            return estimates, estimates.rows(known)
        return at_ends(tuple(graph.counts[end] for end in ends), known, truth)
