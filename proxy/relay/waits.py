"""Waits that are no settings, in seconds; arguments, so that tests can shorten them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Waits:
    """Seconds that the server waits where a setting would be of no use.

    `close` is for a client to answer a close frame, and for a socket to send its buffer; `shutdown`
    for all connections to end when the server does. `renewal` passes between two looks at the
    certificate's files, `counting` between two counts of the latencies measured.
    """

    close: float = 5.0
    shutdown: float = 5.0
    renewal: float = 10.0
    counting: float = 1.0


WAITS = Waits()
