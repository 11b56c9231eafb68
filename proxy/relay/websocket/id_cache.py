"""A cache of long lists of ids, by the bytes of the database's answer.

An application asks for predictions of all vertices of a kind again and again, and most of the time
they are the same. The database is asked each time; if its answer has the same bytes as an earlier
one, the ids in it are neither read nor looked up in the model once more.
"""

from __future__ import annotations

from collections import OrderedDict

from gremlink.proxy.inference.commands import Results
from gremlink.proxy.inference.queries.inputs import uniform
from gremlink.proxy.wire.response import data_of, read_response

MOST = 4
"""Lists that are kept, of all clients together."""

SHORTEST, LONGEST = 16 * 1024, 1024 * 1024
"""Bytes of a list that is kept; the objects made of it take some times as many."""


class RecentIds:
    """The results of responses; a list of ids is the same object as long as it has not changed."""

    def __init__(self) -> None:
        self._kept: OrderedDict[bytes, Results] = OrderedDict()

    def results(self, payload: bytes) -> Results:
        """Return what is in a response. Raises `MessageError`."""
        data = data_of(payload) if len(payload) >= SHORTEST else None
        if data is None:
            return read_response(payload).results
        known = self._kept.get(data)
        if known is not None:
            self._kept.move_to_end(data)
            return known
        found = read_response(payload).results
        if uniform(found) is not None and len(data) <= LONGEST:
            self._kept[data] = found
            if len(self._kept) > MOST:
                self._kept.popitem(last=False)
        return found
