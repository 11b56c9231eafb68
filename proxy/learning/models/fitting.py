"""Full-graph training of encoder and decoder on the CPU."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from proxy.learning.features.geometry import unit_blocks
from proxy.learning.graph import DIRECTIONS, Direction, Indexes, Mask, Relation, TypedGraph
from proxy.learning.inductive.encoder import Encoder
from proxy.learning.links.scorers.embedding import Embeddings
from proxy.learning.links.scorers.trained import Trained
from proxy.learning.models.adam import Adam
from proxy.learning.models.distmult import DistMultDecoder
from proxy.learning.models.messages import MessageGraph
from proxy.learning.models.rgcn import EncoderSettings, RelationalEncoder
from proxy.learning.models.start import NetworkStart
from proxy.learning.settings import TrainingSettings

LOGITS = 2**23
"""Most logits in one soft-max, 32 MiB; beyond it sources, then candidates are sampled."""


@dataclass(frozen=True, slots=True)
class FitSettings:
    """How the network is trained."""

    encoder: EncoderSettings = field(default_factory=EncoderSettings)
    epochs: int = 200
    learning_rate: float = 0.01
    weight_decay: float = 1e-4
    hidden_share: float = 0.2
    class_weights: bool = False


def fit_settings(settings: TrainingSettings, epochs: int | None = None) -> FitSettings:
    """The graph neural network's part of the settings."""
    return FitSettings(
        EncoderSettings(
            settings.width,
            settings.layers,
            settings.dropout,
            bases=settings.bases,
            self_loop=settings.self_loop,
            layer_norm=settings.layer_norm,
            global_norm=settings.global_norm,
            embed_featured=settings.embed_featured is not False,
        ),
        epochs=epochs or settings.epochs,
        learning_rate=settings.learning_rate,
        weight_decay=settings.weight_decay,
        hidden_share=settings.hidden_share,
        class_weights=settings.class_weights,
    )


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state after an epoch (from 1); `embeddings` and `encoder` give it as it stands now.

    Networks that are nothing but embeddings have no encoder.
    """

    epoch: int
    loss: float
    embeddings: Callable[[], Trained]
    encoder: Callable[[], Encoder] | None = None


def fit(
    graph: TypedGraph,
    targets: Sequence[Relation],
    settings: FitSettings,
    seed: int,
    start: NetworkStart | None = None,
) -> Iterator[Checkpoint]:
    """Train, yielding after every epoch; whoever iterates decides when to stop.

    Every epoch hides a random share of the target edges from the message graph and learns to rank
    them, from both ends, among all candidates that are not linked (SpotTarget, Zhu et al., WSDM
    2024, says why they have to be hidden). The loss is a soft-max over all candidates where that
    fits into `LOGITS`, else over a sample. With `start` it begins as an earlier network ended.
    """
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    messages = MessageGraph(graph)
    features = {
        name: torch.from_numpy(unit_blocks(block)) for name, block in graph.features.items()
    }
    widths = {name: values.shape[1] for name, values in features.items()}
    encoder = RelationalEncoder(graph.counts, widths, messages, settings.encoder)
    decoder = DistMultDecoder(targets, settings.encoder.width)
    if start is not None:
        encoder.begin(start.encoder)
        decoder.begin(start.relations)
    optimizer = Adam(
        [each for each in (*encoder.parameters(), *decoder.parameters()) if each.requires_grad],
        learning_rate=settings.learning_rate,
        weight_decay=settings.weight_decay,
    )
    tasks = [RankingTask(graph, relation) for relation in targets]
    mean = settings.encoder.global_norm
    everything = messages.weights(mean=mean)

    @torch.no_grad()
    def embeddings() -> Embeddings:
        encoder.eval()
        return decoder.embeddings(encoder(features, everything))

    for epoch in range(1, settings.epochs + 1):
        encoder.train()
        hidden = {task.relation: task.hide(random, settings.hidden_share) for task in tasks}
        weights = messages.weights(
            {relation: torch.from_numpy(mask) for relation, mask in hidden.items()}, mean=mean
        )
        state = encoder(features, weights)
        losses = [
            task.loss(decoder, state, hidden[task.relation], direction, random)
            for task in tasks
            for direction in DIRECTIONS
        ]
        loss = torch.stack(losses).mean()
        optimizer.step(loss)
        yield Checkpoint(epoch, float(loss.detach()), embeddings, encoder.stored)


class RankingTask:
    """The soft-max loss over the hidden edges of one relation."""

    def __init__(self, graph: TypedGraph, relation: Relation) -> None:
        self.relation = relation
        self._edges = graph.edges[relation]
        links = graph.adjacency(relation)
        self._known = {"out": links, "in": links.T.tocsr()}
        self._same_type = relation.head == relation.tail

    def hide(self, random: np.random.Generator, share: float) -> Mask:
        """The edges to predict in this epoch: bool `[edges]`, at least one."""
        count = len(self._edges)
        mask = np.zeros(count, np.bool_)
        mask[random.permutation(count)[: max(1, round(share * count))]] = True
        return mask

    def loss(
        self,
        decoder: DistMultDecoder,
        state: Mapping[str, Tensor],
        hidden: Mask,
        direction: Direction,
        random: np.random.Generator,
    ) -> Tensor:
        """Mean negative log-likelihood of the hidden edges, a scalar."""
        queries, candidates = decoder.ends(state, self.relation, direction)
        sources, targets = self._edges.select(hidden).ends(direction)
        asked, position = np.unique(sources, return_inverse=True)
        pool: Indexes = np.arange(len(candidates))
        most = max(LOGITS // len(candidates), min(len(asked), 512))
        if len(asked) > most:
            kept = np.sort(random.permutation(len(asked))[:most])
            renumbered = np.full(len(asked), -1)
            renumbered[kept] = np.arange(most)
            chosen = renumbered[position] >= 0
            asked, position, targets = asked[kept], renumbered[position[chosen]], targets[chosen]
        if len(asked) * len(pool) > LOGITS:
            pool = np.sort(random.permutation(len(pool))[: LOGITS // len(asked)])
        chosen_queries = queries[torch.from_numpy(asked)]
        logits = chosen_queries @ candidates[torch.from_numpy(pool)].T
        known = torch.from_numpy(self._excluded(asked, pool, direction))
        negatives = logits.masked_fill(known, -torch.inf).logsumexp(dim=1)
        negatives = negatives + float(np.log(len(candidates) / len(pool)))
        place = torch.from_numpy(position)
        own = (chosen_queries[place] * candidates[torch.from_numpy(targets)]).sum(dim=1)
        return torch.nn.functional.softplus(negatives[place] - own).mean()

    def _excluded(self, asked: Indexes, pool: Indexes, direction: Direction) -> Mask:
        """Known links and the source itself: bool `[asked, pool]`."""
        rows = self._known[direction][asked]
        if len(pool) < rows.shape[1]:
            rows = rows[:, pool]
        excluded: Mask = rows.toarray() > 0
        if self._same_type:
            excluded |= asked[:, None] == pool[None, :]
        return excluded
