"""Relations that say the same as a relation to predict: a held-out edge is known where they stay.

A graph may store an edge several times: as `likes` and, the other way, as `isLikedBy`; in both
directions of one relation; or as a vertex for the edge, such as a rating that names its user and
its film. Who ranks a held-out edge by its copy measures copying, and learns nothing for edges that
are in no place yet. So copies are left out of the graph that is learned from; where both relations
are to be predicted, an edge is held out together with its copies.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy import sparse

from gremlink.proxy.learning.graph import (
    DIRECTIONS,
    Direction,
    Edges,
    Indexes,
    Mask,
    Relation,
    TypedGraph,
    find_pairs,
)

NEARLY_ALL = 0.95
"""Share of the edges of both relations that have to be each other's copies.

Copies are complete but for what was changed since. What people do on their own is not: where they
follow each other, 22 % (Twitter), 68 % (Flickr) and 84 % (Yahoo! 360) of the edges have an opposite
one (Kwak et al., WWW 2010), and that is worth learning.
"""

LEAST = 8
"""Edges of a relation, at least: fewer may be alike by chance."""


@dataclass(frozen=True, slots=True)
class Repeats:
    """Relations to predict that repeat others, or themselves.

    `followers` are held out as the relation that each of them repeats, the other way if it is `in`;
    edges of `symmetric` ones together with their opposites.
    """

    followers: Mapping[Relation, tuple[Relation, Direction]] = field(default_factory=dict)
    symmetric: frozenset[Relation] = frozenset()

    def groups(self, relation: Relation, edges: Edges) -> Indexes | None:
        """Return for each edge of a relation the number of the pair that it joins, the same for its
        opposite: int64 `[edges]`; `None` where edges are held out alone."""
        if relation not in self.symmetric:
            return None
        low, high = np.minimum(edges.heads, edges.tails), np.maximum(edges.heads, edges.tails)
        _, groups = np.unique(np.stack([low, high]), axis=1, return_inverse=True)
        return np.asarray(groups, np.int64).reshape(-1)


@dataclass(frozen=True, slots=True)
class Found:
    """Copies in a graph: relations to leave out of it, those to hold out together, and sentences
    for the report."""

    left_out: frozenset[Relation]
    repeats: Repeats
    sentences: tuple[str, ...]


def find_repeats(graph: TypedGraph, targets: Collection[Relation]) -> Found:
    """Find what repeats the edges of the relations to predict."""
    left_out: dict[Relation, None] = {}
    followers: dict[Relation, tuple[Relation, Direction]] = {}
    sentences: list[str] = []
    for target in targets:
        if target in followers:
            continue
        for other, direction, share in _copies(graph, target):
            how = "the other way round" if direction == "in" else "once more"
            said = f"{share:.0%} of the links {target} are there {how} as {other}"
            if other in targets:
                if other not in followers and target not in followers:
                    followers[other] = target, direction
                    sentences.append(f"{said}: both are held out together")
            elif other not in left_out:
                left_out[other] = None
                sentences.append(
                    f"{said}, which is left out of the graph that is learned from: it would tell "
                    "the held-out links"
                )
        for vertex_type, joining, share in _vertices_for_edges(graph, target):
            said = (
                f"{share:.0%} of the links {target} have a vertex {vertex_type} of their own, by "
                f"{' and '.join(map(str, joining))}"
            )
            if any(each in targets for each in joining):
                sentences.append(
                    f"{said}, which are to be predicted, too: these tell the held-out links, and "
                    "figures measure copying. Name the links to predict as targets"
                )
            else:
                left_out |= dict.fromkeys(joining)
                sentences.append(
                    f"{said}, which are left out of the graph that is learned from: they would "
                    "tell the held-out links"
                )
    symmetric = frozenset(target for target in targets if _is_symmetric(graph, target))
    sentences += [
        f"{graph.reciprocated(target):.0%} of the links {target} are there in both directions: "
        "both are held out together"
        for target in targets
        if target in symmetric
    ]
    return Found(frozenset(left_out), Repeats(followers, symmetric), tuple(sentences))


def positions_of_copies(edges: Edges, held_out: Edges, direction: Direction) -> Indexes:
    """Return the positions of the copies of held-out edges among the edges of another relation."""
    heads, tails = held_out.ends(direction)
    found = find_pairs(edges, heads, tails)
    return found[found >= 0]


def _copies(graph: TypedGraph, target: Relation) -> Iterator[tuple[Relation, Direction, float]]:
    """Yield the relations with nearly the same edges, and the share of the target's they have."""
    edges = graph.edges[target]
    for other, others in graph.edges.items():
        few, many = sorted((len(edges), len(others)))
        if other == target or few < LEAST or few < NEARLY_ALL * many:
            continue
        for direction in _directions(target, other):
            heads, tails = edges.ends(direction)
            hits = int((find_pairs(others, heads, tails) >= 0).sum())
            if hits >= NEARLY_ALL * many:
                yield other, direction, hits / len(edges)
                break


def _directions(target: Relation, other: Relation) -> Iterator[Direction]:
    if (other.head, other.tail) == (target.tail, target.head):
        yield "in"
    if (other.head, other.tail) == (target.head, target.tail):
        yield "out"


def _is_symmetric(graph: TypedGraph, target: Relation) -> bool:
    """Return whether nearly every edge of a relation has its opposite."""
    enough = len(graph.edges[target]) >= 2 * LEAST
    return enough and graph.reciprocated(target) >= NEARLY_ALL


def _vertices_for_edges(
    graph: TypedGraph, target: Relation
) -> Iterator[tuple[str, tuple[Relation, ...], float]]:
    """Yield the types of which each vertex does nothing but to join the ends of an edge, with their
    relations, and the share of the target's edges that have such a vertex."""
    edges = graph.edges[target]
    if len(edges) < LEAST:
        return
    for vertex_type in graph.counts:
        if vertex_type in (target.head, target.tail):
            continue
        joining = tuple(each for each in graph.edges if vertex_type in (each.head, each.tail))
        # A relation and its copy, such as `byUser` and `hasRated`, are one.
        ways = _different(graph, joining)
        if len(ways) != 2:
            continue
        for first, second in (ways, ways[::-1]):
            ends = _other_end(first, vertex_type), _other_end(second, vertex_type)
            if ends != (target.head, target.tail):
                continue
            share = _share_with_vertex(graph, target, vertex_type, first, second)
            if share >= NEARLY_ALL:
                yield vertex_type, joining, share
                break


def _different(graph: TypedGraph, relations: Collection[Relation]) -> list[Relation]:
    """Return the relations without those that are copies of others among them."""
    if len(relations) > 2 * len(DIRECTIONS):
        return list(relations)
    found: list[Relation] = []
    for relation in relations:
        copied = {other for other, _, _ in _copies(graph, relation)}
        if not copied.intersection(found):
            found.append(relation)
    return found


def _other_end(relation: Relation, vertex_type: str) -> str:
    return relation.tail if relation.head == vertex_type else relation.head


def _share_with_vertex(
    graph: TypedGraph, target: Relation, vertex_type: str, first: Relation, second: Relation
) -> float:
    """Return the share of the target's edges whose ends a vertex of the type joins; 0 where these
    vertices join more, or several the same ends."""
    heads, has_head = _only_end(graph, first, vertex_type)
    tails, has_tail = _only_end(graph, second, vertex_type)
    joins: Mask = has_head & has_tail
    count = graph.counts[vertex_type]
    if joins.sum() < NEARLY_ALL * count:
        return 0.0
    pairs = sparse.csr_array(
        (np.ones(int(joins.sum()), np.int32), (heads[joins], tails[joins])),
        shape=(graph.counts[target.head], graph.counts[target.tail]),
    )
    pairs.sum_duplicates()
    if pairs.nnz < NEARLY_ALL * count:
        return 0.0
    rows = np.repeat(np.arange(pairs.shape[0]), np.diff(pairs.indptr))
    joined = Edges(rows.astype(np.int64), pairs.indices.astype(np.int64))
    edges = graph.edges[target]
    return float((find_pairs(joined, edges.heads, edges.tails) >= 0).mean())


def _only_end(graph: TypedGraph, relation: Relation, vertex_type: str) -> tuple[Indexes, Mask]:
    """Return for each vertex of the type the vertex at the other end of its edge, and whether it
    has just one."""
    direction: Direction = "out" if relation.head == vertex_type else "in"
    own, others = graph.edges[relation].ends(direction)
    count = graph.counts[vertex_type]
    ends = np.zeros(count, np.int64)
    ends[own] = others
    return ends, np.bincount(own, minlength=count) == 1
