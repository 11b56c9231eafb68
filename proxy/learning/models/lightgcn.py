"""LightGCN: embeddings smoothed over one relation's links, without weights or features."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from gremlink.proxy.learning.graph import DIRECTIONS, Relation, TypedGraph
from gremlink.proxy.learning.models.adam import Adam
from gremlink.proxy.learning.models.fitting import Checkpoint
from gremlink.proxy.learning.models.gnn.messages import MessageGraph, Weights
from gremlink.proxy.learning.models.ranking_task import ranking_tasks
from gremlink.proxy.learning.trained.knowledge import KnowledgeEmbeddings

LAYERS = 3


@dataclass(frozen=True, slots=True)
class LightGcnSettings:
    """Sizes and rates; `penalty` is the weight of the mean square of the embeddings, `hidden_share`
    the part of the links that an epoch hides and predicts.
    """

    width: int = 64
    epochs: int = 200
    learning_rate: float = 0.02
    penalty: float = 0.1
    hidden_share: float = 0.2


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
    2024) instead of the paper's pairwise one: it needs a tenth of the epochs. Links that are to be
    predicted are hidden from :math:`A` meanwhile, as in `fitting.fit`: through their own link two
    vertices know each other at once.
    """
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    messages = MessageGraph(
        TypedGraph(graph.counts, {relation: graph.edges[relation] for relation in targets})
    )
    everything = messages.weights()
    state = {
        name: (torch.randn(count, settings.width) * 0.1).requires_grad_(True)
        for name, count in graph.counts.items()
    }
    optimizer = Adam(state.values(), learning_rate=settings.learning_rate, weight_decay=0.0)

    def smoothed(weights: Weights) -> dict[str, Tensor]:
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
            {
                name: np.array(values.numpy(), np.float32)
                for name, values in smoothed(everything).items()
            },
            {(relation, end): nothing for relation in targets for end in DIRECTIONS},
        )

    tasks = ranking_tasks(graph, targets)
    for epoch in range(1, settings.epochs + 1):
        hidden = {task.relation: task.hide(random, settings.hidden_share) for task in tasks}
        masks = {relation: torch.from_numpy(mask) for relation, mask in hidden.items()}
        now = smoothed(messages.weights(masks))
        losses = []
        for task in tasks:
            for direction in DIRECTIONS:
                asked = task.questions(hidden[task.relation], direction, random)
                candidates = now[task.relation.target_type(direction)]
                losses.append(
                    task.answered(
                        now[task.relation.source_type(direction)][torch.from_numpy(asked.sources)],
                        candidates[torch.from_numpy(asked.pool)],
                        candidates[torch.from_numpy(asked.targets)],
                        asked,
                    )
                )
        loss = torch.stack(losses).mean()
        lengths = torch.stack([values.square().mean() for values in state.values()]).mean()
        optimizer.step(loss + settings.penalty * lengths)
        yield Checkpoint(epoch, float(loss.detach()), embeddings)
