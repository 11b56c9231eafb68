"""One scenario, played on a graph of its own at one address: what came back, byte for byte."""

from __future__ import annotations

import itertools
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gremlin_python.driver.client import Client
from gremlin_python.driver.request import RequestMessage
from gremlin_python.driver.serializer import GraphBinarySerializersV1
from raw_websocket import RawWebSocket

from gherkin.features import Scenario
from gherkin.parameters import Unsayable, value
from gremlink.grammar import script
from gremlink.grammar.errors import GremlinError
from gremlink.grammar.traversal import Entries, Literal
from gremlink.proxy.wire.frames import FrameReader, Opcode
from gremlink.proxy.wire.request import read_request, write_request
from gremlink.proxy.wire.response import read_response

GRAPHS = {
    "empty": "",
    "modern": "TinkerFactory.generateModern(graph)",
    "classic": "TinkerFactory.generateClassic(graph)",
    "crew": "TinkerFactory.generateTheCrew(graph)",
    "grateful": "TinkerFactory.generateGratefulDead(graph)",
    "sink": "TinkerFactory.generateKitchenSink(graph)",
}
SERVER = {"evaluationTimeout": 30_000}
_CHANGING = re.compile(
    rb"/127\.0\.0\.1:\d+|Script\d+|Lambda\$?\d*/0x[0-9a-f]+|@[0-9a-f]{5,8}\b|Lambda/0x[0-9a-f]+"
)
"""What no two requests share: ports, numbers of Groovy's classes, addresses of objects."""


@dataclass(frozen=True)
class Played:
    """The frames of the traversal's answer and of the counts behind it, and the traversal's end."""

    frames: tuple[bytes, ...]
    code: int
    size: int
    counts: tuple[Any, ...]


class Stage:
    """A server's graph, emptied for each scenario, and its address or the proxy's."""

    def __init__(self, database: str) -> None:
        self._keeper = Client(database, "g")
        self._serializer = GraphBinarySerializersV1()

    def close(self) -> None:
        """Leave."""
        self._keeper.close()

    def prepare(self, scenario: Scenario) -> dict[str, Any]:
        """Make the scenario's graph anew; the values of its parameters. Raises `Unsayable`."""
        self._do(f"graph.clear(); {GRAPHS[scenario.graph]}; null")
        if scenario.initializer:
            self._do(scenario.initializer + ".iterate()")
        return {name: value(text, self._find) for name, text in scenario.parameters.items()}

    def _do(self, text: str, bindings: Mapping[str, Any] | None = None) -> list[Any]:
        return list(self._keeper.submit(text, dict(bindings or {})).all().result(60))

    def _find(self, kind: str, name: str) -> Any:
        if kind == "v":
            found = self._do("g.V().has('name', n).limit(1)", {"n": name})
        else:
            start, label, end = re.split(r"-|->", name.replace("->", "-"))
            query = "g.V().has('name', a).outE(l).where(inV().has('name', b)).limit(1)"
            found = self._do(query, {"a": start, "l": label, "b": end})
        if not found:
            raise Unsayable(f"no element {name} in the graph")
        return found[0]

    def play(
        self, url: str, scenario: Scenario, values: Mapping[str, Any], *, bytecode: bool
    ) -> Played | None:
        """Ask at an address; `None` where the traversal cannot be written as bytecode."""
        ids = itertools.count(1)
        with RawWebSocket(url) as socket:
            asked = self._message(scenario.traversal, values, next(ids), bytecode=bytecode)
            if asked is None:
                return None
            frames = socket.exchange(Opcode.BINARY, asked)
            code, size = _ended(frames)
            counts = []
            for _, query in scenario.counts:
                message = self._message(query + ".count()", values, next(ids), bytecode=False)
                assert message is not None
                answer = socket.exchange(Opcode.BINARY, message)
                counts.append(_results(answer[-1]))
                frames = [*frames, *answer]
        shown = tuple(_CHANGING.sub(b"*", frame) for frame in frames)
        return Played(shown, code, size, tuple(counts))

    def _message(
        self, text: str, values: Mapping[str, Any], number: int, *, bytecode: bool
    ) -> bytes | None:
        args = {"gremlin": text, "aliases": {"g": "g"}, "bindings": dict(values)}
        message = RequestMessage("", "eval", args)
        payload = bytes(self._serializer.serialize_message(uuid.UUID(int=number), message))
        if not bytecode:
            return payload
        request = read_request(Opcode.BINARY, payload)
        try:
            read = script.parse(text, request.bindings)
            if read.single is None or read.tail.strip():
                return None
            aliases = Entries(((Literal.string("g"), Literal.string("g")),))
            args_ = {"gremlin": read.single, "aliases": aliases, "bindings": None}
            changed = request.derive(request_id=request.request_id, args=args_)
            asked = type(changed)(
                changed.format, changed.request_id, "bytecode", "traversal", changed.args
            )
            return write_request(asked)[1]
        except GremlinError:
            return None


def _payload(frame: bytes) -> bytes:
    return b"".join(piece.payload() for piece in FrameReader().feed(frame))


def _results(frame: bytes) -> tuple[Any, ...]:
    response = read_response(_payload(frame))
    return tuple(getattr(each, "value", each) for each in response.results)


def _ended(frames: list[bytes]) -> tuple[int, int]:
    """The last status, and how many results came."""
    responses = [read_response(_payload(frame)) for frame in frames]
    return responses[-1].code, sum(len(response.results) for response in responses)
