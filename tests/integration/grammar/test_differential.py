"""The script, and the bytecode we make of it in both encodings, mean the same to a real server."""

from __future__ import annotations

import asyncio
import re
import struct
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import aiohttp

from gremlink.grammar import graphbinary, graphson
from gremlink.grammar.errors import NotConvertible
from gremlink.grammar.graphbinary.skip import Cursor
from gremlink.grammar.script import parse
from gremlink.grammar.traversal import Argument, Bulked, Entries, Items, Kind, Literal, walk

AT_LEAST = 1_000
AT_ONCE = 16
WRITES = {"addV", "addE", "mergeV", "mergeE", "property", "drop", "io", "read", "write", "program"}
RANDOM = {"sample", "coin", "shuffle", "shortestPath", "timeLimit", "call", "fail"}
MODERN = (
    "graph.traversal().V().drop().iterate();"
    "org.apache.tinkerpop.gremlin.tinkergraph.structure.TinkerFactory.generateModern(graph); 1"
)


MODERN_IDS = {"marko": 1, "vadas": 2, "lop": 3, "josh": 4, "ripple": 5, "peter": 6}
NUMBERS = {"i": Kind.INT, "l": Kind.LONG, "d": Kind.DOUBLE, "f": Kind.FLOAT}


@dataclass(frozen=True)
class Query:
    text: str
    bindings: dict[str, Argument]
    binary: bytes
    json: dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """Results as they were encoded, equal ones beside each other, or the code of an error."""

    code: int
    results: tuple[Any, ...]
    message: str = ""


def query(text: str, parameters: tuple[tuple[str, str], ...]) -> Query | None:
    """The three forms, unless the text writes, is random, or holds what only one encoding has."""
    bindings = {name: value for name, text in parameters if (value := parameter(text)) is not None}
    traversal = parse(text, bindings).single
    if traversal is None or "Lambda" in text:
        return None
    steps = {instruction.name for _, instruction in walk(traversal)}
    if steps & (WRITES | RANDOM) or "shuffle" in text:
        return None
    try:
        binary = graphbinary.write_bytecode(traversal)
        return Query(text, bindings, binary, graphson.write_bytecode(traversal))
    except NotConvertible:
        return None


def parameter(text: str) -> Argument | None:
    """The value of a parameter: `v[marko].id`, `d[30].i`, or plain text."""
    if found := re.fullmatch(r"v\[(\w+)\]\.id", text):
        return Literal.of(MODERN_IDS[found[1]]) if found[1] in MODERN_IDS else None
    if found := re.fullmatch(r"d\[(-?[0-9.]+)\]\.([ildf])", text):
        kind = NUMBERS[found[2]]
        return Literal(kind, float(found[1]) if found[2] in "df" else int(found[1]))
    if re.fullmatch(r"\w+", text):
        return Literal.string(text)
    return None


def language(text: str) -> str:
    """Groovy, except for what only gremlin-lang can say: `Infinity`, and two nulls injected."""
    return (
        "gremlin-lang" if "Infinity" in text or "inject(null, null)" in text else "gremlin-groovy"
    )


def without_order(results: Iterator[Any]) -> tuple[Any, ...]:
    return tuple(sorted(results, key=repr))


# -- messages


def binary_request(op: str, processor: str, arguments: dict[str, bytes]) -> tuple[bytes, bytes]:
    request_id = uuid.uuid4().bytes
    mime = b"application/vnd.graphbinary-v1.0"
    bare = [struct.pack(">i", len(part)) + part for part in (op.encode(), processor.encode())]
    message = bytes([len(mime)]) + mime + b"\x81" + request_id + b"".join(bare)
    message += struct.pack(">i", len(arguments))
    for key, value in arguments.items():
        message += graphbinary.write_value(Literal.string(key)) + value
    return request_id, message


ALIASES = graphbinary.write_value(Entries(((Literal.string("g"), Literal.string("g")),)))


def script_request(text: str, bindings: dict[str, Argument]) -> tuple[bytes, bytes]:
    gremlin = graphbinary.write_value(Literal.string(text))
    bound = Entries(tuple((Literal.string(name), value) for name, value in bindings.items()))
    spoken = graphbinary.write_value(Literal.string(language(text)))
    arguments = {"gremlin": gremlin, "bindings": graphbinary.write_value(bound), "language": spoken}
    return binary_request("eval", "", arguments)


def bytecode_request(bytecode: bytes) -> tuple[bytes, bytes]:
    arguments = {"gremlin": b"\x15\x00" + bytecode, "aliases": ALIASES}
    return binary_request("bytecode", "traversal", arguments)


def json_request(op: str, processor: str, arguments: dict[str, Any]) -> tuple[bytes, bytes]:
    request_id = uuid.uuid4()
    mime = b"application/vnd.gremlin-v3.0+json"
    message = {
        "requestId": {"@type": "g:UUID", "@value": str(request_id)},
        "op": op,
        "processor": processor,
        "args": arguments,
    }
    return request_id.bytes, bytes([len(mime)]) + mime + graphson.dumps(message).encode()


def json_script_request(text: str, bindings: dict[str, Argument]) -> tuple[bytes, bytes]:
    bound = {name: graphson.write_value(value) for name, value in bindings.items()}
    arguments = {"gremlin": text, "bindings": bound, "language": language(text)}
    return json_request("eval", "", arguments)


def json_bytecode_request(bytecode: dict[str, Any]) -> tuple[bytes, bytes]:
    return json_request("bytecode", "traversal", {"gremlin": bytecode, "aliases": {"g": "g"}})


def expanded(data: Argument) -> list[Argument]:
    items = data.items if isinstance(data, Items) else ()
    found: list[Argument] = []
    for item in items:
        found += [item.value] * item.bulk if isinstance(item, Bulked) else [item]
    return found


def read_binary(frame: bytes) -> tuple[bytes, int, str, list[Any]]:
    cursor = Cursor(frame, 2)
    request_id = frame[cursor.take(16) : cursor.pos]
    code = cursor.int32()
    message = cursor.string() if cursor.flag() else ""
    for _ in range(2):
        for _ in range(2 * cursor.count(4)):
            cursor.skip()
    data, _ = graphbinary.read_value(frame, cursor.pos)
    return request_id, code, message, [graphbinary.write_value(item) for item in expanded(data)]


def read_json(frame: bytes) -> tuple[bytes, int, str, list[Any]]:
    message = graphson.loads(frame)
    data = graphson.read_value(message["result"]["data"])
    results = [graphson.dumps(graphson.write_value(item)) for item in expanded(data)]
    status = message["status"]
    return uuid.UUID(message["requestId"]).bytes, status["code"], status["message"], results


async def answers(url: str, requests: list[tuple[bytes, bytes]]) -> list[Answer]:
    """Send the requests over one connection, a few at once, and collect what comes back."""
    results: dict[bytes, list[Any]] = {request_id: [] for request_id, _ in requests}
    done: dict[bytes, Answer] = {}
    free = asyncio.Semaphore(AT_ONCE)
    async with aiohttp.ClientSession() as session, session.ws_connect(url, max_msg_size=0) as ws:

        async def send() -> None:
            for _, message in requests:
                await free.acquire()
                await ws.send_bytes(message)

        sending = asyncio.create_task(send())
        while len(done) < len(requests):
            frame = (await ws.receive(timeout=60)).data
            read = read_binary if frame[0] == 0x81 else read_json
            request_id, code, message, items = read(frame)
            results[request_id] += items
            if code != 206:
                found = without_order(iter(results[request_id]))
                done[request_id] = Answer(200 if code == 204 else code, found, message)
                free.release()
        await sending
    return [done[request_id] for request_id, _ in requests]


# -- the test

SCRIPT_CODES = {597}
BYTECODE_CODES = {500, 597, 599}
"""What cannot be run fails as the evaluation of a script, or as the translation of bytecode."""


def agree(script: Answer, bytecode: Answer) -> bool:
    if script.code == 200 or bytecode.code == 200:
        return script.code == bytecode.code and script.results == bytecode.results
    return script.code in SCRIPT_CODES and bytecode.code in BYTECODE_CODES


async def test_script_and_bytecode_agree(graph_url: str, features_3_7: list[Any]) -> None:
    docs = dict.fromkeys((doc.text, doc.parameters) for doc in features_3_7 if doc.is_traversal)
    queries = [found for text, given in docs if (found := query(text, given)) is not None]
    assert len(queries) >= AT_LEAST

    (loaded,) = await answers(graph_url, [script_request(MODERN, {})])
    assert loaded.code == 200, loaded
    scripts = await answers(graph_url, [script_request(q.text, q.bindings) for q in queries])
    binary = await answers(graph_url, [bytecode_request(q.binary) for q in queries])
    json_scripts = await answers(
        graph_url, [json_script_request(q.text, q.bindings) for q in queries]
    )
    json = await answers(graph_url, [json_bytecode_request(q.json) for q in queries])

    different = []
    for index, asked in enumerate(queries):
        for script, bytecode in (
            (scripts[index], binary[index]),
            (json_scripts[index], json[index]),
        ):
            if not agree(script, bytecode):
                different.append(f"{asked.text}\n  {script}\n  {bytecode}")
    assert not different, "\n".join(different)
    answered = sum(answer.code == 200 for answer in binary)
    assert answered > 0.9 * len(queries)
