"""Overlap of two vertices' properties: the terms that `heuristics.feature_similarity` adds up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gremlink.proxy.learning.features.scaling import standard_of
from gremlink.proxy.learning.graph import FeatureBlock, Features, Floats, Indexes


@dataclass(frozen=True, slots=True)
class PropertyOverlap:
    """One property of two vertices: the cosine of its encodings, and the values in common."""

    property: str
    similarity: float
    shared: tuple[str, ...]


def property_overlaps(
    features: Features, columns: Sequence[str], vertex: int, others: Indexes
) -> list[PropertyOverlap]:
    """Return the properties in which a vertex is like others of its type (on average), the most
    alike first.

    `columns` names the columns of the features; `others` is int64 `[others]`. A number is alike by
    the cosine of the difference in standard deviations, as in `features.scaling.unit_blocks`.
    """
    found: list[PropertyOverlap] = []
    if not len(others):
        return found
    for block in features.blocks:
        if block.kind == "other":  # rare values that share a column have nothing in common
            continue
        values = features.values[:, block.start : block.stop]
        similarity = _similarity(block, values, vertex, others)
        if similarity <= 0.0:
            continue
        shared: tuple[str, ...] = ()
        if block.kind != "numerical":
            both = (values[vertex] != 0) & (values[others] != 0).any(axis=0)
            shared = tuple(columns[block.start + int(place)] for place in np.flatnonzero(both))
        found.append(PropertyOverlap(block.property, similarity, shared))
    return sorted(found, key=lambda likeness: -likeness.similarity)


def _similarity(block: FeatureBlock, values: Floats, vertex: int, others: Indexes) -> float:
    if block.kind == "numerical":
        spread = standard_of(values)[1] if block.centre is None else block.spread
        return float(np.cos((values[others] - values[vertex]) / spread).mean())
    lengths = np.linalg.norm(values[others], axis=1) * np.linalg.norm(values[vertex])
    return float((values[others] @ values[vertex] / np.maximum(lengths, 1e-12)).mean())
