"""Descriptions of vertices for linear methods: all their terms with weights, and other features.

`Descriptions.own` are sparse rows of a type's vertices; `Descriptions.smoothed` are the main
components of all vertices' rows after two steps over the graph (SGC: Wu et al., "Simplifying graph
convolutional networks", ICML 2019); `Descriptions.around` are the rows with those of one and of two
steps beside them (SIGN: Frasca et al., 2020).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import svds

from gremlink.proxy.learning.graph import Features, Floats, Indexes, TypedGraph

COMPONENTS = 200
"""Most main components of a type's rows. On citations and packages 200 of them rank like all words,
and 64 are worse."""

LEAST_SPREAD = 1e-6


@dataclass(frozen=True, slots=True)
class Scales:
    """Scales of the vertices of one type, as training learned them.

    `columns`, int64, are the features that no term tells; `centre` and `spread`, float32, make them
    standard. `weights`, float32 `[terms]`, are the terms' inverse document frequencies.
    `components` is float32 `[width, components]`, the identity where it has no rows.
    """

    columns: Indexes
    centre: Floats
    spread: Floats
    weights: Floats
    components: Floats

    @property
    def width(self) -> int:
        """Number of columns of a row."""
        return len(self.columns) + len(self.weights)

    @property
    def depth(self) -> int:
        """Number of components."""
        return int(self.components.shape[1]) if len(self.components) else self.width


@dataclass(frozen=True)
class Descriptions:
    """Descriptions of a graph's vertices; `scales` are those of the types that have any."""

    graph: TypedGraph
    scales: Mapping[str, Scales]

    @classmethod
    def fit(cls, graph: TypedGraph) -> Descriptions:
        """Learn the scales of a graph."""
        described = [name for name in graph.counts if name in graph.features or name in graph.terms]
        return cls(graph, {name: _fit(graph, name) for name in described})

    def on(self, graph: TypedGraph) -> Descriptions:
        """Return the same descriptions of another graph."""
        return Descriptions(graph, self.scales)

    def own(self, vertex_type: str) -> sparse.csr_array:
        """Return the rows of a type's vertices: float64 CSR `[vertices, width]`."""
        if vertex_type not in self._rows:
            return sparse.csr_array((self.graph.counts[vertex_type], 0))
        return self._rows[vertex_type]

    def smoothed(self, vertex_type: str) -> Floats:
        """Return the smoothed components of a type's vertices: float32 `[vertices, depth]`."""
        first = self.graph.offsets[vertex_type]
        return self._smoothed[first : first + self.graph.counts[vertex_type]]

    def width(self, vertex_type: str) -> int:
        """Return the number of columns of `own`."""
        return self.scales[vertex_type].width if vertex_type in self.scales else 0

    @property
    def depth(self) -> int:
        """Number of columns of `smoothed`."""
        return sum(scales.depth for scales in self.scales.values())

    @cached_property
    def _rows(self) -> dict[str, sparse.csr_array]:
        return {name: _rows(self.graph, name, scales) for name, scales in self.scales.items()}

    def around(self, vertex_type: str) -> sparse.csr_array:
        """Return the rows of a type's vertices with the mean components one and two steps away:
        float64 CSR `[vertices, width + 2 * depth]`."""
        steps = [sparse.csr_array(each, dtype=np.float64) for each in self.steps(vertex_type)]
        return sparse.csr_array(sparse.hstack([self.own(vertex_type), *steps], format="csr"))

    def steps(self, vertex_type: str) -> tuple[Floats, Floats]:
        """Return the mean components one and two steps away: float32 `[vertices, depth]` each."""
        first = self.graph.offsets[vertex_type]
        here = slice(first, first + self.graph.counts[vertex_type])
        one, two = self._steps
        return one[here], two[here]

    @cached_property
    def _steps(self) -> tuple[Floats, Floats]:
        links = self.graph.whole
        degrees = np.maximum(np.asarray(links.sum(axis=1), np.float32).reshape(-1, 1), 1.0)
        one = np.asarray(links @ self._placed() / degrees, np.float32)
        return one, np.asarray(links @ one / degrees, np.float32)

    @cached_property
    def _smoothed(self) -> Floats:
        step = even(self.graph, loops=True)
        return np.asarray(step @ (step @ self._placed()), np.float32)

    def _placed(self) -> Floats:
        """Return the components of all vertices: float32 `[vertices, depth]`."""
        state = np.zeros((self.graph.vertex_count, self.depth), np.float32)
        start = 0
        for name, scales in self.scales.items():
            first = self.graph.offsets[name]
            rows = self._rows[name]
            placed = rows @ scales.components if len(scales.components) else rows.toarray()
            state[first : first + len(placed), start : start + scales.depth] = placed
            start += scales.depth
        return state

    def tensors(self) -> dict[str, NDArray[Any]]:
        """Return the scales as arrays by name."""
        types = list(self.graph.counts)
        return {
            f"{part}.{types.index(name)}": getattr(scales, part)
            for name, scales in self.scales.items()
            for part in Scales.__dataclass_fields__
        }

    @classmethod
    def restore(cls, graph: TypedGraph, tensors: Mapping[str, NDArray[Any]]) -> Descriptions:
        """Restore the descriptions whose scales `tensors` gave."""
        parts = Scales.__dataclass_fields__
        return cls(
            graph,
            {
                name: Scales(**{part: tensors[f"{part}.{place}"] for part in parts})
                for place, name in enumerate(graph.counts)
                if f"columns.{place}" in tensors
            },
        )


def even(graph: TypedGraph, *, loops: bool = False) -> sparse.csr_array:
    """Return all relations without direction over the roots of both degrees: float32 CSR
    `[vertices, vertices]`."""
    links = graph.whole
    if loops:
        links = sparse.csr_array(links + sparse.eye_array(links.shape[0], dtype=np.float32))
    roots = np.sqrt(np.maximum(np.asarray(links.sum(axis=1)).ravel(), 1.0))
    scaled = sparse.csr_array(links, copy=True)
    scaled.data = (
        links.data / np.repeat(roots, np.diff(links.indptr)) / roots[links.indices]
    ).astype(np.float32)
    return scaled


def _fit(graph: TypedGraph, name: str) -> Scales:
    terms = graph.terms.get(name)
    told = set() if terms is None else {block.property for block in terms.blocks}
    features = graph.features.get(name)
    columns = _others(features, told)
    values = np.zeros((0, 0), np.float32) if features is None else features.values[:, columns]
    centre = values.mean(axis=0, dtype=np.float64) if len(columns) else np.zeros(0)
    spread = values.std(axis=0, dtype=np.float64) if len(columns) else np.zeros(0)
    spread[spread < LEAST_SPREAD] = 1.0
    if features is not None:  # what several columns tell together counts like one number
        widths = np.zeros(features.values.shape[1])
        for block in features.blocks:
            widths[block.start : block.stop] = block.stop - block.start
        spread = spread * np.sqrt(np.maximum(widths[columns], 1.0))
    weights = np.zeros(0)
    if terms is not None:
        found = np.bincount(terms.values.indices, minlength=terms.values.shape[1])
        weights = np.log((1.0 + terms.values.shape[0]) / (1.0 + found)) + 1.0
    none = np.zeros((0, 0), np.float32)
    scales = Scales(
        columns,
        centre.astype(np.float32),
        spread.astype(np.float32),
        weights.astype(np.float32),
        none,
    )
    if scales.width <= COMPONENTS or graph.counts[name] < 3:
        return scales
    rows = _rows(graph, name, scales)
    count = min(COMPONENTS, min(rows.shape) - 1)
    # A fixed start: the components do not change from one training to the next.
    begin = np.random.default_rng(0).standard_normal(min(rows.shape))
    _, _, components = svds(rows, count, v0=begin, tol=1e-3)
    return Scales(
        scales.columns,
        scales.centre,
        scales.spread,
        scales.weights,
        np.ascontiguousarray(components.T, np.float32),
    )


def _others(features: Features | None, told: set[str]) -> Indexes:
    """Return the columns of properties that have no terms."""
    if features is None:
        return np.zeros(0, np.int64)
    kept = [
        np.arange(block.start, block.stop)
        for block in features.blocks
        if block.property not in told
    ]
    return np.concatenate([np.zeros(0, np.int64), *kept])


def _rows(graph: TypedGraph, name: str, scales: Scales) -> sparse.csr_array:
    parts = []
    if len(scales.columns):
        values = graph.features[name].values[:, scales.columns].astype(np.float64)
        parts.append(sparse.csr_array((values - scales.centre) / scales.spread))
    if len(scales.weights):
        terms = graph.terms[name]
        for block in terms.blocks:
            part = sparse.csr_array(terms.values[:, block.start : block.stop], dtype=np.float64)
            part.data *= scales.weights[block.start : block.stop][part.indices]
            lengths = np.sqrt(np.asarray(part.multiply(part).sum(axis=1)).ravel())
            part.data /= np.repeat(np.maximum(lengths, LEAST_SPREAD), np.diff(part.indptr))
            parts.append(part)
    if not parts:
        return sparse.csr_array((graph.counts[name], 0))
    return sparse.csr_array(sparse.hstack(parts, format="csr"))
