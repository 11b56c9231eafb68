"""A JanusGraph Server with a graph in memory: a database whose ids are not what a client chose.

Its vertices have numbers as ids, its edges objects of a class of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from foreign_server import ForeignServer

from gremlink.proxy.embedded.jars import resolve_jars
from gremlink.proxy.embedded.java import find_java

COORDINATES = (
    "org.janusgraph:janusgraph-server:1.1.0",
    "org.janusgraph:janusgraph-inmemory:1.1.0",
    # Another of its dependencies asks for an older one, which lacks what JanusGraph calls.
    "org.apache.commons:commons-lang3:3.17.0",
)
_SERIALIZERS = "org.apache.tinkerpop.gremlin.util.ser"


@contextmanager
def janusgraph(directory: Path) -> Iterator[str]:
    """The address of a server with an empty graph; `directory` takes its files."""
    server = ForeignServer(
        java=find_java(),
        jars=resolve_jars(COORDINATES),
        memory="768m",
        properties="gremlin.graph=org.janusgraph.core.JanusGraphFactory\n"
        "storage.backend=inmemory\n",
        serializers=[
            f"{_SERIALIZERS}.{name}"
            for name in (
                "GraphBinaryMessageSerializerV1",
                "GraphSONMessageSerializerV3",
                "GraphSONMessageSerializerV2",
            )
        ],
        registry="org.janusgraph.graphdb.tinkerpop.JanusGraphIoRegistry",
        plugins=["org.janusgraph.graphdb.tinkerpop.plugin.JanusGraphGremlinPlugin"],
        settings={"graphManager": "org.janusgraph.graphdb.management.JanusGraphManager"},
    )
    with server.running(directory) as address:
        yield address
