"""The most frequent class, or the mean: no input at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gremlink.proxy.learning.budget import Work
from gremlink.proxy.learning.graph import Indexes
from gremlink.proxy.learning.properties.context import Context
from gremlink.proxy.learning.properties.dataset import PropertyDataset
from gremlink.proxy.learning.properties.methods.method import Arrays, PropertyMethod, StoredModel
from gremlink.proxy.learning.properties.methods.tables import Tables
from gremlink.proxy.learning.trained.target import Form, Outputs, Subjects


@dataclass(frozen=True)
class Constant(StoredModel):
    """The same for everything: the classes' frequencies, or the mean. float64 `[outputs]`."""

    values: Outputs
    kinds: ClassVar[tuple[str, ...]] = ("constant",)

    def outputs(self, subjects: Subjects) -> Outputs:
        """See `BaseModel.outputs`."""
        return np.tile(self.values, (len(subjects), 1))

    @property
    def hops(self) -> int:
        """See `BaseModel.hops`."""
        return 0

    def on(self, context: Context) -> Constant:
        """See `BaseModel.on`."""
        return self

    def tensors(self) -> dict[str, NDArray[Any]]:
        """See `StoredModel.tensors`."""
        return {"values": self.values}

    @classmethod
    def restore(
        cls, entry: Mapping[str, Any], form: Form, tensors: Arrays, context: Context
    ) -> Constant:
        """See `StoredModel.restore`."""
        return cls(tensors["values"])


class Majority(PropertyMethod):
    """The classes' frequencies."""

    models: ClassVar[tuple[type[StoredModel], ...]] = (Constant,)
    always: ClassVar[bool] = True

    @classmethod
    def applies(cls, tables: Tables) -> bool:
        """See `PropertyMethod.applies`."""
        return tables.dataset.target.form is not Form.NUMBER

    @classmethod
    def cost(cls, dataset: PropertyDataset) -> Work:
        """See `PropertyMethod.cost`."""
        return Work()

    @classmethod
    def fit(cls, tables: Tables, rows: Indexes) -> Constant:
        """See `PropertyMethod.fit`."""
        return Constant(tables.dataset.truth[rows].mean(axis=0, dtype=np.float64))


class Mean(Majority):
    """The mean of the numbers."""

    @classmethod
    def applies(cls, tables: Tables) -> bool:
        """See `PropertyMethod.applies`."""
        return tables.dataset.target.form is Form.NUMBER
