"""Logistic and ridge regression on what describes an element: all words, and other features."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from numpy.typing import NDArray

from gremlink.proxy.learning.budget import Work
from gremlink.proxy.learning.graph import Indexes
from gremlink.proxy.learning.properties.columns import Table
from gremlink.proxy.learning.properties.context import Context
from gremlink.proxy.learning.properties.dataset import PropertyDataset
from gremlink.proxy.learning.properties.described import Descriptions
from gremlink.proxy.learning.properties.methods.method import Arrays, PropertyMethod, StoredModel
from gremlink.proxy.learning.properties.methods.regression import Linear
from gremlink.proxy.learning.properties.methods.sparse_linear import SparseLinear, fitting_cost
from gremlink.proxy.learning.properties.methods.tables import Tables
from gremlink.proxy.learning.trained.target import Form, Outputs, Subjects


@dataclass(frozen=True)
class OnTable(StoredModel):
    """A linear model over encoded columns, as trainings before had it."""

    table: Table
    model: Linear
    kinds: ClassVar[tuple[str, ...]] = ("linear",)

    def outputs(self, subjects: Subjects) -> Outputs:
        """See `BaseModel.outputs`."""
        return self.model.outputs(self.table.rows(subjects))

    @property
    def hops(self) -> int:
        """See `BaseModel.hops`."""
        return 0

    def on(self, context: Context) -> OnTable:
        """See `BaseModel.on`."""
        return OnTable(context.own, self.model)

    def tensors(self) -> dict[str, NDArray[Any]]:
        """See `StoredModel.tensors`."""
        return {"weights": self.model.weights, "intercepts": self.model.intercepts}

    @classmethod
    def restore(
        cls, entry: Mapping[str, Any], form: Form, tensors: Arrays, context: Context
    ) -> OnTable:
        """See `StoredModel.restore`."""
        return cls(context.own, Linear(form, tensors["weights"], tensors["intercepts"]))


@dataclass(frozen=True)
class OnTerms(StoredModel):
    """A linear model over the descriptions of the ends."""

    descriptions: Descriptions
    ends: tuple[str, ...]
    model: SparseLinear
    kinds: ClassVar[tuple[str, ...]] = ("linear-terms",)
    reads_terms: ClassVar[bool] = True

    def outputs(self, subjects: Subjects) -> Outputs:
        """See `BaseModel.outputs`."""
        return self.model.outputs(subjects)

    @property
    def hops(self) -> int:
        """See `BaseModel.hops`."""
        return 0

    def on(self, context: Context) -> OnTerms:
        """See `BaseModel.on`."""
        descriptions = self.descriptions.on(context.graph)
        model = self.model.on(descriptions, self.ends)
        return replace(self, descriptions=descriptions, model=model)

    def tensors(self) -> dict[str, NDArray[Any]]:
        """See `StoredModel.tensors`."""
        return {**self.descriptions.tensors(), **self.model.tensors("model")}

    @classmethod
    def restore(
        cls, entry: Mapping[str, Any], form: Form, tensors: Arrays, context: Context
    ) -> OnTerms:
        """See `StoredModel.restore`."""
        descriptions = Descriptions.restore(context.graph, tensors)
        model = SparseLinear.restore(form, "own", len(context.ends), tensors, "model")
        return cls(descriptions, context.ends, model.on(descriptions, context.ends))


class LinearMethod(PropertyMethod):
    """Logistic or ridge regression on the elements' terms and features."""

    models: ClassVar[tuple[type[StoredModel], ...]] = (OnTerms, OnTable)

    @classmethod
    def applies(cls, tables: Tables) -> bool:
        """See `PropertyMethod.applies`."""
        return tables.described

    @classmethod
    def cost(cls, dataset: PropertyDataset) -> Work:
        """See `PropertyMethod.cost`."""
        return fitting_cost(dataset, "own")

    @classmethod
    def fit(cls, tables: Tables, rows: Indexes) -> OnTerms:
        """See `PropertyMethod.fit`."""
        model = tables.linear("own", rows).on(tables.descriptions, tables.dataset.target.ends)
        return OnTerms(tables.descriptions, tables.dataset.target.ends, model)
