"""Mini-batches: a few vertices, and of their neighbours a sample.

Hamilton, Ying & Leskovec, "Inductive representation learning on large graphs", NIPS 2017.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

from gremlink.proxy.learning.graph import Indexes, Relation, TypedGraph
from gremlink.proxy.learning.models.gnn.messages import message_types
from gremlink.proxy.learning.models.gnn.rounds import SampledRound
from gremlink.proxy.learning.trained.receptive_field import MessageMatrices, Rows
from gremlink.proxy.learning.trained.receptive_field import MessageType as Kind


@dataclass(frozen=True, slots=True)
class Sample:
    """The vertices and messages of a mini-batch: `rows` at the beginning, the `rounds`, and the
    vertices `asked`.

    Rows are int64 by type, sorted.
    """

    rows: Rows
    rounds: tuple[SampledRound, ...]
    asked: Rows

    def places(self, name: str, vertices: Indexes) -> Tensor:
        """Find vertices among `asked`: their positions in the outcome, int64, of the same shape."""
        return torch.from_numpy(np.searchsorted(self.asked[name], vertices))


class Sampler:
    """Sampler of the neighbours that mini-batches read.

    `fan_outs` say how many messages of each type a vertex gets at most, the round next to the
    input first; the last of them is that of all rounds beyond. A vertex with more neighbours draws
    so many of them with replacement, and their messages represent those of the others, so that
    what it receives is on average what the whole graph would send.
    """

    def __init__(
        self,
        graph: TypedGraph,
        fan_outs: Sequence[int],
        *,
        mean: bool,
        device: torch.device,
    ) -> None:
        self._messages = MessageMatrices.of(graph, mean=mean)
        self._types = {
            (each.relation, "in" if each.reverse else "out"): each for each in message_types(graph)
        }
        self._fan_outs = tuple(fan_outs)
        self._tails = {relation: graph.counts[relation.tail] for relation in graph.edges}
        self._device = device

    def sample(
        self,
        asked: Rows,
        rounds: int,
        random: np.random.Generator,
        hidden: Mapping[Relation, tuple[Indexes, Indexes]] | None = None,
    ) -> Sample:
        """Sample the receptive field of the vertices `asked`, int64 by type, each once and sorted.

        No message goes along `hidden` edges, heads and tails by relation: those to be predicted.
        """
        keys = {
            relation: np.unique(heads * self._tails[relation] + tails)
            for relation, (heads, tails) in (hidden or {}).items()
        }

        def choose(
            round_: int, kind: Kind, matrix: sparse.csr_array, rows: Indexes
        ) -> sparse.csr_array:
            if kind not in self._types:
                return sparse.csr_array((len(rows), matrix.shape[1]), dtype=np.float32)
            most = self._fan_outs[min(round_, len(self._fan_outs) - 1)]
            drawn = fan_out(matrix, rows, most, random)
            relation, direction = kind
            if relation in keys:
                targets, sources = rows[drawn.row], drawn.col.astype(np.int64)
                heads, tails = (sources, targets) if direction == "out" else (targets, sources)
                seen = ~np.isin(heads * self._tails[relation] + tails, keys[relation])
                drawn = sparse.coo_array(
                    (drawn.data[seen], (drawn.row[seen], drawn.col[seen])), shape=drawn.shape
                )
            return drawn.tocsr()

        field = self._messages.field(asked, rounds, choose)
        found = tuple(
            SampledRound(
                {
                    name: torch.from_numpy(places).to(self._device)
                    for name, places in round_.kept.items()
                },
                {
                    self._types[kind]: _tensor(matrix).to(self._device)
                    for kind, matrix in round_.messages.items()
                    if kind in self._types
                },
            )
            for round_ in field.rounds
        )
        whole = {name: asked.get(name, np.zeros(0, np.int64)) for name in field.rows}
        return Sample(field.rows, found, whole)


def fan_out(
    matrix: sparse.csr_array, rows: Indexes, most: int, random: np.random.Generator
) -> sparse.coo_array:
    """Draw at most so many entries of each row, whose sum is on average that of all.

    `[rows, columns]`; an entry that was drawn several times is there as often.
    """
    starts = matrix.indptr[rows].astype(np.int64)
    degrees = matrix.indptr[rows + 1].astype(np.int64) - starts
    counts = np.minimum(degrees, most)
    row = np.repeat(np.arange(len(rows)), counts)
    within = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
    drawn = (random.random(len(row)) * degrees[row]).astype(np.int64)
    places = starts[row] + np.where(degrees[row] > most, drawn, within)
    stands_for = (degrees / np.maximum(counts, 1)).astype(np.float32)
    return sparse.coo_array(
        (matrix.data[places] * stands_for[row], (row, matrix.indices[places])),
        shape=(len(rows), matrix.shape[1]),
    )


def _tensor(matrix: sparse.csr_array) -> Tensor:
    """Convert a matrix for torch, which warns that sparse rows are a prototype at each use."""
    entries = matrix.tocoo()
    places = torch.from_numpy(np.stack([entries.row, entries.col]).astype(np.int64))
    return torch.sparse_coo_tensor(
        places, torch.from_numpy(entries.data), entries.shape, check_invariants=True
    )
