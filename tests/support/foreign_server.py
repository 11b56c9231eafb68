"""A Gremlin Server with another database's graph inside, as a child process of a test."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from socket import create_connection, create_server
from typing import Any

START_TIMEOUT = 180.0
"""Seconds."""

_PLUGINS = "org.apache.tinkerpop.gremlin"


@dataclass(frozen=True, slots=True)
class ForeignServer:
    """The parts of a server that differ between databases.

    `properties` are the lines of the graph's file; `serializers` are classes that use the
    `registry` of the database's own types; `plugins` and `settings` are what it needs besides.
    """

    java: Path
    jars: Sequence[Path]
    memory: str
    properties: str
    serializers: Sequence[str]
    registry: str
    plugins: Sequence[str] = ()
    settings: dict[str, Any] = field(default_factory=dict)

    @contextmanager
    def running(self, directory: Path) -> Iterator[str]:
        """The address of the server; `directory` takes its files."""
        with create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        (directory / "graph.properties").write_text(self.properties)
        (directory / "start.groovy").write_text("[g: traversal().withEmbedded(graph)]\n")
        # YAML reads JSON.
        (directory / "server.yaml").write_text(json.dumps(self._document(port)))
        path = os.pathsep.join(map(str, self.jars))
        main = "org.apache.tinkerpop.gremlin.server.GremlinServer"
        with (directory / "log").open("wb") as log:
            process = subprocess.Popen(
                [str(self.java), f"-Xmx{self.memory}", "-cp", path, main, "server.yaml"],
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

    def _document(self, port: int) -> dict[str, Any]:
        plugins: dict[str, Any] = {
            **{plugin: {} for plugin in self.plugins},
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
                {"className": name, "config": {"ioRegistries": [self.registry]}}
                for name in self.serializers
            ],
            **self.settings,
        }


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
