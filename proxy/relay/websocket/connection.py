"""Two sockets tied together: a client's and its database's. Bytes move, and back-pressure moves
back.

`conversation.Conversation` decides; this is input and output.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable
from uuid import UUID

from gremlink.proxy.config import Limits
from gremlink.proxy.inference.commands import Predictor, Reply
from gremlink.proxy.inference.errors import InferenceError
from gremlink.proxy.relay.offload import Offload
from gremlink.proxy.relay.waits import WAITS
from gremlink.proxy.relay.websocket.background import WAITING, BackgroundTasks
from gremlink.proxy.relay.websocket.commands import (
    Advance,
    CloseClient,
    Command,
    Forward,
    Predict,
    ScanMessage,
    SetDeadline,
    ToClient,
    ToUpstream,
)
from gremlink.proxy.relay.websocket.conversation import Conversation
from gremlink.proxy.relay.websocket.deadlines import IdleTimer, MessageTimer, WriteTimer
from gremlink.proxy.relay.websocket.fast_path import Received, request_fast_path, response_fast_path
from gremlink.proxy.relay.websocket.open_requests import OpenRequest
from gremlink.proxy.relay.websocket.pending import Pending
from gremlink.proxy.wire.errors import FrameError
from gremlink.proxy.wire.frames import (
    CloseCode,
    FrameReader,
    Message,
    MessageReader,
    Opcode,
    encode_frame,
)
from gremlink.proxy.wire.response_stream import Closing, ResponseStream

log = logging.getLogger(__name__)

BACKLOG_LIMIT = 1024 * 1024
"""Bytes of held messages above which no more are read from the client."""


class _Side(asyncio.Protocol):
    """One of the two sockets as asyncio sees it; reports to the connection."""

    def __init__(
        self,
        received: Received,
        writable: Callable[[bool], None],
        lost: Callable[[Exception | None], None],
    ) -> None:
        self.set_receiver(received)
        self._writable = writable
        self._lost = lost

    def set_receiver(self, received: Received) -> None:
        """Let `received` get the bytes that are read, from the next `set_protocol` on."""
        self.data_received = received  # type: ignore[assignment,method-assign]

    def pause_writing(self) -> None:
        self._writable(False)

    def resume_writing(self) -> None:
        self._writable(True)

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost(exc)


class Connection:
    """One client and its own connection to the database.

    `predict` does a model's work outside the event loop, `offload` reads long requests in a thread.
    A client has `close_timeout` seconds to answer a close frame.
    """

    def __init__(
        self,
        conversation: Conversation,
        predict: Predictor,
        offload: Offload,
        limits: Limits,
        *,
        upstream: str,
        close_timeout: float = WAITS.close,
    ) -> None:
        self._close_timeout = close_timeout
        self._conversation = conversation
        self._background = BackgroundTasks(conversation, predict, offload, self._task_done)
        self._upstream_name = upstream
        self._requests = MessageReader(limits.max_message_bytes)
        self._responses = ResponseStream(conversation.ours)
        self._client: asyncio.Transport | None = None
        self._upstream: asyncio.Transport | None = None
        self._deferred: list[bytes] = []
        self._close_timer: asyncio.TimerHandle | None = None
        self._closing = False
        self._refused = False
        self._reading = True
        self._upstream_full = False
        self._draining = False
        self.table = conversation.table
        self.database_lost = False
        """Whether the database broke the connection off without a word."""
        self._open_limit = limits.max_requests_per_connection
        self._timed = limits.idle_timeout is not None
        self._silence = IdleTimer(limits.idle_timeout, self._idle)
        self._stall = WriteTimer(limits.write_timeout, self._write_stalled)
        self._unfinished = MessageTimer(limits.message_timeout, self._message_unfinished)
        self.client_side = _Side(
            self._resetting_idle_timer(self._from_client), self._client_writable, self._client_lost
        )
        self.upstream_side = _Side(
            self._resetting_idle_timer(self._from_upstream),
            self._upstream_writable,
            self._upstream_lost,
        )
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when the client's socket is closed."""

    def attach_client(self, transport: asyncio.Transport) -> None:
        """Take over the client's socket; its bytes come from now on to `client_side`."""
        self._client = transport
        transport.set_protocol(self.client_side)

    def attach_upstream(self, transport: asyncio.Transport, early: bytes = b"") -> None:
        """Take over the database's socket, which is paused; `early` was already read from it."""
        self._upstream = transport
        assert self._client is not None
        self._install_fast_paths(self._client, transport)
        transport.set_protocol(self.upstream_side)
        transport.resume_reading()
        if early:
            self._from_upstream(early)
        self._set_fast_paths()

    def _install_fast_paths(self, client: asyncio.Transport, upstream: asyncio.Transport) -> None:
        requests = request_fast_path(self.table, upstream.write, self._from_client)
        self.client_side.set_receiver(self._resetting_idle_timer(requests))
        client.set_protocol(self.client_side)
        responses = response_fast_path(self.table, client.write, self._from_upstream)
        self.upstream_side.set_receiver(self._resetting_idle_timer(responses))

    def _resetting_idle_timer(self, received: Received) -> Received:
        """Wrap `received` so that each call resets the idle timer, if there is one."""
        if not self._timed:
            return received

        def heard(data: bytes) -> None:
            self._silence.heard()
            received(data)

        return heard

    def upstream_unreachable(self, reason: str) -> None:
        """Answer the first request with an error, then close: there is no database."""
        self._conversation.refuse_all(reason)

    def drain(self) -> None:
        """Close the connection as soon as the client waits for no answer."""
        self._draining = True
        self._set_fast_paths()
        self._close_if_quiet()

    def _close_if_quiet(self) -> None:
        if self._draining and self._conversation.quiet and not self._requests.inside_message:
            self.shut_down()

    def open_requests(self) -> Iterable[tuple[UUID, OpenRequest]]:
        """List the client's requests without a last response with their ids, oldest first."""
        return self.table.open()

    def cancel(self, request_id: UUID, error: InferenceError) -> bool:
        """End a request with an error, and return whether it was open."""
        if request_id.bytes not in self._conversation.open:
            return False
        self._carry_out(self._conversation.cancel(request_id, error))
        return True

    def shut_down(self) -> None:
        """Close the connection, because the proxy stops."""
        self._close_with_reason("The proxy is shutting down.")

    def _close_with_reason(self, reason: str) -> None:
        if self._client is None or self._client.is_closing():
            return
        if self._responses.at_boundary:
            self._carry_out(self._conversation.going_away(reason))
            self._close(self._client)
        else:
            self._client.abort()

    def _idle(self) -> None:
        if self._conversation.quiet:
            self._close_with_reason("Nothing was said for too long.")

    def _write_stalled(self) -> None:
        log.warning("a client takes nothing of what is sent to it: its connection is closed")
        self._abort()

    def _message_unfinished(self) -> None:
        if not self._reading:  # what follows may lie in the socket
            self._unfinished.goes_on()
            return
        reason = "a message was begun and does not go on"
        self._refuse_client(FrameError(reason, CloseCode.PROTOCOL_ERROR))

    def _set_fast_paths(self) -> None:
        ordinary = (
            self._client is not None
            and self._upstream is not None
            and not (self._client.is_closing() or self._upstream.is_closing())
            and not (self._refused or self._closing or self._draining)
            and self._conversation.ordinary
        )
        whole = ordinary and not self._requests.inside_message
        self.table.fast_request_limit = self._open_limit if whole else 0
        self.table.fast_responses = ordinary and not self._responses.inside_message

    # From the client -------------------------------------------------------------------------

    def _from_client(self, data: bytes) -> None:
        if self._refused:
            return
        try:
            for item in self._requests.feed(data):
                if isinstance(item, Message):
                    self._carry_out(self._conversation.client(item))
                else:
                    self._control(item)
        except FrameError as error:
            self._refuse_client(error)
        except Exception:
            log.exception("relay failed on bytes of the client")
            self._abort()
        if self._requests.inside_message and not self._refused:
            self._unfinished.goes_on()
        else:
            self._unfinished.end()
        self._set_reading()
        self._set_fast_paths()

    def _control(self, frame: bytes) -> None:
        opcode = frame[0] & 0x0F
        if self._upstream is not None and not self._upstream.is_closing():
            self._upstream.write(frame)
        elif self._close_timer is None:
            self._answer_control(opcode, frame)
        if self._close_timer is not None and opcode == Opcode.CLOSE and self._client is not None:
            self._close(self._client)

    def _answer_control(self, opcode: int, frame: bytes) -> None:
        """Answer a ping or close frame in place of a database that is not there."""
        payload = b"".join(piece.payload() for piece in FrameReader().feed(frame))
        if opcode == Opcode.PING:
            self._to_client(encode_frame(Opcode.PONG, payload, masked=False))
        elif opcode == Opcode.CLOSE and self._client is not None:
            self._to_client(encode_frame(Opcode.CLOSE, payload, masked=False))
            self._close(self._client)

    def _to_upstream(self, data: bytes) -> None:
        if self._upstream is not None and not self._upstream.is_closing():
            self._upstream.write(data)

    def _refuse_client(self, error: FrameError) -> None:
        self._refused = True
        self._carry_out(self._conversation.broken(error))
        if self._upstream is not None:
            self._close(self._upstream)

    def _set_reading(self) -> None:
        """Read from the client only while there is room for what it sends."""
        if self._client is None or self._client.is_closing():
            return
        wanted = not self._upstream_full and self._conversation.backlog <= BACKLOG_LIMIT
        if wanted != self._reading:
            self._reading = wanted
            if wanted:
                self._client.resume_reading()
            else:
                self._client.pause_reading()

    def _client_writable(self, writable: bool) -> None:
        assert self._client is not None
        if writable:
            self._stall.end()
        else:
            self._stall.begin(self._client)
        if self._upstream is None or self._upstream.is_closing():
            return
        if writable:
            self._upstream.resume_reading()
        else:
            self._upstream.pause_reading()

    def _client_lost(self, exc: Exception | None) -> None:
        # Closing at once ends the client's sessions and transactions as without the proxy.
        if self._upstream is not None:
            self._close(self._upstream)
        self._conversation.close()
        self._background.cancel()
        if self._close_timer is not None:
            self._close_timer.cancel()
        self._silence.cancel()
        self._stall.end()
        self._unfinished.end()
        if not self.ended.done():
            self.ended.set_result(None)

    # From the database -----------------------------------------------------------------------

    def _from_upstream(self, data: bytes) -> None:
        try:
            for event in self._responses.feed(data):
                if isinstance(event, Closing):
                    self._closing = True
                self._carry_out(self._conversation.upstream(event))
        except FrameError as error:
            assert self._upstream is not None
            self._upstream.abort()
            log.warning("%s sent a broken frame: %s", self._upstream_name, error)
        except Exception:
            log.exception("relay failed on bytes of the database")
            self._abort()
        self._close_if_quiet()
        self._set_fast_paths()

    def _upstream_writable(self, writable: bool) -> None:
        self._upstream_full = not writable
        self._set_reading()

    def _upstream_lost(self, exc: Exception | None) -> None:
        client = self._client
        if client is None or client.is_closing():
            return
        if self._closing:
            self._close(client)
            return
        if not self._responses.at_boundary:
            self.database_lost = True
            # Part of a message is with the client: nothing that follows could be understood.
            log.warning("%s was lost in the middle of a message", self._upstream_name)
            client.abort()
            return
        self.database_lost = True
        cause = f" ({exc})" if exc is not None else ""
        reason = f"The connection to the database at {self._upstream_name} was lost{cause}."
        log.warning("%s", reason)
        self._carry_out(self._conversation.upstream_lost(reason))

    # Commands --------------------------------------------------------------------------------

    def _carry_out(self, commands: Iterable[Command]) -> None:
        replies = deque(self._execute(commands))
        while replies:
            pending, reply = replies.popleft()
            replies += self._execute(self._conversation.predicted(pending, reply))
            self._close_if_quiet()
        self._set_reading()
        self._set_fast_paths()

    def _execute(self, commands: Iterable[Command]) -> list[tuple[Pending, Reply | InferenceError]]:
        """Carry out commands, and return the replies of models that are there at once."""
        replies = []
        for command in commands:
            match command:
                case Forward(data):
                    self._to_client(data)
                    if self._responses.at_boundary and self._deferred:
                        self._to_client(b"".join(self._deferred))
                        self._deferred.clear()
                case ToClient(data) if self._responses.at_boundary:
                    self._to_client(data)
                case ToClient(data):
                    self._deferred.append(data)
                case Predict(pending):
                    reply = self._background.predict(command)
                    if reply is not WAITING:
                        replies.append((pending, reply))
                case Advance() | ScanMessage() | SetDeadline():
                    self._background.run(command)
                case CloseClient():
                    self._close_later()
                case ToUpstream(data):
                    self._to_upstream(data)
        return replies

    def _to_client(self, data: bytes) -> None:
        if self._client is not None and not self._client.is_closing():
            self._client.write(data)

    def _close_later(self) -> None:
        """Close the client's socket after `close_timeout`, if it sends no close frame before."""
        if self._close_timer is None and self._client is not None:
            loop = asyncio.get_running_loop()
            self._close_timer = loop.call_later(self._close_timeout, self._close, self._client)

    def _close(self, transport: asyncio.Transport) -> None:
        """Close a socket once its buffer is sent, or after `close_timeout`."""
        transport.close()
        if transport.get_write_buffer_size():
            asyncio.get_running_loop().call_later(self._close_timeout, transport.abort)

    def _abort(self) -> None:
        for transport in (self._client, self._upstream):
            if transport is not None:
                transport.abort()

    def _task_done(self, commands: Iterable[Command]) -> None:
        self._carry_out(commands)
        self._close_if_quiet()
