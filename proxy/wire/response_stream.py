"""The database's side of a connection: responses to pass on, and those to the proxy's own queries.

Whole messages of ordinary size are let through only once they are complete: should the database die
in the middle of one, the client is still at a message boundary and can get an error.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass
from uuid import UUID

from gremlink.proxy.wire.frames import FrameReader, Opcode, Piece
from gremlink.proxy.wire.response import ResponseHead, peek_response

WHOLE_MESSAGE_LIMIT = 256 * 1024
"""Messages up to this size, in bytes, are passed on whole; larger ones as they arrive, from their
first bytes on if the first frame is that long."""


ENOUGH = 4096
"""Bytes that hold the head of nearly every response: no more of a long one are copied."""


@dataclass(frozen=True, slots=True)
class Through:
    """Bytes for the client, and the head of the response that ends with them, if one does."""

    raw: bytes
    ended: ResponseHead | None = None


@dataclass(frozen=True, slots=True)
class Closing:
    """The database's close frame."""

    raw: bytes


@dataclass(frozen=True, slots=True)
class Ours:
    """A complete response to a query of the proxy's own."""

    head: ResponseHead
    opcode: int
    payload: bytes


class ResponseStream:
    """Sorts the frames of the database by the request that they answer.

    `ours` holds the ids of the proxy's own queries in flight.
    """

    def __init__(self, ours: Container[UUID]) -> None:
        self._ours = ours
        self._frames = FrameReader()
        self._control: list[bytes] = []
        self._reset()

    def _reset(self) -> None:
        self._raw: list[bytes] = []
        self._payload: list[bytes] = []
        self._size = 0
        self._head: ResponseHead | None = None
        self._opcode = 0
        self._streaming = False
        self.at_boundary = True
        """`True` if everything that was let through so far ends with a whole message."""

    @property
    def inside_message(self) -> bool:
        """`True` between the beginning and the end of a message or a frame."""
        return bool(self._raw or self._control or self._streaming or self._frames.inside_frame)

    def feed(self, data: bytes) -> Iterator[Through | Closing | Ours]:
        """Yield the events that `data` completes."""
        for piece in self._frames.feed(data):
            if piece.head.is_control:
                self._control.append(piece.raw)
                if piece.last:
                    raw = b"".join(self._control)
                    self._control.clear()
                    yield Closing(raw) if piece.head.opcode == Opcode.CLOSE else Through(raw)
                continue
            if piece.first and not self._raw and not self._streaming:
                self._opcode = piece.head.opcode
            ended = piece.last and piece.head.fin
            self._raw.append(piece.raw)
            if self._head is None and not self._payload and piece.size > ENOUGH:
                self._head = _told_at_once(piece)
            if self._head is None:
                self._payload.append(piece.payload())
                self._head = peek_response(b"".join(self._payload), complete=ended)
            elif self._is_ours():
                self._payload.append(piece.payload())
            self._size += len(piece.raw)
            if ended:
                yield self._end()
            elif self._head and not self._is_ours() and self._known(piece) > WHOLE_MESSAGE_LIMIT:
                self._streaming, self.at_boundary = True, False
                yield Through(b"".join(self._raw))
                self._raw.clear()
                self._payload.clear()

    def _known(self, piece: Piece) -> int:
        """Return the number of bytes of the message so far, with all those of its present frame."""
        return self._size + piece.head.length - piece.offset - piece.size

    def _is_ours(self) -> bool:
        return self._head is not None and self._head.request_id in self._ours

    def _end(self) -> Through | Ours:
        head, raw, ours = self._head, b"".join(self._raw), self._is_ours()
        event: Through | Ours
        if ours and head is not None:
            event = Ours(head, self._opcode, b"".join(self._payload))
        else:
            event = Through(raw, head)
        self._reset()
        return event


def _told_at_once(piece: Piece) -> ResponseHead | None:
    """Return the head of a response, if the first bytes hold all of it."""
    head = peek_response(piece.payload(ENOUGH), complete=False)
    return head if head and head.request_id is not None and head.code is not None else None
