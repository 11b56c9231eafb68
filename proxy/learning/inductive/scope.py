"""The part of a live graph that a model needs: hops and properties to read around its inputs.

Stored with every model as a document of its own, `inductive.json`, so that a query can be planned
without the model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from gremlink.proxy.learning.trained.stored_graph import StoredGraph

INDUCTIVE = "inductive"

STRUCTURE = "structure"
"""The model's encoder is the graph itself: no vertex has learned numbers of its own."""

ENTITIES = "entities"
"""There is no encoder: every vertex has learned numbers of its own, a new one can have none."""

FAN_OUTS = (1_000, 100)
"""Neighbours of a vertex under one label and direction, by distance from the input, the last for
all beyond it. Training takes all of them, so these only bound what hubs cost."""


@dataclass(frozen=True, slots=True)
class Scope:
    """The part of the live graph to read.

    `encoder` is the name of the encoder, `STRUCTURE` or `ENTITIES`. Links are read of all vertices
    less than `hops` away from an input, of each at most `fan_outs[distance]` under one label and in
    one direction; the vertices at their ends follow with the properties in `keys`. `edge_keys` are
    properties of the inputs where these are edges, `valued` the label and the property with which
    the links of the inputs themselves are read.
    """

    encoder: str
    hops: int
    fan_outs: tuple[int, ...]
    edge_labels: tuple[str, ...]
    keys: tuple[str, ...]
    edge_keys: tuple[str, ...] = ()
    valued: tuple[str, str] | None = None

    @classmethod
    def around(
        cls, stored: StoredGraph, encoder: str, hops: int, edge_keys: tuple[str, ...] = ()
    ) -> Scope:
        """Return the scope of a model on a graph: all its relations and features."""
        fan_outs = [FAN_OUTS[min(hop, len(FAN_OUTS) - 1)] for hop in range(hops)]
        labels = dict.fromkeys(relation.label for relation in stored.relations)
        keys = dict.fromkeys(
            encoding.name for encodings in stored.encodings.values() for encoding in encodings
        )
        for terms in stored.term_encodings.values():
            keys.update(dict.fromkeys(encoding.name for encoding in terms))
        return cls(encoder, hops, tuple(fan_outs), tuple(labels), tuple(keys), edge_keys)

    def to_document(self) -> dict[str, Any]:
        """Return the scope as JSON."""
        return asdict(self)

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Scope:
        """Restore what `to_document` gave. Raises KeyError, TypeError."""
        valued = document["valued"]
        return cls(
            encoder=document["encoder"],
            hops=int(document["hops"]),
            fan_outs=tuple(document["fan_outs"]),
            edge_labels=tuple(document["edge_labels"]),
            keys=tuple(document["keys"]),
            edge_keys=tuple(document["edge_keys"]),
            valued=None if valued is None else (valued[0], valued[1]),
        )
