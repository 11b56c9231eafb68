"""Tables of parameters, and the two ways to change them: all rows, or those of a batch alone.

Rows are read by `embedding`: threads add up the gradient of an indexed tensor in any order.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from gremlink.proxy.learning.graph import Indexes
from gremlink.proxy.learning.models.adam import Adam

SMALLEST = 1e-10
"""Added to the length of a gradient, which is divided by."""


class Tables(Protocol):
    """The optimiser of some tables, each float32 `[rows, width]`, which it changes in place."""

    def rows(self, table: int, wanted: Sequence[Indexes]) -> list[Tensor]:
        """Return rows of a table for the loss of the next step: one tensor for each array."""
        ...

    def step(self, loss: Tensor, epoch: int) -> None:
        """Move the parameters so that `loss`, a scalar, falls; `epoch` counts from 1."""
        ...


class DenseTables:
    """Adam, which moves every row in every step: for few rows."""

    def __init__(self, tables: Sequence[Tensor], learning_rate: float) -> None:
        self._tables = [table.requires_grad_(True) for table in tables]
        self._adam = Adam(self._tables, learning_rate=learning_rate, weight_decay=0.0)

    def rows(self, table: int, wanted: Sequence[Indexes]) -> list[Tensor]:
        """See `Tables.rows`."""
        return [
            functional.embedding(torch.from_numpy(each), self._tables[table]) for each in wanted
        ]

    def step(self, loss: Tensor, epoch: int) -> None:
        """See `Tables.step`."""
        self._adam.step(loss)


class SparseTables:
    r"""Adagrad, which reads and moves the rows of a batch alone.

    .. math:: G \leftarrow G + g^2, \qquad
        \theta \leftarrow \theta - \frac{\eta}{\sqrt{t}} \frac{g}{\sqrt{G}}

    Duchi, Hazan & Singer, "Adaptive subgradient methods for online learning and stochastic
    optimization", JMLR 2011. The first step of a number is :math:`\eta` long for any
    gradient: that is what embeddings begin with. With epochs :math:`t` it gets smaller, for those
    that follow are many where a vertex has many links.
    """

    def __init__(self, tables: Sequence[Tensor], learning_rate: float) -> None:
        self._tables = list(tables)
        self._learning_rate = learning_rate
        self._squares = [torch.zeros_like(table) for table in tables]
        self._read: dict[int, tuple[Tensor, Tensor]] = {}

    def rows(self, table: int, wanted: Sequence[Indexes]) -> list[Tensor]:
        """See `Tables.rows`."""
        numbers, places = np.unique(np.concatenate(wanted), return_inverse=True)
        own = torch.from_numpy(numbers)
        leaf = self._tables[table][own].requires_grad_(True)
        self._read[table] = own, leaf
        found = functional.embedding(torch.from_numpy(places.reshape(-1)), leaf)
        return list(torch.split(found, [len(each) for each in wanted]))

    def step(self, loss: Tensor, epoch: int) -> None:
        """See `Tables.step`."""
        leaves = [leaf for _, leaf in self._read.values()]
        rate = self._learning_rate / math.sqrt(epoch)
        with torch.no_grad():
            gradients = torch.autograd.grad(loss, leaves)
            for table, gradient in zip(self._read, gradients, strict=True):
                numbers, leaf = self._read[table]
                squares = self._squares[table][numbers].addcmul_(gradient, gradient)
                self._squares[table][numbers] = squares
                change = gradient / squares.sqrt_().add_(SMALLEST)
                self._tables[table][numbers] = leaf.detach().sub_(change, alpha=rate)
        self._read = {}
