"""Inferences of one client's conversation, without sockets: replies in, commands out.

Each runs a generator of `gremlink.proxy.inference.answer`; `pending` has the table of its phases.
Its queries go over the client's connection to the database, under ids of their own, by which their
responses are taken out of the stream.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from uuid import UUID

from gremlink.proxy.inference import commands as inference
from gremlink.proxy.inference.analysed_request import AnalysedRequest, analyse
from gremlink.proxy.inference.analysis.options import Settings
from gremlink.proxy.inference.analysis.timeouts import exceeded, timeout_of_request
from gremlink.proxy.inference.answer import Answering, answer_analysed
from gremlink.proxy.inference.commands import Ask, CheckAccess, GuessLinks, Reply, RunSpeculatively
from gremlink.proxy.inference.errors import (
    InferenceError,
    InternalFailure,
)
from gremlink.proxy.inference.query_cache import QueryCache
from gremlink.proxy.relay.offload import LONG, Done, Written, advance
from gremlink.proxy.relay.own_queries import frame, in_time
from gremlink.proxy.relay.websocket.backoff import Backoff
from gremlink.proxy.relay.websocket.commands import (
    Advance,
    Command,
    Predict,
    SetDeadline,
    ToClient,
    ToUpstream,
)
from gremlink.proxy.relay.websocket.error_responses import inference_error
from gremlink.proxy.relay.websocket.id_cache import RecentIds
from gremlink.proxy.relay.websocket.open_requests import RequestTable
from gremlink.proxy.relay.websocket.pending import Pending, Phase
from gremlink.proxy.relay.websocket.results import collect, holds_any
from gremlink.proxy.wire.frames import Message, Opcode, encode_frame
from gremlink.proxy.wire.mime import TEXT_FRAME, Format
from gremlink.proxy.wire.request import RequestMessage
from gremlink.proxy.wire.response import json_version, readdress
from gremlink.proxy.wire.response_stream import Ours
from gremlink.proxy.wire.status import Status, is_final, is_success

log = logging.getLogger(__name__)


class Inferences:
    """See the module. `timeout`, in milliseconds, is for clients who name none."""

    def __init__(
        self,
        settings: Settings,
        table: RequestTable,
        shapes: QueryCache,
        recent: RecentIds,
        *,
        timeout: int,
        message_limit: int,
    ) -> None:
        self._settings = settings
        self._shapes = shapes
        self._recent = recent
        self._table = table
        self._timeout = timeout
        self._message_limit = message_limit
        self._pending: dict[UUID, Pending] = {}
        """By the client's ids."""
        self.gate: Pending | None = None
        """The inference that has to end before anything else is sent."""
        self._backoff = Backoff()

    def begin(
        self, message: Message, asked: RequestMessage | AnalysedRequest, started: float
    ) -> Iterator[Command]:
        """Answer a request that is noted as open, since `started` (`Pending`)."""
        if isinstance(asked, AnalysedRequest):
            request = asked.query.request
            answering = answer_analysed(asked, self._settings, speculative=True)
        else:
            request = asked
            answering = self._answer(message, request)
        timeout = timeout_of_request(request)
        pending = Pending(
            message,
            request,
            answering,
            started,
            self._timeout if timeout is None else timeout,
        )
        self._pending[request.request_id] = pending
        if needs_other_format(request.format) or request.processor == "session":
            # A session runs its requests in their order.
            self.gate = pending
        if _is_long(pending):
            yield SetDeadline(pending)
        yield from self._step(pending, None)

    def _answer(self, message: Message, request: RequestMessage) -> Answering:
        analysed = analyse(request, self._settings)
        if analysed is None:
            return None
        self._shapes.keep(message.payload, analysed)
        # What is long is written in a thread, which an attempt would only make wait.
        short = len(message.payload) < LONG
        return (yield from answer_analysed(analysed, self._settings, speculative=short))

    # What comes from outside ------------------------------------------------------------------

    def is_pending(self, pending: Pending) -> bool:
        """Tell whether the inference has not ended."""
        return self._pending.get(pending.request.request_id) is pending

    def predicted(self, pending: Pending, reply: Reply | InferenceError) -> Iterator[Command]:
        """Take a model's reply or error for an inference that is pending."""
        if pending.phase is Phase.GUESSING and reply is None:
            self._backoff.failed()
        yield from self._step(pending, reply)

    def advanced(
        self, pending: Pending, outcome: inference.Command | Done | Written | Exception
    ) -> Iterator[Command]:
        """Take the outcome of a thread's step."""
        if not self.is_pending(pending):
            pending.answering.close()
            return
        pending.enter(Phase.ADVANCING)
        try:
            if isinstance(outcome, Exception):
                raise outcome
            yield from self._do(pending, outcome)
        except Exception as error:
            yield from self._fail(pending, error)

    def expired(self, pending: Pending) -> Iterator[Command]:
        """Refuse an inference that is pending, because its time is over."""
        yield from self._refuse(pending, exceeded(pending.request, pending.timeout))

    def answered(self, request_id: UUID, code: int) -> None:
        """End the inference with the client's own id, if it got its last response."""
        refused = self._pending.get(request_id)
        if refused is not None:  # credentials were refused under the id of the request itself
            self._end(refused, code)

    def give_up(self, request_id: UUID) -> bool:
        """Forget an inference, and return whether there was one."""
        pending = self._pending.get(request_id)
        if pending is None:
            return False
        self._close(pending)
        return True

    def close(self) -> None:
        """Forget all inferences."""
        for pending in list(self._pending.values()):
            self._close(pending)

    def ours(self, event: Ours) -> Iterator[Command]:
        """Take a response to a query of the proxy's own."""
        asked, code = event.head.request_id, event.head.code or Status.SERVER_ERROR
        assert asked is not None
        ours = self._table.ours
        pending = ours[asked]
        if is_final(code):
            del ours[asked]
        if pending is None:
            return
        if is_final(code):
            pending.asked = None
        if pending.phase in (Phase.SPECULATING, Phase.ANSWERING):
            yield from self._speculated(pending, event, code)
            return
        if not is_success(code):
            if is_final(code):
                self._end(pending, code)
            payload = readdress(event.payload, pending.request.request_id)
            yield ToClient(encode_frame(event.opcode, payload, masked=False))
            return
        self._table.admitted = True
        if event.opcode == Opcode.TEXT:
            self._table.json_version = json_version(event.payload)
        reply: Reply | InferenceError
        try:
            collect(pending, event.payload, self._recent)
        except InferenceError as error:
            reply = error
        else:
            if not is_final(code):
                return
            reply = tuple(pending.results)
        yield from self._step(pending, reply)

    def _speculated(self, pending: Pending, event: Ours, code: int) -> Iterator[Command]:
        """Forward a response to a speculative query, or go on if it shows that it has failed."""
        if pending.phase is Phase.SPECULATING and code != Status.AUTHENTICATE:
            try:
                proved = is_success(code) and holds_any(event.payload)
            except InferenceError as error:
                yield from self._fail(pending, error)
                return
            if not (proved or code == Status.SERVER_TIMEOUT):
                if is_final(code):
                    self._backoff.failed()
                    yield from self._step(pending, None)
                return
            if proved:
                self._backoff.succeeded()
            else:
                self._backoff.failed()
            pending.enter(Phase.ANSWERING)
            pending.answering.close()
            if pending.timer is not None:  # from here on it is the database's time
                pending.timer.cancel()
        if is_final(code):
            self._end(pending, code)
        payload = readdress(event.payload, pending.request.request_id)
        yield ToClient(encode_frame(event.opcode, payload, masked=False))

    # Steps ------------------------------------------------------------------------------------

    def _step(self, pending: Pending, reply: Reply | InferenceError) -> Iterator[Command]:
        """Advance an inference as far as it goes without an answer from outside."""
        pending.enter(Phase.ADVANCING)
        if _is_long(pending):
            pending.enter(Phase.OFFLOADED)
            yield Advance(pending, reply, lambda request: self._in_time(pending, request))
            return
        try:
            yield from self._do(pending, advance(pending.answering, reply))
        except Exception as error:
            yield from self._fail(pending, error)

    def _do(
        self, pending: Pending, needed: inference.Command | Done | Written
    ) -> Iterator[Command]:
        match needed:
            case Done(None):
                self._leave(pending)
                yield ToUpstream(pending.message.raw)
            case Done(RequestMessage() as final):
                frames = self._in_time(pending, final)
                yield from self._do(pending, Written(needed, frames))
            case CheckAccess():
                yield from self._check_access(pending, needed)
            case Ask(request):
                yield self._ask(pending, request, self._in_time(pending, request))
            case RunSpeculatively(request):
                frames = self._in_time(pending, request, for_client=True)
                yield self._ask(pending, request, frames, Phase.SPECULATING)
            case GuessLinks() if not self._backoff.is_due():
                yield from self._step(pending, None)
            case GuessLinks():
                pending.enter(Phase.GUESSING)
                yield Predict(pending, needed)
            case Written(Ask(request), frames):
                yield self._ask(pending, request, frames)
            case Written(_, frames):
                self._leave(pending)
                yield ToUpstream(frames)
            case work:
                assert not isinstance(work, Done)
                pending.enter(Phase.PREDICTING)
                yield Predict(pending, work)

    def _in_time(
        self, pending: Pending, request: RequestMessage, *, for_client: bool = False
    ) -> bytes:
        """Return the frames of a request with what is left of the inference's time.

        A request whose results are `for_client` says it only if the client has named a time.
        """
        addressed = request.in_json(self._table.json_version)
        # A number that is added to a text frame has a type, which only GraphSON 3 surely reads.
        if request.format != TEXT_FRAME or self._table.json_version == 3:
            for_client = for_client or request.request_id == pending.request.request_id
            addressed = in_time(addressed, pending.started, pending.timeout, for_client=for_client)
        return frame(addressed, self._message_limit)

    def _check_access(self, pending: Pending, admit: CheckAccess) -> Iterator[Command]:
        if admit.timeout is not None:
            pending.timeout = admit.timeout
        yield SetDeadline(pending)
        names_none = pending.request.format == TEXT_FRAME and self._table.json_version is None
        if self._table.admitted and not names_none:
            yield from self._step(pending, None)
        else:
            request = admit.request
            yield self._ask(pending, request, self._in_time(pending, request))

    def _ask(
        self,
        pending: Pending,
        request: RequestMessage,
        frames: bytes,
        phase: Phase = Phase.ASKING,
    ) -> ToUpstream:
        pending.enter(phase)
        pending.asked, pending.results, pending.received = request.request_id, [], 0
        self._table.ours[request.request_id] = pending
        return ToUpstream(frames)

    # Ends -------------------------------------------------------------------------------------

    def _fail(self, pending: Pending, error: Exception) -> Iterator[Command]:
        if not isinstance(error, InferenceError):
            asked = pending.request.request_id
            told = {"request": asked}
            log.error("inference failed, request %s", asked, exc_info=error, extra=told)
            error = InternalFailure("The inference failed; the proxy's log says why.")
        yield from self._refuse(pending, error)

    def _refuse(self, pending: Pending, error: InferenceError) -> Iterator[Command]:
        self._close(pending)
        yield inference_error(
            self._table, pending.request.format, pending.request.request_id, error
        )

    def _end(self, pending: Pending, status: int) -> None:
        """Forget an inference that ends with a response of the database."""
        self._close(pending)
        self._table.ended(pending.request.request_id.bytes, status)

    def _close(self, pending: Pending) -> None:
        if pending.phase is not Phase.OFFLOADED:
            pending.answering.close()
        self._leave(pending)

    def _leave(self, pending: Pending) -> None:
        """Forget an inference, cancel its timer and task, and drop what its query still gets."""
        pending.enter(Phase.ENDED)
        self._pending.pop(pending.request.request_id, None)
        for running in (pending.timer, pending.task):
            if running is not None:
                running.cancel()
        if pending.asked is not None:
            self._table.ours[pending.asked] = None
            pending.asked = None
        if self.gate is pending:
            self.gate = None


def needs_other_format(format: Format) -> bool:
    """Tell whether the proxy's own queries need another format than a client's."""
    return format.readable != format


def _is_long(pending: Pending) -> bool:
    return len(pending.message.payload) + pending.received >= LONG
