"""A page of another origin, in a real browser, against the proxy and the database behind it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from managed_proxy import announced
from web_pages import attacker, chromium

from gremlink.proxy.config import Upstream
from gremlink.proxy.config.tls import context_of
from gremlink.proxy.embedded import QUICK_TO_START, EmbeddedServer
from gremlink.proxy.graph import Server
from gremlink.proxy.graph.server.connection import GraphConnection


@pytest.fixture(scope="module")
def closed() -> Iterator[EmbeddedServer]:
    """The database as the quick start runs it."""
    with EmbeddedServer(port=0, jvm_options=QUICK_TO_START, mutual_tls=True) as server:
        yield server


@contextmanager
def serving(upstream: Upstream, port: int = 0) -> Iterator[int]:
    """`gremlink serve` in front of a database; the port."""
    settings = {
        f"GREMLINK_UPSTREAM_{key.upper()}": str(value)
        for key, value in upstream.model_dump(exclude_none=True, exclude={"tls_verify"}).items()
    }
    with tempfile.TemporaryDirectory() as directory:
        log = Path(directory) / "log"
        settings["GREMLINK_STORE_DIRECTORY"] = directory
        with log.open("w") as errors:
            process = subprocess.Popen(
                [sys.executable, "-m", "gremlink", "serve", "--port", str(port)],
                cwd=directory,
                env={**os.environ, **settings},
                stderr=errors,
                text=True,
            )
        try:
            yield int(announced(process, log).rpartition(":")[2])
        finally:
            process.terminate()
            process.wait(timeout=30)


def ways(upstream: Upstream) -> set[str]:
    """What got through to the database; it is empty afterwards."""
    with GraphConnection(Server(str(upstream.url), context_of(upstream))) as connection:
        found = set(connection.submit("g.V().hasLabel('owned').values('way').toList()"))
        list(connection.submit("g.V().drop().iterate()"))
    return found


def test_the_page_gets_through_to_an_open_server(gremlin_server: EmbeddedServer) -> None:
    """What the other tests show is shown by a page that can do it."""
    address = f"http://127.0.0.1:{gremlin_server.port}"
    with attacker() as site:
        site.add_page("/", [(address, "open")], site)
        with chromium(f"http://evil.example:{site.port}/"):
            site.wait()
    found = ways(gremlin_server.upstream)
    expected = ("image", "script", "frame", "form", "fetch no-cors text/plain", "WebSocket")
    assert {f"open {way}" for way in expected} <= found


def test_no_page_of_another_origin_reaches_the_proxy_or_the_database(
    closed: EmbeddedServer,
) -> None:
    with ExitStack() as stack:
        proxy = stack.enter_context(serving(closed.upstream))
        targets = [
            (f"http://127.0.0.1:{proxy}", "proxy"),
            (f"http://localhost:{proxy}", "proxy by name"),
            (f"http://[::ffff:127.0.0.1]:{proxy}", "proxy mapped"),
            (f"http://0.0.0.0:{proxy}", "proxy unspecified"),
            (f"http://rebound.example:{proxy}", "proxy by the name of the attacker"),
            (f"http://127.0.0.1:{closed.port}", "database"),
            (f"https://127.0.0.1:{closed.port}", "database over TLS"),
            (f"https://localhost:{closed.port}", "database by name"),
        ]
        # Of the attacker's own name, and of this machine's: other port, same site. Both at once.
        sites = [stack.enter_context(attacker()) for _ in range(2)]
        for site, origin in zip(sites, ("evil.example", "localhost"), strict=True):
            site.add_page("/", targets, site)
            stack.enter_context(chromium(f"http://{origin}:{site.port}/"))
        assert [site.wait() for site in sites] == [[], []]
        assert ways(closed.upstream) == set()


def test_a_name_that_is_pointed_here_later_gets_nothing(closed: EmbeddedServer) -> None:
    """DNS rebinding: for the browser the proxy is then of the page's own origin."""
    with ExitStack() as stack:
        report = stack.enter_context(attacker())
        with attacker() as site:
            port = site.port
            site.add_page("/", [("", "rebound")], report, waiting=True)
            stack.enter_context(chromium(f"http://rebound.example:{port}/"))
            assert site.opened.wait(60)
        stack.enter_context(serving(closed.upstream, port))
        report.go = True
        told = report.wait()
    assert all("AccessDeniedException" in text for _, text in told), told
    assert told, "the page could not even read the refusals: it was not of the same origin"
    assert ways(closed.upstream) == set()
