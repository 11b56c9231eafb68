"""A conversation as a script, like mitmproxy's `Playbook`: `>>` happens, `<<` has to follow.

play >> client(REQUEST) << Forwarded(REQUEST)
play >> database(RESPONSE) << Passed(RESPONSE)
"""

from __future__ import annotations

import json
import uuid
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeGuard

from gremlink.grammar import graphbinary, graphson, script
from gremlink.grammar.traversal import Argument, Entries, Items, Literal, Traversal, step
from gremlink.proxy.config import Limits
from gremlink.proxy.inference.analysis.options import Settings
from gremlink.proxy.inference.commands import GuessLinks
from gremlink.proxy.relay.offload import read_if_marked
from gremlink.proxy.relay.websocket import commands as relay
from gremlink.proxy.relay.websocket.commands import Command
from gremlink.proxy.relay.websocket.conversation import Conversation
from gremlink.proxy.relay.websocket.pending import Pending
from gremlink.proxy.wire.errors import MessageError
from gremlink.proxy.wire.frames import FrameReader, Message, MessageReader, Opcode, encode_frame
from gremlink.proxy.wire.mime import GRAPHBINARY, Encoding, Format
from gremlink.proxy.wire.request import RequestMessage, read_request, write_request
from gremlink.proxy.wire.response import read_response, write_error
from gremlink.proxy.wire.response_stream import ResponseStream

LIMIT = 100_000


def request(
    gremlin: Argument | str,
    *,
    format: Format = GRAPHBINARY,
    op: str | None = None,
    processor: str | None = None,
    request_id: uuid.UUID | None = None,
    **args: Argument,
) -> RequestMessage:
    """A request of a client: bytecode, or a script."""
    if isinstance(gremlin, str):
        gremlin = Literal.string(gremlin)
    text = not isinstance(gremlin, Traversal)
    return RequestMessage(
        format,
        request_id or uuid.uuid4(),
        op or ("eval" if text else "bytecode"),
        processor if processor is not None else ("" if text else "traversal"),
        {"gremlin": gremlin, "aliases": Entries(((Literal.string("g"),) * 2,)), **args},
    )


def friends(*, endpoint: str = "friends", limit: int = 2) -> Traversal:
    """An inference that can be answered: `V("a").out("FRIEND")` predicted, then `values`."""
    return Traversal(
        (step("with", "Neptune#ml.endpoint", endpoint), step("with", "Neptune#ml.limit", limit)),
        (
            step("V", "a"),
            step("out", "FRIEND"),
            step("with", "Neptune#ml.prediction"),
            step("hasLabel", "User"),
            step("values", "name"),
        ),
    )


def friends_script() -> str:
    """The same as text."""
    return script.write(friends())


def refused() -> Traversal:
    """An inference that cannot be answered: `both` instead of `out`."""
    steps = list(friends().steps)
    steps[1] = step("both", "FRIEND")
    return friends().with_steps(steps)


def frame_of(sent: RequestMessage) -> bytes:
    """The frame in which a client sends a request."""
    opcode, payload = write_request(sent)
    return encode_frame(opcode, payload, masked=True)


def response(
    request_id: uuid.UUID,
    items: Sequence[Argument] = (),
    *,
    code: int = 200,
    format: Format = GRAPHBINARY,
    message: str = "",
) -> bytes:
    """The frame of a response."""
    opcode, payload = write_error(format, request_id, code, message)
    if items and format.encoding is Encoding.GRAPHBINARY:
        payload = payload[:-2] + graphbinary.write_value(Items("list", tuple(items)))
    elif items:
        body = json.loads(payload)
        body["result"]["data"] = [_json(item) for item in items]
        payload = json.dumps(body).encode()
    return encode_frame(opcode, payload, masked=False)


def _json(item: Argument) -> Any:
    return graphson.write_value(item)


def rows(*vertices: str, known: Sequence[str] = ()) -> list[Argument]:
    """What the database answers to the query for inputs."""
    linked = Items("list", tuple(map(Literal.string, known)))
    return [
        Entries(
            (
                (Literal.string("v"), Literal.string(vertex)),
                (Literal.string("n"), linked),
            )
        )
        for vertex in vertices
    ]


def links(*targets: str) -> list[list[tuple[Literal, float]]]:
    """What a model answers for one input."""
    return [[(Literal.string(target), 0.5) for target in targets]]


# What happens -----------------------------------------------------------------------------------

Event = Callable[["Playbook"], Iterator[Command]]


def client(sent: RequestMessage | bytes) -> Event:
    """The client sends a request, or frames."""
    raw = frame_of(sent) if isinstance(sent, RequestMessage) else sent

    def happen(play: Playbook) -> Iterator[Command]:
        if isinstance(sent, RequestMessage):
            play.frames[sent.request_id] = raw
        for item in play.requests.feed(raw):
            assert isinstance(item, Message)
            yield from play.conversation.client(item)

    return happen


def database(data: bytes) -> Event:
    """The database sends frames."""

    def happen(play: Playbook) -> Iterator[Command]:
        for event in play.responses.feed(data):
            yield from play.conversation.upstream(event)

    return happen


def answered(asks: Asks, items: Sequence[Argument] = (), **keywords: Any) -> Event:
    """The database answers a query of the proxy's own."""

    def happen(play: Playbook) -> Iterator[Command]:
        keywords.setdefault("format", asks.request.format)
        yield from database(response(asks.request.request_id, items, **keywords))(play)

    return happen


def predicted(predicts: Predicts | relay.Predict, reply: Any = None) -> Event:
    """The model replies."""
    return lambda play: play.conversation.predicted(predicts.pending, reply)


def looked(reads: Reads) -> Event:
    """A thread has looked into a long message."""

    def happen(play: Playbook) -> Iterator[Command]:
        reading = reads.command.reading
        outcome: RequestMessage | Exception | None
        try:
            outcome = read_if_marked(reading.message)
        except MessageError as error:
            outcome = error
        return play.conversation.read(reading, outcome)

    return happen


def lost(reason: str = "gone") -> Event:
    """The connection to the database breaks."""
    return lambda play: play.conversation.upstream_lost(reason)


# What follows -----------------------------------------------------------------------------------


class Expected:
    """A command that has to come next."""

    def check(self, command: Command, play: Playbook) -> None:
        raise NotImplementedError


@dataclass
class Forwarded(Expected):
    """The client's own bytes go to the database."""

    sent: RequestMessage | bytes

    def check(self, command: Command, play: Playbook) -> None:
        raw = self.sent if isinstance(self.sent, bytes) else play.frames[self.sent.request_id]
        assert command == relay.ToUpstream(raw)


@dataclass
class Asks(Expected):
    """A query of the proxy's own, or one rewritten by it, goes to the database."""

    format: Format | None = None
    request_id: uuid.UUID | None = None
    request: RequestMessage = field(init=False)

    def check(self, command: Command, play: Playbook) -> None:
        assert isinstance(command, relay.ToUpstream)
        self.request = sent_request(command.data)
        if self.format is not None:
            assert self.request.format == self.format
        if self.request_id is None:
            assert self.request.request_id not in play.frames
        else:
            assert self.request.request_id == self.request_id

    @property
    def steps(self) -> list[str]:
        gremlin = self.request.args["gremlin"]
        assert isinstance(gremlin, Traversal)
        return [instruction.name for instruction in gremlin.steps]


@dataclass
class Predicts(Expected):
    """A model is asked."""

    work: type
    command: relay.Predict = field(init=False)

    @property
    def pending(self) -> Pending:
        return self.command.pending

    def check(self, command: Command, play: Playbook) -> None:
        assert isinstance(command, relay.Predict)
        assert isinstance(command.work, self.work)
        self.command = command


@dataclass
class Reads(Expected):
    """A thread is to look into a long message."""

    command: relay.ScanMessage = field(init=False)

    def check(self, command: Command, play: Playbook) -> None:
        assert isinstance(command, relay.ScanMessage)
        self.command = command


@dataclass
class Advances(Expected):
    """A thread is to take a step of a long request."""

    command: relay.Advance = field(init=False)

    def check(self, command: Command, play: Playbook) -> None:
        assert isinstance(command, relay.Advance)
        self.command = command


@dataclass
class Passed(Expected):
    """The database's own bytes go to the client."""

    data: bytes

    def check(self, command: Command, play: Playbook) -> None:
        assert command == relay.Forward(self.data)


@dataclass
class Tells(Expected):
    """The client gets a response that the proxy wrote or readdressed."""

    request_id: uuid.UUID
    code: int
    words: str = ""

    def check(self, command: Command, play: Playbook) -> None:
        assert isinstance(command, relay.ToClient)
        opcode, payload = whole_frame(command.data)
        assert opcode in (Opcode.TEXT, Opcode.BINARY)
        told = read_response(payload)
        assert (told.request_id, told.code) == (self.request_id, self.code)
        assert self.words in told.message


@dataclass
class Closes(Expected):
    """The client gets a close frame."""

    code: int
    words: str = ""

    def check(self, command: Command, play: Playbook) -> None:
        assert isinstance(command, relay.ToClient)
        opcode, payload = whole_frame(command.data)
        assert opcode == Opcode.CLOSE
        assert int.from_bytes(payload[:2], "big") == self.code
        assert self.words in payload[2:].decode()


class Hangs(Expected):
    """The connection with the client is to end."""

    def check(self, command: Command, play: Playbook) -> None:
        assert command == relay.CloseClient()


def whole_frame(data: bytes) -> tuple[int, bytes]:
    """Opcode and payload of exactly one frame."""
    (piece,) = FrameReader().feed(data)
    assert piece.last
    assert piece.raw == data
    return piece.head.opcode, piece.payload()


def sent_request(data: bytes) -> RequestMessage:
    """The request in one frame to the database, which has to be masked."""
    assert data[1] & 0x80
    return read_request(*whole_frame(data))


def _is_guess(command: Command) -> TypeGuard[relay.Predict]:
    return isinstance(command, relay.Predict) and isinstance(command.work, GuessLinks)


class Playbook:
    """A conversation, and what it has commanded so far without being expected.

    Without `guessing` the model has no guesses: an inference then takes the way of two queries.
    """

    def __init__(self, *, guessing: bool = False, **settings: Any) -> None:
        self.guessing = guessing
        self.conversation = Conversation(
            Settings(**settings), "ws://database/gremlin", Limits(max_message_bytes=LIMIT)
        )
        self.requests = MessageReader(LIMIT)
        self.responses = ResponseStream(self.conversation.ours)
        self.frames: dict[uuid.UUID, bytes] = {}
        self.commands: deque[Command] = deque()
        self.watched: list[Pending] = []
        """The inferences whose time was to be watched, in this order."""

    def __rshift__(self, event: Event) -> Playbook:
        assert not self.commands, f"not expected: {self.commands}"
        for command in event(self):
            if isinstance(command, relay.SetDeadline):
                self.watched.append(command.pending)
            elif not self.guessing and _is_guess(command):
                self >> predicted(command)
            else:
                self.commands.append(command)
        return self

    def __lshift__(self, expected: Expected) -> Playbook:
        assert self.commands, f"expected {expected}, but nothing follows"
        expected.check(self.commands.popleft(), self)
        return self

    def end(self) -> None:
        """Nothing more was commanded."""
        assert not self.commands, f"not expected: {self.commands}"
