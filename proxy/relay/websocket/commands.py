"""What a conversation wants done: bytes for either side, work for a model, an end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from gremlink.grammar.traversal import Argument
from gremlink.proxy.inference.answer import Answering
from gremlink.proxy.inference.commands import Reply, Work
from gremlink.proxy.inference.errors import InferenceError
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
    """Bytes of the database for the client, wherever they stand in its stream."""

    data: bytes


class _Cancellable(Protocol):
    """What can still be called off."""

    def cancel(self) -> object: ...


@dataclass(eq=False, slots=True)
class Pending:
    """An inference that is being answered, since `started` (seconds of the monotonic clock).

    `results` are those of the query `asked`, so far, and `received` their bytes. `timeout`, in
    milliseconds, is how long it may take, which `timer` watches over; 0 is as long as it likes.
    `errand` is the model's work that it waits for; `guessing` tells that it is a guess, `trying`
    that `asked` is a `RunSpeculatively`, and `tried` that this was worth it. While a thread is
    `stepping` on in `answering`, nobody else may touch that.
    """

    message: Message
    request: RequestMessage
    answering: Answering
    started: float
    timeout: int
    asked: UUID | None = None
    results: list[Argument] = field(default_factory=list)
    received: int = 0
    stepping: bool = False
    guessing: bool = False
    trying: bool = False
    tried: bool = False
    timer: _Cancellable | None = None
    errand: _Cancellable | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Reading:
    """A long message of the client that may hold the marker, which a thread finds out.

    `head` and `started` (seconds of the monotonic clock) are those of its request. What comes
    behind it waits if that `holds` it up.
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
    """A step of a long request, to be taken in a thread; what comes of it belongs to `pending`.

    `write` makes the frames of a request that it leads to.
    """

    pending: Pending
    reply: Reply | InferenceError
    write: Callable[[RequestMessage], bytes]


@dataclass(frozen=True, slots=True)
class Read:
    """A long message, to be looked into in a thread."""

    reading: Reading


@dataclass(frozen=True, slots=True)
class SetDeadline:
    """Tell when `pending` has taken its time, which was `started` and has its `timeout`; this may
    be said anew."""

    pending: Pending


@dataclass(frozen=True, slots=True)
class CloseClient:
    """Close the connection with the client once it has read what was sent."""


Command = ToUpstream | ToClient | Forward | Predict | Advance | Read | SetDeadline | CloseClient
