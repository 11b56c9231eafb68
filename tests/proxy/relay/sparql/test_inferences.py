"""Inferences in SPARQL: asked, rewritten and sent in every form of the protocol."""

from __future__ import annotations

import asyncio
import json
from urllib.parse import parse_qsl, quote, urlencode

import pytest
from aiohttp import web
from patience import soon
from scripted_store import RESULT_TYPE, asking, packed, result, store_behind
from sockets import both_loops, header, one_loop

from gremlink.grammar.traversal import Kind, Literal
from gremlink.proxy.inference.commands import (
    Describe,
    Inspect,
    Inspected,
    PredictProperty,
    PrepareProperty,
)
from gremlink.proxy.inference.errors import BadRequest, TooManyRequests

SPACE = "http://aws.amazon.com/neptune/vocab/v01/services/ml#"
BLOCK = """SERVICE ml:inference {
    ml:config ml:modelType 'OBJECT_CLASSIFICATION' ; ml:endpoint "people" ; ml:input ?who ;
      ml:predicate <http://x/team> ; ml:output ?team . }"""
QUERY = f"""PREFIX ml: <{SPACE}> # é
SELECT * {{ ?who a <http://x/Person> . {BLOCK} }}"""
UPDATE = f"""PREFIX ml: <{SPACE}>
INSERT {{ ?who <http://x/guess> ?team }} WHERE {{ ?who a <http://x/Person> . {BLOCK} }}"""
FORM = "Content-Type: application/x-www-form-urlencoded"
ENCODED = urlencode({"query": QUERY}).encode()
AS_QUERY = "Content-Type: application/sparql-query"
AS_UPDATE = "Content-Type: application/sparql-update"
ANN = {"type": "uri", "value": "http://x/ann"}


async def predict(work):
    """A model that puts everybody into the red team."""
    match work:
        case PrepareProperty("people"):
            return "node"
        case Inspect():
            return Inspected("classification", "", (), "node", "http://x/team", rdf=True)
        case PredictProperty():
            return [[(Literal(Kind.STRING, '"red"'), 0.75)] for _ in work.inputs]
        case Describe():
            return "model people: a description"
    raise BadRequest("Endpoint x not found.")


def solutions(*people):
    """An answer to the question for inputs."""
    bindings = [{"who": person} for person in people]
    document = {"head": {"vars": ["who"]}, "results": {"bindings": bindings}}
    return web.Response(body=json.dumps(document).encode(), headers={"Content-Type": RESULT_TYPE})


def answering(*people):
    def answer(request, body):
        is_question = b"DISTINCT" in body
        return solutions(*people) if is_question else result(request, body)

    return answer


@pytest.mark.parametrize(
    ("method", "target", "body", "headers", "at"),
    [
        ("GET", f"?a=b&query={quote(QUERY)}&c=d%20e", b"", (), "/query"),
        ("HEAD", f"?query={quote(QUERY)}", b"", (), "/query"),
        ("POST", "", urlencode({"query": QUERY}).encode(), (FORM,), "/query"),
        ("POST", "?u=v", b"a=b&" + ENCODED + b"&c=d", (FORM,), "/query"),
        ("POST", "", f"query={QUERY}".encode(), (FORM,), "/query"),
        ("POST", "", QUERY.encode(), (AS_QUERY,), "/query"),
        ("POST", "?u=v", QUERY.encode("utf-16"), (f"{AS_QUERY}; charset=utf-16",), "/query"),
        ("POST", "", packed(QUERY.encode()), (AS_QUERY, "Content-Encoding: gzip"), "/query"),
        ("POST", f"?query={quote(QUERY)}", b"", (), "/query"),
        ("POST", f"?query={quote(QUERY)}", b"a=b", (FORM,), "/query"),
        ("POST", "", urlencode({"update": UPDATE}).encode(), (FORM,), "/update"),
        ("POST", "", f"update={UPDATE}".encode(), (FORM,), "/update"),
        ("POST", "", UPDATE.encode(), (AS_UPDATE,), "/update"),
    ],
)  # fmt: skip
@both_loops
async def test_the_block_is_replaced_in_the_form_of_the_request(method, target, body, headers, at):
    async with store_behind(predict) as world:
        world.answer = answering(ANN)
        own = ("Authorization: Basic YTpi", "Accept: text/csv", "Accept-Encoding: br", *headers)
        status, head, _ = await world.exchange(method, f"/sparql{target}", body, *own)
        assert status == 200
        assert header(head, "X-Store") == "yes"
        question, sent = world.got
        assert (question.method, question.target) == ("POST", "/query")
        assert question.headers["accept"] == RESULT_TYPE
        assert question.headers["authorization"] == sent.headers["authorization"] == "Basic YTpi"
        assert (sent.method, sent.headers["accept"]) == (method, "text/csv")
        assert "content-encoding" not in sent.headers
        path, _, parameters = sent.target.partition("?")
        assert path == at
        kind = sent.headers.get("content-type", "")
        text = dict(parse_qsl(parameters)).get("query")
        if text is None and "sparql" in kind:
            text = sent.body.decode(kind.partition("charset=")[2] or "utf-8")
            assert sent.target.partition("?")[2] == target[1:]
        elif text is None:
            read = dict(parse_qsl(sent.body.decode()))
            text = read.get("query") or read["update"]
            if b"a=b" in body:
                assert (read["a"], read["c"]) == ("b", "d")
        elif "a=b" in target:
            assert parameters.startswith("a=b&query=")
            assert parameters.endswith("&c=d%20e")
        original = QUERY if at == "/query" else UPDATE
        before, after = original.split(BLOCK)
        assert text.startswith(before)
        assert text.endswith(after)
        assert "VALUES" in text
        assert '<http://x/ann> "red"' in text


@both_loops
async def test_a_query_that_gets_too_long_for_an_address_is_posted():
    async with store_behind(predict) as world:
        world.answer = answering(
            *({"type": "uri", "value": f"http://x/{number:0100}"} for number in range(200))
        )
        target = f"/sparql?default-graph-uri=g&query={quote(QUERY)}"
        assert (await world.exchange("GET", target))[0] == 200
        sent = world.got[-1]
        assert (sent.method, sent.target) == ("POST", "/query?default-graph-uri=g")
        assert sent.headers["content-type"] == "application/x-www-form-urlencoded"
        assert len(dict(parse_qsl(sent.body.decode()))["query"]) > 20_000


@pytest.mark.parametrize(
    ("text", "parameters", "asked"),
    [
        ("query", "default-graph-uri=a&named-graph-uri=b&infer=false", None),
        (
            "update",
            "using-graph-uri=a&using-named-graph-uri=b&using-graph-uri=c",
            "default-graph-uri=a&named-graph-uri=b&default-graph-uri=c",
        ),
        ("query", "format=json&output=x&queryId=q", ""),
    ],
)
@pytest.mark.parametrize("where", ["address", "form"])
@both_loops
async def test_a_question_has_the_dataset_of_its_request(text, parameters, asked, where):
    async with store_behind(predict) as world:
        world.answer = answering(ANN)
        form = urlencode({text: QUERY if text == "query" else UPDATE})
        target = f"?{parameters}" if where == "address" else ""
        body = form if where == "address" else f"{parameters}&{form}"
        await world.exchange("POST", f"/sparql{target}", body.encode(), FORM)
        question, sent = world.got
        wanted = parse_qsl(parameters if asked is None else asked)
        assert [each for each in parse_qsl(question.body.decode()) if each[0] != "query"] == wanted
        assert parameters in f"{sent.target}&{sent.body.decode()}"


@pytest.mark.parametrize("kind", ["query", "update"])
@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        (("?output", "?x"), "", ""),
        (("ml:predicate <http://x/team> ;", ""), "BadRequestException", "predicate"),
        (('"people"', '"others"'), "BadRequestException", "not found"),
        (("?who a <http://x/Person> .", ""), "BadRequestException", "who"),
        (("}", "", 1), "MalformedQueryException", ""),
    ],
)
@both_loops
async def test_an_error_says_what_is_wrong_and_nothing_has_run(kind, change, code, said):
    async with store_behind(predict) as world:
        world.answer = answering(ANN)
        text = QUERY if kind == "query" else UPDATE
        text = text[::-1].replace(*change)[::-1] if change[0] == "}" else text.replace(*change)
        status, _, content = await world.exchange(
            "POST", "/sparql", urlencode({kind: text}).encode(), FORM
        )
        if not code:
            assert status == 200
            return
        document = json.loads(content)
        assert (status, document["code"]) == (400, code)
        assert set(document) == {"requestId", "code", "detailedMessage", "message"}
        assert said in document["detailedMessage"]
        assert all(got.target == "/query" and b"DISTINCT" in got.body for got in world.got)


@pytest.mark.parametrize("status", [401, 403, 500, 503])
@both_loops
async def test_a_store_that_refuses_the_question_says_so_itself(status):
    async with store_behind() as world:  # no model is asked
        world.answer = lambda request, body: web.Response(
            status=status, text="no", headers={"WWW-Authenticate": "Basic", "X-Said": "it"}
        )
        found, head, content = await world.exchange("POST", "/sparql", QUERY.encode(), AS_QUERY)
        assert (found, content) == (status, b"no")
        assert header(head, "X-Said") == "it"
        assert len(world.got) == 1


@both_loops
async def test_a_question_that_the_store_cannot_read_is_a_malformed_query():
    async with store_behind(predict) as world:
        world.answer = lambda request, body: web.Response(status=400, text="error at 1:2")
        status, _, content = await world.exchange("POST", "/sparql", QUERY.encode(), AS_QUERY)
        document = json.loads(content)
        assert (status, document["code"]) == (400, "MalformedQueryException")
        assert "error at 1:2" in document["detailedMessage"]


@pytest.mark.parametrize(
    ("content", "kind"), [(b"<sparql/>", "x/y"), (b"[]", RESULT_TYPE), (b"{}", RESULT_TYPE)]
)
@both_loops
async def test_an_answer_that_is_no_result_is_an_error(content, kind):
    async with store_behind(predict) as world:
        world.answer = lambda request, body: web.Response(
            body=content, headers={"Content-Type": kind}
        )
        status, _, found = await world.exchange("POST", "/sparql", QUERY.encode(), AS_QUERY)
        assert status == 500
        assert "answer cannot be read" in json.loads(found)["detailedMessage"]


@both_loops
async def test_a_query_that_takes_too_long_ends():
    async with store_behind(predict, {"limits": {"evaluation_timeout": 0.2}}) as world:

        async def slowly(request, body):
            await soon(lambda: request.transport is None or request.transport.is_closing())
            return result(request, body)

        world.answer = slowly
        status, _, content = await world.exchange("POST", "/sparql", QUERY.encode(), AS_QUERY)
        document = json.loads(content)
        assert (status, document["code"]) == (500, "TimeLimitExceededException")
        assert "200 ms" in document["detailedMessage"]


@both_loops
async def test_too_many_predictions_are_429():
    async def busy(work):
        raise TooManyRequests("later")

    async with store_behind(busy) as world:
        world.answer = answering(ANN)
        status, _, content = await world.exchange("POST", "/sparql", QUERY.encode(), AS_QUERY)
        assert (status, json.loads(content)["code"]) == (429, "TooManyRequestsException")


@both_loops
async def test_what_gets_longer_than_a_message_is_refused():
    async with store_behind(predict, {"limits": {"max_message_bytes": 4096}}) as world:
        world.answer = answering(
            *({"type": "uri", "value": f"http://x/{number:0100}"} for number in range(100))
        )
        status, _, content = await world.exchange("POST", "/sparql", QUERY.encode(), AS_QUERY)
        assert status == 400
        assert "more than the 4096 that can be sent" in json.loads(content)["detailedMessage"]
        assert len(world.got) == 1


@pytest.mark.parametrize("silent", ["", "&silent=true"])
@pytest.mark.parametrize("phase", ["question", "result"])
@both_loops
async def test_a_query_is_shown_and_cancelled(silent, phase):
    async with store_behind(predict) as world:
        gone = asyncio.Event()

        async def waits(request, body):
            if phase == "result" and b"DISTINCT" in body:
                return solutions(ANN)
            try:
                await soon(lambda: request.transport is None or request.transport.is_closing())
                return web.Response()
            finally:
                gone.set()

        world.answer = waits
        form = urlencode({"query": QUERY, "queryId": "mine"}).encode()
        running = asyncio.ensure_future(world.exchange("POST", "/sparql", form, FORM))
        queries = world.server.queries
        await soon(lambda: len(world.got) == (1 if phase == "question" else 2))
        (query,) = await queries.open("sparql")
        assert (query.id, query.text()) == ("mine", QUERY)
        assert list(await queries.open()) == []
        assert not await queries.cancel("mine")
        assert not await queries.cancel("other", "sparql")
        assert await queries.cancel("mine", "sparql", silent=bool(silent))
        status, _, content = await running
        if silent:
            assert status == 200
            assert json.loads(content)["results"]["bindings"] == []
        else:
            assert (status, json.loads(content)["code"]) == (500, "CancelledByUserException")
        await asyncio.wait_for(gone.wait(), 10)
        assert list(await queries.open("sparql")) == []


@both_loops
async def test_a_client_that_goes_ends_its_inference():
    async with store_behind(predict) as world:
        gone = asyncio.Event()

        async def waits(request, body):
            try:
                await soon(lambda: request.transport is None or request.transport.is_closing())
                return web.Response()
            finally:
                gone.set()

        world.answer = waits
        _, writer = await asyncio.open_connection("127.0.0.1", world.port)
        writer.write(asking("POST", "/sparql", QUERY.encode(), AS_QUERY))
        await soon(lambda: len(world.got) == 1)
        writer.transport.abort()
        await asyncio.wait_for(gone.wait(), 10)
        await asyncio.sleep(0.05)
        assert len(world.got) == 1


@pytest.mark.parametrize("mode", ["static", "dynamic", "details", "DETAILS"])
@pytest.mark.parametrize(("kind", "text"), [("query", QUERY), ("update", UPDATE)])
@both_loops
async def test_explain_shows_the_stages_and_the_query_and_does_not_send_it(mode, kind, text):
    async with store_behind(predict) as world:
        world.answer = answering(ANN)
        form = urlencode({kind: text, "explain": mode}).encode()
        status, head, content = await world.exchange("POST", "/sparql", form, FORM)
        page = content.decode()
        assert status == 200
        assert header(head, "Content-Type").startswith("text/plain")
        assert "Neptune SPARQL Explain" in page
        assert "inputs: " in page
        assert "1 solutions" in page
        assert "model people: 1 inputs, 1 predictions" in page
        assert '<http://x/ann> "red"' in page
        assert ("a description" in page) is (mode != "static")
        assert len(world.got) == 1


@both_loops
async def test_explain_is_html_for_notebooks():
    async with store_behind(predict) as world:
        world.answer = answering(ANN)
        form = urlencode({"query": QUERY, "explain": "dynamic"}).encode()
        _, head, content = await world.exchange("POST", "/sparql", form, FORM, "Accept: text/html")
        assert header(head, "Content-Type").startswith("text/html")
        assert content.startswith(b"<pre>")
        assert b"&lt;http://x/ann&gt; &quot;red&quot;" in content


@both_loops
async def test_explain_knows_its_modes():
    async with store_behind(predict) as world:
        target = f"/sparql?explain=yes&query={quote(QUERY)}"
        status, _, content = await world.exchange("GET", target)
        assert status == 400
        assert "static, dynamic, details" in json.loads(content)["detailedMessage"]


@pytest.mark.parametrize(
    ("method", "target", "body", "headers", "said"),
    [
        ("POST", "", QUERY.encode(), ("Content-Type: text/plain",), "'text/plain'"),
        ("POST", "", QUERY.encode(), ("Content-Type: multipart/form-data",), "multipart"),
        ("POST", "", QUERY.encode(), (FORM,), "neither a query nor an update"),
        ("POST", "", ENCODED + b"&query=x", (FORM,), "more than one"),
        ("POST", "", ENCODED + b"&update=x", (FORM,), "more than one"),
        ("POST", "", QUERY.encode(), (f"{AS_QUERY}; charset=klingon",), "'klingon' is not known"),
        ("POST", "", QUERY.encode("latin-1"), (AS_QUERY,), "not in utf-8"),
        ("GET", f"?x={quote(QUERY)}", b"", (), "neither a query nor an update"),
        ("PUT", "", QUERY.encode(), ("Content-Type: text/turtle",), "'text/turtle'"),
    ],
)  # fmt: skip
@both_loops
async def test_what_holds_the_marker_and_cannot_be_read_is_not_sent_on(
    method, target, body, headers, said
):
    async with store_behind(predict) as world:
        status, _, content = await world.exchange(method, f"/sparql{target}", body, *headers)
        assert status == 400
        assert said in json.loads(content)["detailedMessage"]
        assert world.got == []


@pytest.mark.parametrize(
    "text",
    [
        f"SELECT * {{ ?s a <{SPACE}thing> }}",
        f"PREFIX ml: <{SPACE}> SELECT * {{ ?s ?p 'services/ml#inference' }}",
        "BASE <http://x/services/> SELECT * { ?s ?p <ml#x> } # services/ml#",
    ],
)
@both_loops
async def test_what_only_looks_like_an_inference_passes_as_it_came(text):
    async with store_behind(predict) as world:
        for body, kind in (
            (text.encode(), AS_QUERY),
            (urlencode({"query": text}).encode(), FORM),
            (f"query={text}".encode(), FORM),
        ):
            await world.exchange("POST", "/sparql?explain=static", body, kind)
            assert world.got[-1].body == body
            assert world.got[-1].target == "/query?explain=static"


TIMED = QUERY.replace("ml:output ?team", "ml:output ?team ; ml:timeout 20")


@pytest.mark.parametrize("silent", [False, True])
@one_loop
async def test_a_model_that_takes_longer_than_the_block_allows_is_not_waited_for(silent):
    async def slow(work):
        if isinstance(work, PredictProperty):
            await asyncio.sleep(30)
        return await predict(work)

    async with store_behind(slow) as world:
        world.answer = answering(ANN)
        text = TIMED.replace("SERVICE", "SERVICE SILENT") if silent else TIMED
        status, _, content = await world.exchange("POST", "/sparql", text.encode(), AS_QUERY)
        if silent:
            assert status == 200
            assert b"UNDEF" in world.got[-1].body
        else:
            assert status == 500
            said = json.loads(content)["detailedMessage"]
            assert said.startswith("Endpoint people did not answer within 20 ms")
            assert len(world.got) == 1  # the question for the inputs


@one_loop
async def test_a_model_in_time_is_not_hindered_and_the_whole_has_its_own_limit():
    async with store_behind(predict) as world:
        world.answer = answering(ANN)
        text = TIMED.replace("timeout 20", "timeout 20000")
        status, _, _ = await world.exchange("POST", "/sparql", text.encode(), AS_QUERY)
        assert status == 200
        assert b'<http://x/ann> "red"' in world.got[-1].body


@one_loop
async def test_long_texts_are_read_aside():
    async with store_behind(predict) as world:
        world.answer = answering(ANN)
        text = QUERY + "\n#" + "x" * 200_000
        status, _, _ = await world.exchange("POST", "/sparql", text.encode(), AS_QUERY)
        assert status == 200
        assert world.got[-1].body.decode().endswith("x" * 200_000)
