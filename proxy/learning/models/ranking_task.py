"""The training task of networks over a graph: to rank hidden edges among all candidates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from gremlink.proxy.learning.graph import Direction, Indexes, Mask, Relation, TypedGraph
from gremlink.proxy.learning.models.decoder import DistMultDecoder
from gremlink.proxy.learning.models.hard_negatives import near_candidates

LOGITS = 2**23
"""Most logits in one soft-max, 32 MiB; beyond it sources, then candidates are sampled."""


@dataclass(frozen=True, slots=True)
class Questions:
    """Some edges of a relation, asked from one end.

    All are int64: `sources` are asked about, each once; `places`, `[edges]`, are positions among
    them and `targets`, `[edges]`, the right answers; `pool` are the candidates that compete. The
    first `near` of these were chosen, and represent themselves; the others were drawn from all
    that are left, and represent these.
    """

    direction: Direction
    sources: Indexes
    places: Indexes
    targets: Indexes
    pool: Indexes
    near: int = 0


def ranking_tasks(
    graph: TypedGraph, targets: Sequence[Relation], hard_negatives: float = 0.0
) -> list[RankingTask]:
    """Make one task of each relation that has edges to learn from: all may be held out."""
    return [
        RankingTask(graph, relation, hard_negatives)
        for relation in targets
        if len(graph.edges[relation])
    ]


class RankingTask:
    """The soft-max loss over the hidden edges of one relation.

    `hard_negatives` is the share of a sample of candidates that is chosen near the sources.
    """

    def __init__(self, graph: TypedGraph, relation: Relation, hard_negatives: float = 0.0) -> None:
        self.relation = relation
        self._hard = hard_negatives
        self._edges = graph.edges[relation]
        self._counts = graph.counts
        links = graph.adjacency(relation)
        self._known = {"out": links, "in": links.T.tocsr()}
        self._same_type = relation.head == relation.tail

    def __len__(self) -> int:
        return len(self._edges)

    def hide(self, random: np.random.Generator, share: float) -> Mask:
        """Choose the edges to predict in this epoch: bool `[edges]`, at least one."""
        count = len(self._edges)
        mask = np.zeros(count, np.bool_)
        mask[random.permutation(count)[: max(1, round(share * count))]] = True
        return mask

    def ends(self, hidden: Mask) -> tuple[Indexes, Indexes]:
        """Return heads and tails of hidden edges: int64 `[hidden]`."""
        return self._edges.select(hidden).ends("out")

    def questions(
        self,
        hidden: Mask,
        direction: Direction,
        random: np.random.Generator,
        *,
        most_candidates: int | None = None,
    ) -> Questions:
        """Return the hidden edges as questions; with a sample of candidates where all are too
        many."""
        count = self._counts[self.relation.target_type(direction)]
        sources, targets = self._edges.select(hidden).ends(direction)
        asked, position = np.unique(sources, return_inverse=True)
        pool: Indexes = np.arange(count)
        most = max(LOGITS // count, min(len(asked), 512))
        if len(asked) > most:
            kept = np.sort(random.permutation(len(asked))[:most])
            renumbered = np.full(len(asked), -1)
            renumbered[kept] = np.arange(most)
            chosen = renumbered[position] >= 0
            asked, position, targets = asked[kept], renumbered[position[chosen]], targets[chosen]
        room = min(LOGITS // len(asked), most_candidates or count)
        near: Indexes = np.zeros(0, np.int64)
        if count > room and self._hard:
            there = self._known[direction]
            back = self._known["in" if direction == "out" else "out"]
            near = near_candidates(there, back, asked, int(self._hard * room), random)
        if count > room:
            left = np.delete(pool, near)
            drawn = np.sort(left[random.permutation(len(left))[: room - len(near)]])
            pool = np.concatenate([near, drawn])
        return Questions(direction, asked, position, targets, pool, len(near))

    def loss(
        self,
        decoder: DistMultDecoder,
        state: Mapping[str, Tensor],
        hidden: Mask,
        direction: Direction,
        random: np.random.Generator,
    ) -> Tensor:
        """Return the mean negative log-likelihood of the hidden edges, a scalar.

        `state` are all vertices, float32 `[vertices, width]` by type.
        """
        asked = self.questions(hidden, direction, random)
        queries, candidates = decoder.ends(state, self.relation, direction)
        return self.answered(
            queries[torch.from_numpy(asked.sources)],
            candidates[torch.from_numpy(asked.pool)],
            candidates[torch.from_numpy(asked.targets)],
            asked,
        )

    def answered(self, queries: Tensor, pool: Tensor, targets: Tensor, asked: Questions) -> Tensor:
        """Return the same of what was made of `asked.sources`, `.pool` and `.targets`: `[…,
        width]`."""
        count = self._counts[self.relation.target_type(asked.direction)]
        known = torch.from_numpy(self._excluded(asked)).to(queries.device)
        logits = (queries @ pool.T).masked_fill(known, -torch.inf)
        # Each that was drawn represents so many, each that was chosen itself.
        scale = float(np.log((count - asked.near) / (len(asked.pool) - asked.near)))
        if asked.near:
            logits = torch.cat([logits[:, : asked.near] - scale, logits[:, asked.near :]], dim=1)
        negatives = logits.logsumexp(dim=1) + scale
        place = torch.from_numpy(asked.places).to(queries.device)
        own = (queries[place] * targets).sum(dim=1)
        return functional.softplus(negatives[place] - own).mean()

    def _excluded(self, asked: Questions) -> Mask:
        """Return a mask of known links and the source itself: bool `[sources, pool]`."""
        rows = self._known[asked.direction][asked.sources]
        if len(asked.pool) < rows.shape[1]:
            rows = rows[:, asked.pool]
        excluded: Mask = rows.toarray() > 0
        if self._same_type:
            excluded |= asked.sources[:, None] == asked.pool[None, :]
        return excluded
