"""Protocols of methods for a property: how one is fitted, and the base model that it leaves."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Protocol

from numpy.typing import NDArray

from gremlink.proxy.learning.budget import Work
from gremlink.proxy.learning.graph import Indexes
from gremlink.proxy.learning.properties.context import Context
from gremlink.proxy.learning.properties.dataset import PropertyDataset
from gremlink.proxy.learning.properties.methods.tables import Tables
from gremlink.proxy.learning.trained.target import Form, Outputs, Subjects

Arrays = Mapping[str, NDArray[Any]]


class BaseModel(Protocol):
    """A fitted method."""

    reads_terms: ClassVar[bool] = False
    """`True` for a method that needs `TypedGraph.terms`: an artifact keeps them for it alone."""

    @abstractmethod
    def outputs(self, subjects: Subjects) -> Outputs:
        """Return confidences of the classes, or numbers: float64 `[elements, outputs]`."""
        ...

    @property
    @abstractmethod
    def hops(self) -> int:
        """Number of hops that it looks away."""
        ...

    @abstractmethod
    def on(self, context: Context) -> BaseModel:
        """Return the same method, as it was fitted, looking at another view."""
        ...


class StoredModel(BaseModel, Protocol):
    """A base model that an artifact keeps by itself; only networks need more."""

    kinds: ClassVar[tuple[str, ...]]
    """Names in artifacts."""

    @property
    def kind(self) -> str:
        """Its own name of `kinds`."""
        return self.kinds[0]

    def tensors(self) -> dict[str, NDArray[Any]]:
        """Return the parameters: arrays by name."""
        return {}

    def entry(self) -> dict[str, Any]:
        """Return what else the manifest keeps, as JSON."""
        return {}

    @classmethod
    @abstractmethod
    def restore(
        cls, entry: Mapping[str, Any], form: Form, tensors: Arrays, context: Context
    ) -> StoredModel:
        """Restore a model from its tensors and its entry of the manifest, looking at a view."""
        ...


class PropertyMethod(Protocol):
    """A method that competes for a property."""

    models: ClassVar[tuple[type[StoredModel], ...]]
    """Classes of what it fits."""

    always: ClassVar[bool] = False
    """`True` for a method that only counts: no budget leaves it out."""

    @classmethod
    @abstractmethod
    def applies(cls, tables: Tables) -> bool:
        """Return whether the method has something to learn from."""
        ...

    @classmethod
    @abstractmethod
    def cost(cls, dataset: PropertyDataset) -> Work:
        """Count the work of one fit."""
        ...

    @classmethod
    @abstractmethod
    def fit(cls, tables: Tables, rows: Indexes) -> StoredModel:
        """Fit on the elements at `rows`, which have a value."""
        ...
