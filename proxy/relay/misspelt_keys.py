"""Requests with keys that are nearly ours: they pass as they came, and the log says so.

The bytes of a request without `Neptune#ml.` are the database's own affair, so none is refused for
its spelling. To look for one is cheap where a `#` shows the way. Without it, as in
`Neptune.ml.prediction`, a request is looked through if none was in the last millisecond: under load
that is one of many, and costs nothing that could be measured.
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
    """What is looked through, and when. From the time `due` on, in seconds of the monotonic clock,
    the next request is."""

    def __init__(self) -> None:
        self.due = 0.0
        self._silent_until = 0.0
        self._unsaid = 0

    def sees(self, payload: bytes | bytearray, now: float) -> bool:
        """Whether a key that is nearly ours stands in a request; it is `now`."""
        self.due = now + PAUSE
        return _may_be_near(payload) and nearly_ours(payload[:SEARCHED_BYTES]) is not None

    def warn(self, payload: bytes | bytearray) -> None:
        """Warn of a request that passes, if there is such a key in it."""
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
    """Whether a closer look is worth it; two searches are far quicker than one without case."""
    return b"#" in payload or b"eptune" in payload or b"EPTUNE" in payload


MISSPELT_KEYS = MisspeltKeys()
"""That of this process."""
