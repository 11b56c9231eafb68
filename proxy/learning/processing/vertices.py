"""Vertices of one type on their way from a file to numbers."""

from __future__ import annotations

import numpy as np

from gremlink.proxy.graph.files.export_files import NodeFile, Target
from gremlink.proxy.graph.ids import Ids
from gremlink.proxy.learning.features.specs import Shared
from gremlink.proxy.learning.graph import Features, Indexes, Terms
from gremlink.proxy.learning.processing.cells import Cells, Learned
from gremlink.proxy.learning.processing.id_map import IdMap, order_of
from gremlink.proxy.learning.processing.processed import Column, UnusableExport


class VertexReader:
    """One node file, read in rounds: ids and encodings first, then features.

    `target` is a property that is to be predicted: its column is kept, and is no feature.
    `previous` are the vertices of an earlier processing with what was learned of their properties,
    which stays.
    """

    def __init__(
        self,
        file: NodeFile,
        target: Target | None,
        shared: Shared,
        previous: tuple[Ids, Learned] | None = None,
    ) -> None:
        self.file = file
        self._before = None if previous is None else previous[0]
        learned = None if previous is None else previous[1]
        self.cells = Cells(file, file.type, target, shared, learned, terms=True)

    def identify(self) -> IdMap:
        """Number the vertices in the first round; begin with the encodings.

        Raises `BadExport`, `UnusableExport`.
        """
        parts: list[Ids] = []
        for chunk in self.cells.first_round():
            texts = chunk.require(self.file.id_column)
            if "" in texts:
                row = list(texts).index("")
                reason = f"a vertex of type {self.file.type!r} has no id here"
                raise chunk.problem(row, self.file.id_column, reason)
            parts.append(self.file.ids(chunk))
        ids = Ids.joined(parts)
        self._places = self._places_of(ids)
        self._order = np.empty(len(ids), np.int64)
        self._order[self._places] = np.arange(len(ids))
        id_map = IdMap(ids.take(self._order.tolist()))
        if id_map.repeated:
            self._tell_repeated()
        return id_map

    def features(self) -> Features | None:
        """Encode in the last round. Raises `BadExport`, `NoTextModel`."""
        return self.cells.features(self._places)

    def terms(self) -> Terms | None:
        """Count terms in the last round. Raises `BadExport`."""
        return self.cells.terms(self._places)

    def target_cells(self) -> Column:
        """Return the values of the target."""
        return Column.of(self.cells.targets(self._order))

    def _places_of(self, ids: Ids) -> Indexes:
        before = self._before
        if before is None:
            return order_of(ids, np.full(len(ids), -1))
        known = IdMap(before).find(ids)
        gone = np.setdiff1d(np.arange(len(before)), known)
        if len(gone):
            example = before[int(gone[0])].value
            raise UnusableExport(
                f"{len(gone)} of {len(before)} vertices of type {self.file.type!r} are no longer "
                f"in the export, {example!r} for one: deleted vertices need processing and "
                "training from the beginning, without the previous processing"
            )
        return order_of(ids, known)

    def _tell_repeated(self) -> None:
        seen: set[object] = set()
        for chunk in self.cells.again():
            for row, pair in enumerate(self.file.ids(chunk).pairs()):
                if pair in seen:
                    raise chunk.problem(
                        row,
                        self.file.id_column,
                        f"the vertex {pair[1]!r} is in this file twice: every vertex has one row",
                    )
                seen.add(pair)
