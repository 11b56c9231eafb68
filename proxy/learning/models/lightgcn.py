"""LightGCN: embeddings smoothed over one relation's links, without weights or features."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from proxy.learning.graph import DIRECTIONS, Relation, TypedGraph
from proxy.learning.links.scorers.knowledge import KnowledgeEmbeddings
from proxy.learning.models.adam import Adam
from proxy.learning.models.fitting import Checkpoint
from proxy.learning.models.messages import MessageGraph
from proxy.learning.models.softmax import FEWEST, LOGITS, Grouped, ranking_loss

LAYERS = 3


@dataclass(frozen=True, slots=True)
class LightGcnSettings:
    """Sizes and rates; `penalty` is the weight of the mean square of the embeddings."""

    width: int = 64
    epochs: int = 200
    learning_rate: float = 0.02
    penalty: float = 1e-4


def fit_lightgcn(
    graph: TypedGraph, targets: Sequence[Relation], settings: LightGcnSettings, seed: int
) -> Iterator[Checkpoint]:
    r"""Train, yielding after every epoch.

    .. math:: h = \frac{1}{L + 1} \sum_{l=0}^{L} (D^{-1/2} A D^{-1/2})^l e, \qquad
        s(u, v) = h_u^\top h_v

    He, Deng, Wang, Li, Zhang & Wang, "LightGCN: Simplifying and powering graph convolution network
    for recommendation", SIGIR 2020. :math:`A` joins the target relations without directions. The
    loss is a soft-max over all candidates of the type, or a sample, from both ends (for which see
    Wu et al., "On the effectiveness of sampled softmax loss for item recommendation", ACM TOIS
    2024) instead of the paper's pairwise one: it needs a tenth of the epochs.
    """
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    messages = MessageGraph(
        TypedGraph(graph.counts, {relation: graph.edges[relation] for relation in targets})
    )
    weights = messages.weights()
    state = {
        name: (torch.randn(count, settings.width) * 0.1).requires_grad_(True)
        for name, count in graph.counts.items()
    }
    optimizer = Adam(state.values(), learning_rate=settings.learning_rate, weight_decay=0.0)

    def smoothed() -> dict[str, Tensor]:
        layer, total = state, state
        for _ in range(LAYERS):
            following = {name: torch.zeros_like(values) for name, values in state.items()}
            for kind in messages.types:
                sent = messages.propagate(kind, layer[kind.source], weights)
                following[kind.target] = following[kind.target] + sent
            layer = following
            total = {name: total[name] + values for name, values in layer.items()}
        return {name: values / (LAYERS + 1.0) for name, values in total.items()}

    @torch.no_grad()
    def embeddings() -> KnowledgeEmbeddings:
        nothing = np.zeros(settings.width, np.float32)
        return KnowledgeEmbeddings(
            "dot",
            {name: np.array(values.numpy(), np.float32) for name, values in smoothed().items()},
            {(relation, end): nothing for relation in targets for end in DIRECTIONS},
        )

    asked = [
        (relation, direction, Grouped(*graph.edges[relation].ends(direction)))
        for relation in targets
        for direction in DIRECTIONS
    ]
    for epoch in range(1, settings.epochs + 1):
        now = smoothed()
        losses = []
        for relation, direction, grouped in asked:
            target = relation.target_type(direction)
            most = max(LOGITS // graph.counts[target], FEWEST)
            batch = next(grouped.batches(most, random))
            sources = torch.from_numpy(batch.queries)
            queries = now[relation.source_type(direction)][sources]
            losses.append(ranking_loss(queries, now[target], batch.places, batch.targets, random))
        loss = torch.stack(losses).mean()
        lengths = torch.stack([values.square().mean() for values in state.values()]).mean()
        optimizer.step(loss + settings.penalty * lengths)
        yield Checkpoint(epoch, float(loss.detach()), embeddings)
