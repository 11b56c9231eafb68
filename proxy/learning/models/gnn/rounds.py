"""A round of messages, as a layer of the graph neural network sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from gremlink.proxy.learning.models.gnn.messages import MessageGraph, MessageType, Weights


class Round(Protocol):
    """One round of message passing: its receivers and their senders."""

    def kept(self, name: str, values: Tensor) -> Tensor:
        """Select, of the vertices of a type, `[before, width]`, those that stay: `[after,
        width]`."""
        ...

    def propagate(self, kind: MessageType, values: Tensor) -> Tensor:
        """Sum up neighbours by weight: `[sources before, width]` to `[targets after, width]`."""
        ...


@dataclass(frozen=True, slots=True)
class WholeRound:
    """All vertices of a graph, from all their neighbours."""

    messages: MessageGraph
    weights: Weights

    def kept(self, name: str, values: Tensor) -> Tensor:
        """Return the same vertices."""
        return values

    def propagate(self, kind: MessageType, values: Tensor) -> Tensor:
        """See `Round`."""
        return self.messages.propagate(kind, values, self.weights)


@dataclass(frozen=True, slots=True)
class SampledRound:
    """Some vertices, from some of their neighbours.

    `places` are int64 `[after]` by type, `matrices` sparse float32 `[targets after, sources
    before]`.
    """

    places: Mapping[str, Tensor]
    matrices: Mapping[MessageType, Tensor]

    def kept(self, name: str, values: Tensor) -> Tensor:
        """Return the vertices that messages go to."""
        return values[self.places[name]]

    def propagate(self, kind: MessageType, values: Tensor) -> Tensor:
        """See `Round`."""
        result: Tensor = torch.sparse.mm(self.matrices[kind], values)
        return result
