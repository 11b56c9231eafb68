"""Gradient boosting as a method for a property: on the features, and on the neighbourhood."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gremlink.proxy.learning.budget import Work
from gremlink.proxy.learning.graph import Indexes
from gremlink.proxy.learning.properties.columns import MOST_COLUMNS, Table, named_types
from gremlink.proxy.learning.properties.context import Context
from gremlink.proxy.learning.properties.dataset import PropertyDataset
from gremlink.proxy.learning.properties.methods.gradient_boosting import (
    Forest,
    fit_forest,
    growing_cost,
)
from gremlink.proxy.learning.properties.methods.method import Arrays, PropertyMethod, StoredModel
from gremlink.proxy.learning.properties.methods.tables import Tables, own_columns
from gremlink.proxy.learning.properties.neighbour_estimates import Estimates
from gremlink.proxy.learning.trained.target import Form, Outputs, Subjects

TREES_UP_TO = 100
"""Classes; beyond it there would be a tree for each of too many in every round."""


@dataclass(frozen=True)
class Boosted(StoredModel):
    """Trees over columns, and over neighbour estimates if `estimates` are given.

    `named` are the types whose vertices have a column each: see `columns.around`.
    """

    form: Form
    table: Table
    estimates: Estimates | None
    forest: Forest
    named: Mapping[str, int] = field(default_factory=dict)
    kinds: ClassVar[tuple[str, ...]] = ("boosting", "boosting-around")

    def outputs(self, subjects: Subjects) -> Outputs:
        """See `BaseModel.outputs`."""
        rows = self.table.rows(subjects)
        if self.estimates is not None:
            rows = np.concatenate([rows, self.estimates.rows(subjects)], axis=1)
        return self.form.from_raw(self.forest.raw(rows))

    @property
    def hops(self) -> int:
        """See `BaseModel.hops`."""
        return 0 if self.estimates is None else self.estimates.hops

    def on(self, context: Context) -> Boosted:
        """See `BaseModel.on`."""
        if self.estimates is None:
            return replace(self, table=context.own)
        table = context.around(self.named)
        return replace(self, table=table, estimates=context.estimates)

    @property
    def kind(self) -> str:
        """See `StoredModel.kind`."""
        return self.kinds[self.estimates is not None]

    def tensors(self) -> dict[str, NDArray[Any]]:
        """See `StoredModel.tensors`."""
        return dict(self.forest.tensors())

    def entry(self) -> dict[str, Any]:
        """See `StoredModel.entry`."""
        return {"named": dict(self.named)} if self.named else {}

    @classmethod
    def restore(
        cls, entry: Mapping[str, Any], form: Form, tensors: Arrays, context: Context
    ) -> Boosted:
        """See `StoredModel.restore`."""
        forest = Forest(**{name: tensors[name] for name in Forest.__dataclass_fields__})
        if entry["kind"] == cls.kinds[0]:
            return cls(form, context.own, None, forest)
        named = entry.get("named", {})
        return cls(form, context.around(named), context.estimates, forest, named)


class Boosting(PropertyMethod):
    """Trees on the elements' features."""

    models: ClassVar[tuple[type[StoredModel], ...]] = (Boosted,)

    @classmethod
    def applies(cls, tables: Tables) -> bool:
        """See `PropertyMethod.applies`."""
        return tables.described and tables.dataset.target.width <= TREES_UP_TO

    @classmethod
    def cost(cls, dataset: PropertyDataset) -> Work:
        """See `PropertyMethod.cost`."""
        return growing_cost(dataset.target, len(dataset.labelled), own_columns(dataset))

    @classmethod
    def fit(cls, tables: Tables, rows: Indexes) -> Boosted:
        """See `PropertyMethod.fit`."""
        dataset = tables.dataset
        form = dataset.target.form
        matrix = tables.own.rows(dataset.subjects.select(rows))
        forest = fit_forest(form, matrix, dataset.truth[rows], tables.seed)
        return Boosted(form, tables.own, None, forest)


class BoostingAround(PropertyMethod):
    """Trees on the features of the neighbourhood and on the neighbour estimates, too."""

    models: ClassVar[tuple[type[StoredModel], ...]] = (Boosted,)

    @classmethod
    def applies(cls, tables: Tables) -> bool:
        """See `PropertyMethod.applies`."""
        return tables.linked and tables.dataset.target.width <= TREES_UP_TO

    @classmethod
    def cost(cls, dataset: PropertyDataset) -> Work:
        """See `PropertyMethod.cost`."""
        graph, target = dataset.graph, dataset.target
        described = sum(block.values.shape[1] for block in graph.features.values())
        linked = sum(named_types(graph, target.ends).values())
        nearby = min(MOST_COLUMNS, described + linked) + 2 * len(graph.edges)
        columns = own_columns(dataset) + target.width + len(target.ends) * nearby
        return growing_cost(target, len(dataset.labelled), columns)

    @classmethod
    def fit(cls, tables: Tables, rows: Indexes) -> Boosted:
        """See `PropertyMethod.fit`."""
        dataset = tables.dataset
        form = dataset.target.form
        estimates, without = tables.estimates(rows)
        known = dataset.subjects.select(rows)
        matrix = np.concatenate([tables.around.rows(known), without], axis=1)
        forest = fit_forest(form, matrix, dataset.truth[rows], tables.seed)
        return Boosted(form, tables.around, estimates, forest, tables.named)
