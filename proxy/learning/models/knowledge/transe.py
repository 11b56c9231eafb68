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
        """The relations at the beginning: float32 `[relations, width]`."""
        return torch.zeros(relations, width)

    def queries(self, vertices: Tensor, relations: Tensor) -> Tensor:
        """Where to look for the other end: float32 `[questions, width]`."""
        return vertices + relations

    def vectors(self, relations: Tensor) -> Tensor:
        """What serving multiplies or adds: float32 `[relations, width]`."""
        return relations

    def parameters(self, vectors: Tensor) -> Tensor:
        """The same again: float32 `[.., width]`."""
        return vectors
