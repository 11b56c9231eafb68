"""Vertices of one type on their way from a file to numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from proxy.graph.export_files import NodeFile, Target
from proxy.graph.ids import Ids
from proxy.learning.features.encoding import Encoding, UnfitCell
from proxy.learning.features.fitting import FileFits, cell_problem
from proxy.learning.features.matrix import Matrix
from proxy.learning.features.specs import Shared
from proxy.learning.graph import Features, Indexes
from proxy.learning.processing.numbering import Numbering, order_of
from proxy.learning.processing.pieces import Pieces, target_cells
from proxy.learning.processing.processed import Column, UnusableExport


class VertexReader:
    """One node file, read in rounds: ids and encodings first, then features.

    `target` is a property that is to be predicted: its column is kept, and is no feature.
    `previous` are the vertices of an earlier processing with their encodings, which stay.
    """

    def __init__(
        self,
        file: NodeFile,
        target: Target | None,
        shared: Shared,
        previous: tuple[Ids, tuple[Encoding, ...]] | None = None,
    ) -> None:
        self.file = file
        self._target = target
        self._previous = previous
        features = [
            feature
            for feature in file.features
            if target is None or feature.column != target.column
        ]
        self.warnings: list[str] = []
        if target is not None and len(features) < len(file.features):
            self.warnings.append(
                f"{file.type}: the target {target.column!r} is left out of the features"
            )
        self._fits = FileFits(file.type, features if previous is None else (), shared)
        columns = self._fits.columns
        if previous is not None:
            columns |= {encoding.name for encoding in previous[1]}
        if target is not None:
            columns |= {target.column}
        self._pieces = Pieces(file, columns)

    def identify(self) -> Numbering:
        """The first round: number the vertices, begin with the encodings.

        Raises `BadExport`, `UnusableExport`.
        """
        parts: list[Ids] = []
        cells: list[str] = []
        for chunk in self._pieces:
            parts.append(self.file.ids(chunk))
            self._fits.see(chunk)
            if self._target is not None:
                cells.extend(target_cells(chunk, self._target))
        ids = Ids.joined(parts)
        self._places = self._order(ids)
        ordered = np.empty(len(ids), np.int64)
        ordered[self._places] = np.arange(len(ids))
        self._cells = [cells[row] for row in ordered] if self._target is not None else []
        numbering = Numbering(ids.take(ordered.tolist()))
        if numbering.repeated:
            self._tell_repeated()
        return numbering

    def learn(self) -> bool:
        """End a round; whether there has to be another. Raises `BadExport`."""
        if not self._fits.conclude():
            return False
        for chunk in self._pieces:
            self._fits.see(chunk)
        return True

    @property
    def encodings(self) -> tuple[Encoding, ...]:
        """How its properties become features."""
        return self._fits.encodings if self._previous is None else self._previous[1]

    @property
    def all_warnings(self) -> Sequence[str]:
        """Properties that were left out, models that were chosen."""
        return (*self.warnings, *self._fits.warnings)

    def features(self) -> Features | None:
        """The last round: encode. Raises `BadExport`, `NoTextModel`."""
        if not self.encodings or not len(self._places):
            return None
        matrix = Matrix(self.encodings, len(self._places))
        start = 0
        for chunk in self._pieces:
            for encoding in self.encodings:
                chunk.require(encoding.name)
            try:
                matrix.fill(chunk.columns, self._places[start : start + len(chunk)])
            except UnfitCell as error:
                raise cell_problem(chunk, self.file.type, error) from None
            start += len(chunk)
        return matrix.features()

    def target_cells(self) -> Column:
        """The values of the target."""
        return Column.of(self._cells)

    def _order(self, ids: Ids) -> Indexes:
        if self._previous is None:
            return order_of(ids, np.full(len(ids), -1))
        before = self._previous[0]
        known = Numbering(before).find(ids)
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
        for chunk in self._pieces:
            for row, pair in enumerate(self.file.ids(chunk).pairs()):
                if pair in seen:
                    raise chunk.problem(
                        row,
                        self.file.id_column,
                        f"the vertex {pair[1]!r} is in this file twice: every vertex has one row",
                    )
                seen.add(pair)
