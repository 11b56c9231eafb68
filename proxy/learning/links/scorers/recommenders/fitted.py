"""Factor models: methods that learn from a relation without a network, in NumPy and SciPy.

Each keeps arrays of its own, which go into the artifact. Where several settings are sensible it
chooses by itself, on links that it holds back from what it was given.
"""

from __future__ import annotations

from gremlink.proxy.learning.budget import Work
from gremlink.proxy.learning.graph import Relation, TypedGraph
from gremlink.proxy.learning.links.evaluation.choice import FEWEST, MOST_HELD, chosen, count_held
from gremlink.proxy.learning.links.scorer import FittedScorer, Tensors

__all__ = ["FEWEST", "MOST_HELD", "FittedScorer", "Tensors", "chosen", "fitting_cost", "links_read"]

FITS = 5
"""Fits by estimate: one for each setting, and one for good."""

FIXED = Work(calls=500.0)
"""Of a fit on next to nothing."""


def fitting_cost(
    graph: TypedGraph, relation: Relation, once: Work, fits: int = FITS, also: int = 0
) -> Work:
    """Count the work to fit a method for each of its settings, and to choose among them.

    `once` is the work of one fit. On few links there is one in place of `fits`, beside those
    that there are `also`.
    """
    edges = len(graph.edges[relation])
    ends = graph.counts[relation.head] + graph.counts[relation.tail]
    ranked = Work(updates=5.0 * count_held(graph, relation, edges) * ends)
    return ((fits if edges >= FEWEST else 1) + also) * (once + ranked) + FIXED


def links_read(graph: TypedGraph, relation: Relation) -> int:
    """Count the edges of all relations that share a type with one."""
    ends = {relation.head, relation.tail}
    near = [each for each in graph.edges if {each.head, each.tail} & ends]
    return sum(len(graph.edges[each]) for each in near)
