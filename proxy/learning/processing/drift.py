"""Drift: the share of a graph that is not as it was in training, and the limit for the model."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from gremlink.proxy.learning.graph import Edges, TypedGraph

MOST_WITH_FEATURES = 0.2
MOST_WITHOUT = 0.1
"""Neptune's user guide: train anew where 20 % of the data is different, 10 % where many vertices
have no features of their own."""


@dataclass(frozen=True, slots=True)
class Drift:
    """Counts of what changed from one graph to another; `share` is of vertices and edges before.

    Changed vertices are those whose features are others. `limit` is the share from which on
    training anew is advised.
    """

    new_vertices: int
    changed_vertices: int
    new_edges: int
    deleted_edges: int
    share: float
    limit: float

    @property
    def advises_training(self) -> bool:
        """`True` where the limit is reached."""
        return self.share >= self.limit

    def to_document(self) -> dict[str, Any]:
        """Return the figures as JSON."""
        return asdict(self)

    def __str__(self) -> str:
        return (
            f"{self.new_vertices:,} new and {self.changed_vertices:,} changed vertices, "
            f"{self.new_edges:,} new and {self.deleted_edges:,} deleted edges: {self.share:.1%} of "
            f"the graph that the model was trained on; from {self.limit:.0%} on, train anew"
        )


def drift_between(before: TypedGraph, after: TypedGraph) -> Drift:
    """Compare two states of a graph whose vertices kept their numbers."""
    new_vertices = after.vertex_count - before.vertex_count
    changed = 0
    for name, features in before.features.items():
        count = before.counts[name]
        if name in after.features:
            now = after.features[name].values[:count]
            is_other = (now != features.values).any(axis=1)
            if name in before.terms and name in after.terms:
                counted = after.terms[name].values[:count]
                is_other[(counted != before.terms[name].values).nonzero()[0]] = True
            changed += int(is_other.sum())
    new_edges = deleted = 0
    for relation, edges in before.edges.items():
        base = max(after.counts[relation.tail], 1)
        now_keys = _keys(after.edges[relation], base)
        then_keys = _keys(edges, base)
        new_edges += len(np.setdiff1d(now_keys, then_keys))
        deleted += len(np.setdiff1d(then_keys, now_keys))
    featured = sum(before.counts[name] for name in before.features)
    limit = MOST_WITH_FEATURES if featured == before.vertex_count else MOST_WITHOUT
    total = max(before.vertex_count + before.edge_count, 1)
    share = (new_vertices + changed + new_edges + deleted) / total
    return Drift(new_vertices, changed, new_edges, deleted, share, limit)


def _keys(edges: Edges, base: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    return edges.heads * base + edges.tails
