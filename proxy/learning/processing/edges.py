"""The edges of one file on their way to numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from proxy.graph.export_files import EdgeFile, Target
from proxy.graph.export_rows import ID, Chunk
from proxy.graph.ids import Ids
from proxy.learning.features.encoding import Encoding, UnfitCell
from proxy.learning.features.fitting import FileFits, cell_problem
from proxy.learning.features.matrix import Matrix
from proxy.learning.features.specs import Shared
from proxy.learning.graph import Features, Indexes, Relation
from proxy.learning.processing.numbering import Numbering
from proxy.learning.processing.pieces import Pieces, target_cells
from proxy.learning.processing.processed import Column, EdgeRows, UnusableExport


@dataclass(frozen=True, slots=True)
class RelationRows:
    """The rows of one relation, and what they say of the target, if they are asked about it."""

    relation: Relation
    rows: EdgeRows
    cells: Column | None


class EdgeReader:
    """One edge file, read in rounds: ends and encodings first, then features.

    `target` is a property that is to be predicted: its column is kept, and is no feature.
    `encodings` are those of an earlier processing, which stay.
    """

    def __init__(
        self,
        file: EdgeFile,
        target: Target | None,
        shared: Shared,
        encodings: tuple[Encoding, ...] | None = None,
    ) -> None:
        self.file = file
        self._target = target
        self._given = encodings
        owner = str(Relation(file.source, file.relation, file.dest))
        features = [
            feature
            for feature in file.features
            if target is None or feature.column != target.column
        ]
        self.warnings: list[str] = []
        if target is not None and len(features) < len(file.features):
            self.warnings.append(
                f"{owner}: the target {target.column!r} is left out of the features"
            )
        self._owner = owner
        self._fits = FileFits(owner, features if encodings is None else (), shared)
        self._columns = self._fits.columns | {each.name for each in encodings or ()}
        if target is not None:
            self._columns |= {target.column}
        self._pieces = Pieces(file, self._columns)

    def connect(self, vertices: Mapping[str, Numbering]) -> None:
        """The first round: where the edges begin and end; begin with the encodings.

        Raises `BadExport`, `UnusableExport`.
        """
        heads: list[Indexes] = []
        tails: list[Indexes] = []
        ids: list[str] = []
        cells: list[str] = []
        labels: list[str] = []
        for chunk in self._pieces:
            self._fits.see(chunk)
            heads.append(
                self._find(chunk, self.file.sources(chunk), self.file.source, vertices, True)
            )
            tails.append(self._find(chunk, self.file.dests(chunk), self.file.dest, vertices, False))
            if self._columns:
                ids.extend(chunk.columns.get(ID, [""] * len(chunk)))
            if self._target is not None:
                cells.extend(target_cells(chunk, self._target))
            labels.extend(self.file.labels(chunk) or ())
        self._heads, self._tails = np.concatenate(heads), np.concatenate(tails)
        self._labels = labels
        # Of pairs that come several times, the ids tell the order.
        by_id = np.arange(len(self._heads))
        if ids:
            by_id = np.array(sorted(range(len(ids)), key=ids.__getitem__), np.int64)
        self._order = by_id[np.lexsort((self._tails[by_id], self._heads[by_id]))]
        self._ids = [ids[row] for row in self._order] if ids else []
        self._cells = [cells[row] for row in self._order] if self._target is not None else []

    def learn(self) -> bool:
        """End a round; whether there has to be another. Raises `BadExport`."""
        if not self._fits.conclude():
            return False
        for chunk in self._pieces:
            self._fits.see(chunk)
        return True

    @property
    def encodings(self) -> tuple[Encoding, ...]:
        """How the properties become features."""
        return self._fits.encodings if self._given is None else self._given

    @property
    def all_warnings(self) -> Sequence[str]:
        """Properties that were left out, models that were chosen."""
        return (*self.warnings, *self._fits.warnings)

    def relations(self) -> Iterator[RelationRows]:
        """The last round: encode, take the relations apart. Raises `BadExport`, `NoTextModel`."""
        features = self._features()
        heads, tails = self._heads[self._order], self._tails[self._order]
        for label, places in self._by_label().items():
            rows = EdgeRows(
                heads[places],
                tails[places],
                [self._ids[place] for place in places] if self._ids else [],
                self.encodings,
                None if features is None else Features(features.values[places], features.blocks),
            )
            cells = None
            if self._target is not None:
                cells = Column.of([self._cells[place] for place in places])
            yield RelationRows(Relation(self.file.source, label, self.file.dest), rows, cells)

    def _by_label(self) -> dict[str, Indexes]:
        if not self.file.relation_column:
            return {self.file.relation: np.arange(len(self._order))}
        names = np.array(self._labels, dtype=object)[self._order]
        return {name: np.flatnonzero(names == name) for name in sorted(set(self._labels))}

    def _features(self) -> Features | None:
        if not self.encodings or not len(self._order):
            return None
        places = np.empty(len(self._order), np.int64)
        places[self._order] = np.arange(len(self._order))
        matrix = Matrix(self.encodings, len(places))
        start = 0
        for chunk in self._pieces:
            for encoding in self.encodings:
                chunk.require(encoding.name)
            try:
                matrix.fill(chunk.columns, places[start : start + len(chunk)])
            except UnfitCell as error:
                raise cell_problem(chunk, self._owner, error) from None
            start += len(chunk)
        return matrix.features()

    def _find(
        self,
        chunk: Chunk,
        ids: Ids,
        vertex_type: str,
        vertices: Mapping[str, Numbering],
        is_head: bool,
    ) -> Indexes:
        if vertex_type not in vertices:
            raise UnusableExport(
                f"the edges {self._owner} {'begin' if is_head else 'end'} at vertices of type "
                f"{vertex_type!r}, and the configuration has no file with these: export vertices "
                "and edges together"
            )
        places = vertices[vertex_type].find(ids)
        if (places < 0).any():
            row = int((places < 0).argmax())
            column = self.file.source_column if is_head else self.file.dest_column
            raise chunk.problem(
                row,
                column,
                f"an edge {self._owner} {'begins' if is_head else 'ends'} at {ids[row].value!r}, "
                f"which is no vertex of type {vertex_type!r} in the export: export vertices and "
                "edges together",
            )
        return places
