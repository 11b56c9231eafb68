"""A JanusGraph Server with a graph in memory: a database whose ids are not what a client chose.

Its vertices have numbers as ids, its edges objects of a class of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import create_connection, create_server
from typing import Any

from proxy.embedded.jars import resolve_jars
from proxy.embedded.java import find_java

COORDINATES = (
    "org.janusgraph:janusgraph-server:1.1.0",
    "org.janusgraph:janusgraph-inmemory:1.1.0",
    # Another of its dependencies asks for an older one, which lacks what JanusGraph calls.
    "org.apache.commons:commons-lang3:3.17.0",
)
START_TIMEOUT = 120.0
"""Seconds."""

_PLUGINS = "org.apache.tinkerpop.gremlin"
_SERIALIZERS = "org.apache.tinkerpop.gremlin.util.ser"
_REGISTRY = "org.janusgraph.graphdb.tinkerpop.JanusGraphIoRegistry"


@contextmanager
def janusgraph(directory: Path) -> Iterator[str]:
    """The address of a server with an empty graph; `directory` takes its files."""
    with create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    (directory / "graph.properties").write_text(
        "gremlin.graph=org.janusgraph.core.JanusGraphFactory\nstorage.backend=inmemory\n"
    )
    (directory / "start.groovy").write_text("[g: traversal().withEmbedded(graph)]\n")
    # YAML reads JSON.
    (directory / "server.yaml").write_text(json.dumps(_settings(port)))
    path = os.pathsep.join(map(str, resolve_jars(COORDINATES)))
    main = "org.apache.tinkerpop.gremlin.server.GremlinServer"
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(
            [str(find_java()), "-Xmx768m", "-cp", path, main, "server.yaml"],
            cwd=directory,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait(process, port, directory / "log")
        yield f"ws://127.0.0.1:{port}/gremlin"
    finally:
        process.kill()
        process.wait()


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Return when the server listens, which it does when all is loaded."""
    deadline = time.monotonic() + START_TIMEOUT
    while True:
        try:
            create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            said = log.read_text(errors="replace")[-3000:]
            assert process.poll() is None, said
            assert time.monotonic() < deadline, said
            time.sleep(0.2)


def _settings(port: int) -> dict[str, Any]:
    plugins: dict[str, Any] = {
        "org.janusgraph.graphdb.tinkerpop.plugin.JanusGraphGremlinPlugin": {},
        f"{_PLUGINS}.server.jsr223.GremlinServerGremlinPlugin": {},
        f"{_PLUGINS}.jsr223.ScriptFileGremlinPlugin": {"files": ["start.groovy"]},
    }
    return {
        "host": "127.0.0.1",
        "port": port,
        "channelizer": "org.apache.tinkerpop.gremlin.server.channel.WsAndHttpChannelizer",
        "graphManager": "org.janusgraph.graphdb.management.JanusGraphManager",
        "graphs": {"graph": "graph.properties"},
        "scriptEngines": {"gremlin-groovy": {"plugins": plugins}},
        "serializers": [
            {"className": f"{_SERIALIZERS}.{name}", "config": {"ioRegistries": [_REGISTRY]}}
            for name in (
                "GraphBinaryMessageSerializerV1",
                "GraphSONMessageSerializerV3",
                "GraphSONMessageSerializerV2",
            )
        ],
    }
