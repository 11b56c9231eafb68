"""The server of the compose file, started as the compose file starts it, but without a container.

The jars are those of the embedded server instead of the image's.
"""

import os
import re
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gremlin_python.driver.client import Client

from gremlink.proxy.embedded.jars import resolve_jars
from gremlink.proxy.embedded.java import find_java

DOCKER = Path(__file__).parents[3] / "docker"
COMPOSE = (DOCKER / "compose.yaml").read_text()


def entry_point() -> list[str]:
    """The command of the service `gremlin-server` in the compose file."""
    block = re.search(r"    entrypoint:\n((?:      - .*\n)+)", COMPOSE)
    assert block
    return [line.strip().removeprefix("- ") for line in block[1].splitlines()]


@contextmanager
def running(directory: Path, port: int) -> Iterator[None]:
    """The server with `directory` as /opt/gremlin-server, asked to end as `docker stop` does."""
    java, *arguments = entry_point()
    assert java == "java"
    jars = os.pathsep.join(str(jar) for jar in resolve_jars())
    assert "lib/*" in arguments
    arguments = [jars if argument == "lib/*" else argument for argument in arguments]
    with (directory / "output").open("wb") as output:
        server = subprocess.Popen(
            [str(find_java()), *arguments], cwd=directory, stdout=output, stderr=output
        )
    try:
        deadline = time.monotonic() + 60
        while not healthy(port):
            assert server.poll() is None, (directory / "output").read_text()
            assert time.monotonic() < deadline, (directory / "output").read_text()
            time.sleep(0.2)
        yield
    finally:
        server.terminate()
        server.wait(60)


def healthy(port: int) -> bool:
    """What the compose file asks in its health check."""
    (path,) = re.findall(r'"http://127\.0\.0\.1:8182(/[^"]*)"', COMPOSE)
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status == 200
    except urllib.error.URLError:
        return False


def test_server_keeps_vertices_with_string_ids_across_restarts(tmp_path: Path) -> None:
    shutil.copytree(DOCKER / "gremlin-server", tmp_path / "gremlink")
    (tmp_path / "data").mkdir()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = tmp_path / "gremlink" / "gremlin-server.yaml"
    settings.write_text(settings.read_text().replace("port: 8182", f"port: {port}"))

    def ask(script: str) -> list[object]:
        client = Client(f"ws://127.0.0.1:{port}/gremlin", "g")
        try:
            answer: list[object] = client.submit(script).all().result()
            return answer
        finally:
            client.close()

    with running(tmp_path, port):
        assert ask("g.addV('User').property(T.id, 'user_01').id()") == ["user_01"]
    with running(tmp_path, port):
        assert ask("g.V('user_01').label()") == ["User"]
