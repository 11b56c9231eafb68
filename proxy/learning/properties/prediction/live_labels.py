"""Known values of a property, as the live graph has them now.

Where elements were read, what they say of the property takes the place of what training knew. The
asked elements themselves keep what training knew of them, or are unknown: they are the question.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from gremlink.grammar.traversal import Literal
from gremlink.proxy.learning.graph import Floats, Indexes, Mask, Relation
from gremlink.proxy.learning.inductive.extension import Extension, type_of
from gremlink.proxy.learning.inductive.neighbourhood import Neighbourhood
from gremlink.proxy.learning.properties.context import Known
from gremlink.proxy.learning.trained.target import PropertyTarget

Pair = tuple[int, int]


def revised_vertices(
    known: Known,
    target: PropertyTarget,
    extension: Extension,
    read: Neighbourhood,
    asked: Collection[Literal],
) -> Known:
    """Return the known values of vertices, revised by the live graph."""
    owner = target.ends[0]
    read_values: dict[int, Floats | None] = {}
    questions = set(asked)
    for vertex in read.vertices:
        if vertex.id not in questions and type_of(vertex.label) == owner:
            _, number = extension.places[vertex.id]
            read_values[number] = target.truth_of(vertex.values.get(target.key, ()))
    (rows,) = known.ends
    kept = ~np.isin(rows, np.array(list(read_values), np.int64))
    revised = {number: truth for number, truth in read_values.items() if truth is not None}
    numbers = np.array(list(revised), np.int64)
    return _joined(known, kept, (numbers,), list(revised.values()))


def revised_edges(
    known: Known,
    target: PropertyTarget,
    extension: Extension,
    read: Neighbourhood,
    asked: Collection[Pair],
) -> Known:
    """Return the known values of edges, revised. `asked` are the numbers of the ends of the asked
    ones."""
    relation = target.owner
    assert isinstance(relation, Relation)
    heads, tails = known.ends
    stale = np.zeros(len(heads), np.bool_)
    revised: list[tuple[Pair, Floats]] = []
    complete: set[int] = set()
    for links in sorted(read.links, key=lambda each: each.direction, reverse=True):
        outward = links.direction == "out"
        place = extension.places.get(links.vertex)
        own = relation.head if outward else relation.tail
        if links.label != relation.label or place is None or place[0] != own:
            continue
        if len(links.values) < len(links.others):
            continue
        if links.complete:
            stale |= (heads if outward else tails) == place[1]
            if outward:
                complete.add(place[1])
        for other, values in zip(links.others, links.values, strict=True):
            there = extension.places.get(other)
            if there is None or there[0] != (relation.tail if outward else relation.head):
                continue
            pair = (place[1], there[1]) if outward else (there[1], place[1])
            truth = target.truth_of(values)
            # An edge between two vertices that were read is found from both.
            if truth is not None and (outward or pair[0] not in complete):
                revised.append((pair, truth))
    width = extension.stored.graph.counts[relation.tail]
    codes = heads * width + tails
    questions = np.array([head * width + tail for head, tail in asked], np.int64)
    kept = ~stale | np.isin(codes, questions)
    taken = np.concatenate([questions, codes[~stale]])
    pairs = np.array([pair for pair, _ in revised], np.int64).reshape(-1, 2)
    new = np.flatnonzero(~np.isin(pairs[:, 0] * width + pairs[:, 1], taken))
    return _joined(known, kept, (pairs[new, 0], pairs[new, 1]), [revised[row][1] for row in new])


def _joined(known: Known, kept: Mask, ends: tuple[Indexes, ...], truth: Sequence[Floats]) -> Known:
    width = known.truth.shape[1]
    new = np.array(truth, np.float32).reshape(-1, width)
    return Known(
        tuple(
            np.concatenate([before[kept], more])
            for before, more in zip(known.ends, ends, strict=True)
        ),
        np.concatenate([known.truth[kept], new]),
    )
