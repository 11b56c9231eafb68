"""Tables that methods for a property learn from, each made once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gremlink.proxy.learning.graph import Floats, Indexes
from gremlink.proxy.learning.properties import columns
from gremlink.proxy.learning.properties.columns import Table
from gremlink.proxy.learning.properties.dataset import PropertyDataset
from gremlink.proxy.learning.properties.neighbour_estimates import (
    Estimates,
    around_vertices,
    at_ends,
)


@dataclass
class Tables:
    """The tables of one data set; `seed` is that of the training."""

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
    def described(self) -> bool:
        """`True` where the elements have features."""
        one = self.dataset.subjects.select(np.zeros(1, np.int64))
        return bool(self.own.rows(one).shape[1])

    @property
    def linked(self) -> bool:
        """`True` where the graph has edges."""
        return self.dataset.graph.edge_count > 0

    def estimates(self, rows: Indexes) -> tuple[Estimates, Floats]:
        """Return neighbour estimates from `rows`, and those of `rows` without themselves."""
        dataset = self.dataset
        graph, ends, truth = dataset.graph, dataset.target.ends, dataset.truth[rows]
        known = dataset.subjects.select(rows)
        if len(ends) == 1:
            estimates = around_vertices(graph, ends[0], rows, truth)
            return estimates, estimates.rows(known)
        return at_ends(tuple(graph.counts[end] for end in ends), known, truth)


def own_columns(dataset: PropertyDataset) -> int:
    """Count the columns of the elements' features."""
    features = dataset.graph.features
    of_ends = (features[end].values.shape[1] for end in dataset.target.ends if end in features)
    return int(dataset.subjects.features.shape[1] + sum(of_ends))
