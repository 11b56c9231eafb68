"""Large messages of one conversation that may hold the marker, while a thread scans them.

The client's other messages are forwarded meanwhile, unless they have to wait for the inference that
such a message may turn out to be.
"""

from __future__ import annotations

import time
from uuid import UUID

from gremlink.proxy.relay.detect import may_hold_marker
from gremlink.proxy.relay.offload import LONG
from gremlink.proxy.relay.websocket.commands import LargeMessage
from gremlink.proxy.relay.websocket.inferences import needs_other_format
from gremlink.proxy.wire.frames import Message
from gremlink.proxy.wire.request import RequestHead


class LargeMessages:
    """See the module; true while there are any."""

    def __init__(self) -> None:
        self._open: set[LargeMessage] = set()

    def __bool__(self) -> bool:
        return bool(self._open)

    @property
    def hold(self) -> bool:
        """True if nothing else may be sent meanwhile."""
        return any(each.holds for each in self._open)

    def begin(self, message: Message, head: RequestHead | None) -> LargeMessage:
        """Add a message that `needs_scan`, with the head of its request if it can be read."""
        holds = head is None or needs_other_format(head.format) or b"session" in message.payload
        reading = LargeMessage(message, head, time.monotonic(), holds)
        self._open.add(reading)
        return reading

    def end(self, reading: LargeMessage) -> bool:
        """Remove a message that was scanned, and return whether it is still of interest."""
        known = reading in self._open
        self._open.discard(reading)
        return known

    def forget(self, request_id: UUID) -> bool:
        """Remove the messages of a request, and return whether there were any."""
        known = {each for each in self._open if each.head and each.head.request_id == request_id}
        self._open -= known
        return bool(known)

    def clear(self) -> None:
        """Remove all messages."""
        self._open.clear()


def needs_scan(message: Message) -> bool:
    """Tell whether it takes a thread to find the marker in a message."""
    return len(message.payload) >= LONG and may_hold_marker(message.payload)
