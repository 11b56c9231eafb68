"""ComplEx: the product of three complex numbers, of which one is mirrored."""

from __future__ import annotations

import torch
from torch import Tensor

from gremlink.proxy.learning.trained.knowledge import Form


def product(left: Tensor, right: Tensor) -> Tensor:
    """Multiply complex numbers, real parts in the first half: float32 `[.., width]`."""
    half = left.shape[-1] // 2
    a, b, c, d = left[..., :half], left[..., half:], right[..., :half], right[..., half:]
    return torch.cat([a * c - b * d, a * d + b * c], dim=-1)


class ComplEx:
    r"""A bilinear score that need not be symmetric.

    .. math:: s_r(u, v) = \mathrm{Re} \langle w_r, h_u, \bar h_v \rangle, \qquad w, h \in
        \mathbb{C}^{d/2}

    Trouillon, Welbl, Riedel, Gaussier & Bouchard, "Complex embeddings for simple link
    prediction", ICML 2016.
    """

    form: Form = "complex-product"

    def start(self, relations: int, width: int) -> Tensor:
        """Initialise the relations: float32 `[relations, width]`."""
        return torch.randn(relations, width) * 0.1 + 1.0 * (torch.arange(width) < width // 2)

    def queries(self, vertices: Tensor, relations: Tensor) -> Tensor:
        """Return the vectors that candidates are multiplied with: float32 `[questions, width]`."""
        return product(vertices, relations)

    def vectors(self, relations: Tensor) -> Tensor:
        """Return the vectors that serving multiplies with: float32 `[relations, width]`."""
        return relations

    def parameters(self, vectors: Tensor) -> Tensor:
        """Return the parameters of such vectors, which are the same: float32 `[.., width]`."""
        return vectors
