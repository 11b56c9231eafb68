"""Which links are known, and so are no candidates."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from proxy.learning.graph import Direction, Indexes, Mask, Relation, TypedGraph


class KnownLinks:
    """The links that are no candidates: those in the graph, and the source itself."""

    def __init__(self, graph: TypedGraph, relation: Relation) -> None:
        """`graph` holds the edges that count as known."""
        links = graph.adjacency(relation)
        self._links = {"out": links, "in": sparse.csr_array(links.T)}
        self._same_type = relation.head == relation.tail

    def mask(self, sources: Indexes, direction: Direction) -> Mask:
        """What to leave out: bool `[sources, candidates]`."""
        mask: Mask = self._links[direction][sources].toarray() > 0
        if self._same_type:
            mask[np.arange(len(sources)), sources] = True
        return mask
