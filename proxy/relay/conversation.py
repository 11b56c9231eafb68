"""One client's conversation with the database, without sockets: messages in, commands out.

Everything passes, except for requests that hold the bytes `Neptune#ml.`: those are answered by the
generator of `proxy.inference.answer`, whose queries go over the same connection to the database
under ids of their own. The client sees exactly one ending for each of its ids, and no other ids.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID

from grammar.traversal import Argument
from proxy.inference.answer import Answering, answer
from proxy.inference.commands import Admit, Ask, Reply, Work
from proxy.inference.errors import InferenceError, InternalFailure
from proxy.inference.predicates import Settings
from proxy.relay.marker import holds_marker
from proxy.wire.errors import MessageError
from proxy.wire.frames import CloseCode, Message, encode_close, encode_frame
from proxy.wire.mime import Format
from proxy.wire.request import RequestMessage, peek_request, read_request, write_request
from proxy.wire.response import read_response, readdress, write_error
from proxy.wire.response_stream import Closing, Ours, Through
from proxy.wire.status import Status, is_final, is_success

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ToUpstream:
    """Bytes for the database."""

    data: bytes


@dataclass(frozen=True, slots=True)
class ToClient:
    """Bytes for the client: whole frames, to be sent between two messages."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Pass:
    """Bytes of the database for the client, wherever they stand in its stream."""

    data: bytes


@dataclass(eq=False, slots=True)
class Pending:
    """An inference that is being answered. `results` are those of the query `asked`, so far."""

    message: Message
    request: RequestMessage
    answering: Answering
    asked: UUID | None = None
    results: list[Argument] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Predict:
    """Work for a model; the reply belongs to `pending`."""

    pending: Pending
    work: Work


@dataclass(frozen=True, slots=True)
class Hang:
    """Close the connection with the client once it has read what was sent."""


Command = ToUpstream | ToClient | Pass | Predict | Hang


class Conversation:
    """See the module. `upstream` names the database in messages."""

    def __init__(self, settings: Settings, upstream: str) -> None:
        self._settings = settings
        self._upstream = upstream
        self._open: dict[UUID, Format] = {}
        """Requests of the client that have not had their last response."""
        self.ours: dict[UUID, Pending] = {}
        """Inferences whose query of ours is at the database, by that query's id."""
        self._inferences: dict[UUID, Pending] = {}
        """Inferences by the client's id."""
        self._admitted = False
        self._gate: Pending | None = None
        self._awaits_credentials = False
        self._held: deque[Message] = deque()
        self._lost: str | None = None

    @property
    def backlog(self) -> int:
        """Bytes of messages that wait for an inference to end."""
        return sum(len(message.raw) for message in self._held)

    def client(self, message: Message) -> Iterator[Command]:
        """A message of the client."""
        if self._lost is not None:
            self._note(message)
            yield from self.upstream_lost(self._lost)
        elif self._gate is not None and self._awaits_credentials:
            yield ToUpstream(message.raw)
        elif self._gate is not None or self._held:
            self._held.append(message)
        else:
            yield from self._admit(message)

    def _note(self, message: Message) -> None:
        peeked = peek_request(message.opcode, message.payload)
        if peeked is not None:
            format, request_id = peeked
            self._open[request_id] = format

    def _admit(self, message: Message) -> Iterator[Command]:
        if not holds_marker(message.payload):
            self._note(message)
            yield ToUpstream(message.raw)
            return
        try:
            request = read_request(message.opcode, message.payload)
        except MessageError as error:
            yield from self._refuse_unreadable(message, error)
            return
        other_format = request.format.readable != request.format
        if other_format and self._open:
            # The server keeps one serializer for each channel, that of the latest request, and we
            # are going to ask in another format than the client's.
            self._held.append(message)
            return
        self._open[request.request_id] = request.format
        pending = Pending(message, request, answer(request, self._settings))
        self._inferences[request.request_id] = pending
        if other_format or request.processor == "session":
            # A session runs its requests in their order.
            self._gate = pending
        yield from self._step(pending, None)

    def _refuse_unreadable(self, message: Message, error: MessageError) -> Iterator[Command]:
        peeked = peek_request(message.opcode, message.payload)
        if peeked is None:
            yield ToClient(
                encode_close(
                    CloseCode.PROTOCOL_ERROR,
                    "a request with Neptune#ml. in a format that cannot be read",
                    masked=False,
                )
            )
            yield Hang()
            return
        format, request_id = peeked
        refusal = InternalFailure(f"A request with Neptune#ml. cannot be read: {error}")
        yield _error(format, request_id, refusal)

    def _step(self, pending: Pending, reply: Reply | InferenceError) -> Iterator[Command]:
        """Carry an inference on as far as it goes without an answer from outside."""
        try:
            while True:
                if isinstance(reply, InferenceError):
                    command = pending.answering.throw(reply)
                else:
                    command = pending.answering.send(reply)
                match command:
                    case Admit() if self._admitted:
                        reply = None
                    case Admit(request) | Ask(request):
                        pending.asked, pending.results = request.request_id, []
                        self.ours[request.request_id] = pending
                        yield ToUpstream(_frame(request))
                        return
                    case work:
                        yield Predict(pending, work)
                        return
        except StopIteration as stop:
            final: RequestMessage | None = stop.value
            self._inferences.pop(pending.request.request_id, None)
            yield ToUpstream(pending.message.raw if final is None else _frame(final))
            yield from self._release(pending)
        except InferenceError as error:
            yield from self._refuse(pending, error)
        except Exception:
            log.exception("inference failed, request %s", pending.request.request_id)
            failure = InternalFailure("The inference failed; the proxy's log says why.")
            yield from self._refuse(pending, failure)

    def _refuse(self, pending: Pending, error: InferenceError) -> Iterator[Command]:
        yield _error(pending.request.format, pending.request.request_id, error)
        yield from self._end(pending)

    def _end(self, pending: Pending) -> Iterator[Command]:
        """Forget an inference whose last response the client has got."""
        pending.answering.close()
        request_id = pending.request.request_id
        self._inferences.pop(request_id, None)
        self._open.pop(request_id, None)
        if pending.asked is not None:
            self.ours.pop(pending.asked, None)
        yield from self._release(pending)

    def _release(self, pending: Pending) -> Iterator[Command]:
        if self._gate is pending:
            self._gate = None
            self._awaits_credentials = False
        yield from self._take_up()

    def _take_up(self) -> Iterator[Command]:
        """Go on with the messages that had to wait."""
        while self._held and self._gate is None:
            waiting = len(self._held)
            message = self._held.popleft()
            yield from self._admit(message)
            if len(self._held) == waiting:  # has to wait longer, for the answers still open
                self._held.rotate(1)
                return

    def predicted(self, pending: Pending, reply: Reply | InferenceError) -> Iterator[Command]:
        """A model has done its work, or refused it."""
        if self._inferences.get(pending.request.request_id) is pending:
            yield from self._step(pending, reply)

    def upstream(self, event: Through | Closing | Ours) -> Iterator[Command]:
        """Something the database sent."""
        match event:
            case Ours():
                yield from self._ours(event)
            case Closing(raw):
                yield from self._give_up(f"The database at {self._upstream} closed the connection.")
                yield Pass(raw)
            case Through(raw, head):
                yield Pass(raw)
                if head is None or head.code is None:
                    return
                if is_success(head.code):
                    self._admitted = True
                if head.request_id is not None and is_final(head.code):
                    yield from self._answered(head.request_id)

    def _answered(self, request_id: UUID) -> Iterator[Command]:
        refused = self._inferences.get(request_id)
        if refused is not None:  # credentials were refused under the id of the request itself
            yield from self._end(refused)
        self._open.pop(request_id, None)
        if not self._open:
            yield from self._take_up()

    def _ours(self, event: Ours) -> Iterator[Command]:
        assert event.head.request_id is not None
        pending = self.ours[event.head.request_id]
        code = event.head.code or Status.SERVER_ERROR
        if not is_success(code):
            payload = readdress(event.payload, pending.request.request_id)
            yield ToClient(encode_frame(event.opcode, payload, masked=False))
            if is_final(code):
                yield from self._end(pending)
            else:
                self._awaits_credentials = True
            return
        self._admitted = True
        self._awaits_credentials = False
        try:
            pending.results += read_response(event.payload).results
        except MessageError as error:
            del self.ours[event.head.request_id]
            failure = InternalFailure(f"The database's answer cannot be read: {error}")
            yield from self._step(pending, failure)
            return
        if is_final(code):
            del self.ours[event.head.request_id]
            pending.asked = None
            yield from self._step(pending, tuple(pending.results))

    def refuse_all(self, reason: str) -> None:
        """There is no database: the first request will be told why, and the connection closed."""
        self._lost = reason

    def upstream_lost(self, reason: str) -> Iterator[Command]:
        """The connection to the database is gone, or could not be made."""
        self._lost = reason
        yield from self._give_up(reason)
        yield ToClient(encode_close(CloseCode.INTERNAL_ERROR, reason, masked=False))
        yield Hang()

    def _give_up(self, reason: str) -> Iterator[Command]:
        """One error for each request without an answer."""
        for message in self._held:
            self._note(message)
        self._held.clear()
        for pending in self._inferences.values():
            pending.answering.close()
        self._inferences.clear()
        self.ours.clear()
        self._gate = None
        for request_id, format in self._open.items():
            opcode, payload = write_error(
                format,
                request_id,
                Status.SERVER_ERROR,
                reason,
                {"exceptions": [], "stackTrace": reason},
            )
            yield ToClient(encode_frame(opcode, payload, masked=False))
        self._open.clear()

    def close(self) -> None:
        """The client is gone."""
        for pending in self._inferences.values():
            pending.answering.close()
        self._inferences.clear()


def _frame(request: RequestMessage) -> bytes:
    opcode, payload = write_request(request)
    return encode_frame(opcode, payload, masked=True)


def _error(format: Format, request_id: UUID, error: InferenceError) -> ToClient:
    opcode, payload = write_error(
        format,
        request_id,
        error.status,
        error.detail(request_id),
        {"exceptions": [error.code], "stackTrace": f"{error.code}: {error}"},
    )
    return ToClient(encode_frame(opcode, payload, masked=False))
