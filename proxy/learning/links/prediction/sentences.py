"""Sentences about what speaks for a link or against it in log-odds."""

from __future__ import annotations

import numpy as np

from gremlink.proxy.learning.graph import Direction, Relation, TypedGraph
from gremlink.proxy.learning.links.scorers.heuristics.signed.direction import DirectionPrior
from gremlink.proxy.learning.links.scorers.heuristics.signed.linked import Linked
from gremlink.proxy.learning.links.scorers.heuristics.signed.linked_pairs import LinkedPairs
from gremlink.proxy.learning.links.scorers.heuristics.signed.other_links import OtherLinks
from gremlink.proxy.learning.links.scorers.heuristics.signed.reciprocity import Reciprocity

LITTLE = 0.1
"""Log-odds below which there is nothing to say."""


def sentence(
    graph: TypedGraph,
    relation: Relation,
    direction: Direction,
    pair: tuple[int, int],
    method: str,
    part: float,
) -> str | None:
    """Say what a method's part of a score means for a source and a target; `None` for nothing.

    It begins with `they` or `it`: the two vertices, or the target.
    """
    if abs(part) < LITTLE:
        return None
    if method == Reciprocity.name:
        return f"they are linked the other way, and such links are {mutual(graph, relation)} here"
    if method == OtherLinks.name:
        speaks = "for a link" if part > 0 else "against one"
        arrows = " and ".join(_arrows(graph, relation, direction, pair))
        return f"they are linked by {arrows}, which speaks {speaks}"
    if method == Linked.name:
        return (
            f"they are linked already, which speaks {'for a link' if part > 0 else 'against one'}"
        )
    if method == DirectionPrior.name:
        edges, (_, target) = graph.edges[relation], pair
        at_end, at_beginning = (
            int(np.count_nonzero(ends == target)) for ends in (edges.tails, edges.heads)
        )
        if at_end == at_beginning:
            return None
        end = "end" if at_end > at_beginning else "beginning"
        return f"it is mostly at the {end} of such links"
    return None


def mutual(graph: TypedGraph, relation: Relation) -> str:
    """Say how often links of a relation have their opposite, too."""
    share = graph.shared.setdefault("reciprocated", {}).get(relation)
    if share is None:
        share = graph.shared["reciprocated"][relation] = graph.reciprocated(relation)
    if not share:
        return "never mutual"
    return f"mutual in {100 * share:.0f} % of cases" if share >= 0.01 else "hardly ever mutual"


def _arrows(
    graph: TypedGraph, relation: Relation, direction: Direction, pair: tuple[int, int]
) -> list[str]:
    """Return the links of other relations between a source and a target, as arrows."""
    every = LinkedPairs.of(graph, relation.source_type(direction), relation.target_type(direction))
    source, target = (np.array([vertex], np.int64) for vertex in pair)
    _, places = every.of_pairs(source, target)
    relations = list(graph.edges)
    found: dict[str, None] = {}
    for mark in every.marks[places].tolist():
        other = relations[mark // 2]
        if other != relation:
            found[f"<-{other.label}-" if mark % 2 else f"-{other.label}->"] = None
    return list(found)
