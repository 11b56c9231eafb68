"""A server that asks for credentials: nobody learns anything from the models without them."""

import base64
import http.client
import json
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from console import console
from gremlin_python.driver.client import Client
from gremlin_python.driver.protocol import GremlinServerError
from raw_websocket import RawWebSocket
from running_proxy import Model, RunningProxy
from toolchains import javascript_driver, run, run_java

from gremlink.grammar.traversal import Entries, Literal
from gremlink.proxy.embedded import EmbeddedServer
from gremlink.proxy.wire.frames import FrameReader
from gremlink.proxy.wire.mime import GRAPHBINARY, GRAPHSON_3, Format, format_of
from gremlink.proxy.wire.request import RequestMessage, write_request
from gremlink.proxy.wire.response import read_response

DRIVERS = Path(__file__).parent / "drivers"
STRINGD = format_of("application/vnd.graphbinary-v1.0-stringd")
assert STRINGD is not None
QUERY = (
    'g.with("Neptune#ml.endpoint", "friends").V("a").out("FRIEND")'
    '.with("Neptune#ml.prediction").hasLabel("User").values("name")'
)


@pytest.fixture(scope="module")
def server(graph_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    directory = tmp_path_factory.mktemp("credentials")
    users = directory / "credentials.kryo"
    properties = directory / "credentials.properties"
    properties.write_text(
        "gremlin.graph=org.apache.tinkerpop.gremlin.tinkergraph.structure.TinkerGraph\n"
        "gremlin.tinkergraph.vertexIdManager=LONG\n"
        f"gremlin.tinkergraph.graphLocation={users}\n"
        "gremlin.tinkergraph.graphFormat=gryo\n"
    )
    make_users = f"""
    import org.apache.tinkerpop.gremlin.groovy.jsr223.dsl.credential.*
    credentials = TinkerGraph.open()
    credentials.traversal(CredentialTraversalSource.class).user('stephen', 'secret').iterate()
    credentials.traversal().io('{users}').write().iterate()
    """
    client = Client(graph_url, "g")
    client.submit(make_users).all().result()
    client.close()
    settings = {
        "authentication": {
            "authenticator": "org.apache.tinkerpop.gremlin.server.auth.SimpleAuthenticator",
            "authenticationHandler": (
                "org.apache.tinkerpop.gremlin.server.handler.SaslAndHttpBasicAuthenticationHandler"
            ),
            "config": {"credentialsDb": str(properties)},
        }
    }
    with EmbeddedServer(port=0, settings=settings, memory="512m") as server:
        client = Client(server.url, "g", username="stephen", password="secret")
        client.submit(
            "['a','b','c'].each { g.addV('User').property(T.id, it)"
            ".property('name', it.toUpperCase()).iterate() }"
        ).all().result()
        client.close()
        yield server


@pytest.fixture
def model() -> Model:
    return Model("friends", {Literal.string("a"): [Literal.string("c")]})


@pytest.fixture
def proxy_url(server: EmbeddedServer, model: Model) -> Iterator[str]:
    with RunningProxy(server.url, model) as proxy:
        yield proxy.url


def test_an_inference_as_the_first_request(proxy_url: str) -> None:
    client = Client(proxy_url, "g", username="stephen", password="secret", pool_size=1)
    try:
        assert client.submit(QUERY).all().result() == ["C"]
        assert client.submit("1 + 1").all().result() == [2]
        assert client.submit(QUERY).all().result() == ["C"]
    finally:
        client.close()


def test_refused_credentials_reveal_nothing(proxy_url: str, model: Model) -> None:
    for query in (QUERY, QUERY.replace("friends", "nobody")):
        client = Client(proxy_url, "g", username="stephen", password="wrong", pool_size=1)
        try:
            with pytest.raises(GremlinServerError, match="incorrect") as caught:
                client.submit(query).all().result()
            assert caught.value.status_code == 401
        finally:
            client.close()
    assert model.calls == []


def message(format: Format, op: str, **args: str) -> tuple[RequestMessage, int, bytes]:

    arguments = {name: Literal.string(value) for name, value in args.items()}
    aliases = {"aliases": Entries(((Literal.string("g"), Literal.string("g")),))}
    request = RequestMessage(format, uuid.uuid4(), op, "", {**arguments, **aliases})
    return request, *write_request(request)


def payload(frame: bytes) -> bytes:
    return b"".join(piece.payload() for piece in FrameReader().feed(frame))


@pytest.mark.parametrize("format", [GRAPHBINARY, STRINGD, GRAPHSON_3])
def test_credentials_under_an_id_of_their_own(proxy_url: str, format: Format) -> None:
    """As the drivers for Java, Go and .NET send them."""
    with RawWebSocket(proxy_url) as client:
        query, opcode, body = message(format, "eval", gremlin=QUERY)
        (challenge,) = client.exchange(opcode, body)
        told = read_response(payload(challenge))
        assert (told.request_id, told.code) == (query.request_id, 407)

        sasl = base64.b64encode(b"\0stephen\0secret").decode()
        _, opcode, body = message(format, "authentication", sasl=sasl, saslMechanism="PLAIN")
        (answer,) = client.exchange(opcode, body)
        told = read_response(payload(answer))
        assert (told.request_id, told.code) == (query.request_id, 200)
        assert told.results == (Literal.string("C"),)
        for _round in range(2):
            query, opcode, body = message(format, "eval", gremlin=QUERY)
            (answer,) = client.exchange(opcode, body)
            assert read_response(payload(answer)).request_id == query.request_id


@pytest.mark.parametrize("format", [GRAPHBINARY, STRINGD, GRAPHSON_3])
def test_wrong_credentials_under_an_id_of_their_own(
    proxy_url: str, server: EmbeddedServer, format: Format
) -> None:
    """The refusal comes as it does without the proxy."""
    refusals = []
    for url in (server.url, proxy_url):
        with RawWebSocket(url) as client:
            query, opcode, body = message(format, "eval", gremlin=QUERY)
            client.exchange(opcode, body)

            sasl = base64.b64encode(b"\0stephen\0wrong").decode()
            _, opcode, body = message(format, "authentication", sasl=sasl)
            (answer,) = client.exchange(opcode, body)
            told = read_response(payload(answer))
            refusals.append((told.request_id == query.request_id, told.code, told.message))
    assert refusals[0] == refusals[1]
    assert refusals[0][1] == 401


def test_an_inference_over_http_needs_credentials_too(proxy_url: str, model: Model) -> None:

    def ask(password: str | None) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(urlsplit(proxy_url).netloc, timeout=60)
        headers = {"Content-Type": "application/json"}
        if password is not None:
            token = base64.b64encode(f"stephen:{password}".encode()).decode()
            headers["Authorization"] = f"Basic {token}"
        connection.request("POST", "/gremlin", json.dumps({"gremlin": QUERY}), headers)
        response = connection.getresponse()
        answer = response.status, response.read()
        connection.close()
        return answer

    assert ask(None)[0] == 401
    assert ask("wrong")[0] == 401
    assert model.calls == []
    status, body = ask("secret")
    assert status == 200
    assert json.loads(body)["result"]["data"]["@value"] == ["C"]


def test_the_proxy_s_own_credentials_are_nobody_else_s(
    server: EmbeddedServer, model: Model
) -> None:
    """Those in the address of the database are for the jobs of the management API."""
    own = server.url.replace("ws://", "ws://stephen:secret@")
    with RunningProxy(own, model) as proxy:
        for query in ("g.V().count()", QUERY):
            connection = http.client.HTTPConnection(urlsplit(proxy.url).netloc, timeout=60)
            connection.request("POST", "/gremlin", json.dumps({"gremlin": query}))
            response = connection.getresponse()
            assert response.status == 401
            assert b"secret" not in response.read()
            connection.close()
    assert model.calls == []


def ask_java(url: str, password: str) -> list[object]:
    said = run_java(DRIVERS / "Authenticated.java", url, password, QUERY)
    return [json.loads(line) for line in said.splitlines()]


def ask_javascript(url: str, password: str) -> list[object]:
    directory = javascript_driver("3.7.4")
    program = (DRIVERS / "authenticated.js").read_text()
    (directory / "authenticated.js").write_text(program)
    said = run("node", "authenticated.js", url, password, QUERY, directory=directory)
    return [json.loads(line) for line in said.splitlines()]


@pytest.mark.parametrize("ask", [ask_java, ask_javascript])
def test_drivers_of_other_languages(
    proxy_url: str, model: Model, ask: Callable[[str, str], list[object]]
) -> None:
    assert ask(proxy_url, "wrong") == [401]
    assert model.calls == []
    assert ask(proxy_url, "secret") == [["C"], ["C"]]


def test_the_console(proxy_url: str, model: Model, tmp_path: Path) -> None:
    said = {}
    for password in ("wrong", "secret"):
        directory = tmp_path / password
        directory.mkdir()
        said[password] = console(proxy_url, directory, [QUERY], ("stephen", password))
        assert bool(model.calls) == (password == "secret")
    refused = "\n".join(said["wrong"])
    assert "incorrect" in refused
    assert "==>" not in refused
    assert [line.partition("==>")[2] for line in said["secret"] if "==>" in line] == ["C"]
