"""Vertices of one type on their way from a file to numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import sparse

from gremlink.proxy.graph.files.export_files import NodeFile, Target
from gremlink.proxy.graph.ids import Ids
from gremlink.proxy.learning.features.specs import Shared
from gremlink.proxy.learning.graph import Features, Indexes, Terms
from gremlink.proxy.learning.processing.cells import Cells, Learned
from gremlink.proxy.learning.processing.id_map import IdMap, order_of
from gremlink.proxy.learning.processing.names import names_in
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
        self._target = target
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
        known, gone = self._known_of(ids)
        self._rows = len(ids)
        ids = Ids.joined([ids, gone]) if len(gone) else ids
        places = order_of(ids, known)
        self._places = places[: self._rows]
        self._order = np.empty(len(ids), np.int64)
        self._order[places] = np.arange(len(ids))
        id_map = IdMap(ids.take(self._order.tolist()))
        if id_map.repeated:
            self._tell_repeated()
        return id_map

    def features(self) -> Features | None:
        """Encode in the last round. Raises `BadExport`, `NoTextModel`."""
        found = self.cells.features(self._ranks)
        if found is None or self._rows == len(self._order):
            return found
        values = np.zeros((len(self._order), found.values.shape[1]), np.float32)
        values[np.sort(self._places)] = found.values
        return Features(values, found.blocks)

    def terms(self) -> Terms | None:
        """Count terms in the last round. Raises `BadExport`."""
        found = self.cells.terms(self._ranks)
        if found is None or self._rows == len(self._order):
            return found
        rows = np.zeros(len(self._order), np.int64)
        rows[self._places] = np.diff(found.values.indptr)[self._ranks]
        ends = np.concatenate([[0], np.cumsum(rows)])
        shape = len(self._order), found.values.shape[1]
        values = sparse.csr_array((found.values.data, found.values.indices, ends), shape=shape)
        return Terms(values, found.blocks)

    def names(self) -> Sequence[str]:
        """Return the name of each vertex, empty where it has none; nothing without a property that
        reads like one. Raises `BadExport`."""
        target = None if self._target is None else self._target.column
        found = names_in(self.file, self._rows, target)
        if not found:
            return ()
        return [found[row] if row < self._rows else "" for row in self._order.tolist()]

    def target_cells(self) -> Column:
        """Return the values of the target."""
        return Column.of(self.cells.targets(self._order))

    @property
    def _ranks(self) -> Indexes:
        """The places of the file's rows among themselves."""
        if self._rows == len(self._order):
            return self._places
        ranks = np.empty(self._rows, np.int64)
        ranks[np.argsort(self._places)] = np.arange(self._rows)
        return ranks

    def _known_of(self, ids: Ids) -> tuple[Indexes, Ids]:
        """Return the numbers that ids and, behind them, those that are gone had before, -1 for new
        ones; and those that are gone. Raises `UnusableExport`."""
        before = self._before
        if before is None:
            return np.full(len(ids), -1), ids.take([])
        known = IdMap(before).find(ids)
        gone = np.setdiff1d(np.arange(len(before)), known)
        if len(gone) and self.file.is_nameless:
            # Blank nodes have other labels in every export: the earlier ones stay, with nothing.
            return np.concatenate([known, gone]), before.take(gone.tolist())
        if len(gone):
            example = before[int(gone[0])].value
            raise UnusableExport(
                f"{len(gone)} of {len(before)} vertices of type {self.file.type!r} are no longer "
                f"in the export, {example!r} for one: deleted vertices need processing and "
                "training from the beginning, without the previous processing"
            )
        return known, ids.take([])

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
