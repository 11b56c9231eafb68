"""The decoder: how likely a relation is between two embedded vertices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from gremlink.proxy.learning.graph import Direction, Floats, Relation
from gremlink.proxy.learning.trained.embeddings import Embeddings, RelationVectors

SCALE = 8.0
"""Inverse temperature of the soft-max at the beginning; cosines alone would be too flat."""


class DistMultDecoder(nn.Module):
    r"""DistMult over normalised embeddings, with a bias of the candidate.

    .. math:: s_r(u, v) = \tau\, \hat h_u^\top \mathrm{diag}(w_r)\, \hat h_v + c_r^\top \hat h_v

    Yang et al., "Embedding entities and relations for learning and inference in knowledge bases",
    ICLR 2015. The first term is symmetric in the two ends; the bias is that of the end asked for.
    """

    def __init__(self, relations: Sequence[Relation], width: int) -> None:
        super().__init__()
        self._places = {relation: index for index, relation in enumerate(relations)}
        self.diagonals = nn.Parameter(torch.full((len(relations), width), SCALE))
        self.biases = nn.Parameter(torch.zeros(2, len(relations), width))

    def ends(
        self, state: Mapping[str, Tensor], relation: Relation, direction: Direction
    ) -> tuple[Tensor, Tensor]:
        """Return queries `[sources, width]` and candidates `[candidates, width]`, float32.

        Their dot products are the scores.
        """
        place = self._places[relation]
        sources = nn.functional.normalize(state[relation.source_type(direction)], dim=1)
        targets = nn.functional.normalize(state[relation.target_type(direction)], dim=1)
        queries = sources * self.diagonals[place] + self.biases[int(direction == "in"), place]
        return queries, targets

    @torch.no_grad()
    def begin(self, relations: Mapping[Relation, RelationVectors]) -> None:
        """Begin with the vectors of relations that another one has learned, if of this length."""
        for relation, place in self._places.items():
            known = relations.get(relation)
            if known is not None and known.diagonal.shape == tuple(self.diagonals[place].shape):
                self.diagonals[place] = torch.from_numpy(known.diagonal.copy())
                self.biases[0, place] = torch.from_numpy(known.tail_bias.copy())
                self.biases[1, place] = torch.from_numpy(known.head_bias.copy())

    @torch.no_grad()
    def embeddings(self, state: Mapping[str, Tensor]) -> Embeddings:
        """Return the same scores for NumPy, without torch."""

        def copied(tensor: Tensor) -> Floats:
            return np.array(tensor.numpy(), dtype=np.float32)

        return Embeddings(
            {
                name: copied(nn.functional.normalize(values, dim=1))
                for name, values in state.items()
            },
            {
                relation: RelationVectors(
                    copied(self.diagonals[place]),
                    copied(self.biases[0, place]),
                    copied(self.biases[1, place]),
                )
                for relation, place in self._places.items()
            },
        )
