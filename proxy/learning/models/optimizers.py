"""Optimisers of a graph neural network: dense Adam, or sparse Adam for embeddings."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gremlink.proxy.learning.models.adam import Adam
from gremlink.proxy.learning.models.fit_settings import FitSettings
from gremlink.proxy.learning.models.gnn.rgcn import RelationalEncoder


def for_whole_graph(encoder: RelationalEncoder, reader: nn.Module, settings: FitSettings) -> Adam:
    """Return the optimiser for training in which every vertex is read at each step."""
    parameters = (*encoder.parameters(), *reader.parameters())
    return Adam(
        [each for each in parameters if each.requires_grad],
        learning_rate=settings.learning_rate,
        weight_decay=settings.weight_decay,
    )


class SparseAndDense:
    """Adam for both kinds of gradients: embeddings move where a mini-batch has read them."""

    def __init__(
        self, encoder: RelationalEncoder, reader: nn.Module, settings: FitSettings
    ) -> None:
        rate = settings.learning_rate
        self._optimizers: list[torch.optim.Optimizer] = []
        tables = [each for each in encoder.embeddings.parameters() if each.requires_grad]
        if tables:
            self._optimizers.append(torch.optim.SparseAdam(tables, lr=rate))
        others = (*encoder.others(), *reader.parameters())
        dense = [each for each in others if each.requires_grad]
        self._optimizers.append(
            torch.optim.AdamW(dense, lr=rate, weight_decay=settings.weight_decay)
        )

    def step(self, loss: Tensor) -> None:
        """Move the parameters so that `loss`, a scalar, falls."""
        for optimizer in self._optimizers:
            optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        for optimizer in self._optimizers:
            optimizer.step()
