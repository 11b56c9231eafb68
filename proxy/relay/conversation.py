"""One client's conversation with the database, without sockets: messages in, commands out.

Everything passes, except for requests that hold the bytes `Neptune#ml.`: those are answered by the
generator of `proxy.inference.answer`, whose queries go over the same connection to the database
under ids of their own. The client sees exactly one ending for each of its ids, and no other ids.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Iterator
from uuid import UUID

from grammar.errors import GremlinError
from proxy.config import Limits
from proxy.inference.answer import answer
from proxy.inference.commands import Admit, Ask, Reply
from proxy.inference.errors import InferenceError, InternalFailure, UnsupportedOperation
from proxy.inference.predicates import Settings
from proxy.relay.commands import (
    Command,
    Hang,
    OpenRequest,
    Pass,
    Pending,
    Predict,
    ToClient,
    ToUpstream,
)
from proxy.relay.marker import holds_marker
from proxy.relay.shortcut import Ledger
from proxy.wire.errors import FrameError, MessageError
from proxy.wire.frames import CloseCode, Message, encode_close, encode_frame
from proxy.wire.mime import Format
from proxy.wire.request import (
    RequestHead,
    RequestMessage,
    peek_request,
    read_request,
    write_request,
)
from proxy.wire.response import read_response, readdress, write_error
from proxy.wire.response_stream import Closing, Ours, Through
from proxy.wire.status import Status, is_final, is_success

log = logging.getLogger(__name__)

RESULT_LIMIT = 64 * 1024 * 1024
"""Bytes of answers to one query of our own, which are kept until they are complete."""


class Conversation:
    """See the module. `upstream` names the database in messages."""

    def __init__(self, settings: Settings, upstream: str, limits: Limits) -> None:
        self._settings = settings
        self._upstream = upstream
        self._message_limit = limits.max_message_bytes
        self._open_limit = limits.max_requests_per_connection
        self.ledger = Ledger()
        self.open = self.ledger.requests
        self.ours = self.ledger.ours
        self._inferences: dict[UUID, Pending] = {}
        """Inferences by the client's id."""
        self._gate: Pending | None = None
        """The inference that has to end before anything else is sent."""
        self._held: deque[Message] = deque()
        self.backlog = 0
        """Bytes of messages that wait for an inference to end."""
        self._lost: str | None = None
        self._closed = False
        """Whether the client got a close frame, behind which nothing may follow."""

    @property
    def ordinary(self) -> bool:
        """Whether ordinary messages need no more than to be noted and passed on."""
        return not (self._closed or self._held or self._gate is not None or self._lost is not None)

    @property
    def quiet(self) -> bool:
        """Whether the client waits for no answer."""
        return not self.open and not self._held

    # From the client -------------------------------------------------------------------------

    def client(self, message: Message) -> Iterator[Command]:
        """A message of the client."""
        if self._closed:
            return
        head = peek_request(message.opcode, message.payload)
        if self._lost is not None:
            self._note(message, head)
            yield from self.upstream_lost(self._lost)
        elif head is not None and head.op == "authentication":
            # The answer to a challenge waits for nothing, and has no response of its own.
            yield ToUpstream(message.raw)
        elif head is not None and self._too_many(head):
            reason = f"This connection has {self._open_limit} open requests, and may have no more."
            yield self._failure(head.format, head.request_id, Status.TOO_MANY_REQUESTS, reason)
        elif self._gate is not None or self._held or self._has_to_wait(message, head):
            self._held.append(message)
            self.backlog += len(message.raw)
        else:
            yield from self._admit(message, head)

    def _too_many(self, head: RequestHead) -> bool:
        # What the short way noted before it came upon something that it leaves to us is no more.
        known = head.request_id.bytes in self.open
        return not known and len(self.open) + len(self._held) >= self._open_limit

    def _note(self, message: Message, head: RequestHead | None) -> None:
        if head is not None:
            self.open[head.request_id.bytes] = OpenRequest(
                head.format, message.opcode, message.payload, time.monotonic()
            )

    def _has_to_wait(self, message: Message, head: RequestHead | None) -> bool:
        """Whether an inference has to wait for the answers that are still open.

        The server keeps one serializer for each channel, that of the latest request, and we are
        going to ask in another format than the client's.
        """
        return (
            bool(self.open)
            and head is not None
            and _asks_otherwise(head.format)
            and holds_marker(message.payload)
        )

    def _admit(self, message: Message, head: RequestHead | None) -> Iterator[Command]:
        if not holds_marker(message.payload):
            self._note(message, head)
            yield ToUpstream(message.raw)
            return
        try:
            request = read_request(message.opcode, message.payload)
        except MessageError as error:
            yield from self._refuse_unreadable(head, error)
            return
        self._note(message, RequestHead(request.format, request.request_id, request.op))
        pending = Pending(message, request, answer(request, self._settings))
        self._inferences[request.request_id] = pending
        if _asks_otherwise(request.format) or request.processor == "session":
            # A session runs its requests in their order.
            self._gate = pending
        yield from self._step(pending, None)

    def _refuse_unreadable(
        self, head: RequestHead | None, error: MessageError
    ) -> Iterator[Command]:
        if head is None:
            reason = "a request with Neptune#ml. in a format that cannot be read"
            yield from self._give_up(f"The connection is closed: {reason}.")
            yield from self._close(CloseCode.PROTOCOL_ERROR, reason)
            return
        refusal = InternalFailure(f"A request with Neptune#ml. cannot be read: {error}")
        yield self._error(head.format, head.request_id, refusal)

    def _take_up(self) -> Iterator[Command]:
        """Go on with the messages that had to wait, as far as they no longer have to."""
        while self._held and self._gate is None and not self._closed:
            message = self._held[0]
            head = peek_request(message.opcode, message.payload)
            if self._has_to_wait(message, head):
                return
            self._held.popleft()
            self.backlog -= len(message.raw)
            yield from self._admit(message, head)

    def broken(self, error: FrameError) -> Iterator[Command]:
        """The client broke the protocol or a limit."""
        yield from self._give_up(f"The connection is closed: {error.reason}.")
        yield from self._close(error.close_code, error.reason)

    # An inference ----------------------------------------------------------------------------

    def _step(self, pending: Pending, reply: Reply | InferenceError) -> Iterator[Command]:
        """Carry an inference on as far as it goes without an answer from outside."""
        try:
            yield from self._proceed(pending, reply)
        except InferenceError as error:
            yield from self._refuse(pending, error)
        except Exception:
            log.exception("inference failed, request %s", pending.request.request_id)
            failure = InternalFailure("The inference failed; the proxy's log says why.")
            yield from self._refuse(pending, failure)

    def _proceed(self, pending: Pending, reply: Reply | InferenceError) -> Iterator[Command]:
        while True:
            try:
                if isinstance(reply, InferenceError):
                    command = pending.answering.throw(reply)
                else:
                    command = pending.answering.send(reply)
            except StopIteration as stop:
                final: RequestMessage | None = stop.value
                sent = pending.message.raw if final is None else self._frame(final)
                self._leave(pending)
                yield ToUpstream(sent)
                return
            match command:
                case Admit() if self.ledger.admitted:
                    reply = None
                case Admit(request) | Ask(request):
                    sent = self._frame(request)
                    pending.asked, pending.results, pending.received = request.request_id, [], 0
                    self.ours[request.request_id] = pending
                    yield ToUpstream(sent)
                    return
                case work:
                    yield Predict(pending, work)
                    return

    def _frame(self, request: RequestMessage) -> bytes:
        try:
            opcode, payload = write_request(request)
        except GremlinError as error:
            raise UnsupportedOperation(f"The query cannot be sent on: {error}") from error
        if len(payload) > self._message_limit:
            raise UnsupportedOperation(
                f"With its answers in it the query has {len(payload)} bytes, more than the"
                f" {self._message_limit} that can be sent: narrow the steps before the inference,"
                " or ask for fewer results."
            )
        return encode_frame(opcode, payload, masked=True)

    def _refuse(self, pending: Pending, error: InferenceError) -> Iterator[Command]:
        self._end(pending)
        yield self._error(pending.request.format, pending.request.request_id, error)

    def _end(self, pending: Pending) -> None:
        """Forget an inference whose last response the client gets."""
        pending.answering.close()
        self._leave(pending)
        self.open.pop(pending.request.request_id.bytes, None)

    def _leave(self, pending: Pending) -> None:
        """An inference needs nothing more."""
        self._inferences.pop(pending.request.request_id, None)
        if pending.asked is not None:
            self.ours[pending.asked] = None
            pending.asked = None
        if self._gate is pending:
            self._gate = None

    def predicted(self, pending: Pending, reply: Reply | InferenceError) -> Iterator[Command]:
        """A model has done its work, or refused it."""
        if self._inferences.get(pending.request.request_id) is pending:
            yield from self._step(pending, reply)
            yield from self._take_up()

    def cancel(self, request_id: UUID, error: InferenceError) -> Iterator[Command]:
        """End a request with an error; what the database still sends for it is dropped."""
        request = self.open.pop(request_id.bytes, None)
        if request is None:
            return
        pending = self._inferences.get(request_id)
        if pending is not None:
            pending.answering.close()
            self._leave(pending)
        else:
            self.ours[request_id] = None
        yield self._error(request.format, request_id, error)
        yield from self._take_up()

    # From the database -----------------------------------------------------------------------

    def upstream(self, event: Through | Closing | Ours) -> Iterator[Command]:
        """Something the database sent."""
        match event:
            case _ if self._closed:
                return
            case Ours():
                yield from self._ours(event)
            case Closing(raw):
                yield from self._give_up(f"The database at {self._upstream} closed the connection.")
                self._closed = True
                yield Pass(raw)
                yield Hang()
            case Through(raw, head):
                yield Pass(raw)
                if head is not None and head.code is not None:
                    self._answered(head.request_id, head.code)
        yield from self._take_up()

    def _answered(self, request_id: UUID | None, code: int) -> None:
        if is_success(code):
            self.ledger.admitted = True
        if request_id is None or not is_final(code):
            return
        refused = self._inferences.get(request_id)
        if refused is not None:  # credentials were refused under the id of the request itself
            self._end(refused)
            self.ledger.endings[code] += 1
        if self.open.pop(request_id.bytes, None) is not None:
            self.ledger.endings[code] += 1

    def _ours(self, event: Ours) -> Iterator[Command]:
        asked, code = event.head.request_id, event.head.code or Status.SERVER_ERROR
        assert asked is not None
        pending = self.ours[asked]
        if is_final(code):
            del self.ours[asked]
        if pending is None:
            return
        if is_final(code):
            pending.asked = None
        if not is_success(code):
            if is_final(code):
                self._end(pending)
                self.ledger.endings[code] += 1
            payload = readdress(event.payload, pending.request.request_id)
            yield ToClient(encode_frame(event.opcode, payload, masked=False))
            return
        self.ledger.admitted = True
        reply: Reply | InferenceError
        try:
            self._collect(pending, event.payload)
        except InferenceError as error:
            reply = error
        else:
            if not is_final(code):
                return
            reply = tuple(pending.results)
        yield from self._step(pending, reply)

    def _collect(self, pending: Pending, payload: bytes) -> None:
        pending.received += len(payload)
        if pending.received > RESULT_LIMIT:
            raise UnsupportedOperation(
                f"The inputs of the inference and their links take more than {RESULT_LIMIT} bytes:"
                " narrow the steps before it, or ask in portions with range()."
            )
        try:
            pending.results += read_response(payload).results
        except MessageError as error:
            raise InternalFailure(f"The database's answer cannot be read: {error}") from error

    # Endings ---------------------------------------------------------------------------------

    def refuse_all(self, reason: str) -> None:
        """There is no database: the first request will be told why, and the connection closed."""
        self._lost = reason

    def upstream_lost(self, reason: str) -> Iterator[Command]:
        """The connection to the database is gone, or could not be made."""
        self._lost = reason
        if self._closed:
            yield Hang()
            return
        yield from self._give_up(reason)
        yield from self._close(CloseCode.INTERNAL_ERROR, reason)

    def going_away(self, reason: str) -> Iterator[Command]:
        """The proxy ends the conversation."""
        if not self._closed:
            yield from self._give_up(reason)
            yield from self._close(CloseCode.GOING_AWAY, reason)

    def _give_up(self, reason: str) -> Iterator[Command]:
        """One error for each request without an answer."""
        for message in self._held:
            self._note(message, peek_request(message.opcode, message.payload))
        self.close()
        for request_id, request in self.open.items():
            yield self._failure(request.format, UUID(bytes=request_id), Status.SERVER_ERROR, reason)
        self.open.clear()

    def _close(self, code: int, reason: str) -> Iterator[Command]:
        self._closed = True
        yield ToClient(encode_close(code, reason, masked=False))
        yield Hang()

    def close(self) -> None:
        """Give up the inferences: the client is gone, or will be told."""
        for pending in list(self._inferences.values()):
            pending.answering.close()
            self._leave(pending)
        self._held.clear()
        self.backlog = 0

    # Errors of our own -----------------------------------------------------------------------

    def _failure(self, format: Format, request_id: UUID, status: int, reason: str) -> ToClient:
        return self._ending(format, request_id, status, reason, [], reason)

    def _error(self, format: Format, request_id: UUID, error: InferenceError) -> ToClient:
        trace = f"{error.code}: {error}"
        detail = error.detail(request_id)
        return self._ending(format, request_id, error.status, detail, [error.code], trace)

    def _ending(
        self,
        format: Format,
        request_id: UUID,
        status: int,
        message: str,
        exceptions: list[str],
        trace: str,
    ) -> ToClient:
        """The last response to a request."""
        self.ledger.endings[status] += 1
        attributes: dict[str, str | list[str]] = {"exceptions": exceptions, "stackTrace": trace}
        opcode, payload = write_error(format, request_id, status, message, attributes)
        return ToClient(encode_frame(opcode, payload, masked=False))


def _asks_otherwise(format: Format) -> bool:
    """Whether our own queries are in another format than those of a client that uses this one."""
    return format.readable != format
