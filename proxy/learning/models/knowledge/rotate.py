"""RotatE: a relation is a turn in every complex plane."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from gremlink.proxy.learning.models.knowledge.complex import product
from gremlink.proxy.learning.trained.knowledge import Form


class RotatE:
    r"""A link is likely where the head, turned by the relation, comes to lie near the tail.

    .. math:: s_r(u, v) = -\|h_u \circ e^{i \theta_r} - h_v\|_2^2, \qquad h \in \mathbb{C}^{d/2}

    Sun, Deng, Nie & Tang, "RotatE: Knowledge graph embedding by relational rotation in complex
    space", ICLR 2019.
    """

    form: Form = "rotation"

    def start(self, relations: int, width: int) -> Tensor:
        """Initialise the angles: float32 `[relations, width / 2]`."""
        return (torch.rand(relations, width // 2) * 2.0 - 1.0) * math.pi

    def queries(self, vertices: Tensor, relations: Tensor) -> Tensor:
        """Return the points near which the other end is: float32 `[questions, width]`."""
        return product(vertices, self.vectors(relations))

    def vectors(self, relations: Tensor) -> Tensor:
        """Return the turns as complex numbers: float32 `[relations, width]`."""
        return torch.cat([relations.cos(), relations.sin()], dim=-1)

    def parameters(self, vectors: Tensor) -> Tensor:
        """Return the angles of turns: float32 `[.., width / 2]`."""
        real, imaginary = vectors.chunk(2, dim=-1)
        return torch.atan2(imaginary, real)
