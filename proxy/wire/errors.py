"""Errors in bytes on the wire."""

from __future__ import annotations


class WireError(Exception):
    """Root of the errors of this package."""


class FrameError(WireError):
    """A WebSocket frame breaks RFC 6455 or a limit; `close_code` is what to close with."""

    def __init__(self, reason: str, close_code: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.close_code = close_code


class MessageError(WireError):
    """A request or response message is not what its mime type promises."""


class NewerRequest(MessageError):
    """A request of TinkerPop 4, whose messages are others."""
