"""Factor models: methods that learn from a relation without a network, in NumPy and SciPy.

Each keeps arrays of its own, which go into the artifact. Where several settings are sensible it
chooses by itself, on links that it holds back from what it was given.
"""

from __future__ import annotations

from gremlink.proxy.learning.budget import Work
from gremlink.proxy.learning.graph import Relation, TypedGraph
from gremlink.proxy.learning.links.evaluation.choice import MOST_HELD, Choice, choosing_cost
from gremlink.proxy.learning.links.scorer import FittedScorer, Tensors

__all__ = ["MOST_HELD", "Choice", "FittedScorer", "Tensors", "choosing_cost", "links_read"]

FIXED = Work(calls=100.0)
"""Of a fit on next to nothing."""

INVERTED = 0.45
"""Time to invert a large matrix, beside the small one that a machine's speed is measured on."""


def links_read(graph: TypedGraph, relation: Relation) -> int:
    """Count the edges of all relations that share a type with one."""
    ends = {relation.head, relation.tail}
    near = [each for each in graph.edges if {each.head, each.tail} & ends]
    return sum(len(graph.edges[each]) for each in near)
