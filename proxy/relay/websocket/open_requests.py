"""The requests of one connection: open ones, counts of ended ones, and latencies."""

from __future__ import annotations

import time
from array import array
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias
from uuid import UUID

from gremlink.proxy.relay.latency_histogram import seconds
from gremlink.proxy.relay.websocket.pending import Pending
from gremlink.proxy.wire.frames import Opcode
from gremlink.proxy.wire.mime import GRAPHBINARY, Format
from gremlink.proxy.wire.status import Status

KEPT = 8192
"""Bytes of an open request that are kept, to tell what it asks."""


HEAD = 8
"""Bytes of a client's frame of ordinary size before its payload."""


class OpenRequest(NamedTuple):
    """A request of the client that has not had its last response.

    `kept` has, from `begin` on, about the first `KEPT` bytes of the message, and behind them the
    `rest` with the client's own id of the query, if need be. `started` is in seconds of the
    monotonic clock. The defaults are those of nearly every request: a frame with its head, and
    GraphBinary in it.
    """

    started: float
    kept: bytes | bytearray
    begin: int = HEAD
    opcode: int = int(Opcode.BINARY)
    format: Format = GRAPHBINARY

    @property
    def payload(self) -> bytes:
        """The first bytes of the message."""
        return bytes(self.kept[self.begin : KEPT])

    @property
    def rest(self) -> bytes:
        """The other bytes that are kept."""
        return bytes(self.kept[KEPT:])


Noted: TypeAlias = (
    tuple[float, bytes | bytearray] | tuple[float, bytes | bytearray, int, int, Format]
)
"""An `OpenRequest` before anybody asks: a plain tuple is made in a third of the time."""


@dataclass(slots=True)
class RequestTable:
    """The state of a connection's requests.

    `requests` are the client's open ones, by their ids in order of arrival. `ours` are the queries
    of the proxy's own in flight, by their ids, with the inferences that wait for them; None where
    an inference has ended and the rest of the response is to be dropped. `admitted` is true once
    the database has answered with success, `json_version` the GraphSON that it uses where a request
    names no format, once it has shown that. `succeeded` counts the client's requests that ended
    with status 200, `others` the rest by status; `took` gets the seconds that each was open.

    An ordinary request may take the fast path while fewer than `fast_request_limit` are open, which
    is 0 where none may; an ordinary response while `fast_responses`.
    """

    requests: dict[bytes, Noted] = field(default_factory=dict)
    ours: dict[UUID, Pending | None] = field(default_factory=dict)
    admitted: bool = False
    json_version: int | None = None
    succeeded: int = 0
    others: Counter[int] = field(default_factory=Counter)
    took: array[float] = field(default_factory=seconds, compare=False)
    fast_request_limit: int = field(default=0, compare=False)
    fast_responses: bool = field(default=False, compare=False)

    def ended(self, request_id: bytes, status: int) -> None:
        """Remove a request of the client that has had its last response, and count it."""
        noted = self.requests.pop(request_id, None)
        if noted is not None:
            self.took.append(time.monotonic() - noted[0])
        if status == Status.SUCCESS:
            self.succeeded += 1
        else:
            self.others[status] += 1

    @property
    def endings(self) -> Counter[int]:
        """Numbers of the client's requests that have ended, by status."""
        endings = self.others.copy()
        if self.succeeded:
            endings[int(Status.SUCCESS)] += self.succeeded
        return endings

    def open(self) -> Iterator[tuple[UUID, OpenRequest]]:
        """List the requests without a last response, oldest first."""
        for request_id, noted in self.requests.items():
            yield UUID(bytes=request_id), OpenRequest(*noted)
