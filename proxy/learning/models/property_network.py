"""Training of encoder and head for a property, full-graph on the CPU."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from proxy.learning.features.geometry import unit_blocks
from proxy.learning.graph import Floats, TypedGraph
from proxy.learning.inductive.encoder import Encoder
from proxy.learning.models.adam import Adam
from proxy.learning.models.fitting import FitSettings
from proxy.learning.models.messages import MessageGraph
from proxy.learning.models.rgcn import RelationalEncoder
from proxy.learning.properties.dataset import Subjects
from proxy.learning.properties.head import Head
from proxy.learning.properties.target import Form

ROWS = 250_000
"""Most elements that an epoch learns from, a new sample each time: bounds the memory."""


@dataclass(frozen=True, slots=True)
class PropertyCheckpoint:
    """The state after an epoch (from 1); `head` and `encoder` give it as it stands now."""

    epoch: int
    loss: float
    head: Callable[[], Head]
    encoder: Callable[[], Encoder]


class PropertyHead(nn.Module):
    """See `proxy.learning.properties.head.Head` for the formula."""

    def __init__(self, columns: int, units: int, outputs: int, dropout: float) -> None:
        super().__init__()
        self.hidden = nn.Linear(columns, units)
        self.last = nn.Linear(units, outputs)
        self._dropout = nn.Dropout(dropout)

    def forward(self, columns: Tensor) -> Tensor:
        """Logits or standardised numbers: float32 `[elements, outputs]`."""
        units: Tensor = self._dropout(torch.relu(self.hidden(columns)))
        outputs: Tensor = self.last(units)
        return outputs


def fit_property(
    graph: TypedGraph,
    ends: tuple[str, ...],
    known: Subjects,
    truth: Floats,
    form: Form,
    settings: FitSettings,
    seed: int,
    *,
    remembers: bool,
) -> Iterator[PropertyCheckpoint]:
    """Train, yielding after every epoch; whoever iterates decides when to stop.

    `known` are elements with their `truth`, float32 `[known, outputs]`. The loss is cross-entropy
    over classes, or for each class, or the square of the error. All edges carry messages: that an
    edge is there is known, only what it says is not.

    Unless the network `remembers`, vertices that are themselves the question have no learned
    embedding beside their features: it may learn the answers by heart. But where features say
    little, it is what neighbours know each other by.
    """
    torch.manual_seed(seed)
    messages = MessageGraph(graph)
    weights = messages.weights(mean=settings.encoder.global_norm)
    features = {
        name: torch.from_numpy(unit_blocks(block)) for name, block in graph.features.items()
    }
    widths = {name: values.shape[1] for name, values in features.items()}
    encoder = RelationalEncoder(graph.counts, widths, messages, settings.encoder)
    if not remembers:
        encoder.forget(ends[0])
    width = settings.encoder.width
    columns = width if len(ends) == 1 else 3 * width + known.features.shape[1]
    head = PropertyHead(columns, width, truth.shape[1], settings.encoder.dropout)
    shift, scale = (0.0, 1.0)
    if form is Form.NUMBER:
        shift, scale = float(truth.mean()), float(truth.std()) or 1.0
    target = torch.from_numpy((truth - np.float32(shift)) / np.float32(scale))
    class_weights: Tensor | None = None
    if settings.class_weights and form is not Form.NUMBER:
        class_weights = torch.from_numpy(_class_weights(form, truth))
    places = [torch.from_numpy(end) for end in known.ends]
    own = torch.from_numpy(known.features)
    optimizer = Adam(
        [each for each in (*encoder.parameters(), *head.parameters()) if each.requires_grad],
        learning_rate=settings.learning_rate,
        weight_decay=settings.weight_decay,
    )

    @torch.no_grad()
    def export() -> Head:
        encoder.eval()
        state = encoder(features, weights)
        return Head(
            tuple(state[end].numpy().copy() for end in ends),
            head.hidden.weight.T.numpy().copy(),
            head.hidden.bias.numpy().copy(),
            head.last.weight.T.numpy() * np.float32(scale),
            head.last.bias.numpy() * np.float32(scale) + np.float32(shift),
        )

    random = np.random.default_rng(seed)
    everything = torch.arange(len(known))
    for epoch in range(1, settings.epochs + 1):
        encoder.train()
        head.train()
        rows = everything
        if len(known) > ROWS:
            rows = torch.from_numpy(random.choice(len(known), ROWS, replace=False))
        state = encoder(features, weights)
        columns_of = _columns(state, ends, [place[rows] for place in places], own[rows])
        loss = _loss(form, head(columns_of), target[rows], class_weights)
        optimizer.step(loss)
        yield PropertyCheckpoint(epoch, float(loss.detach()), export, encoder.stored)


def _columns(
    state: Mapping[str, Tensor], ends: tuple[str, ...], places: list[Tensor], own: Tensor
) -> Tensor:
    parts = [state[end][place] for end, place in zip(ends, places, strict=True)]
    if len(parts) == 2:
        parts.append(parts[0] * parts[1])
    return torch.cat([*parts, own], dim=1)


def _loss(form: Form, outputs: Tensor, target: Tensor, weights: Tensor | None) -> Tensor:
    match form:
        case Form.ONE_CLASS:
            return functional.cross_entropy(outputs, target, weight=weights)
        case Form.SEVERAL_CLASSES:
            return functional.binary_cross_entropy_with_logits(outputs, target, pos_weight=weights)
        case Form.NUMBER:
            return functional.mse_loss(outputs, target)


def _class_weights(form: Form, truth: Floats) -> Floats:
    """By which all classes count alike, or with and without each: float32 `[outputs]`."""
    counts = np.maximum(truth.sum(axis=0), 1.0)
    if form is Form.SEVERAL_CLASSES:
        return np.asarray(np.maximum(len(truth) - counts, 1.0) / counts, np.float32)
    return np.asarray(len(truth) / (len(counts) * counts), np.float32)
