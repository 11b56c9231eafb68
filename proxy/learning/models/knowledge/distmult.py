"""DistMult as a knowledge-graph embedding: a relation weights the dimensions.

`models.decoder` is the same score as a decoder over what a graph neural network has made.
"""

from __future__ import annotations

import torch
from torch import Tensor

from gremlink.proxy.learning.trained.knowledge import Form


class DistMult:
    r"""A bilinear score with a diagonal matrix.

    .. math:: s_r(u, v) = h_u^\top \mathrm{diag}(w_r)\, h_v

    Yang, Yih, He, Gao & Deng, "Embedding entities and relations for learning and inference in
    knowledge bases", ICLR 2015. Each direction has a :math:`w_r` of its own (see `knowledge`).
    """

    form: Form = "product"

    def start(self, relations: int, width: int) -> Tensor:
        """Initialise the relations: float32 `[relations, width]`."""
        return torch.randn(relations, width) * 0.1 + 1.0

    def queries(self, vertices: Tensor, relations: Tensor) -> Tensor:
        """Return the vectors that candidates are multiplied with: float32 `[questions, width]`."""
        return vertices * relations

    def vectors(self, relations: Tensor) -> Tensor:
        """Return the vectors that serving multiplies with: float32 `[relations, width]`."""
        return relations

    def parameters(self, vectors: Tensor) -> Tensor:
        """Return the parameters of such vectors, which are the same: float32 `[.., width]`."""
        return vectors
