"""TransE: a relation is a step."""

from __future__ import annotations

import torch
from torch import Tensor

from gremlink.proxy.learning.trained.knowledge import Form


class TransE:
    r"""A link is likely where the head, moved by the relation, comes to lie near the tail.

    .. math:: s_r(u, v) = -\|h_u + w_r - h_v\|_2^2

    Bordes, Usunier, Garcia-Durán, Weston & Yakhnenko, "Translating embeddings for modeling
    multi-relational data", NIPS 2013.
    """

    form: Form = "translation"

    def start(self, relations: int, width: int) -> Tensor:
        """Initialise the relations: float32 `[relations, width]`."""
        return torch.zeros(relations, width)

    def queries(self, vertices: Tensor, relations: Tensor) -> Tensor:
        """Return the points near which the other end is: float32 `[questions, width]`."""
        return vertices + relations

    def vectors(self, relations: Tensor) -> Tensor:
        """Return the vectors that serving adds: float32 `[relations, width]`."""
        return relations

    def parameters(self, vectors: Tensor) -> Tensor:
        """Return the parameters of such vectors, which are the same: float32 `[.., width]`."""
        return vectors
