"""Speculative prediction: an input's links are taken from training instead of the live graph.

A link prediction leaves out the targets that a vertex is linked to already. Which these are, only
the live graph knows; mostly they are those that the model has seen. A guess has the answers for
that case, and names what they depend on, so that a database can find out whether it is so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gremlink.grammar.traversal import Literal
from gremlink.proxy.learning.graph import Direction
from gremlink.proxy.learning.links.prediction.ranker import Ranker, ScoredVertex, Table, Vertices

MOST_KNOWN = 128
"""Links of a vertex about which there are guesses: a database looks at each of them."""

MOST_LINKED = 64
"""Links that a guess may depend on: a database compares each that it looks at with all of them."""


@dataclass(frozen=True, slots=True)
class SpeculativePrediction:
    """The answers, best first, if the vertex is linked to all of `linked` and to no answer.

    `linked` are the targets that would be among the answers, or in the place of one, were the
    vertex not linked to them.
    """

    answers: Sequence[ScoredVertex]
    linked: Sequence[Literal]


def predict_speculatively(
    ranker: Ranker,
    vertices: Vertices,
    source: int,
    direction: Direction,
    *,
    limit: int,
    threshold: float | None,
    hides: bool,
) -> SpeculativePrediction | None:
    """Return the best targets of a vertex; `None` where there are none, or they depend on too much.

    `hides` leaves out what the vertex is linked to in this direction.
    """
    sources = np.array([source], np.int64)
    linked = ranker.scorer.known.cells(sources, direction).columns if hides else sources[:0]
    if len(linked) > MOST_KNOWN:
        return None
    table = Table([ranker], direction, sources, vertices)
    row = table.logits[0]
    own = row[linked]
    row[linked] = -np.inf
    best, answers = table.best(0, limit)
    if threshold is not None:
        answers = [answer for answer in answers if answer.score >= threshold]
    if not answers:
        return None
    would_be = np.isfinite(own)
    if len(answers) == limit:
        would_be &= own >= row[best[-1]]
    if threshold is not None:
        would_be &= table.scores(own) >= threshold
    columns = linked[would_be].tolist()
    if len(columns) > MOST_LINKED:
        return None
    return SpeculativePrediction(answers, [table.vertex(column) for column in columns])
