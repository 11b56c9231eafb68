r"""Collective classification: what neighbours have, or are believed to have, counts as evidence.

Stacked graphical learning (Kou & Cohen, "Stacked graphical models for efficient inference in Markov
random fields", SDM 2007): linear models say what each element is by itself; a second linear model
reads their answers together with the known and the believed values around. Unlike label propagation
it learns from the data how much each counts, also where neighbours are unlike each other.

An element's own value never takes part. Walks do not return to where they begin, and what an edge's
value adds at its ends is taken off again. Where that is not possible, which are what the linear
models say and what is propagated, the second model learns from `GROUPS` parts, each made without
the values of its own elements; the same parts hold when a known element is asked about.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gremlink.proxy.learning.budget import Work
from gremlink.proxy.learning.graph import Indexes, Mask
from gremlink.proxy.learning.properties.context import Context, Known
from gremlink.proxy.learning.properties.dataset import PropertyDataset
from gremlink.proxy.learning.properties.described import Descriptions
from gremlink.proxy.learning.properties.methods.method import Arrays, PropertyMethod, StoredModel
from gremlink.proxy.learning.properties.methods.regression import (
    Linear,
    fit_linear,
    fitting_work,
    loss,
)
from gremlink.proxy.learning.properties.methods.sparse_linear import (
    SparseLinear,
    View,
    fitting_cost,
)
from gremlink.proxy.learning.properties.methods.tables import Tables
from gremlink.proxy.learning.properties.methods.tied import fit_tied
from gremlink.proxy.learning.properties.neighbour_estimates import PRIOR_EDGES
from gremlink.proxy.learning.properties.walks import ROUNDS, Walks
from gremlink.proxy.learning.trained.target import Form, Outputs, Subjects

GROUPS = 5
"""Parts of the elements with a known value."""

CLASSES_UP_TO = 60
"""Classes; beyond it the evidence has too many columns."""

PRIOR = 1.0
"""The overall mean counts like so many known neighbours."""

BELIEVED_PRIOR = 0.1
"""The same among values of which most are believed."""

PROPAGATED_PRIOR = 0.003
"""The same for propagation: as much as one known value some steps away."""

SHARES = (0.8, 0.95)
"""Shares that known values pass on; believed ones the first."""

MOST_COUNTED = 10.0
"""Neighbours of which each counts by itself; of many more the share of a class counts."""

FLOOR = 0.02
"""Confidence that is added to all before logarithms."""

STRENGTHS = (0.0003, 0.003, 0.03, 0.3)
"""Inverse penalties of the second model that are tried, by `TRIED` of the groups."""

OF_NUMBERS = (0.001, 0.01, 0.1, 1.0)
"""The same for numbers."""

VIEWS: tuple[View, View] = ("own", "smoothed")
"""What the first models read."""

TRIED = 2

MOST_CELLS = 20_000_000
"""Cells of the table of the second model; of more rows it reads a part."""


@dataclass(frozen=True)
class Evidence:
    """Evidence about elements in a graph and the known values in it.

    `counted` adds how many neighbours speak for a class, not only which share: by Bayes' rule the
    log odds grow with each neighbour (Macskassy & Provost, "Classification in networked data", JMLR
    2007). Models that were trained before do without.
    """

    form: Form
    context: Context
    counted: bool = True

    def groups(self, subjects: Subjects) -> Indexes:
        """Return the group of each element, -1 where its value is not known."""
        codes = self._codes(subjects.ends)
        found = (codes * 2654435761 >> 12) % GROUPS
        return np.where(np.isin(codes, self._known), found, -1)

    def of(self, bases: Sequence[SparseLinear], kept: Mask, subjects: Subjects) -> Outputs:
        """Return the evidence from some of the known values: float64 `[elements, columns]`."""
        if len(self.context.ends) == 1:
            return self._around(bases, kept)[subjects.ends[0]]
        parts = [self._scaled(base.outputs(subjects)) for base in bases]
        parts += self._at_ends(subjects)
        return np.concatenate(parts, axis=1)

    def by_group(self, bases: Sequence[SparseLinear], subjects: Subjects) -> Outputs:
        """Return the evidence for each element without its own value, known or not."""
        own = self.groups(self.context.known.subjects)
        if len(self.context.ends) > 1:
            return self.of(bases, np.ones(len(own), np.bool_), subjects)
        asked = self.groups(subjects)
        parts: list[tuple[Indexes, Outputs]] = []
        for group in np.unique(asked):
            rows = np.flatnonzero(asked == group)
            parts.append(
                (rows, self.of(bases, self.without(own, int(group)), subjects.select(rows)))
            )
        width = parts[0][1].shape[1] if parts else 0
        found = np.zeros((len(subjects), width))
        for rows, values in parts:
            found[rows] = values
        return found

    @staticmethod
    def without(groups: Indexes, group: int) -> Mask:
        """Return the elements outside a group; all where none would be left."""
        kept: Mask = groups != group
        return kept if kept.any() else np.ones(len(groups), np.bool_)

    @cached_property
    def _known(self) -> Indexes:
        return np.unique(self._codes(self.context.known.ends))

    @cached_property
    def _walks(self) -> Walks:
        return Walks(self.context.graph, self.context.ends[0])

    @cached_property
    def _own(self) -> tuple[Outputs, Outputs]:
        """Sums of the known elements of each of the codes `_known`: float64 `[codes, outputs]`,
        and how many they are, `[codes, 1]`."""
        known = self.context.known
        where = np.searchsorted(self._known, self._codes(known.ends))
        sums = np.zeros((len(self._known), known.truth.shape[1]))
        np.add.at(sums, where, known.truth)
        return sums, np.bincount(where, minlength=len(self._known)).astype(np.float64)[:, None]

    @cached_property
    def _ends(self) -> list[tuple[Outputs, Outputs]]:
        """Sums of known values at the vertices of each end, and their numbers."""
        known = self.context.known
        found = []
        for name, places in zip(self.context.ends, known.ends, strict=True):
            count = self.context.graph.counts[name]
            sums = np.zeros((count, known.truth.shape[1]))
            np.add.at(sums, places, known.truth)
            found.append((sums, np.bincount(places, minlength=count).astype(np.float64)[:, None]))
        return found

    def _codes(self, ends: tuple[Indexes, ...]) -> Indexes:
        codes = ends[0]
        for end, name in zip(ends[1:], self.context.ends[1:], strict=True):
            codes = codes * self.context.graph.counts[name] + end
        return codes

    def _scaled(self, values: Outputs) -> Outputs:
        """Return logarithms of confidences, of odds where there may be several; numbers as they
        are."""
        match self.form:
            case Form.NUMBER:
                return values
            case Form.ONE_CLASS:
                return np.asarray(np.log(np.maximum(values, 0.0) + FLOOR))
            case Form.SEVERAL_CLASSES:
                inside = np.clip(values, 0.0, 1.0)
                return np.asarray(np.log(inside + FLOOR) - np.log(1.0 - inside + FLOOR))

    def _at_ends(self, subjects: Subjects) -> list[Outputs]:
        """Return the evidence of the other known edges at each end of edges."""
        codes = self._codes(subjects.ends)
        where = np.minimum(np.searchsorted(self._known, codes), len(self._known) - 1)
        known = (self._known[where] == codes)[:, None]
        own, numbers = (np.where(known, each[where], 0.0) for each in self._own)
        mean = self.context.known.truth.mean(axis=0, dtype=np.float64)
        found = []
        for (sums, weights), places in zip(self._ends, subjects.ends, strict=True):
            found += self._estimates(
                sums[places] - own, weights[places] - numbers, PRIOR_EDGES, mean
            )
        return found

    def _estimates(
        self, sums: Outputs, weights: Outputs, prior: float, mean: Outputs, share: bool = False
    ) -> list[Outputs]:
        """Return the mean values that sums tell, and how many there are, unless only the `share`
        counts."""
        found = [self._scaled((sums + prior * mean) / (weights + prior))]
        if self.counted and self.form is not Form.NUMBER and not share:
            found.append((sums - weights * mean) / (1.0 + weights / MOST_COUNTED))
        return found

    def _around(self, bases: Sequence[SparseLinear], kept: Mask) -> Outputs:
        """Return the evidence for all vertices: float64 `[vertices, columns]`."""
        known = self.context.known
        count, outputs = self.context.graph.counts[self.context.ends[0]], known.truth.shape[1]
        mean = known.truth[kept].mean(axis=0, dtype=np.float64)
        everybody = Subjects((np.arange(count),), np.zeros((count, 0), np.float32))
        said = [base.outputs(everybody) for base in bases]
        parts = [self._scaled(each) for each in said]
        priors = [PRIOR, *(BELIEVED_PRIOR for _ in bases)]

        def values(some: Mask) -> list[Outputs]:
            rows, truth = known.ends[0][some], known.truth[some].astype(np.float64)
            labelled = np.zeros((count, outputs + 1))
            labelled[rows, :-1] = truth
            labelled[rows, -1] = 1.0
            found = [labelled]
            for each in said:
                believed = np.concatenate([each, np.ones((count, 1))], axis=1)
                believed[rows, :-1] = truth
                found.append(believed)
            return found

        def add(sums: Outputs, priors: Sequence[float], *, share: bool) -> None:
            for place, prior in enumerate(priors):
                each = sums[:, place * (outputs + 1) : (place + 1) * (outputs + 1)]
                weights = np.maximum(each[:, -1:], 0.0)
                parts.extend(self._estimates(each[:, :-1], weights, prior, mean, share))

        every = values(np.ones(len(kept), np.bool_))
        for sums in self._walks.sums(np.concatenate(every, axis=1)):
            add(sums, priors, share=False)
        left = values(kept)
        spread = [left[0]] * (len(SHARES) - 1) + left
        shares = [*SHARES[1:], *(SHARES[0] for _ in left)]
        passed = self._walks.propagated(
            np.concatenate(spread, axis=1), np.repeat(shares, outputs + 1)
        )
        add(passed, [PROPAGATED_PRIOR] * len(spread), share=True)
        return np.concatenate(parts, axis=1)


@dataclass(frozen=True)
class Collective(StoredModel):
    """Linear models on descriptions, and one that reads them with the evidence around."""

    evidence: Evidence
    descriptions: Descriptions
    bases: tuple[SparseLinear, ...]
    last: Linear
    kinds: ClassVar[tuple[str, ...]] = ("collective",)
    reads_terms: ClassVar[bool] = True

    def outputs(self, subjects: Subjects) -> Outputs:
        """See `BaseModel.outputs`."""
        if not len(subjects):
            return np.zeros((0, len(self.last.intercepts)))
        return self.last.outputs(self.evidence.by_group(self.bases, subjects))

    @property
    def hops(self) -> int:
        """See `BaseModel.hops`."""
        return 2 if len(self.evidence.context.ends) == 1 else 1

    def on(self, context: Context) -> Collective:
        """See `BaseModel.on`."""
        descriptions = self.descriptions.on(context.graph)
        bases = tuple(base.on(descriptions, context.ends) for base in self.bases)
        evidence = replace(self.evidence, context=context)
        return replace(self, evidence=evidence, descriptions=descriptions, bases=bases)

    def tensors(self) -> dict[str, NDArray[Any]]:
        """See `StoredModel.tensors`."""
        found: dict[str, NDArray[Any]] = {
            "last.weights": self.last.weights,
            "last.intercepts": self.last.intercepts,
        }
        for base in self.bases:
            found.update(base.tensors(base.view))
        return {**self.descriptions.tensors(), **found}

    def entry(self) -> dict[str, Any]:
        """See `StoredModel.entry`."""
        return {"views": [base.view for base in self.bases], "counted": self.evidence.counted}

    @classmethod
    def restore(
        cls, entry: Mapping[str, Any], form: Form, tensors: Arrays, context: Context
    ) -> Collective:
        """See `StoredModel.restore`."""
        descriptions = Descriptions.restore(context.graph, tensors)
        bases = tuple(
            SparseLinear.restore(form, view, len(context.ends), tensors, view).on(
                descriptions, context.ends
            )
            for view in entry["views"]
        )
        last = Linear(form, tensors["last.weights"], tensors["last.intercepts"])
        evidence = Evidence(form, context, bool(entry.get("counted", False)))
        return cls(evidence, descriptions, bases, last)


class CollectiveMethod(PropertyMethod):
    """Linear models that read each other's answers over the graph."""

    models: ClassVar[tuple[type[StoredModel], ...]] = (Collective,)

    @classmethod
    def applies(cls, tables: Tables) -> bool:
        """See `PropertyMethod.applies`."""
        return tables.linked and tables.dataset.target.width <= CLASSES_UP_TO

    @classmethod
    def cost(cls, dataset: PropertyDataset) -> Work:
        """See `PropertyMethod.cost`."""
        graph, target, rows = dataset.graph, dataset.target, float(len(dataset.labelled))
        views = len(_views(dataset))
        found = Work()
        for view in _views(dataset):
            found += fitting_cost(dataset, view, GROUPS + 1)
        if target.element == "node":
            walks = len(Walks(graph, target.ends[0]))
            width = (target.width + 1.0) * (1 + views)
            passed = 2.0 * graph.edge_count * width * (2.0 * walks + 2.0 * ROUNDS)
            changed = graph.vertex_count * width * (walks + 3.0 * ROUNDS)
            columns = target.width * (views + (2.0 * walks + 1.0) * (1 + views) + 1)
        else:
            passed, changed = 0.0, rows * target.width * 10.0
            columns = target.width * (views + 4.0)
        found += (GROUPS + 1) * Work(gathers=passed, updates=changed, calls=200.0)
        # The penalty is chosen once in a training.
        fits = 1.0 + TRIED * len(STRENGTHS) / 4.0
        last = fitting_work(target.form, rows, int(columns), columns, target.width)
        return found + fits * last

    @classmethod
    def fit(cls, tables: Tables, rows: Indexes) -> Collective:
        """See `PropertyMethod.fit`."""
        dataset = tables.dataset
        form, ends = dataset.target.form, dataset.target.ends
        subjects, truth = dataset.subjects.select(rows), dataset.truth[rows]
        evidence = Evidence(form, Context(dataset.graph, ends, Known(subjects.ends, truth)))
        groups = evidence.groups(subjects)
        views = _views(dataset)

        def bases(some: Indexes) -> tuple[SparseLinear, ...]:
            fitted = (tables.linear(view, some) for view in views)
            return tuple(each.on(tables.descriptions, ends) for each in fitted)

        whole = bases(rows)
        found: Outputs | None = None
        for group in np.unique(groups):
            kept = evidence.without(groups, int(group))
            held = np.flatnonzero(groups == group)
            values = evidence.of(bases(rows[kept]), kept, subjects.select(held))
            if found is None:
                found = np.zeros((len(rows), values.shape[1]))
            found[held] = values
        assert found is not None
        if not tables.has_chosen("collective", rows):
            tables.strengths["collective"] = _strength(form, found, dataset.truth[rows], groups)
        strength = tables.strengths["collective"]
        last = _fit_last(form, found, truth, strength)
        return Collective(evidence, tables.descriptions, whole, last)


def _views(dataset: PropertyDataset) -> tuple[View, ...]:
    """Return the views that have a column."""
    graph, ends = dataset.graph, dataset.target.ends
    described = {*graph.features, *graph.terms}
    own = bool(described & set(ends)) or bool(dataset.subjects.features.shape[1])
    return tuple(view for view in VIEWS if (own if view == "own" else described))


def _fit_last(form: Form, found: Outputs, truth: NDArray[np.float32], strength: float) -> Linear:
    if form is Form.NUMBER:
        return fit_linear(form, found, truth, strength)
    most = max(MOST_CELLS // found.shape[1], 1)
    some = np.linspace(0, len(found) - 1, min(len(found), most)).astype(np.int64)
    return fit_tied(form, found[some], truth[some], strength)


def _strength(form: Form, found: Outputs, truth: NDArray[np.float32], groups: Indexes) -> float:
    """Choose the inverse penalty of the second model on some of the groups."""
    losses = {}
    for strength in OF_NUMBERS if form is Form.NUMBER else STRENGTHS:
        total = 0.0
        for group in np.unique(groups)[:TRIED]:
            held = groups == group
            if held.all():
                continue
            model = _fit_last(form, found[~held], truth[~held], strength)
            total += loss(form, model.outputs(found[held]), truth[held]) * held.sum()
        losses[strength] = total
    return min(losses, key=lambda each: losses[each])
