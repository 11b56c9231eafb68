"""The part of a graph that decides about some vertices' embeddings, round by round of messages.

What a network says of a vertex after `L` rounds depends on the vertices up to `L` edges away. So
the matrices of the last round need rows for the asked vertices only, those before for these and
their neighbours, and so on (the "message flow graphs" of DGL's mini-batches).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy import sparse

from gremlink.proxy.learning.graph import DIRECTIONS, Direction, Indexes, Relation, TypedGraph

MessageType = tuple[Relation, Direction]
"""Messages along a relation (`out`), or against it."""

Rows = Mapping[str, Indexes]
"""Vertices by type, sorted: int64."""


@dataclass(frozen=True, slots=True)
class Round:
    """One round of messages.

    `kept` are the places of the receiving vertices among those before the round, by type.
    `messages` are float32 `[receivers, senders]` with the normalised weights.
    """

    kept: Rows
    messages: Mapping[MessageType, sparse.csr_array]


@dataclass(frozen=True, slots=True)
class ReceptiveField:
    """`rows` are the vertices at the beginning; the last of `rounds` leads to those asked about."""

    rows: Rows
    rounds: tuple[Round, ...]


class Choose(Protocol):
    """A choice of the messages that some vertices get."""

    def __call__(
        self, round_: int, kind: MessageType, matrix: sparse.csr_array, rows: Indexes
    ) -> sparse.csr_array:
        """Return, of the messages float32 `[all targets, sources]`, those to `rows`: `[rows,
        sources]`."""
        ...


def _all(
    round_: int, kind: MessageType, matrix: sparse.csr_array, rows: Indexes
) -> sparse.csr_array:
    return matrix[rows]


@dataclass(frozen=True, slots=True)
class MessageMatrices:
    """All messages of a graph by their type: float32 `[targets, sources]`, weights normalised."""

    counts: Mapping[str, int]
    matrices: Mapping[MessageType, sparse.csr_array]

    @classmethod
    def of(cls, graph: TypedGraph, *, mean: bool = False) -> MessageMatrices:
        """Build the messages of a graph. With `mean` they are averaged over all that a vertex
        gets."""
        matrices = {
            (relation, direction): _weights(graph, relation, direction, mean)
            for relation in graph.edges
            for direction in DIRECTIONS
        }
        return cls(graph.counts, _averaged(graph, matrices) if mean else matrices)

    def field(self, asked: Rows, rounds: int, choose: Choose = _all) -> ReceptiveField:
        """Return the field of the vertices `asked`, int64 by type, each once and sorted.

        `choose` may leave some messages out; rounds have the numbers 0 to `rounds` - 1.
        """
        rows = {name: asked.get(name, np.zeros(0, np.int64)) for name in self.counts}
        found: list[Round] = []
        for number in reversed(range(rounds)):
            parts = {
                kind: choose(number, kind, matrix, rows[_target(kind)])
                for kind, matrix in self.matrices.items()
            }
            before = {
                name: np.unique(
                    np.concatenate(
                        [
                            own,
                            *(
                                part.indices
                                for kind, part in parts.items()
                                if _source(kind) == name
                            ),
                        ]
                    )
                ).astype(np.int64)
                for name, own in rows.items()
            }
            kept = {name: np.searchsorted(before[name], own) for name, own in rows.items()}
            messages = {
                kind: _renumbered(part, before[_source(kind)]) for kind, part in parts.items()
            }
            found.append(Round(kept, messages))
            rows = before
        return ReceptiveField(rows, tuple(reversed(found)))


def _source(kind: MessageType) -> str:
    relation, direction = kind
    return relation.source_type(direction)


def _target(kind: MessageType) -> str:
    relation, direction = kind
    return relation.target_type(direction)


def _weights(
    graph: TypedGraph, relation: Relation, direction: Direction, plain: bool
) -> sparse.csr_array:
    r"""Return messages, normalised by :math:`1/\sqrt{d_u d_v}` or not: float32 `[targets,
    sources]`."""
    kind = (relation, direction)
    sources, targets = graph.edges[relation].ends(direction)
    counts = graph.counts[_source(kind)], graph.counts[_target(kind)]
    out = np.maximum(np.bincount(sources, minlength=counts[0]), 1).astype(np.float32)
    into = np.maximum(np.bincount(targets, minlength=counts[1]), 1).astype(np.float32)
    norm = np.ones(len(sources), np.float32)
    if not plain:
        norm /= np.sqrt(out[sources] * into[targets])
    return sparse.csr_array((norm, (targets, sources)), shape=(counts[1], counts[0]))


def _averaged(
    graph: TypedGraph, matrices: Mapping[MessageType, sparse.csr_array]
) -> dict[MessageType, sparse.csr_array]:
    """Divide messages by the number that their receiver gets."""
    received = {name: np.zeros(count, np.float32) for name, count in graph.counts.items()}
    for kind, matrix in matrices.items():
        received[_target(kind)] += np.diff(matrix.indptr)
    return {
        kind: sparse.csr_array(
            (
                matrix.data
                / np.repeat(np.maximum(received[_target(kind)], 1.0), np.diff(matrix.indptr)),
                matrix.indices,
                matrix.indptr,
            ),
            shape=matrix.shape,
        )
        for kind, matrix in matrices.items()
    }


def _renumbered(part: sparse.csr_array, columns: Indexes) -> sparse.csr_array:
    """Return the matrix without the columns that are not among these, which hold all its
    entries."""
    places = np.searchsorted(columns, part.indices)
    return sparse.csr_array((part.data, places, part.indptr), shape=(part.shape[0], len(columns)))
