"""Training of encoder and head for a property, on the whole graph or by mini-batches."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from gremlink.proxy.learning.features.scaling import unit_blocks
from gremlink.proxy.learning.graph import Floats, Indexes, TypedGraph
from gremlink.proxy.learning.models.fit_settings import FitSettings
from gremlink.proxy.learning.models.gnn.messages import MessageGraph, message_types
from gremlink.proxy.learning.models.gnn.mini_batches import (
    BATCHES,
    device_for,
    on_cpu,
    rows_of,
    samples,
)
from gremlink.proxy.learning.models.gnn.rgcn import RelationalEncoder
from gremlink.proxy.learning.models.gnn.rounds import WholeRound
from gremlink.proxy.learning.models.gnn.sampling import Sampler
from gremlink.proxy.learning.models.optimizers import SparseAndDense, for_whole_graph
from gremlink.proxy.learning.trained.encoder import Encoder
from gremlink.proxy.learning.trained.head import Head
from gremlink.proxy.learning.trained.target import Form, Subjects

ROWS = 250_000
"""Most elements that an epoch learns from, a new sample each time: bounds the memory."""


@dataclass(frozen=True, slots=True)
class PropertyCheckpoint:
    """The state after an epoch (from 1); `head` and `encoder` give its present state."""

    epoch: int
    loss: float
    head: Callable[[], Head]
    encoder: Callable[[], Encoder]


class PropertyHead(nn.Module):
    """See `gremlink.proxy.learning.trained.head.Head` for the formula."""

    def __init__(self, columns: int, units: int, outputs: int, dropout: float) -> None:
        super().__init__()
        self.hidden = nn.Linear(columns, units)
        self.last = nn.Linear(units, outputs)
        self._dropout = nn.Dropout(dropout)

    def forward(self, columns: Tensor) -> Tensor:
        """Return logits or standardised numbers: float32 `[elements, outputs]`."""
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
    """Train, yielding after every epoch; the caller decides when to stop.

    `known` are elements with their `truth`, float32 `[known, outputs]`. The loss is cross-entropy
    over classes, or for each class, or the square of the error. All edges carry messages: that an
    edge is there is known, only what it says is not.

    Unless the network `remembers`, vertices that are themselves the question have no learned
    embedding beside their features: it may learn the answers by heart. But where features say
    little, it is what neighbours know each other by.
    """
    torch.manual_seed(seed)
    features = {
        name: torch.from_numpy(unit_blocks(block)) for name, block in graph.features.items()
    }
    widths = {name: values.shape[1] for name, values in features.items()}
    encoder = RelationalEncoder(graph.counts, widths, message_types(graph), settings.encoder)
    if not remembers:
        encoder.forget(ends[0])
    width = settings.encoder.width
    columns = width if len(ends) == 1 else 3 * width + known.features.shape[1]
    head = PropertyHead(columns, width, truth.shape[1], settings.encoder.dropout)
    shift, scale = (0.0, 1.0)
    if form is Form.NUMBER:
        exact = truth.astype(np.float64)  # squares of large numbers are too large for float32
        shift, scale = float(exact.mean()), float(exact.std()) or 1.0
    class_weights: Tensor | None = None
    if settings.class_weights and form is not Form.NUMBER:
        class_weights = torch.from_numpy(_class_weights(form, truth))
    network = _Network(
        graph,
        ends,
        known,
        torch.from_numpy(((truth - shift) / scale).astype(np.float32)),
        form,
        class_weights,
        settings,
        features,
        encoder,
        head,
    )

    def export() -> Head:
        return network.head_as_it_stands(np.float32(shift), np.float32(scale))

    random = np.random.default_rng(seed)
    device = device_for(graph, settings.sampling)
    sampled = samples(
        graph, settings.encoder.width, settings.encoder.layers, settings.sampling, device
    )
    steps = network.mini_batches(random, device) if sampled else network.whole_graph(random)
    for epoch, loss in enumerate(steps, 1):
        yield PropertyCheckpoint(epoch, loss, export, network.stored)


@dataclass
class _Network:
    """Encoder and head with what they learn from; both ways of learning yield losses."""

    graph: TypedGraph
    ends: tuple[str, ...]
    known: Subjects
    target: Tensor
    form: Form
    class_weights: Tensor | None
    settings: FitSettings
    features: Mapping[str, Tensor]
    encoder: RelationalEncoder
    head: PropertyHead

    @cached_property
    def rounds(self) -> list[WholeRound]:
        messages = MessageGraph(self.graph)
        weights = messages.weights(mean=self.settings.encoder.global_norm)
        return [WholeRound(messages, weights)] * self.settings.encoder.layers

    def whole_graph(self, random: np.random.Generator) -> Iterator[float]:
        """Train one step an epoch, on all vertices."""
        optimizer = for_whole_graph(self.encoder, self.head, self.settings)
        places = [torch.from_numpy(end) for end in self.known.ends]
        own = torch.from_numpy(self.known.features)
        everything = torch.arange(len(self.known))
        for _ in range(self.settings.epochs):
            self.encoder.train()
            self.head.train()
            rows = everything
            if len(self.known) > ROWS:
                rows = torch.from_numpy(random.choice(len(self.known), ROWS, replace=False))
            state = self.encoder(self.features, self.rounds)
            columns = _columns(state, self.ends, [place[rows] for place in places], own[rows])
            loss = _loss(self.form, self.head(columns), self.target[rows], self.class_weights)
            optimizer.step(loss)
            yield float(loss.detach())

    def mini_batches(self, random: np.random.Generator, device: torch.device) -> Iterator[float]:
        """Train a number of steps an epoch, each on some of the elements."""
        sampling = self.settings.sampling
        sampler = Sampler(
            self.graph,
            sampling.fan_outs,
            mean=self.settings.encoder.global_norm,
            device=device,
        )
        self.encoder.to(device)
        self.head.to(device)
        weights = None if self.class_weights is None else self.class_weights.to(device)
        optimizer = SparseAndDense(self.encoder, self.head, self.settings)
        size = min(sampling.batch_size, len(self.known))
        steps = min(BATCHES, math.ceil(len(self.known) / size))
        for _ in range(self.settings.epochs):
            self.encoder.train()
            self.head.train()
            losses = []
            order = random.permutation(len(self.known))
            for start in range(0, steps * size, size):
                rows = np.sort(order[start : start + size])
                outputs = self.head(self._columns_of(rows, sampler, random, device))
                loss = _loss(self.form, outputs, self.target[rows].to(device), weights)
                optimizer.step(loss)
                losses.append(float(loss.detach()))
            yield float(np.mean(losses))

    def _columns_of(
        self, rows: Indexes, sampler: Sampler, random: np.random.Generator, device: torch.device
    ) -> Tensor:
        """Return the inputs of the head for some elements: float32 `[rows, columns]`."""
        asked: dict[str, list[Indexes]] = {}
        for name, places in zip(self.ends, self.known.ends, strict=True):
            asked.setdefault(name, []).append(places[rows])
        sample = sampler.sample(
            {name: np.unique(np.concatenate(parts)) for name, parts in asked.items()},
            self.settings.encoder.layers,
            random,
        )
        begin = {name: torch.from_numpy(each).to(device) for name, each in sample.rows.items()}
        state = self.encoder(rows_of(self.features, begin), sample.rounds, begin)
        found = [
            sample.places(name, places[rows]).to(device)
            for name, places in zip(self.ends, self.known.ends, strict=True)
        ]
        own = torch.from_numpy(self.known.features[rows]).to(device)
        return _columns(state, self.ends, found, own)

    @torch.no_grad()
    def head_as_it_stands(self, shift: np.float32, scale: np.float32) -> Head:
        """Return the head with the states of all vertices, its outputs as numbers of the
        property."""
        encoder, head = on_cpu(self.encoder), on_cpu(self.head)
        encoder.eval()
        state = encoder(self.features, self.rounds)
        return Head(
            tuple(state[end].numpy().copy() for end in self.ends),
            head.hidden.weight.T.numpy().copy(),
            head.hidden.bias.numpy().copy(),
            head.last.weight.T.numpy() * scale,
            head.last.bias.numpy() * scale + shift,
        )

    def stored(self) -> Encoder:
        """Return the encoder for NumPy, in its present state."""
        return on_cpu(self.encoder).stored()


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
    """Return weights by which all classes count alike, or with and without each: float32
    `[outputs]`."""
    counts = np.maximum(truth.sum(axis=0), 1.0)
    if form is Form.SEVERAL_CLASSES:
        return np.asarray(np.maximum(len(truth) - counts, 1.0) / counts, np.float32)
    return np.asarray(len(truth) / (len(counts) * counts), np.float32)
