"""Commands of a conversation: bytes for either side, work for a model or a thread, an end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gremlink.proxy.inference.commands import Reply, Work
from gremlink.proxy.inference.errors import InferenceError
from gremlink.proxy.relay.websocket.pending import Pending
from gremlink.proxy.wire.frames import Message
from gremlink.proxy.wire.request import RequestHead, RequestMessage


@dataclass(frozen=True, slots=True)
class ToUpstream:
    """Bytes for the database."""

    data: bytes


@dataclass(frozen=True, slots=True)
class ToClient:
    """Bytes for the client: whole frames, to be sent between two messages."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Forward:
    """Bytes of the database for the client, at any point of its stream."""

    data: bytes


@dataclass(frozen=True, eq=False, slots=True)
class LargeMessage:
    """A long message that may hold the marker, while a thread scans it.

    `head` and `started` (seconds of the monotonic clock) are those of its request. If it `holds`,
    all messages behind it wait.
    """

    message: Message
    head: RequestHead | None
    started: float
    holds: bool


@dataclass(frozen=True, slots=True)
class Predict:
    """Work for a model; the reply belongs to `pending`."""

    pending: Pending
    work: Work


@dataclass(frozen=True, slots=True)
class Advance:
    """A step of a long request for a thread; the outcome belongs to `pending`.

    `write` makes the frames of a request that it leads to.
    """

    pending: Pending
    reply: Reply | InferenceError
    write: Callable[[RequestMessage], bytes]


@dataclass(frozen=True, slots=True)
class ScanMessage:
    """A long message for a thread to scan."""

    reading: LargeMessage


@dataclass(frozen=True, slots=True)
class SetDeadline:
    """(Re)arm the deadline of `pending`: `timeout` after it was `started`."""

    pending: Pending


@dataclass(frozen=True, slots=True)
class CloseClient:
    """Close the connection with the client once it has read what was sent."""


Command = (
    ToUpstream | ToClient | Forward | Predict | Advance | ScanMessage | SetDeadline | CloseClient
)
