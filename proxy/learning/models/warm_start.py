"""Parameters that a network begins with, where there is an earlier training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gremlink.proxy.learning.graph import Relation
from gremlink.proxy.learning.trained.embeddings import RelationVectors
from gremlink.proxy.learning.trained.encoder import Encoder


@dataclass(frozen=True, slots=True)
class NetworkStart:
    """Parameters that the graph neural network begins with: its encoder, and its vectors of
    relations."""

    encoder: Encoder
    relations: Mapping[Relation, RelationVectors]
