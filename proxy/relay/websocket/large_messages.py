"""The long messages of one conversation that may hold the marker, while a thread looks into them.

What else the client sends passes meanwhile, unless it would have to wait for the inference that
such a message may turn out to be.
"""

from __future__ import annotations

import time
from uuid import UUID

from gremlink.proxy.relay.detect import may_hold_marker
from gremlink.proxy.relay.offload import LONG
from gremlink.proxy.relay.websocket.commands import Reading
from gremlink.proxy.relay.websocket.inferences import needs_other_format
from gremlink.proxy.wire.frames import Message
from gremlink.proxy.wire.request import RequestHead


class LargeMessages:
    """See the module; true while there are any."""

    def __init__(self) -> None:
        self._open: set[Reading] = set()

    def __bool__(self) -> bool:
        return bool(self._open)

    @property
    def hold(self) -> bool:
        """Whether nothing else may be sent meanwhile."""
        return any(each.holds for each in self._open)

    def begin(self, message: Message, head: RequestHead | None) -> Reading:
        """A message that `needs_scan`, and the head of its request if that can be told."""
        holds = head is None or needs_other_format(head.format) or b"session" in message.payload
        reading = Reading(message, head, time.monotonic(), holds)
        self._open.add(reading)
        return reading

    def end(self, reading: Reading) -> bool:
        """The thread has looked; whether anybody still waits for that."""
        known = reading in self._open
        self._open.discard(reading)
        return known

    def forget(self, request_id: UUID) -> bool:
        """Nobody waits for the request any more; whether it was being read."""
        known = {each for each in self._open if each.head and each.head.request_id == request_id}
        self._open -= known
        return bool(known)

    def clear(self) -> None:
        """Nobody waits for any of them."""
        self._open.clear()


def needs_scan(message: Message) -> bool:
    """Whether it takes a thread to find out what a message holds."""
    return len(message.payload) >= LONG and may_hold_marker(message.payload)
