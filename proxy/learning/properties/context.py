"""The context of methods for a property: a graph, and the known values in it.

A method is its parameters and tables made of this; on another view it has the same parameters and
other tables.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from gremlink.proxy.learning.graph import Floats, Indexes, TypedGraph
from gremlink.proxy.learning.properties import columns
from gremlink.proxy.learning.properties.columns import Table
from gremlink.proxy.learning.properties.neighbour_estimates import (
    Estimates,
    around_vertices,
    at_ends,
)
from gremlink.proxy.learning.trained.encoder import Encoder, embedded
from gremlink.proxy.learning.trained.target import Subjects


@dataclass(frozen=True, slots=True)
class Known:
    """Elements with a known value: int64 `[known]` for each end, float32 `[known, outputs]`."""

    ends: tuple[Indexes, ...]
    truth: Floats

    @property
    def subjects(self) -> Subjects:
        """The elements; what edges have for features does not matter here."""
        return Subjects(self.ends, np.zeros((len(self.truth), 0), np.float32))


@dataclass(frozen=True)
class Context:
    """See the module. `ends` are the types of the elements' ends; `embed` are the vertices that
    networks are asked about, sorted int64 by type.
    """

    graph: TypedGraph
    ends: tuple[str, ...]
    known: Known
    embed: Mapping[str, Indexes] = field(default_factory=dict)

    @cached_property
    def own(self) -> Table:
        """The elements' features."""
        return columns.own(self.graph, self.ends)

    def around(self, named: Mapping[str, int]) -> Table:
        """Return the elements' features with those of their neighbourhood: see `columns.around`."""
        return columns.around(self.graph, self.ends, named)

    @cached_property
    def estimates(self) -> Estimates:
        """Estimates from known values nearby."""
        if len(self.ends) == 1:
            (rows,) = self.known.ends
            return around_vertices(self.graph, self.ends[0], rows, self.known.truth)
        counts = tuple(self.graph.counts[end] for end in self.ends)
        return at_ends(counts, self.known.subjects, self.known.truth)[0]

    def states(self, encoders: Sequence[Encoder]) -> list[tuple[Floats, ...]]:
        """Return for each encoder the embeddings of the ends' types: float32 `[vertices, width]`.

        Those outside `embed` are 0.
        """
        found = []
        for vectors in embedded(encoders, self.graph, self.embed):
            tables = []
            for end in self.ends:
                table = np.zeros((self.graph.counts[end], vectors[end].shape[1]), np.float32)
                table[self.embed.get(end, np.zeros(0, np.int64))] = vectors[end]
                tables.append(table)
            found.append(tuple(tables))
        return found
