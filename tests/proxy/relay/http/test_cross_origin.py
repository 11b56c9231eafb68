"""Web pages are attackers: who is let through the gate, and who is not, on every route."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from http_exchange import OK, answers
from pydantic import ValidationError
from sockets import Peer, World, both_loops, header, served

from gremlink.proxy.config import Access, Configuration, Listen
from gremlink.proxy.management.routes import managing
from gremlink.proxy.relay.http import cross_origin
from gremlink.proxy.relay.http.cross_origin import Gate

FOREIGN = "http://evil.example"
APPLICATION = "https://app.example"
BROWSER = "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"
QUERY = "/gremlin?gremlin=g.V().drop()"
SPARQL = [
    *((method, "/sparql?query=ASK%7B%7D") for method in ("GET", "HEAD", "POST", "OPTIONS")),
    *((method, "/sparql?update=CLEAR%20ALL") for method in ("GET", "POST")),
    *((method, "/sparql/gsp/?default") for method in ("GET", "PUT", "POST", "DELETE", "PATCH")),
    *(
        ("GET", path)
        for path in ("/?query=x", "/?update=x", "/sparql/status?cancelQuery&queryId=x")
    ),
]
"""Requests that are no routes: middlewares take them."""
WEBSOCKET = (
    "Upgrade: websocket",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version: 13",
)


@contextlib.asynccontextmanager
async def world(directory: Path, **sections: dict[str, Any]) -> AsyncIterator[tuple[World, str]]:
    """The proxy with all its routes; the value of `Host` that its clients send, too."""
    settings = {"store": {"directory": directory}, **sections}
    async with served(settings, extension=managing) as (found, _):
        yield found, f"localhost:{found.port}"


async def ask(
    found: World, method: str, path: str, *headers: str, over: Peer | None = None
) -> tuple[bytes, bytes]:
    """Head and body of a response, over a connection that stays open."""
    peer = over or await found.open()
    upgrade = ("Connection: Upgrade",) if WEBSOCKET[0] in headers else ()
    lines = [f"{method} {path} HTTP/1.1", *headers, *upgrade, "Content-Length: 0", "", ""]
    peer.send("\r\n".join(lines).encode())
    head = await asyncio.wait_for(peer.reader.readuntil(b"\r\n\r\n"), 30)
    size = 0 if method == "HEAD" else int(header(head, "Content-Length") or 0)
    return head, await peer.read(size)


def status(head: bytes) -> int:
    return int(head.split(b" ", 2)[1])


async def is_refused(
    found: World, method: str, path: str, *headers: str, over: Peer | None = None
) -> bool:
    """Whether the gate refused a request, with a reason, and the database saw nothing of it."""
    before = len(found.database.every)
    head, body = await ask(found, method, path, *headers, over=over)
    if status(head) != 403:
        return False
    if method != "HEAD":
        document = json.loads(body)
        assert document["code"] == "AccessDeniedException"
        assert document["message"] == document["detailedMessage"]
    assert header(head, "X-Content-Type-Options") == "nosniff"
    assert not header(head, "Access-Control-Allow-Origin")
    assert len(found.database.every) == before
    return True


PAGES: dict[str, Callable[[str], tuple[str, ...]]] = {
    "fetch": lambda host: (f"Host: {host}", f"Origin: {FOREIGN}", "Sec-Fetch-Site: cross-site"),
    "fetch of an older browser": lambda host: (f"Host: {host}", f"Origin: {FOREIGN}"),
    "image": lambda host: (f"Host: {host}", "Sec-Fetch-Site: cross-site", BROWSER),
    "page of another port": lambda host: (f"Host: {host}", "Origin: http://localhost:1"),
    "image on another port": lambda host: (f"Host: {host}", "Sec-Fetch-Site: same-site"),
    "other name of this machine": lambda host: (
        f"Host: {host}",
        f"Origin: http://{host.replace('localhost', '127.0.0.1')}",
    ),
    "sandboxed frame": lambda host: (f"Host: {host}", "Origin: null"),
    "extension": lambda host: (f"Host: {host}", "Origin: chrome-extension://abcdefgh"),
    "rebinding": lambda host: (
        f"Host: evil.example:{host.rpartition(':')[2]}",
        "Sec-Fetch-Site: same-origin",
    ),
    "rebinding with its origin": lambda host: ("Host: evil.example", f"Origin: {FOREIGN}"),
    "name that begins like ours": lambda host: ("Host: localhost.evil.example",),
    "name that ends like ours": lambda host: ("Host: evil-localhost",),
    "the unspecified address": lambda host: (f"Host: {host.replace('localhost', '0.0.0.0')}",),
    "address that is none of ours": lambda host: ("Host: 10.1.2.3:8182",),
    "no name": lambda host: ("Host: ",),
    "origin with half a bracket": lambda host: (f"Host: {host}", "Origin: http://[localhost"),
    "origin in characters that hide others": lambda host: (
        f"Host: {host}",
        "Origin: http://\u2100.com",
    ),
    "two words in its site": lambda host: (
        f"Host: {host}",
        "Sec-Fetch-Site: same-origin, cross-site",
    ),
    "user in the name": lambda host: ("Host: localhost@evil.example",),
}
"""What a browser sends for a page that is not ours, by the way the page took."""


@both_loops
async def test_no_page_reaches_any_route(tmp_path: Path) -> None:
    routes = await every_route(tmp_path / "other")
    async with world(tmp_path) as (found, host):
        peer = await found.open()
        for page, headers_of in PAGES.items():
            headers = headers_of(host)
            for method, path in routes:
                reached = not await is_refused(found, method, path, *headers, over=peer)
                assert not reached, f"{page}: {method} {path}"
            assert await is_refused(found, "GET", "/gremlin", *headers, *WEBSOCKET), page
            assert await is_refused(found, "OPTIONS", "/gremlin", *headers), page


@both_loops
async def test_a_header_of_its_own_and_one_of_another_page_are_too_many(tmp_path: Path) -> None:
    async with world(tmp_path) as (found, host):
        own = f"Host: {host}"
        for headers in (
            (own, "Host: evil.example"),
            ("Host: evil.example", own),
            (own, f"Origin: http://{host}", f"Origin: {FOREIGN}"),
            (own, "Sec-Fetch-Site: same-origin", "Sec-Fetch-Site: cross-site"),
        ):
            head, _ = await ask(found, "GET", QUERY, *headers)
            assert status(head) in (400, 403)
        assert found.database.every == []


async def every_route(directory: Path) -> list[tuple[str, str]]:
    """Method and path of each route that the proxy has, and of some that it has not."""
    found: list[tuple[str, str]] = [("GET", QUERY), ("POST", "/nowhere"), ("GET", "/"), *SPARQL]

    @contextlib.asynccontextmanager
    async def beside(
        configuration: Configuration, application: web.Application, *others: Any
    ) -> AsyncIterator[None]:
        async with managing(configuration, application, *others):
            for route in application.router.routes():
                if route.resource is not None:
                    path = route.resource.canonical
                    method = "POST" if route.method == "*" else route.method
                    found.append((method, path.replace("{", "").replace("}", "")))
            yield

    async with served({"store": {"directory": directory}}, extension=beside):
        pass
    assert {"/gremlin", "/gremlin/explain", "/ml/endpoints"} <= {path for _, path in found}
    return sorted(set(found))


CLIENTS: dict[str, Callable[[str], tuple[str, ...]]] = {
    "driver": lambda host: (f"Host: {host}",),
    "by address": lambda host: (f"Host: {host.replace('localhost', '127.0.0.1')}",),
    "by another address of this machine": lambda host: ("Host: 127.8.8.8",),
    "by the address of version 6": lambda host: ("Host: [::1]:8182",),
    "by the mapped address": lambda host: ("Host: [::ffff:127.0.0.1]:8182",),
    "in capitals": lambda host: (f"Host: {host.upper()}",),
    "without the port after its colon": lambda host: ("Host: localhost:",),
    "with the dot of the root": lambda host: ("Host: localhost.:8182",),
    "by a name below localhost": lambda host: ("Host: graph.localhost:8182",),
    "through a tunnel with another port": lambda host: ("Host: localhost:9999",),
    "page of our own": lambda host: (
        f"Host: {host}",
        f"Origin: http://{host}",
        "Sec-Fetch-Site: same-origin",
        BROWSER,
    ),
    "page of our own behind TLS": lambda host: ("Host: localhost", "Origin: https://localhost:443"),
    "address bar": lambda host: (f"Host: {host}", "Sec-Fetch-Site: none", BROWSER),
    "PowerShell": lambda host: (f"Host: {host}", f"{BROWSER} PowerShell/7.4.1"),
}


@both_loops
async def test_who_is_no_foreign_page_notices_nothing(tmp_path: Path) -> None:
    async with world(tmp_path) as (found, host):
        for client, headers_of in CLIENTS.items():
            headers = headers_of(host)
            answers(found, OK)
            head, body = await ask(found, "GET", QUERY, *headers)
            assert (status(head), body) == (200, b"ok"), client
            assert not header(head, "Access-Control-Allow-Origin")
            found.database.shake = None
            head, _ = await ask(found, "GET", "/gremlin", *headers, *WEBSOCKET)
            assert status(head) == 101, client


@both_loops
async def test_a_target_that_names_a_host_is_judged_by_it(tmp_path: Path) -> None:
    async with world(tmp_path) as (found, host):
        answers(found, OK)
        for name in ("evil.example", "evil.example:8182", "[2001:db8::1]"):
            assert await is_refused(found, "GET", f"http://{name}{QUERY}", f"Host: {host}"), name
        for name in (host, "127.0.0.1", "[::1]:8182"):
            head, body = await ask(found, "GET", f"http://{name}{QUERY}", f"Host: {host}")
            assert (status(head), body) == (200, b"ok"), name


@both_loops
async def test_a_page_that_asks_without_end_does_not_fill_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO, "gremlink.proxy.relay.http.cross_origin")
    now = [1000.0]
    monkeypatch.setattr(cross_origin, "monotonic", lambda: now[0])
    async with world(tmp_path) as (found, host):
        peer = await found.open()
        for _ in range(20):
            page = (f"Host: {host}", "Origin: http://evil.example\u009b\u2028")
            assert await is_refused(found, "GET", QUERY, *page, over=peer)
        (line,) = caplog.messages
        assert "evil.example" in line
        assert line.isprintable()
        now[0] += cross_origin.LOG_PERIOD
        assert await is_refused(found, "GET", QUERY, *page, over=peer)
    assert "19 more" in caplog.messages[1]


@both_loops
async def test_a_request_of_http_1_0_may_have_no_host(tmp_path: Path) -> None:
    async with world(tmp_path) as (found, _):
        head, _ = await found.http(b"GET /health/live HTTP/1.0\r\n\r\n")
        assert status(head) == 200


@both_loops
async def test_an_allowed_origin_is_answered_as_a_browser_asks(tmp_path: Path) -> None:
    access = {"origins": [APPLICATION]}
    async with world(tmp_path, access=access) as (found, host):
        own = (f"Host: {host}", f"Origin: {APPLICATION}", "Sec-Fetch-Site: cross-site")
        head, body = await ask(
            found,
            "OPTIONS",
            "/gremlin",
            *own,
            "Access-Control-Request-Method: POST",
            "Access-Control-Request-Headers: content-type,authorization",
            "Access-Control-Request-Private-Network: true",
        )
        assert status(head) == 204
        assert header(head, "Access-Control-Allow-Origin") == APPLICATION
        assert header(head, "Access-Control-Allow-Headers") == "content-type,authorization"
        assert "POST" in header(head, "Access-Control-Allow-Methods")
        assert header(head, "Access-Control-Allow-Private-Network") == "true"
        assert not header(head, "Access-Control-Allow-Credentials")
        assert found.database.every == []

        answers(found, OK.replace(b"\r\n", b"\r\nAccess-Control-Allow-Origin: *\r\n", 1))
        head, body = await ask(found, "GET", QUERY, *own)  # streamed from the database
        assert (status(head), body) == (200, b"ok")
        assert head.count(b"Access-Control-Allow-Origin: ") == 1
        assert header(head, "Access-Control-Allow-Origin") == APPLICATION
        assert "Origin" in header(head, "Vary")
        for path in ("/ml/endpoints", "/ml/endpoints/nope", "/nowhere", "/health/live"):
            head, _ = await ask(found, "GET", path, *own)
            assert header(head, "Access-Control-Allow-Origin") == APPLICATION, path
        found.database.shake = None
        head = (await found.client(*own[1:])).head
        assert head.startswith(b"HTTP/1.1 101 ")

        for other in ("https://app.example:8443", "http://app.example", "https://x.app.example"):
            assert await is_refused(found, "GET", QUERY, f"Host: {host}", f"Origin: {other}")
        # No page can be told from another without its origin.
        assert await is_refused(found, "GET", QUERY, f"Host: {host}", "Sec-Fetch-Site: cross-site")
        head, _ = await ask(found, "GET", QUERY, "Host: evil.example", *own[1:])
        assert status(head) == 403


@both_loops
async def test_names_of_the_settings_are_ours(tmp_path: Path) -> None:
    access = {"hosts": ["Proxy.example.org", "*.graphs.example", "[fd00::1]"]}
    async with world(tmp_path, access=access) as (found, _):
        for name in (
            "proxy.example.org:80",
            "a.graphs.example",
            "b.a.GRAPHS.example.",
            "[fd00::1]",
        ):
            head, _ = await ask(found, "GET", "/ml/endpoints", f"Host: {name}")
            assert status(head) != 403, name
        for name in ("example.org", "x.proxy.example.org", "graphs.example", "xgraphs.example"):
            assert await is_refused(found, "GET", "/ml/endpoints", f"Host: {name}"), name
        page = ("Host: proxy.example.org", "Origin: http://proxy.example.org")
        assert not await is_refused(found, "GET", "/ml/endpoints", *page)
        assert await is_refused(found, "GET", "/ml/endpoints", page[0], "Origin: http://localhost")


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("192.168.1.5:8182", True),
        ("[fe80::1]:8182", True),
        ("localhost:8182", True),
        ("gremlink:8182", True),  # the name of a container: no public server answers for it
        ("proxy.internal", True),  # the name that it listens on
        ("evil.example:8182", False),
        ("0.0.0.0:8182", False),
        ("[::]:8182", False),
    ],
)
def test_names_where_others_reach_the_proxy(host: str, expected: bool) -> None:
    gate = Gate(Listen(host="proxy.internal"), Access())
    assert gate.is_own_host(host) is expected


def test_any_name_is_ours_where_the_settings_say_so() -> None:
    gate = Gate(Listen(), Access(hosts=("*",)))
    assert gate.is_own_host("whatever.example:1")
    assert not gate.is_own_host("a b")


@both_loops
async def test_a_browser_that_does_not_tell_its_page_sends_no_query(tmp_path: Path) -> None:
    """To an address that is neither https nor this machine, browsers send no Sec-Fetch-Site."""
    access = {"token": "a token of the tests"}
    async with world(tmp_path, listen={"host": "0.0.0.0"}, access=access) as (found, _):
        answers(found, OK)
        own = ("Host: 10.0.0.1:8182", BROWSER)
        assert await is_refused(found, "GET", QUERY, *own)
        assert await is_refused(found, "GET", QUERY, *own, "Referer: http://evil.example/")
        assert await is_refused(found, "GET", QUERY, *own, "Referer: http://[10.0.0.1:8182/")
        assert await is_refused(found, "POST", "/gremlin", *own)
        assert not await is_refused(found, "GET", "/health/live", *own)
        assert not await is_refused(found, "GET", QUERY, *own, "Referer: http://10.0.0.1:8182/x")
        assert not await is_refused(found, "GET", QUERY, own[0], "User-Agent: curl/8")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("hosts", "localhost:8182"),
        ("hosts", "http://localhost"),
        ("hosts", "a.*.b"),
        ("origins", "*"),
        ("origins", "null"),
        ("origins", "app.example"),
        ("origins", "https://app.example/"),
        ("origins", "https://*.example"),
    ],
)
def test_settings_that_say_nothing_are_refused(key: str, value: str) -> None:
    with pytest.raises(ValidationError, match="is no"):
        Access.model_validate({key: value})


def test_settings_from_the_environment() -> None:
    found = Access.model_validate(
        {"hosts": "a.example, [FD00::1]", "origins": "https://A.example chrome-extension://abc"}
    )
    assert found.hosts == ("a.example", "fd00::1")
    assert found.origins == ("https://a.example", "chrome-extension://abc")


@both_loops
async def test_a_refused_page_costs_others_nothing(tmp_path: Path) -> None:
    async with world(tmp_path) as (found, host):
        client, database = await found.pair()
        pages = (f"Host: {host}", f"Origin: {FOREIGN}")
        await asyncio.gather(*(is_refused(found, "GET", QUERY, *pages) for _ in range(20)))
        client.send(b"\x82\x80\0\0\0\0")
        assert await database.read(6) == b"\x82\x80\0\0\0\0"
