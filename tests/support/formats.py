"""Gremlin Servers that know one format only."""

from __future__ import annotations

from typing import Any

_SERIALIZERS = "org.apache.tinkerpop.gremlin.util.ser"
_REGISTRY = "org.apache.tinkerpop.gremlin.tinkergraph.structure.TinkerIoRegistry"


def only(name: str) -> dict[str, Any]:
    """The settings of a server that has one serializer, as `GraphSONMessageSerializerV2`."""
    if name.startswith("GraphBinary"):
        config: dict[str, Any] = {}
    else:
        config = {"ioRegistries": [f"{_REGISTRY}{name[-2:]}"]}
    return {"serializers": [{"className": f"{_SERIALIZERS}.{name}", "config": config}]}
