"""SPARQL without an inference: the same bytes as directly, in every form of the protocol."""

from __future__ import annotations

import asyncio
import json
from urllib.parse import quote, quote_plus, urlencode

import pytest
from aiohttp import web
from patience import soon
from scripted_store import asking, packed, store_behind
from sockets import both_loops, header, one_loop

QUERY = 'PREFIX x: <http://x/y#> SELECT * { ?s x:p "é\\n" ; ?p ?o FILTER(?o > 1 && ?s != ?p) }'
UPDATE = "INSERT DATA { <http://a> <http://b> 'c' } ; DELETE WHERE { ?s ?p 1 }"
MARKER = "http://aws.amazon.com/neptune/vocab/v01/services/ml#"
FORM = "Content-Type: application/x-www-form-urlencoded"
DATASET = "default-graph-uri=http%3A%2F%2Fg%2F1&named-graph-uri=http://g/2"
UNENCODED = "query=select ?s ?p ?o where {?s ?p ?o} limit 10"

REQUESTS = [
    ("GET", f"?query={quote(QUERY)}", b"", (), "/query"),
    ("GET", f"?query={quote_plus(QUERY)}&{DATASET}&queryId=q", b"", (), "/query"),
    ("GET", f"?{DATASET}&query={quote(QUERY)}", b"", ("Accept: text/csv",), "/query"),
    ("HEAD", f"?query={quote(QUERY)}", b"", (), "/query"),
    ("GET", "", b"", ("Accept: text/turtle",), "/query"),
    ("GET", f"?update={quote(UPDATE)}", b"", (), "/update"),
    ("POST", "", urlencode({"query": QUERY}).encode(), (FORM,), "/query"),
    ("POST", f"?{DATASET}", urlencode({"query": QUERY}).encode(), (FORM,), "/query"),
    ("POST", "", f"{DATASET}&{urlencode({'query': QUERY})}".encode(), (FORM,), "/query"),
    ("POST", "", urlencode({"query": QUERY}).encode(), (f"{FORM}; charset=UTF-8",), "/query"),
    ("POST", "", UNENCODED.encode(), (FORM,), "/query"),
    ("POST", "", f"query={QUERY}".encode(), (FORM,), "/query"),
    ("POST", "", b"query=" + QUERY.encode(), (), "/query"),
    ("POST", "?explain=details", urlencode({"query": QUERY}).encode(), (FORM,), "/query"),
    ("POST", "", urlencode({"update": UPDATE}).encode(), (FORM,), "/update"),
    ("POST", "", f"update={UPDATE}".encode(), (FORM,), "/update"),
    ("POST", "", b"using-graph-uri=http%3A%2F%2Fg&update=CLEAR+ALL", (FORM,), "/update"),
    ("POST", "", QUERY.encode(), ("Content-Type: application/sparql-query",), "/query"),
    (
        "POST",
        f"?{DATASET}",
        QUERY.encode("latin-1"),
        ("Content-Type: application/sparql-query; charset=ISO-8859-1",),
        "/query",
    ),
    ("POST", "", UPDATE.encode(), ("Content-Type: application/sparql-update",), "/update"),
    (
        "POST",
        "",
        UPDATE.encode(),
        ("Content-Type: application/sparql-update; charset=utf-8",),
        "/update",
    ),
    (
        "POST",
        "",
        packed(QUERY.encode()),
        ("Content-Type: application/sparql-query", "Content-Encoding: gzip"),
        "/query",
    ),
    (
        "POST",
        "",
        packed(urlencode({"update": UPDATE}).encode()),
        (FORM, "Content-Encoding: gzip"),
        "/update",
    ),
    ("POST", f"?query={quote(QUERY)}", b"", (), "/query"),
    ("POST", "", b"<a> <b> <c> .", ("Content-Type: text/turtle",), "/query"),
    ("PUT", "?query=x", b"", (), "/query"),
    ("OPTIONS", "", b"", (), "/query"),
]
HEADERS = (
    "Authorization: Basic YTpi",
    "User-Agent: a client",
    "X-Something: else",
    "Accept-Encoding: br",
)


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize(("method", "parameters", "body", "headers", "at"), REQUESTS)
@both_loops
async def test_a_request_arrives_as_it_was_sent(method, parameters, body, headers, at, slash):
    async with store_behind() as world:
        sent = (method, f"{at}{parameters}", body, *HEADERS, *headers)
        direct = await world.exchange(*sent, port=int(world.store.rpartition(":")[2]))
        through = await world.exchange(
            method, f"/sparql{slash}{parameters}", body, *HEADERS, *headers
        )
        first, second = world.got
        assert second.sent == first.sent
        assert second.headers["host"] == world.store
        assert (through[0], through[2]) == (direct[0], direct[2])
        for name in ("Content-Type", "X-Store"):
            assert header(through[1], name) == header(direct[1], name)


@pytest.mark.parametrize(
    ("status", "kind", "content"),
    [
        (400, "text/plain; charset=utf-8", b"error at 1:16"),
        (401, "text/html", b"<h1>no</h1>"),
        (404, "application/json", b"{}"),
        (500, "text/plain", b""),
        (503, "application/json", b'{"code": "x"}'),
        (200, "text/csv", b"s\r\n1\r\n"),
        (200, "application/sparql-results+xml", b"<sparql/>"),
        (200, "text/turtle", b"<a> <b> <c> ."),
        (204, "", b""),
        (302, "text/plain", b"elsewhere"),
    ],
)
@both_loops
async def test_the_response_arrives_as_the_store_sends_it(status, kind, content):
    headers = {"WWW-Authenticate": "Basic", "Location": "http://else", "Server": "Store"}
    if kind:
        headers["Content-Type"] = kind
    async with store_behind() as world:
        world.answer = lambda request, body: web.Response(
            status=status, reason="As It Says", body=content, headers=headers
        )
        found, head, got = await world.exchange("POST", "/sparql", b"query=x", FORM)
        assert (found, got) == (status, content)
        assert head.startswith(f"HTTP/1.1 {status} As It Says".encode())
        for name, text in headers.items():
            assert header(head, name) == text


@both_loops
async def test_a_result_arrives_while_the_store_still_writes_it():
    async with store_behind() as world:
        more = asyncio.Event()

        async def slowly(request, body):
            response = web.StreamResponse()
            await response.prepare(request)
            await response.write(b"first")
            await more.wait()
            await response.write(b"last")
            return response

        world.answer = slowly
        reader, writer = await asyncio.open_connection("127.0.0.1", world.port)
        writer.write(asking("GET", "/sparql?query=x"))
        await asyncio.wait_for(reader.readuntil(b"first"), 10)
        more.set()
        await asyncio.wait_for(reader.readuntil(b"last"), 10)
        writer.close()


@pytest.mark.parametrize("begun", [False, True])
@both_loops
async def test_a_client_that_goes_ends_its_query_at_the_store(begun):
    async with store_behind() as world:
        gone = asyncio.Event()

        async def forever(request, body):
            try:
                if begun:
                    response = web.StreamResponse()
                    await response.prepare(request)
                    while True:
                        await response.write(b"x")
                        await asyncio.sleep(0.01)
                await soon(lambda: request.transport is None or request.transport.is_closing())
                return web.Response()
            finally:
                gone.set()

        world.answer = forever
        _, writer = await asyncio.open_connection("127.0.0.1", world.port)
        writer.write(asking("GET", "/sparql?query=x"))
        await soon(lambda: len(world.got) == 1)
        writer.transport.abort()
        await asyncio.wait_for(gone.wait(), 10)


@both_loops
async def test_a_client_that_stops_reading_is_disconnected():
    async with store_behind(sections={"limits": {"write_timeout": 0.3}}) as world:
        gone = asyncio.Event()
        written = 0

        async def forever(request, body):
            nonlocal written
            response = web.StreamResponse()
            await response.prepare(request)
            try:
                while True:
                    await response.write(bytes(65536))
                    written += 65536
            finally:
                gone.set()

        world.answer = forever
        _, writer = await asyncio.open_connection("127.0.0.1", world.port, limit=1024)
        writer.write(asking("GET", "/sparql?query=x"))
        await asyncio.wait_for(gone.wait(), 20)
        assert written < 64 * 1024 * 1024
        writer.transport.abort()


@both_loops
async def test_a_store_that_breaks_off_breaks_off_for_the_client():
    async with store_behind() as world:

        async def half(request, body):
            response = web.StreamResponse(headers={"Content-Length": "100"})
            await response.prepare(request)
            await response.write(b"half")
            await asyncio.sleep(0.05)
            request.transport.abort()
            return response

        world.answer = half
        reader, writer = await asyncio.open_connection("127.0.0.1", world.port)
        writer.write(asking("GET", "/sparql?query=x"))
        await reader.readuntil(b"half")
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            await asyncio.wait_for(reader.readexactly(96), 10)
        writer.close()


@both_loops
async def test_a_store_that_is_away_is_named_without_its_password():
    sections = {"sparql": {"url": "http://ann:secret@127.0.0.1:9/ds"}}
    async with store_behind(sections=sections) as world:
        for target, address in (("", "sparql"), ("/gsp/?default", "data")):
            status, _, content = await world.exchange("POST", f"/sparql{target}", b"query=x", FORM)
            document = json.loads(content)
            assert (status, document["code"]) == (500, "InternalFailureException")
            said = document["detailedMessage"]
            assert f"The RDF store at http://127.0.0.1:9/ds/{address} cannot be reached" in said
            assert "secret" not in said


@both_loops
async def test_credentials_of_the_settings_are_not_for_clients():
    async with store_behind(sections={"sparql": {"url": "http://ann:secret@{store}/ds"}}) as world:
        await world.exchange("GET", "/sparql?query=x")
        await world.exchange("GET", "/sparql?query=x", b"", "Authorization: Bearer mine")
        assert "authorization" not in world.got[0].headers
        assert world.got[1].headers["authorization"] == "Bearer mine"


@both_loops
async def test_the_store_of_the_proxy_alone_gets_its_token():
    sections = {"sparql": {"url": "http://{store}/query", "token": "t" * 20}}
    async with store_behind(sections=sections) as world:
        await world.exchange("GET", "/sparql?query=x", b"", "Authorization: Bearer mine")
        await world.exchange("PUT", "/sparql/gsp/?default", b"<a> <b> <c>.")
        assert {got.headers["authorization"] for got in world.got} == {"Bearer " + "t" * 20}


@pytest.mark.parametrize(
    ("method", "target", "body", "headers", "at"),
    [
        ("GET", "/sparql/gsp?default", b"", (), "/store?default"),
        ("GET", "/sparql/gsp/?graph=http://g%23", b"", (), "/store?graph=http://g%23"),
        ("PUT", "/sparql/gsp/?default", b"<a> a 1 .", ("X-Type: turtle",), "/store?default"),
        ("POST", "/sparql/gsp/", f"<{MARKER}x> a 1 .".encode(), (), "/store"),
        ("DELETE", "/sparql/gsp?graph=x", b"", (), "/store?graph=x"),
        ("HEAD", "/sparql/gsp/a/b%20c?x", b"", (), "/store/a/b%20c?x"),
        ("PATCH", "/sparql/gsp", packed(b"x"), ("Content-Encoding: gzip",), "/store"),
    ],
)  # fmt: skip
@both_loops
async def test_whole_graphs_pass(method, target, body, headers, at):
    async with store_behind() as world:
        status, _, _ = await world.exchange(method, target, body, *headers)
        assert status == 200
        assert (world.got[0].method, world.got[0].target, world.got[0].body) == (method, at, body)


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("path", ["/sparql", "/sparql/gsp/?default"])
@one_loop
async def test_what_is_longer_than_a_query_with_an_inference_passes_while_it_comes(path, chunked):
    limits = {"max_message_bytes": 4096}
    async with store_behind(sections={"limits": limits}) as world:
        body = b"INSERT DATA {" + b"<http://a> <http://b> 'c%23' .\n" * 30_000 + b"}"
        headers = ["Content-Type: application/sparql-update", "Expect: 100-continue"]
        if chunked:
            head = asking("POST", path, b"", *headers, "Transfer-Encoding: chunked")
            pieces = (body[at : at + 10_000] for at in range(0, len(body), 10_000))
            sent = b"".join(b"%x\r\n%s\r\n" % (len(each), each) for each in (*pieces, b""))
            whole = head + sent
        else:
            whole = asking("POST", path, body, *headers)
        reader, writer = await asyncio.open_connection("127.0.0.1", world.port)
        writer.write(whole)
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 20)
        assert head.startswith(b"HTTP/1.1 100 ")
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 20)
        assert head.startswith(b"HTTP/1.1 200 ")
        assert world.got[0].body == body
        assert ("content-length" in world.got[0].headers) is not chunked
        writer.close()


@pytest.mark.parametrize("encoded", [False, True])
@pytest.mark.parametrize("before", [0, 5_000, 100_000, 131_060])
@both_loops
async def test_a_marker_in_what_is_too_long_never_arrives(before, encoded):
    async with store_behind(sections={"limits": {"max_message_bytes": 4096}}) as world:
        text = "INSERT { } WHERE { " + "#" * before + f"\nSERVICE <{MARKER}x> {{}} " + "#" * 9_000
        kind = "Content-Type: application/sparql-update"
        body = text.encode()
        if encoded:
            body, kind = urlencode({"update": text}).encode(), FORM
        status, _, content = await world.exchange("POST", "/sparql", body, kind)
        assert status == 413
        assert "exceeds max allowed value of 4096 bytes" in json.loads(content)["detailedMessage"]
        assert world.got == []


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        (("Content-Encoding: br",), b"x", 415),
        (("Content-Encoding: gzip",), b"x", 400),
        (("Content-Encoding: gzip",), packed(bytes(10_000)), 413),
    ],
)
@both_loops
async def test_what_cannot_be_searched_does_not_pass(headers, body, status):
    async with store_behind(sections={"limits": {"max_message_bytes": 4096}}) as world:
        assert (await world.exchange("POST", "/sparql", body, *headers))[0] == status
        assert world.got == []


@pytest.mark.parametrize("length", [10, 10_000])
@one_loop
async def test_a_body_that_does_not_go_on_is_refused(length):
    limits = {"message_timeout": 0.3, "max_message_bytes": 4096}
    async with store_behind(sections={"limits": limits}) as world:
        reader, writer = await asyncio.open_connection("127.0.0.1", world.port)
        head = asking("POST", "/sparql", b"", FORM, "Content-Length: 20000")
        writer.write(head + b"x" * length)
        answer = await asyncio.wait_for(reader.read(), 10)
        assert answer.split(b" ")[1] == b"408"
        assert world.got == []
        writer.close()


@pytest.mark.parametrize(
    ("method", "target", "body", "headers"),
    [
        ("POST", "/", urlencode({"query": QUERY}).encode(), (FORM,)),
        ("POST", "/", f"query={QUERY}".encode(), (FORM,)),
        ("POST", "/", b"default-graph-uri=x&query=y", (FORM,)),
        ("POST", "/?default-graph-uri=x", b"query=y", (FORM,)),
        ("POST", "/", QUERY.encode(), ("Content-Type: application/sparql-query",)),
        ("GET", f"/?query={quote(QUERY)}", b"", ()),
        ("POST", "/", packed(b"query=y"), (FORM, "Content-Encoding: gzip")),
    ],
)
@both_loops
async def test_the_root_takes_them_as_well(method, target, body, headers):
    async with store_behind() as world:
        status, _, _ = await world.exchange(method, target, body, *headers)
        assert status == 200
        got = world.got[0]
        assert (got.method, got.target, got.body) == (method, f"/query{target[1:]}", body)


@pytest.mark.parametrize(
    ("method", "target", "body", "headers"),
    [
        ("POST", "/", b'{"gremlin": "g.V()"}', ("Content-Type: application/json",)),
        ("POST", "/", b'{"gremlin": "query=1"}', (FORM,)),
        ("POST", "/", b"gremlin=g.V()&query=x", (FORM,)),
        ("POST", "/", b"gremlin=g.V().has('query=')", (FORM,)),
        ("GET", "/?gremlin=g.V()&query=x", b"", ()),
    ],
)
@both_loops
async def test_gremlin_at_the_root_stays_gremlin(method, target, body, headers):
    async with store_behind() as world:
        status, _, content = await world.exchange(method, target, body, *headers)
        assert status == 400
        assert "There is no Gremlin database" in json.loads(content)["detailedMessage"]
        assert world.got == []


@both_loops
async def test_without_a_store_the_setting_is_named():
    sections = {"upstream": {"url": "ws://127.0.0.1:9/gremlin"}, "sparql": {}}
    async with store_behind(sections=sections) as world:
        for target in ("/sparql?query=x", "/sparql/gsp/", "/?query=x"):
            status, _, content = await world.exchange("GET", target)
            assert status == 400
            said = json.loads(content)["detailedMessage"]
            assert "url below [sparql]" in said
            assert "GREMLINK_SPARQL_URL" in said


@one_loop
async def test_a_query_goes_out_again_where_a_kept_connection_is_closed_and_an_update_does_not():
    async with store_behind() as world:
        closing = False

        def answer(request, body):
            if closing:
                request.transport.abort()
            return web.Response(body=b"ok")

        world.answer = answer
        for body in (b"query=x", b"update=y"):
            closing = False
            assert (await world.exchange("POST", "/sparql", body, FORM))[0] == 200
            world.got.clear()
            closing = True
            assert (await world.exchange("POST", "/sparql", body, FORM))[0] == 500
            assert len(world.got) == (2 if body == b"query=x" else 1)


@pytest.mark.parametrize(
    ("sent", "connections"),
    [
        ((FORM,), 1),
        ((FORM, "Authorization: Basic YTpi"), 1),
        ((FORM, "Authorization: NTLM TlR"), 3),
    ],
)
@one_loop
async def test_no_connection_is_shared_that_a_client_has_opened_for_itself(sent, connections):
    async with store_behind() as world:
        seen = set()

        def answer(request, body):
            seen.add(request.transport.get_extra_info("peername"))
            return web.Response(body=b"ok")

        world.answer = answer
        for _ in range(3):
            assert (await world.exchange("POST", "/sparql", b"query=x", *sent))[0] == 200
        assert len(seen) == connections
