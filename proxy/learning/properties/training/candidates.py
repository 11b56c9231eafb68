"""Methods that compete for a property of one data set."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from gremlink.proxy.learning.graph import Indexes
from gremlink.proxy.learning.methods import NETWORK
from gremlink.proxy.learning.properties.dataset import PropertyDataset
from gremlink.proxy.learning.properties.methods import METHODS
from gremlink.proxy.learning.properties.methods.method import BaseModel
from gremlink.proxy.learning.properties.methods.tables import Tables


@dataclass
class Candidates:
    """The methods for one data set, which share tables."""

    dataset: PropertyDataset
    seed: int

    @cached_property
    def tables(self) -> Tables:
        """Tables that several methods read."""
        return Tables(self.dataset, self.seed)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The methods that apply, the network first."""
        simple = (name for name, method in METHODS.items() if method.applies(self.tables))
        return (*((NETWORK,) if self.tables.linked else ()), *simple)

    def fit(self, name: str, rows: Indexes) -> BaseModel:
        """Fit a method on the elements at `rows`, which have a value. Not for the network."""
        if name not in METHODS:
            raise ValueError(f"unknown method {name!r}: choose one of {', '.join(METHODS)}")
        return METHODS[name].fit(self.tables, rows)
