"""openCypher through the proxy, answered by a real one: ArcadeDB, by the setting that names it."""

from __future__ import annotations

import base64
import json
import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from managed_proxy import Proxy, serving

from gremlink.proxy.embedded import QUICK_TO_START, EmbeddedServer

pytestmark = pytest.mark.integration

PASSWORD = "only for these tests"
PYTHON = os.environ["ARCADEDB_PYTHON"]


@pytest.fixture(scope="module")
def arcadedb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of its commands."""
    directory = tmp_path_factory.mktemp("arcadedb")
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    program = str(Path(__file__).with_name("arcadedb_server.py"))
    environment = {**os.environ, "ARCADEDB_JVM_ARGS": "-Xmx512m"}
    with (directory / "log").open("w") as log:
        process = subprocess.Popen(
            [PYTHON, program, str(directory / "data"), str(port), PASSWORD],
            cwd=directory,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    assert process.stdout is not None
    try:
        assert any("ready" in line for line in process.stdout), (directory / "log").read_text()
        yield f"http://127.0.0.1:{port}/api/v1/command/g"
    finally:
        process.terminate()
        process.stdout.close()
        process.wait(timeout=30)


@pytest.fixture(scope="module")
def proxy(arcadedb: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    settings = {"GREMLINK_UPSTREAM_OPEN_CYPHER": arcadedb}
    with (
        pytest.MonkeyPatch.context() as environment,
        EmbeddedServer(port=0, jvm_options=QUICK_TO_START, memory="512m") as server,
    ):
        environment.delenv("GREMLINK_DATABASES")  # no setting of the proxy
        with serving(server.url, tmp_path_factory.mktemp("proxy"), settings) as running:
            yield running


def ask(proxy: Proxy, command: str, password: str = PASSWORD) -> Any:
    basic = base64.b64encode(f"root:{password}".encode()).decode()
    request = Request(
        f"{proxy.address}/openCypher",
        json.dumps({"language": "opencypher", "command": command}).encode(),
        {"Authorization": f"Basic {basic}", "Content-Type": "application/json"},
    )
    with urlopen(request, timeout=30) as response:
        return json.load(response)["result"]


def test_it_is_answered(proxy: Proxy) -> None:
    for name in ("Ann", "Bob", "Zoë"):
        assert ask(proxy, f"CREATE (p:Person {{name: '{name}'}}) RETURN p.name AS name") == [
            {"name": name}
        ]
    ask(proxy, "MATCH (a {name: 'Ann'}), (b {name: 'Bob'}) CREATE (a)-[:FRIEND]->(b)")
    found = ask(proxy, "MATCH (a)-[:FRIEND]->(b) RETURN a.name AS one, b.name AS other")
    assert found == [{"one": "Ann", "other": "Bob"}]


def test_a_long_answer_comes_whole(proxy: Proxy) -> None:
    found = ask(proxy, "UNWIND range(1, 15000) AS n RETURN n, 'x' AS x")
    assert [row["n"] for row in found] == list(range(1, 15001))


def test_its_errors_and_its_credentials_are_its_own(proxy: Proxy) -> None:
    for command, password in (("MATCH (n", PASSWORD), ("RETURN 1", "wrong")):
        with pytest.raises(HTTPError) as refused:
            ask(proxy, command, password)
        with refused.value as response:
            assert "error" in json.load(response)  # its word for what is wrong, and not ours


def test_gremlin_goes_where_it_went(proxy: Proxy) -> None:
    request = Request(f"{proxy.address}/gremlin", b'{"gremlin": "g.inject(1)"}')
    with urlopen(request, timeout=30) as response:
        assert json.load(response)["result"]["data"]["@value"][0]["@value"] == 1
