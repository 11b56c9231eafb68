"""What a conversation wants done: bytes for either side, work for a model, an end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from grammar.traversal import Argument
from proxy.inference.answer import Answering
from proxy.inference.commands import Work
from proxy.wire.frames import Message
from proxy.wire.mime import Format
from proxy.wire.request import RequestMessage


@dataclass(frozen=True, slots=True)
class ToUpstream:
    """Bytes for the database."""

    data: bytes


@dataclass(frozen=True, slots=True)
class ToClient:
    """Bytes for the client: whole frames, to be sent between two messages."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Pass:
    """Bytes of the database for the client, wherever they stand in its stream."""

    data: bytes


@dataclass(eq=False, slots=True)
class Pending:
    """An inference that is being answered. `results` are those of the query `asked`, so far, and
    `received` their bytes."""

    message: Message
    request: RequestMessage
    answering: Answering
    asked: UUID | None = None
    results: list[Argument] = field(default_factory=list)
    received: int = 0


class OpenRequest(NamedTuple):
    """A request of the client that has not had its last response.

    `payload` is what came; `started` is in seconds of the monotonic clock.
    """

    format: Format
    opcode: int
    payload: bytes | bytearray
    started: float


@dataclass(frozen=True, slots=True)
class Predict:
    """Work for a model; the reply belongs to `pending`."""

    pending: Pending
    work: Work


@dataclass(frozen=True, slots=True)
class Hang:
    """Close the connection with the client once it has read what was sent."""


Command = ToUpstream | ToClient | Pass | Predict | Hang
