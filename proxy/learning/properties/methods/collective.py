r"""Collective classification: what neighbours have, or are believed to have, counts as evidence.

Stacked graphical learning (Kou & Cohen, "Stacked graphical models for efficient inference in Markov
random fields", SDM 2007): linear models say what each element is by itself; a second linear model
reads their answers together with the known and the believed values around. Unlike label propagation
it learns from the data how much each counts, also where neighbours are unlike each other.

An element's own value never takes part. What the second model learns from is made in `GROUPS`
parts, each without the values of its own elements; the same parts hold when a known element is
asked about.
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
from gremlink.proxy.learning.properties.methods.regression import Linear, fit_linear, loss
from gremlink.proxy.learning.properties.methods.sparse_linear import (
    USUAL_STEPS,
    VIEWS,
    SparseLinear,
    View,
    fitting_cost,
)
from gremlink.proxy.learning.properties.methods.tables import Tables
from gremlink.proxy.learning.properties.neighbour_estimates import Estimates, at_ends
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

FLOOR = 0.02
"""Confidence that is added to all before logarithms."""

STRENGTHS = (0.003, 0.03, 0.3)
"""Inverse penalties of the second model that are tried, by `TRIED` of the groups."""

OF_NUMBERS = (0.001, 0.01, 0.1, 1.0)
"""The same for numbers."""

TRIED = 2


@dataclass(frozen=True)
class Evidence:
    """Evidence about elements in a graph and the known values in it."""

    form: Form
    context: Context

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
        estimates = self._at_ends(kept)
        for end, places in zip(estimates.ends, subjects.ends, strict=True):
            parts.append(self._scaled(end[places].astype(np.float64)))
        return np.concatenate(parts, axis=1)

    def by_group(self, bases: Sequence[SparseLinear], subjects: Subjects) -> Outputs:
        """Return the evidence for each element from all values but those of its group."""
        own = self.groups(self.context.known.subjects)
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
    def _estimates(self) -> dict[bytes, Estimates]:
        return {}

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

    def _at_ends(self, kept: Mask) -> Estimates:
        key = np.packbits(kept).tobytes()
        if key not in self._estimates:
            known = self.context.known
            ends = tuple(end[kept] for end in known.ends)
            some = Known(ends, known.truth[kept])
            counts = tuple(self.context.graph.counts[end] for end in self.context.ends)
            self._estimates[key] = at_ends(counts, some.subjects, some.truth)[0]
        return self._estimates[key]

    def _around(self, bases: Sequence[SparseLinear], kept: Mask) -> Outputs:
        """Return the evidence for all vertices: float64 `[vertices, columns]`."""
        known = self.context.known
        rows, truth = known.ends[0][kept], known.truth[kept].astype(np.float64)
        count, outputs = self.context.graph.counts[self.context.ends[0]], truth.shape[1]
        mean = truth.mean(axis=0)
        everybody = Subjects((np.arange(count),), np.zeros((count, 0), np.float32))
        labelled = np.zeros((count, outputs + 1))
        labelled[rows, :-1] = truth
        labelled[rows, -1] = 1.0
        values, priors, parts = [labelled], [PRIOR], []
        for base in bases:
            said = base.outputs(everybody)
            parts.append(self._scaled(said))
            believed = np.concatenate([said, np.ones((count, 1))], axis=1)
            believed[rows, :-1] = truth
            values.append(believed)
            priors.append(BELIEVED_PRIOR)

        def estimates(sums: Outputs, priors: Sequence[float]) -> None:
            for place, prior in enumerate(priors):
                each = sums[:, place * (outputs + 1) : (place + 1) * (outputs + 1)]
                weights = np.maximum(each[:, -1:], 0.0)
                parts.append(self._scaled((each[:, :-1] + prior * mean) / (weights + prior)))

        for sums in self._walks.sums(np.concatenate(values, axis=1)):
            estimates(sums, priors)
        spread = [labelled] * (len(SHARES) - 1) + values
        shares = [*SHARES[1:], *(SHARES[0] for _ in values)]
        passed = self._walks.propagated(
            np.concatenate(spread, axis=1), np.repeat(shares, outputs + 1)
        )
        estimates(passed, [PROPAGATED_PRIOR] * len(spread))
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
        evidence = Evidence(self.evidence.form, context)
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
        return {"views": [base.view for base in self.bases]}

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
        return cls(Evidence(form, context), descriptions, bases, last)


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
            found += (GROUPS + 1) * fitting_cost(dataset, view)
        if target.element == "node":
            walks = len(Walks(graph, target.ends[0]))
            width = (target.width + 1.0) * (1 + views)
            passed = 2.0 * graph.edge_count * width * (2.0 * walks + 2.0 * ROUNDS)
            changed = graph.vertex_count * width * (walks + 3.0 * ROUNDS)
            columns = target.width * (views + (walks + 1.0) * (1 + views) + 1)
        else:
            passed, changed = 0.0, rows * target.width * 10.0
            columns = target.width * (views + 2.0)
        found += (GROUPS + 1) * Work(gathers=passed, updates=changed, calls=200.0)
        fits = 1.0 + TRIED * len(STRENGTHS)
        outputs = 1.0 if target.form is Form.NUMBER else float(target.width)
        products = 2.0 * rows * columns * outputs * USUAL_STEPS
        return found + fits * Work(
            products=products, updates=rows * columns * USUAL_STEPS / 4.0, calls=20.0 * USUAL_STEPS
        )

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
        if "collective" not in tables.strengths:
            tables.strengths["collective"] = _strength(form, found, dataset.truth[rows], groups)
        strength = tables.strengths["collective"]
        last = fit_linear(form, found, truth, strength)
        return Collective(evidence, tables.descriptions, whole, last)


def _views(dataset: PropertyDataset) -> tuple[View, ...]:
    """Return the views that have a column."""
    graph, ends = dataset.graph, dataset.target.ends
    described = {*graph.features, *graph.terms}
    own = bool(described & set(ends)) or bool(dataset.subjects.features.shape[1])
    return tuple(view for view in VIEWS if (own if view == "own" else described))


def _strength(form: Form, found: Outputs, truth: NDArray[np.float32], groups: Indexes) -> float:
    """Choose the inverse penalty of the second model on some of the groups."""
    losses = {}
    for strength in OF_NUMBERS if form is Form.NUMBER else STRENGTHS:
        total = 0.0
        for group in np.unique(groups)[:TRIED]:
            held = groups == group
            if held.all():
                continue
            model = fit_linear(form, found[~held], truth[~held], strength)
            total += loss(form, model.outputs(found[held]), truth[held]) * held.sum()
        losses[strength] = total
    return min(losses, key=lambda each: losses[each])
