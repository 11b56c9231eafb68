"""No response leaves it to a browser to guess what it is."""

import pytest
from http_exchange import OK, answers, post, refused
from sockets import both_loops, handshake, header, relay, served

from gremlink.proxy.management.routes import managing


def get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()


def sniffed(head: bytes) -> bool:
    return header(head, "X-Content-Type-Options") != "nosniff"


ML = b'{"gremlin": "g.V().out().with(\\"Neptune#ml.prediction\\")"}'
HTML = b"<script>alert(1)</script>"


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (post(b"{}"), b"200"),
        (post(ML), b"400"),
        (get("/gremlin?gremlin=g"), b"200"),
        (get("/nothing/here"), b"404"),
        (post(b"{}").replace(b"POST", b"DELETE"), b"405"),
        (post(b"x" * 3000), b"413"),
        (post(b"x", "Content-Encoding: gzip"), b"400"),
        (post(b"x", "Content-Encoding: x"), b"415"),
        (post(b"{}", "Origin: http://evil.example"), b"403"),
        (b"GET /" + HTML + b" HTTP/1.1\r\nHost: localhost\r\n<b>: x\r\n\r\n", b"400"),
        (HTML + b"\r\n\r\n", b"400"),
        (b"GET / HTTP/9.9\r\n\r\n", b"400"),
    ],
)
@both_loops
async def test_the_relay_s_own_answers_and_the_database_s(request_, status):
    async with relay(max_message_bytes=2000) as world:
        answers(world, OK)
        head, _ = await world.http(request_)
        assert head.split()[1] == status
        assert not sniffed(head)


@both_loops
async def test_an_answer_of_the_database_keeps_its_bytes_and_headers():
    async with relay() as world:
        answers(world, b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(HTML), HTML))
        head, body = await world.http(post(b"{}"))
        assert not sniffed(head)
        assert header(head, "Content-Type") in ("", "application/octet-stream")
        assert body == HTML
        own = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Content-Type-Options: other\r\n\r\n"
        answers(world, own)
        head, _ = await world.http(post(b"{}"))
        assert header(head, "X-Content-Type-Options") == "other"
        answers(world, b"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n")
        head = (await world.client()).head
        assert head.startswith(b"HTTP/1.1 401 ")
        assert not sniffed(head)


@both_loops
async def test_the_management_api_and_one_client_too_many(tmp_path):
    sections = {
        "store": {"directory": str(tmp_path)},
        "limits": {"max_connections": 1},
    }
    async with served(sections, extension=managing) as (world, _):
        for path, status in (
            ("/ml/endpoints", 200),
            ("/ml/endpoints/%3Cscript%3E", 404),
            ("/ml/nothing", 400),
            ("/metrics", 200),
            ("/health/live", 200),
            ("/sparql", 400),
        ):
            head, _ = await world.http(get(path))
            assert head.startswith(f"HTTP/1.1 {status} ".encode()), head
            assert not sniffed(head), path
        await world.open()
        late = await world.open()
        assert not sniffed((await late.ended()).partition(b"\r\n\r\n")[0])


@pytest.mark.parametrize(
    "value", [b"Basic \xff\xfe", b"\xe9", b"Bearer \xc3\x28", b"Basic YQ==\xff"]
)
@both_loops
async def test_credentials_that_would_arrive_as_others_are_refused(value):
    async with relay() as world:
        bodies = answers(world, OK)
        begun, rest = post(b"{}").split(b"\r\n", 1)
        head, body = await world.http(b"\r\n".join([begun, b"Authorization: " + value, rest]))
        assert head.split()[1] == b"403"
        assert refused(head, body)[0] == "AccessDeniedException"
        begun, rest = handshake().split(b"\r\n", 1)
        client = await world.open()
        client.send(b"\r\n".join([begun, b"Authorization: " + value, rest]))
        head = await client.reader.readuntil(b"\r\n\r\n")
        assert head.split()[1] == b"403"
        assert bodies == []
        head, _ = await world.http(post(b"{}", "Authorization: Basic Jörg"))
        assert head.split()[1] == b"200"
