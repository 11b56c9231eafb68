"""The numbers of vertices: by type, in an order that does not depend on the export's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import repeat
from typing import Any

import numpy as np

from gremlink.grammar.traversal import Kind
from gremlink.proxy.graph.ids import Ids
from gremlink.proxy.learning.graph import Indexes


class IdMap:
    """Vertices of one type, and their numbers."""

    def __init__(self, ids: Ids) -> None:
        self.ids = ids
        self._places: dict[Kind, dict[Any, int]] = {}
        for place, (kind, value) in enumerate(ids.pairs()):
            self._places.setdefault(kind, {})[value] = place

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def repeated(self) -> bool:
        """`True` where an id comes twice."""
        return sum(map(len, self._places.values())) < len(self.ids)

    def find(self, ids: Ids) -> Indexes:
        """Return the numbers of ids, -1 for those that are unknown: int64 `[ids]`."""
        if isinstance(ids.kinds, Kind):
            places = self._places.get(ids.kinds, {})
            return np.fromiter(map(places.get, ids.values, repeat(-1)), np.int64, len(ids))
        empty: Mapping[Any, int] = {}
        return np.fromiter(
            (self._places.get(kind, empty).get(value, -1) for kind, value in ids.pairs()),
            np.int64,
            len(ids),
        )


def order_of(ids: Ids, known: Sequence[int] | Indexes) -> Indexes:
    """Return the place that each of the ids goes to: int64 `[ids]`.

    `known` are the numbers that ids have had before, -1 for new ones; those keep them, and the new
    ones follow in the order of their values.
    """
    before = np.asarray(known, np.int64)
    is_new = before < 0
    places: Indexes = before.copy()
    fresh: Indexes = np.array([row for row in ids.order() if is_new[row]], np.int64)
    places[fresh] = np.arange(len(fresh)) + int((~is_new).sum())
    return places
