"""The requests of one connection: which are open, how many have ended, and how long they took."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias
from uuid import UUID

from proxy.relay.commands import Pending
from proxy.wire.mime import Format
from proxy.wire.status import Status

KEPT = 8192
"""Bytes of an open request that are kept, to tell what it asks."""


class OpenRequest(NamedTuple):
    """A request of the client that has not had its last response.

    From `begin` on, `kept` has the first bytes of what came, about `KEPT` of them; `started` is in
    seconds of the monotonic clock.
    """

    format: Format
    opcode: int
    kept: bytes | bytearray
    started: float
    begin: int = 0

    @property
    def payload(self) -> bytes:
        """What is kept."""
        return bytes(self.kept[self.begin :])


Noted: TypeAlias = tuple[Format, int, bytes | bytearray, float, int]
"""An `OpenRequest` before anybody asks: a plain tuple is made in a third of the time."""


@dataclass(slots=True)
class Ledger:
    """What a connection knows of its requests.

    `requests` are the client's open ones, by their ids in order of arrival. `ours` are the
    queries of the proxy's own in flight, by their ids, with the inferences that wait for them; None
    where that has ended and what still comes is to be dropped. `admitted` tells whether the
    database has ever answered with success. `succeeded` counts the client's requests that ended
    with status 200, `others` the rest by status; `took` gets the seconds that each was open.
    """

    requests: dict[bytes, Noted] = field(default_factory=dict)
    ours: dict[UUID, Pending | None] = field(default_factory=dict)
    admitted: bool = False
    succeeded: int = 0
    others: Counter[int] = field(default_factory=Counter)
    took: list[float] = field(default_factory=list, compare=False)

    def ended(self, request_id: bytes, status: int) -> None:
        """A request of the client has had its last response."""
        noted = self.requests.pop(request_id, None)
        if noted is not None:
            self.took.append(time.monotonic() - noted[3])
        if status == Status.SUCCESS:
            self.succeeded += 1
        else:
            self.others[status] += 1

    @property
    def endings(self) -> Counter[int]:
        """How many requests of the client have ended, by status."""
        endings = self.others.copy()
        if self.succeeded:
            endings[int(Status.SUCCESS)] += self.succeeded
        return endings

    def open(self) -> Iterator[tuple[UUID, OpenRequest]]:
        """The requests without a last response, oldest first."""
        for request_id, noted in self.requests.items():
            yield UUID(bytes=request_id), OpenRequest(*noted)
