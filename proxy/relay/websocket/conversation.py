"""One client's conversation with the database, without sockets: messages in, commands out.

Everything is forwarded except for requests that hold the bytes `Neptune#ml.`, which go to
`inferences`. The conversation decides in which order messages go on, and ends requests that get no
answer. The client sees exactly one ending for each of its ids, and no other ids.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from uuid import UUID

from gremlink.proxy.config import Limits
from gremlink.proxy.inference import commands as inference
from gremlink.proxy.inference.analysed_request import AnalysedRequest
from gremlink.proxy.inference.analysis.options import Settings
from gremlink.proxy.inference.commands import Reply
from gremlink.proxy.inference.errors import InferenceError, InternalFailure
from gremlink.proxy.inference.query_cache import QueryCache
from gremlink.proxy.relay.detect import holds_marker
from gremlink.proxy.relay.misspelt_keys import MISSPELT_KEYS
from gremlink.proxy.relay.offload import Done, Written
from gremlink.proxy.relay.query_ids import rest_with_query_id
from gremlink.proxy.relay.websocket.commands import (
    CloseClient,
    Command,
    Forward,
    LargeMessage,
    ScanMessage,
    ToClient,
    ToUpstream,
)
from gremlink.proxy.relay.websocket.error_responses import error_response, inference_error
from gremlink.proxy.relay.websocket.id_cache import RecentIds
from gremlink.proxy.relay.websocket.inferences import Inferences, needs_other_format
from gremlink.proxy.relay.websocket.large_messages import LargeMessages, needs_scan
from gremlink.proxy.relay.websocket.open_requests import KEPT, OpenRequest, RequestTable
from gremlink.proxy.relay.websocket.pending import Pending
from gremlink.proxy.wire.errors import FrameError, MessageError
from gremlink.proxy.wire.frames import CloseCode, Message, Opcode, encode_close
from gremlink.proxy.wire.request import RequestHead, RequestMessage, peek_request, read_request
from gremlink.proxy.wire.response_stream import Closing, Ours, Through
from gremlink.proxy.wire.status import Status, is_final, is_success


class Conversation:
    """See the module. `upstream` names the database in messages; `shapes` are cached requests and
    `recent` cached ids, of all clients.
    """

    def __init__(
        self,
        settings: Settings,
        upstream: str,
        limits: Limits,
        shapes: QueryCache | None = None,
        table: RequestTable | None = None,
        recent: RecentIds | None = None,
    ) -> None:
        self._shapes = QueryCache() if shapes is None else shapes
        self._upstream = upstream
        self._open_limit = limits.max_requests_per_connection
        self.table = RequestTable() if table is None else table
        self.open = self.table.requests
        self.ours = self.table.ours
        self._inferences = Inferences(
            settings,
            self.table,
            self._shapes,
            RecentIds() if recent is None else recent,
            timeout=round(limits.evaluation_timeout * 1000),
            message_limit=limits.max_message_bytes,
        )
        self._held: deque[Message] = deque()
        self.backlog = 0
        """Bytes of messages that wait for an inference to end."""
        self._large_messages = LargeMessages()
        self._lost: str | None = None
        self._closed = False
        """Whether the client got a close frame, behind which nothing may follow."""

    @property
    def ordinary(self) -> bool:
        """True if ordinary messages need no more than to be noted and forwarded."""
        return not (self._closed or self._held or self._gated or self._lost is not None)

    @property
    def quiet(self) -> bool:
        """True if the client waits for no answer."""
        return not (self.open or self._held or self._large_messages)

    @property
    def _gated(self) -> bool:
        """True if an inference or a scan has to end before anything else is sent."""
        return self._inferences.gate is not None or self._large_messages.hold

    # From the client -------------------------------------------------------------------------

    def client(self, message: Message) -> Iterator[Command]:
        """Take a message of the client."""
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
            yield error_response(
                self.table, head.format, head.request_id, Status.TOO_MANY_REQUESTS, reason
            )
        elif self._gated or self._held or self._has_to_wait(message, head):
            self._held.append(message)
            self.backlog += len(message.raw)
        else:
            yield from self._admit(message, head)

    def _too_many(self, head: RequestHead) -> bool:
        # The fast path has noted a request before it left the rest of the bytes to this one.
        known = head.request_id.bytes in self.open
        return not known and len(self.open) + len(self._held) >= self._open_limit

    def _note(
        self, message: Message, head: RequestHead | None, started: float | None = None
    ) -> None:
        if head is not None:
            started = time.monotonic() if started is None else started
            kept = message.payload
            if len(kept) > KEPT:
                kept = kept[:KEPT] + rest_with_query_id(kept, KEPT)
            noted = (started, kept, 0, message.opcode, head.format)
            self.open[head.request_id.bytes] = noted

    def _has_to_wait(self, message: Message, head: RequestHead | None) -> bool:
        """Tell whether an inference has to wait for the answers that are still open.

        The server keeps one serializer for each channel, that of the latest request, and the proxy
        is going to ask in another format than the client's.
        """
        return (
            bool(self.open)
            and head is not None
            and needs_other_format(head.format)
            and (needs_scan(message) or holds_marker(message.payload))
        )

    def _admit(self, message: Message, head: RequestHead | None) -> Iterator[Command]:
        if needs_scan(message):
            self._note(message, head)
            yield ScanMessage(self._large_messages.begin(message, head))
        elif not holds_marker(message.payload):
            MISSPELT_KEYS.warn(message.payload)
            self._note(message, head)
            yield ToUpstream(message.raw)
        else:
            yield from self._read_marked(message, head)

    def _read_marked(self, message: Message, head: RequestHead | None) -> Iterator[Command]:
        """Read a message that holds the marker, and answer it."""
        asked: RequestMessage | AnalysedRequest | None = None
        if head is not None and message.opcode == Opcode.BINARY:
            asked = self._shapes.find(message.payload)
        try:
            if asked is None:
                asked = read_request(message.opcode, message.payload)
        except MessageError as error:
            yield from self._refuse_unreadable(head, error)
        else:
            yield from self._infer(message, asked, time.monotonic())

    def _infer(
        self, message: Message, asked: RequestMessage | AnalysedRequest, started: float
    ) -> Iterator[Command]:
        request = asked.query.request if isinstance(asked, AnalysedRequest) else asked
        head = RequestHead(request.format, request.request_id, request.op)
        self._note(message, head, started)
        yield from self._inferences.begin(message, asked, started)

    def read(
        self, reading: LargeMessage, outcome: RequestMessage | Exception | None
    ) -> Iterator[Command]:
        """Take the outcome of a thread's scan: `None` for a message without the marker."""
        if not self._large_messages.end(reading):
            return
        message, head = reading.message, reading.head
        match outcome:
            case None:
                yield ToUpstream(message.raw)
            case RequestMessage():
                if head is not None:
                    self.open.pop(head.request_id.bytes, None)
                yield from self._infer(message, outcome, reading.started)
            case InferenceError() if head is not None:
                yield inference_error(self.table, head.format, head.request_id, outcome)
            case _:
                yield from self._refuse_unreadable(head, outcome)
        yield from self._resume_held()

    def _refuse_unreadable(self, head: RequestHead | None, error: Exception) -> Iterator[Command]:
        if head is None:
            reason = "a request with Neptune#ml. in a format that cannot be read"
            yield from self._fail_all(f"The connection is closed: {reason}.")
            yield from self._close(CloseCode.PROTOCOL_ERROR, reason)
            return
        unreadable = InternalFailure(f"A request with Neptune#ml. cannot be read: {error}")
        yield inference_error(self.table, head.format, head.request_id, unreadable)

    def _resume_held(self) -> Iterator[Command]:
        """Go on with the messages that wait, until one has to wait on."""
        while self._held and not self._gated and not self._closed:
            message = self._held[0]
            head = peek_request(message.opcode, message.payload)
            if self._has_to_wait(message, head):
                return
            self._held.popleft()
            self.backlog -= len(message.raw)
            yield from self._admit(message, head)

    def broken(self, error: FrameError) -> Iterator[Command]:
        """Close the connection: the client broke the protocol or a limit."""
        yield from self._fail_all(f"The connection is closed: {error.reason}.")
        yield from self._close(error.close_code, error.reason)

    # An inference ----------------------------------------------------------------------------

    def predicted(self, pending: Pending, reply: Reply | InferenceError) -> Iterator[Command]:
        """Take the reply or the error of a model."""
        if self._inferences.is_pending(pending):
            yield from self._inferences.predicted(pending, reply)
            yield from self._resume_held()

    def advanced(
        self, pending: Pending, outcome: inference.Command | Done | Written | Exception
    ) -> Iterator[Command]:
        """Take the outcome of a thread's step of a long request."""
        yield from self._inferences.advanced(pending, outcome)
        yield from self._resume_held()

    def expired(self, pending: Pending) -> Iterator[Command]:
        """End an inference that has used up its time."""
        if self._inferences.is_pending(pending):
            yield from self._inferences.expired(pending)
            yield from self._resume_held()

    def cancel(self, request_id: UUID, error: InferenceError) -> Iterator[Command]:
        """End a request with an error; what the database still sends for it is dropped."""
        noted = self.open.get(request_id.bytes)
        if noted is None:
            return
        format = OpenRequest(*noted).format
        if not (self._inferences.give_up(request_id) or self._large_messages.forget(request_id)):
            self.ours[request_id] = None
        yield inference_error(self.table, format, request_id, error)
        yield from self._resume_held()

    # From the database -----------------------------------------------------------------------

    def upstream(self, event: Through | Closing | Ours) -> Iterator[Command]:
        """Take bytes of the database."""
        match event:
            case _ if self._closed:
                return
            case Ours():
                yield from self._inferences.ours(event)
            case Closing(raw):
                yield from self._fail_all(
                    f"The database at {self._upstream} closed the connection."
                )
                self._closed = True
                yield Forward(raw)
                yield CloseClient()
            case Through(raw, head):
                yield Forward(raw)
                if head is not None and head.code is not None:
                    self._answered(head.request_id, head.code)
        yield from self._resume_held()

    def _answered(self, request_id: UUID | None, code: int) -> None:
        if is_success(code):
            self.table.admitted = True
        if request_id is None or not is_final(code):
            return
        self._inferences.answered(request_id, code)
        if request_id.bytes in self.open:
            self.table.ended(request_id.bytes, code)

    # Endings ---------------------------------------------------------------------------------

    def refuse_all(self, reason: str) -> None:
        """Answer the first request with an error, and close: there is no database."""
        self._lost = reason

    def upstream_lost(self, reason: str) -> Iterator[Command]:
        """End all requests: the connection to the database is lost, or was never made."""
        self._lost = reason
        if self._closed:
            yield CloseClient()
            return
        yield from self._fail_all(reason)
        yield from self._close(CloseCode.INTERNAL_ERROR, reason)

    def going_away(self, reason: str) -> Iterator[Command]:
        """End all requests and close: the proxy stops."""
        if not self._closed:
            yield from self._fail_all(reason)
            yield from self._close(CloseCode.GOING_AWAY, reason)

    def _fail_all(self, reason: str) -> Iterator[Command]:
        """End each request without an answer with one error."""
        for message in self._held:
            self._note(message, peek_request(message.opcode, message.payload))
        self.close()
        for request_id, request in list(self.table.open()):
            yield error_response(
                self.table, request.format, request_id, Status.SERVER_ERROR, reason
            )

    def _close(self, code: int, reason: str) -> Iterator[Command]:
        self._closed = True
        yield ToClient(encode_close(code, reason, masked=False))
        yield CloseClient()

    def close(self) -> None:
        """Give up the inferences, without a word to the client."""
        self._inferences.close()
        self._large_messages.clear()
        self._held.clear()
        self.backlog = 0
