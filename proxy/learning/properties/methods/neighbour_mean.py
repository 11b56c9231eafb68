"""Neighbour estimates as a method of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gremlink.proxy.learning.budget import Work
from gremlink.proxy.learning.graph import Floats, Indexes
from gremlink.proxy.learning.properties.context import Context
from gremlink.proxy.learning.properties.dataset import PropertyDataset
from gremlink.proxy.learning.properties.methods.method import Arrays, PropertyMethod, StoredModel
from gremlink.proxy.learning.properties.methods.tables import Tables
from gremlink.proxy.learning.properties.neighbour_estimates import Estimates
from gremlink.proxy.learning.trained.target import Form, Outputs, Subjects

LEAST_SHARE = 1e-6


@dataclass(frozen=True)
class AroundVertices(StoredModel):
    """The estimate itself, for vertices."""

    estimates: Estimates
    kinds: ClassVar[tuple[str, ...]] = ("around",)

    def outputs(self, subjects: Subjects) -> Outputs:
        """See `BaseModel.outputs`."""
        return self.estimates.rows(subjects).astype(np.float64)

    @property
    def hops(self) -> int:
        """See `BaseModel.hops`."""
        return self.estimates.hops

    def on(self, context: Context) -> AroundVertices:
        """See `BaseModel.on`."""
        return AroundVertices(context.estimates)

    @classmethod
    def restore(
        cls, entry: Mapping[str, Any], form: Form, tensors: Arrays, context: Context
    ) -> AroundVertices:
        """See `StoredModel.restore`."""
        return cls(context.estimates)


@dataclass(frozen=True)
class AtEnds(StoredModel):
    r"""Both ends' estimates together.

    Classes: :math:`p_c \propto p_c(\mathrm{head})\, p_c(\mathrm{tail}) / \bar p_c`, as if the ends
    were independent. Numbers: the weights in `combination`, float64 `[1 + ends]`, make up for the
    dependence (Koren, "Factor in the neighbors", TKDD 2010, calls this the baseline estimate).
    """

    form: Form
    estimates: Estimates
    combination: Outputs
    kinds: ClassVar[tuple[str, ...]] = ("ends",)

    @classmethod
    def fit(cls, form: Form, estimates: Estimates, without: Floats, truth: Floats) -> AtEnds:
        """Fit; `without` are the estimates of known edges without themselves."""
        if form is not Form.NUMBER:
            return cls(form, estimates, np.zeros(0))
        design = np.concatenate([np.ones((len(without), 1)), without], axis=1)
        found, *_ = np.linalg.lstsq(design, truth.astype(np.float64).ravel(), rcond=None)
        return cls(form, estimates, found)

    @property
    def hops(self) -> int:
        """See `BaseModel.hops`."""
        return self.estimates.hops

    def on(self, context: Context) -> AtEnds:
        """See `BaseModel.on`."""
        return AtEnds(self.form, context.estimates, self.combination)

    def outputs(self, subjects: Subjects) -> Outputs:
        """See `BaseModel.outputs`."""
        estimated = self.estimates.rows(subjects).astype(np.float64)
        if self.form is Form.NUMBER:
            return np.asarray(self.combination[0] + estimated @ self.combination[1:])[:, None]
        shares = np.clip(
            estimated.reshape(len(subjects), len(subjects.ends), -1), LEAST_SHARE, 1 - LEAST_SHARE
        )
        mean = np.clip(self.estimates.mean, LEAST_SHARE, 1 - LEAST_SHARE)
        if self.form is Form.ONE_CLASS:
            return self.form.from_raw(np.log(shares).sum(axis=1) - np.log(mean))
        odds = np.log(shares) - np.log1p(-shares)
        return self.form.from_raw(odds.sum(axis=1) - (np.log(mean) - np.log1p(-mean)))

    def tensors(self) -> dict[str, NDArray[Any]]:
        """See `StoredModel.tensors`."""
        return {"combination": self.combination}

    @classmethod
    def restore(
        cls, entry: Mapping[str, Any], form: Form, tensors: Arrays, context: Context
    ) -> AtEnds:
        """See `StoredModel.restore`."""
        return cls(form, context.estimates, tensors["combination"])


class Neighbours(PropertyMethod):
    """Known values nearby, and nothing else."""

    models: ClassVar[tuple[type[StoredModel], ...]] = (AroundVertices, AtEnds)
    always: ClassVar[bool] = True

    @classmethod
    def applies(cls, tables: Tables) -> bool:
        """See `PropertyMethod.applies`."""
        return tables.linked

    @classmethod
    def cost(cls, dataset: PropertyDataset) -> Work:
        """See `PropertyMethod.cost`."""
        passed = (dataset.graph.edge_count + len(dataset.labelled)) * (dataset.target.width + 1)
        return Work(updates=10.0 * passed, calls=40.0)

    @classmethod
    def fit(cls, tables: Tables, rows: Indexes) -> AroundVertices | AtEnds:
        """See `PropertyMethod.fit`."""
        target = tables.dataset.target
        estimates, without = tables.estimates(rows)
        if target.element == "node":
            return AroundVertices(estimates)
        return AtEnds.fit(target.form, estimates, without, tables.dataset.truth[rows])
