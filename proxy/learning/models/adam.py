"""AdamW by its functional form.

`torch.optim.AdamW` imports the compiler when it is made, which takes seconds: longer than all of
the training of a small graph.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor
from torch.optim.adamw import adamw


class Adam:
    """Adam with decoupled weight decay. Loshchilov & Hutter, ICLR 2019."""

    def __init__(
        self, parameters: Iterable[Tensor], *, learning_rate: float, weight_decay: float
    ) -> None:
        self._parameters = list(parameters)
        self._learning_rate = learning_rate
        self._weight_decay = weight_decay
        self._means = [torch.zeros_like(parameter) for parameter in self._parameters]
        self._squares = [torch.zeros_like(parameter) for parameter in self._parameters]
        self._steps = [torch.tensor(0.0) for _ in self._parameters]

    @torch.no_grad()
    def step(self, loss: Tensor) -> None:
        """Move the parameters so that `loss`, a scalar, falls."""
        gradients = torch.autograd.grad(loss, self._parameters, allow_unused=True)
        adamw(
            self._parameters,
            [
                torch.zeros_like(parameter) if gradient is None else gradient
                for parameter, gradient in zip(self._parameters, gradients, strict=True)
            ],
            self._means,
            self._squares,
            [],
            self._steps,
            foreach=True,
            amsgrad=False,
            beta1=0.9,
            beta2=0.999,
            lr=self._learning_rate,
            weight_decay=self._weight_decay,
            eps=1e-8,
            maximize=False,
        )
