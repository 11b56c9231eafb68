"""Regression on an element's features, on those of one and two steps away, and on the known values
around: what a careful person does by hand.

What is learned jointly here, `collective` learns in two steps; for numbers one of them is often
better than the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from gremlink.proxy.learning.budget import Work
from gremlink.proxy.learning.graph import Indexes
from gremlink.proxy.learning.properties.context import Context, Known
from gremlink.proxy.learning.properties.dataset import PropertyDataset
from gremlink.proxy.learning.properties.described import Descriptions
from gremlink.proxy.learning.properties.methods.collective import CLASSES_UP_TO, GROUPS, Evidence
from gremlink.proxy.learning.properties.methods.method import Arrays, PropertyMethod, StoredModel
from gremlink.proxy.learning.properties.methods.regression import (
    choose_strength,
    fit_as_is,
    loss,
)
from gremlink.proxy.learning.properties.methods.sparse_linear import (
    SparseLinear,
    fitting_cost,
    strengths_of,
)
from gremlink.proxy.learning.properties.methods.tables import PARTS, Tables
from gremlink.proxy.learning.properties.walks import ROUNDS, Walks
from gremlink.proxy.learning.trained.target import Form, Outputs, Subjects

MOST_CELLS = 30_000_000
"""Vertices times components, for each step."""


@dataclass(frozen=True)
class Hops(StoredModel):
    """A linear model on descriptions, and on the evidence of known values.

    `weights` are float64 `[columns of the evidence, outputs]`; `described` has the intercepts.
    """

    evidence: Evidence
    descriptions: Descriptions
    described: SparseLinear
    weights: Outputs
    kinds: ClassVar[tuple[str, ...]] = ("hops",)
    reads_terms: ClassVar[bool] = True

    def outputs(self, subjects: Subjects) -> Outputs:
        """See `BaseModel.outputs`."""
        if not len(subjects):
            return np.zeros((0, len(self.described.intercepts)))
        around = self.evidence.by_group((), subjects) @ self.weights
        return self.described.form.from_raw(self.described.raw(subjects) + around)

    @property
    def hops(self) -> int:
        """See `BaseModel.hops`."""
        return 2

    def on(self, context: Context) -> Hops:
        """See `BaseModel.on`."""
        descriptions = self.descriptions.on(context.graph)
        described = self.described.on(descriptions, context.ends)
        evidence = replace(self.evidence, context=context)
        return replace(self, evidence=evidence, descriptions=descriptions, described=described)

    def tensors(self) -> dict[str, NDArray[Any]]:
        """See `StoredModel.tensors`."""
        described = self.described.tensors("described")
        return {**self.descriptions.tensors(), **described, "weights": self.weights}

    @classmethod
    def restore(
        cls, entry: Mapping[str, Any], form: Form, tensors: Arrays, context: Context
    ) -> Hops:
        """See `StoredModel.restore`."""
        descriptions = Descriptions.restore(context.graph, tensors)
        described = SparseLinear.restore(form, "around", len(context.ends), tensors, "described")
        placed = described.on(descriptions, context.ends)
        return cls(Evidence(form, context), descriptions, placed, tensors["weights"])


class HopsMethod(PropertyMethod):
    """Regression on features and known values of several steps, at once."""

    models: ClassVar[tuple[type[StoredModel], ...]] = (Hops,)

    @classmethod
    def applies(cls, tables: Tables) -> bool:
        """See `PropertyMethod.applies`."""
        graph, target = tables.dataset.graph, tables.dataset.target
        if not tables.linked or target.width > CLASSES_UP_TO:
            return False
        return 0 < tables.descriptions.depth * graph.vertex_count <= MOST_CELLS

    @classmethod
    def cost(cls, dataset: PropertyDataset) -> Work:
        """See `PropertyMethod.cost`."""
        graph, target = dataset.graph, dataset.target
        found = fitting_cost(dataset, "around")
        if target.element == "node":
            walks, width = len(Walks(graph, target.ends[0])), target.width + 1.0
            passed = 2.0 * graph.edge_count * width * (2.0 * walks + 2.0 * ROUNDS)
            changed = graph.vertex_count * width * (walks + 3.0 * ROUNDS)
            found += (GROUPS + 1) * Work(gathers=passed, updates=changed, calls=200.0)
        return found

    @classmethod
    def fit(cls, tables: Tables, rows: Indexes) -> Hops:
        """See `PropertyMethod.fit`."""
        if not tables.has_chosen("hops", rows):
            held = np.arange(len(rows)) % PARTS == 0
            fitted, tried = (rows[~held], rows[held]) if not held.all() else (rows, rows)
            subjects = tables.dataset.subjects.select(tried)
            truth = tables.dataset.truth[tried]
            form = tables.dataset.target.form

            def loss_of(strength: float) -> float:
                return loss(form, _fit(tables, fitted, strength).outputs(subjects), truth)

            tables.strengths["hops"] = choose_strength(strengths_of(form, "around"), loss_of)
        return _fit(tables, rows, tables.strengths["hops"])


def _fit(tables: Tables, rows: Indexes, strength: float) -> Hops:
    dataset = tables.dataset
    form, ends = dataset.target.form, dataset.target.ends
    subjects, truth = dataset.subjects.select(rows), dataset.truth[rows]
    evidence = Evidence(form, Context(dataset.graph, ends, Known(subjects.ends, truth)))
    values = evidence.by_group((), subjects)
    mean, spread = values.mean(axis=0), values.std(axis=0)
    spread[spread == 0] = 1.0
    # All columns together count like one row of words, which has the length 1.
    spread *= np.sqrt(values.shape[1])
    design = tables.design("around")
    standard = sparse.csr_array((values - mean) / spread)
    matrix = sparse.csr_array(sparse.hstack([design.matrix[rows], standard], format="csr"))
    model = fit_as_is(form, matrix, truth, strength)
    width = sum(design.widths) + subjects.features.shape[1]
    weights = model.weights[width:] / spread[:, None]
    described = design.placed(form, model.weights[:width], model.intercepts - mean @ weights)
    return Hops(evidence, tables.descriptions, described.on(tables.descriptions, ends), weights)
