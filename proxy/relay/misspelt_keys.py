"""Misspelt keys: requests that nearly name Neptune ML are forwarded, with a warning in the log.

The bytes of a request without `Neptune#ml.` are the database's own affair, so none is refused for
its spelling. A search is cheap where the request holds a `#`. Without it, as in
`Neptune.ml.prediction`, a request is searched if none was in the last millisecond: under load that
is one of many, and costs nothing that could be measured.
"""

from __future__ import annotations

import logging
import time

from gremlink.proxy.inference.analysis.options import PREFIX
from gremlink.proxy.inference.analysis.spelling import nearly_ours

log = logging.getLogger(__name__)

SEARCHED_BYTES = 16 * 1024
"""Bytes at the beginning of a request that are looked through."""

PAUSE = 0.001
"""Seconds after a request without `#` was looked through, before the next is."""

SILENCE = 60.0
"""Seconds between two warnings: a client that asks so once does it again and again."""


class MisspeltKeys:
    """The search and its pauses. The next request from the time `due` on, in seconds of the
    monotonic clock, is searched.
    """

    def __init__(self) -> None:
        self.due = 0.0
        self._silent_until = 0.0
        self._unsaid = 0

    def finds(self, payload: bytes | bytearray, now: float) -> bool:
        """Tell whether a misspelt key is in a request; it is `now`."""
        self.due = now + PAUSE
        return _may_be_near(payload) and nearly_ours(payload[:SEARCHED_BYTES]) is not None

    def warn(self, payload: bytes | bytearray) -> None:
        """Warn of a request that is forwarded, if there is such a key in it."""
        key = nearly_ours(payload[:SEARCHED_BYTES]) if _may_be_near(payload) else None
        if key is None:
            return
        now = time.monotonic()
        if now < self._silent_until:
            self._unsaid += 1
            return
        more = f" ({self._unsaid} more since the last warning)" if self._unsaid else ""
        self._silent_until, self._unsaid = now + SILENCE, 0
        log.warning(
            'A request names something that is nearly "%s"%s. It went to the database as it came,'
            " which answers without any prediction: the keys of Neptune ML begin with %s, in just"
            " these letters.",
            key,
            more,
            PREFIX,
        )


def _may_be_near(payload: bytes | bytearray) -> bool:
    """Tell whether a closer look is worth it; two searches are far quicker than `nearly_ours`."""
    return b"#" in payload or b"eptune" in payload or b"EPTUNE" in payload


MISSPELT_KEYS = MisspeltKeys()
"""That of this process."""
