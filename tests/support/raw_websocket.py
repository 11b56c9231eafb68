"""A WebSocket client that keeps every frame as it came, for comparing and for misbehaving."""

from __future__ import annotations

import socket
from types import TracebackType
from urllib.parse import urlsplit

from gremlink.proxy.wire.frames import FrameReader, Opcode, encode_frame
from gremlink.proxy.wire.response import peek_response
from gremlink.proxy.wire.status import is_final

PATIENCE = 60.0
"""Seconds after which a test is stuck."""


class RawWebSocket:
    """One connection."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        assert parts.hostname is not None
        self._socket = socket.create_connection((parts.hostname, parts.port), PATIENCE)
        self._frames = FrameReader()
        self._waiting: list[tuple[int, bytes, bytes]] = []
        self._partial = b""
        self._payload = b""
        self._socket.sendall(
            (
                f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nUpgrade: websocket\r\n"
                "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                "Sec-WebSocket-Version: 13\r\n\r\n"
            ).encode()
        )
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += self._socket.recv(1)
        assert head.startswith(b"HTTP/1.1 101 "), head

    def __enter__(self) -> RawWebSocket:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._socket.close()

    def send(self, opcode: int, payload: bytes) -> None:
        """Send one message."""
        self._socket.sendall(encode_frame(opcode, payload, masked=True))

    def frame(self) -> tuple[int, bytes, bytes] | None:
        """The next frame: opcode, payload and all its bytes; `None` at the end."""
        while not self._waiting:
            data = self._socket.recv(1 << 16)
            if not data:
                return None
            for piece in self._frames.feed(data):
                self._partial += piece.raw
                self._payload += piece.payload()
                if piece.last:
                    self._waiting.append((piece.head.opcode, self._payload, self._partial))
                    self._partial = self._payload = b""
        return self._waiting.pop(0)

    def exchange(self, opcode: int, payload: bytes) -> list[bytes]:
        """The frames that answer a request, up to the last one."""
        self.send(opcode, payload)
        frames = []
        while True:
            got = self.frame()
            assert got is not None, "the connection ended"
            assert got[0] in (Opcode.TEXT, Opcode.BINARY), got
            frames.append(got[2])
            head = peek_response(got[1], complete=True)
            assert head is not None
            assert head.code is not None
            if is_final(head.code) or head.code == 407:
                return frames
