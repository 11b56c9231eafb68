"""A server with mutual TLS: who shows its certificate gets in, and nobody else."""

from __future__ import annotations

import contextlib
import socket
import ssl
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import tomli

from gremlink.proxy.config import Embedded, Upstream
from gremlink.proxy.config.tls import context_of
from gremlink.proxy.embedded import QUICK_TO_START, EmbeddedServer, embedded_upstream
from gremlink.proxy.embedded.certificates import FOLDER, write_certificates
from gremlink.proxy.graph import Server
from gremlink.proxy.graph.errors import ConnectionFailed
from gremlink.proxy.graph.server.connection import GraphConnection


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    directory = tmp_path_factory.mktemp("closed")
    server = EmbeddedServer(port=0, data_dir=directory, jvm_options=QUICK_TO_START, mutual_tls=True)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("GREMLINK_ACCESS_TOKEN", "hunter2")
        server.start()
    yield server
    server.stop()


def count(upstream: Upstream) -> object:
    with GraphConnection(Server(str(upstream.url), context_of(upstream))) as connection:
        return next(connection.submit("g.V().count()"))


def test_its_own_clients_get_in(closed: EmbeddedServer) -> None:
    assert closed.url.startswith("wss://")
    assert count(closed.upstream) == 0


def test_clients_without_its_certificate_do_not_reach_the_server(
    closed: EmbeddedServer, tmp_path: Path
) -> None:
    own = closed.upstream
    assert own.tls_authorities is not None
    strangers = [
        own.model_copy(update={"tls_certificate": None, "tls_key": None}),
        Upstream(url=own.url, tls_verify=False),
        Upstream(url=closed.url.replace("wss:", "ws:")),
    ]
    # A certificate of another server's authority is none.
    write_certificates(tmp_path, "127.0.0.1")
    other = embedded_upstream(Embedded(directory=tmp_path, port=closed.port, mutual_tls=True))
    strangers.append(other.model_copy(update={"tls_authorities": own.tls_authorities}))
    for stranger in strangers:
        with pytest.raises(ConnectionFailed):
            count(stranger)
    assert count(own) == 0


def test_no_setting_of_the_proxy_is_in_its_environment(closed: EmbeddedServer) -> None:
    """A script that a client sends can read it."""
    with GraphConnection(Server(str(closed.upstream.url), context_of(closed.upstream))) as server:
        names = "System.getenv().keySet().findAll { it.startsWith('GREMLINK') }"
        found = list(server.submit(names))
    assert found == []
    assert b"hunter2" not in Path(f"/proc/{closed.pid}/environ").read_bytes()


def test_plain_http_gets_no_answer(closed: EmbeddedServer) -> None:
    request = b"GET /gremlin?gremlin=g.addV() HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with socket.create_connection(("127.0.0.1", closed.port), timeout=10) as plain:
        plain.sendall(request)
        assert b"HTTP/1.1" not in plain.recv(1024)
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.check_hostname = False
    trusting.verify_mode = ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", closed.port), timeout=10) as plain,
        trusting.wrap_socket(plain) as encrypted,
        contextlib.suppress(ssl.SSLError, ConnectionError),
    ):
        encrypted.sendall(request)
        assert encrypted.recv(1024) == b""
    assert count(closed.upstream) == 0


def test_only_its_user_reads_the_keys(closed: EmbeddedServer) -> None:
    folder = closed.log_path.parent / FOLDER
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    files = [*folder.iterdir(), closed.log_path.parent / "conf" / "gremlin-server.yaml"]
    assert len(files) == 6
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_keys_are_made_anew(tmp_path: Path) -> None:
    write_certificates(tmp_path, "127.0.0.1")
    first = {file.name: file.read_bytes() for file in (tmp_path / FOLDER).iterdir()}
    write_certificates(tmp_path, "graph.example")
    second = {file.name: file.read_bytes() for file in (tmp_path / FOLDER).iterdir()}
    assert first.keys() == second.keys()
    assert all(first[name] != second[name] for name in first)


def test_the_command_says_what_it_opens_and_what_a_closed_one_needs(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    common = [sys.executable, "-m", "gremlink", "gremlin-server", "--port", str(port)]
    common += ["--data", str(tmp_path / "data"), "--memory", "256m"]

    def said(*options: str) -> str:
        """What the command writes to standard error until it listens; it is ended then."""
        process = subprocess.Popen(
            [*common, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        line = process.stdout.readline()
        try:
            assert "listens at" in line
            if options:
                settings = Embedded(directory=tmp_path / "data", port=port, mutual_tls=True)
                assert count(embedded_upstream(settings)) == 0
        finally:
            process.terminate()
            _, errors = process.communicate(timeout=60)
        return errors

    opened = said()
    assert "every web page in a browser" in opened
    assert "--mutual-tls" in opened
    closed = said("--mutual-tls")
    assert "web page" not in closed
    settings = tomli.loads(closed[closed.index("[upstream]") :].partition("\n\n")[0])
    key = Upstream.model_validate(settings["upstream"]).tls_key
    assert key == tmp_path / "data" / FOLDER / "client-key.pem"
