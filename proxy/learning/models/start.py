"""What a network begins with, where an earlier training has left something."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gremlink.proxy.learning.graph import Relation
from gremlink.proxy.learning.inductive.encoder import Encoder
from gremlink.proxy.learning.links.scorers.embedding import RelationVectors


@dataclass(frozen=True, slots=True)
class NetworkStart:
    """What the graph neural network begins with: its encoder, and its vectors of relations."""

    encoder: Encoder
    relations: Mapping[Relation, RelationVectors]
