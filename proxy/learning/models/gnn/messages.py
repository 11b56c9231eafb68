"""Message passing over a heterogeneous graph: the only module that knows DGL.

Everything else hands over index arrays and tensors, so that another message-passing library would
touch this file alone.
"""

from __future__ import annotations

import contextlib
import io
import os
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from gremlink.proxy.learning.graph import Relation, TypedGraph

os.environ.setdefault("DGLBACKEND", "pytorch")
with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
    warnings.simplefilter("ignore")
    import dgl
    import dgl.function as fn

SMALL = 20_000
"""Below so many edges a second thread costs more than it does."""

REVERSE = "rev-"
"""Reverse relations carry Neptune's prefix."""


@dataclass(frozen=True, slots=True)
class MessageType:
    """Messages along a relation, or against it, from type `source` to type `target`."""

    relation: Relation
    reverse: bool

    @property
    def source(self) -> str:
        """The type that sends."""
        return self.relation.tail if self.reverse else self.relation.head

    @property
    def target(self) -> str:
        """The type that receives."""
        return self.relation.head if self.reverse else self.relation.tail

    @property
    def name(self) -> tuple[str, str, str]:
        """DGL's canonical edge type."""
        label = self.relation.label
        return self.source, REVERSE + label if self.reverse else label, self.target


@contextlib.contextmanager
def threads(graph: TypedGraph, most: int) -> Iterator[None]:
    """Use as many threads as the graph is worth, for torch and for DGL."""
    before = torch.get_num_threads()
    count = 1 if graph.edge_count < SMALL else most
    torch.set_num_threads(count)
    dgl.utils.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
        dgl.utils.set_num_threads(before)


def message_types(graph: TypedGraph) -> tuple[MessageType, ...]:
    """Return the message types: along each relation that has edges, and against it."""
    return tuple(
        MessageType(relation, reverse)
        for relation, edges in graph.edges.items()
        for reverse in (False, True)
        if len(edges)
    )


Weights = Mapping[MessageType, Tensor]
"""For each message type a weight an edge, float32 `[edges, 1]`."""


class MessageGraph:
    """A DGL heterograph with each relation in both directions."""

    def __init__(self, graph: TypedGraph) -> None:
        self.types = message_types(graph)
        pairs = {}
        for kind in self.types:
            edges = graph.edges[kind.relation]
            heads, tails = torch.from_numpy(edges.heads), torch.from_numpy(edges.tails)
            pairs[kind.name] = (tails, heads) if kind.reverse else (heads, tails)
        # Never without edges: there is no training where there is nothing to learn from.
        self._graph = dgl.heterograph(pairs, num_nodes_dict=dict(graph.counts))
        self._pairs = pairs

    def weights(
        self, hidden: Mapping[Relation, Tensor] | None = None, *, mean: bool = False
    ) -> Weights:
        r"""Return the symmetric normalisation, :math:`1/\sqrt{d_u d_v}` (Kipf & Welling, ICLR
        2017).

        With `mean` each message counts one part of all that its receiver gets, over all relations.

        Edges under the boolean masks of `hidden` (`[edges]`, by relation) get weight 0 and do not
        count in the degrees: in training, the edges to be predicted.
        """
        found: dict[MessageType, Tensor] = {}
        received: dict[str, Tensor] = {}
        for kind in self.types:
            sources, targets = self._pairs[kind.name]
            present = torch.ones(len(sources))
            if hidden is not None and kind.relation in hidden:
                present[hidden[kind.relation]] = 0.0
            out = torch.zeros(self._graph.num_nodes(kind.source)).index_add_(0, sources, present)
            into = torch.zeros(self._graph.num_nodes(kind.target)).index_add_(0, targets, present)
            if mean:
                received[kind.target] = received.get(kind.target, 0.0) + into
                found[kind] = present
                continue
            norm = (out.clamp_min(1.0)[sources] * into.clamp_min(1.0)[targets]).rsqrt()
            found[kind] = (present * norm)[:, None]
        if mean:
            for kind, present in found.items():
                _, targets = self._pairs[kind.name]
                found[kind] = (present / received[kind.target].clamp_min(1.0)[targets])[:, None]
        return found

    def propagate(self, kind: MessageType, values: Tensor, weights: Weights) -> Tensor:
        """Sum up the neighbours by weight: `[sources, width]` to `[targets, width]`, float32."""
        relation = self._graph[kind.name]
        with relation.local_scope():
            relation.srcdata["x"] = values
            relation.edata["w"] = weights[kind]
            relation.update_all(fn.u_mul_e("x", "w", "m"), fn.sum("m", "y"))
            result: Tensor = relation.dstdata["y"]
            return result
