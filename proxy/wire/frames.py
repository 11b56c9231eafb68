"""WebSocket frames (RFC 6455 section 5) as byte boundaries.

`FrameReader` cuts a byte stream into pieces of frames and keeps every byte, so that what is only
passed on is passed on unchanged, mask and fragmentation included.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from gremlink.proxy.wire.errors import FrameError


class Opcode(IntEnum):
    """Frame types."""

    CONTINUATION = 0x0
    TEXT = 0x1
    BINARY = 0x2
    CLOSE = 0x8
    PING = 0x9
    PONG = 0xA


_OPCODES = frozenset(Opcode)


class CloseCode(IntEnum):
    """The close codes that the proxy itself sends."""

    GOING_AWAY = 1001
    PROTOCOL_ERROR = 1002
    TOO_BIG = 1009
    INTERNAL_ERROR = 1011


FRAGMENT_LIMIT = 64 * 1024
"""Frames of one message; empty ones would otherwise cost memory without ever counting as bytes."""


@dataclass(frozen=True, slots=True)
class FrameHead:
    """The head of a frame; `length` is that of the payload in bytes, `size` the head's own."""

    fin: bool
    opcode: int
    mask: bytes
    length: int
    size: int

    @property
    def is_control(self) -> bool:
        """`True` for close, ping and pong frames."""
        return self.opcode >= Opcode.CLOSE


@dataclass(frozen=True, slots=True)
class Piece:
    """Part of a frame, as it arrived.

    `raw` holds the bytes of the stream; the first piece of a frame begins with its head. The
    payload in it, still masked, begins at `begin`, which is `offset` bytes into the frame's
    payload.
    """

    head: FrameHead
    raw: bytes
    begin: int
    offset: int
    last: bool

    @property
    def first(self) -> bool:
        """`True` if the frame begins here, with its head."""
        return self.begin != 0

    @property
    def size(self) -> int:
        """Bytes of payload."""
        return len(self.raw) - self.begin

    def payload(self, most: int | None = None) -> bytes:
        """Return the piece's payload, unmasked, or its first bytes."""
        body = self.raw[self.begin : None if most is None else self.begin + most]
        return apply_mask(body, self.head.mask, self.offset) if self.head.mask else body


def apply_mask(data: bytes, mask: bytes, offset: int = 0) -> bytes:
    """Mask or unmask `data`, which is `offset` bytes into its frame's payload (5.3)."""
    size = len(data)
    if not size:
        return b""
    turn = offset % 4
    key = (mask[turn:] + mask[:turn]) * (size // 4 + 1)
    # One exclusive-or of two long integers is the fastest way without a compiled extension.
    xor = int.from_bytes(data, "little") ^ int.from_bytes(key[:size], "little")
    return xor.to_bytes(size, "little")


def read_head(data: bytes | bytearray | memoryview, offset: int = 0) -> FrameHead | None:
    """Read the frame head at `offset`; `None` if more bytes are needed.

    Raises `FrameError` for a length that no frame may have.
    """
    available = len(data) - offset
    if available < 2:
        return None
    first, second = data[offset], data[offset + 1]
    length = second & 0x7F
    size = 2
    if length >= 126:
        extra = 2 if length == 126 else 8
        if available < size + extra:
            return None
        length = int.from_bytes(data[offset + 2 : offset + 2 + extra], "big")
        size += extra
        if length >= 1 << 63:
            raise FrameError("frame length with the highest bit set", CloseCode.PROTOCOL_ERROR)
    mask = b""
    if second & 0x80:
        if available < size + 4:
            return None
        mask = bytes(data[offset + size : offset + size + 4])
        size += 4
    head = FrameHead(bool(first & 0x80), first & 0x0F, mask, length, size)
    if head.is_control and (length > 125 or not head.fin):
        raise FrameError("control frame that is long or fragmented", CloseCode.PROTOCOL_ERROR)
    if first & 0x70:
        raise FrameError("reserved bits set without an extension", CloseCode.PROTOCOL_ERROR)
    if head.opcode not in _OPCODES:
        raise FrameError(f"unknown opcode {head.opcode:#x}", CloseCode.PROTOCOL_ERROR)
    return head


class FrameReader:
    """Cuts a stream into pieces of frames.

    >>> reader = FrameReader()
    >>> [piece.payload() for piece in reader.feed(bytes.fromhex("8201ff 8a00"))]
    [b'\\xff', b'']
    """

    def __init__(self) -> None:
        self._rest = b""
        self._head: FrameHead | None = None
        self._seen = 0

    @property
    def inside_frame(self) -> bool:
        """`True` between the beginning and the end of a frame."""
        return self._head is not None or bool(self._rest)

    def feed(self, data: bytes) -> Iterator[Piece]:
        """Yield the pieces that `data` completes or continues; must be consumed before the next
        call."""
        if self._rest:
            data, self._rest = self._rest + data, b""
        position, end = 0, len(data)
        while position < end:
            start = position
            if self._head is None:
                head = read_head(data, position)
                if head is None:
                    self._rest = data[position:]
                    return
                self._head, self._seen = head, 0
                position += head.size
            head, offset = self._head, self._seen
            stop = min(end, position + head.length - offset)
            self._seen += stop - position
            last = self._seen == head.length
            if last:
                self._head = None
            yield Piece(head, data[start:stop], position - start, offset, last)
            position = stop


@dataclass(frozen=True, slots=True)
class Message:
    """A complete data message: `raw` are its frames, `payload` its unmasked content."""

    opcode: int
    raw: bytes
    payload: bytes


class MessageReader:
    """Puts whole messages together; control frames come out where they stood, unchanged.

    Raises `FrameError` (1009) as soon as a message is known to exceed `limit` bytes of payload,
    before the rest of it is read.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._frames = FrameReader()
        self._control: list[bytes] = []
        self._raw = bytearray()
        self._payload = bytearray()
        self._size = 0
        self._fragments = 0
        self._opcode: int | None = None

    @property
    def inside_message(self) -> bool:
        """`True` between the beginning and the end of a message."""
        return self._opcode is not None or self._frames.inside_frame

    def feed(self, data: bytes) -> Iterator[Message | bytes]:
        """Yield complete messages, and control frames as raw bytes."""
        for piece in self._frames.feed(data):
            if piece.head.is_control:
                self._control.append(piece.raw)
                if piece.last:
                    yield b"".join(self._control)
                    self._control.clear()
                continue
            if piece.first:
                self._begin(piece.head)
            ended = piece.last and piece.head.fin
            if ended and not self._raw:  # one frame in one piece: nothing to copy
                raw, payload = piece.raw, piece.payload()
            else:
                self._raw += piece.raw
                self._payload += piece.payload()
                if not ended:
                    continue
                raw, payload = bytes(self._raw), bytes(self._payload)
                self._raw, self._payload = bytearray(), bytearray()
            opcode = self._opcode
            assert opcode is not None
            self._opcode, self._size, self._fragments = None, 0, 0
            yield Message(opcode, raw, payload)

    def _begin(self, head: FrameHead) -> None:
        if self._opcode is None:
            self._opcode = head.opcode
            if head.opcode == Opcode.CONTINUATION:
                raise FrameError("continuation without a beginning", CloseCode.PROTOCOL_ERROR)
        elif head.opcode != Opcode.CONTINUATION:
            raise FrameError("new message inside a fragmented one", CloseCode.PROTOCOL_ERROR)
        self._size += head.length
        self._fragments += 1
        if self._size > self.limit:
            raise FrameError(f"message of more than {self.limit} bytes", CloseCode.TOO_BIG)
        if self._fragments > FRAGMENT_LIMIT:
            raise FrameError(f"message of more than {FRAGMENT_LIMIT} frames", CloseCode.TOO_BIG)


def encode_frame(opcode: int, payload: bytes, *, masked: bool) -> bytes:
    """Encode one whole frame. Frames to a server are `masked`, frames to a client are not (5.1)."""
    bit = 0x80 if masked else 0
    size = len(payload)
    if size < 126:
        head = bytes((0x80 | opcode, bit | size))
    elif size < 1 << 16:
        head = bytes((0x80 | opcode, bit | 126)) + size.to_bytes(2, "big")
    else:
        head = bytes((0x80 | opcode, bit | 127)) + size.to_bytes(8, "big")
    if not masked:
        return head + payload
    mask = os.urandom(4)
    return head + mask + apply_mask(payload, mask)


def encode_close(code: int, reason: str, *, masked: bool) -> bytes:
    """Encode a close frame; the reason is cut to the 123 bytes that fit."""
    text = reason.encode()[:123].decode(errors="ignore").encode()
    return encode_frame(Opcode.CLOSE, code.to_bytes(2, "big") + text, masked=masked)
