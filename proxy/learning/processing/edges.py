"""The edges of one file on their way to numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gremlink.proxy.graph.files.export_files import EdgeFile, Target
from gremlink.proxy.graph.files.export_rows import ID, Chunk
from gremlink.proxy.graph.ids import Ids
from gremlink.proxy.learning.features.specs import Shared
from gremlink.proxy.learning.graph import Features, Indexes, Relation
from gremlink.proxy.learning.processing.cells import Cells, Learned
from gremlink.proxy.learning.processing.id_map import IdMap
from gremlink.proxy.learning.processing.processed import Column, EdgeRows, UnusableExport

Narrow = NDArray[np.int32]
"""Numbers of vertices, of which a type has less than 2**31: there are as many ids in memory."""


@dataclass(frozen=True, slots=True)
class RelationRows:
    """The rows of one relation, and what they say of the target, if they are asked about it."""

    relation: Relation
    rows: EdgeRows
    cells: Column | None


class EdgeReader:
    """One edge file, read in rounds: ends and encodings first, then features.

    `target` is a property that is to be predicted: its column is kept, and is no feature.
    `previous` was learned in an earlier processing, and stays.
    """

    def __init__(
        self,
        file: EdgeFile,
        target: Target | None,
        shared: Shared,
        previous: Learned | None = None,
    ) -> None:
        self.file = file
        self._has_target = target is not None
        self._owner = str(Relation(file.source, file.relation, file.dest))
        self.cells = Cells(file, self._owner, target, shared, previous)

    def connect(self, vertices: Mapping[str, IdMap]) -> None:
        """Read the ends of the edges in the first round; begin with the encodings.

        Raises `BadExport`, `UnusableExport`.
        """
        heads: list[Narrow] = []
        tails: list[Narrow] = []
        ids: list[str] = []
        labels: list[str] = []
        for chunk in self.cells.first_round():
            heads.append(
                self._find(chunk, self.file.sources(chunk), self.file.source, vertices, True)
            )
            tails.append(self._find(chunk, self.file.dests(chunk), self.file.dest, vertices, False))
            if self.cells.wanted:
                ids.extend(chunk.columns.get(ID, [""] * len(chunk)))
            labels.extend(self._labels_of(chunk))
        found_heads, found_tails = _joined(heads), _joined(tails)
        # Of pairs that come several times, the ids tell the order.
        by_id = np.array(sorted(range(len(ids)), key=ids.__getitem__), np.int64) if ids else None
        if by_id is None:
            order = np.lexsort((found_tails, found_heads))
        else:
            order = by_id[np.lexsort((found_tails[by_id], found_heads[by_id]))]
        self._heads, self._tails = found_heads[order], found_tails[order]
        self._ids = [ids[row] for row in order] if ids else []
        self._labels = labels
        needs_order = self.cells.wanted or bool(self.file.relation_column)
        self._order = order if needs_order else None

    def relations(self) -> Iterator[RelationRows]:
        """Encode in the last round, and take the relations apart. Raises `BadExport`,
        `NoTextModel`."""
        features, targets = None, list[str]()
        if self._order is not None:
            places_of_rows = np.empty(len(self._order), np.int64)
            places_of_rows[self._order] = np.arange(len(self._order))
            features = self.cells.features(places_of_rows)
            targets = self.cells.targets(self._order)
        heads, tails = self._heads.astype(np.int64), self._tails.astype(np.int64)
        self._heads = self._tails = np.zeros(0, np.int32)
        for label, places in self._by_label().items():
            rows = EdgeRows(
                heads[places],
                tails[places],
                _taken(self._ids, places) if self._ids else [],
                self.cells.encodings,
                None if features is None else Features(features.values[places], features.blocks),
            )
            cells = None
            if self._has_target:
                cells = Column.of(_taken(targets, places))
            yield RelationRows(Relation(self.file.source, label, self.file.dest), rows, cells)

    def _labels_of(self, chunk: Chunk) -> Sequence[str]:
        column = self.file.relation_column
        if column and "" in chunk.require(column):
            row = list(chunk.require(column)).index("")
            reason = f"an edge of {self._owner} names no relation: every edge belongs to one"
            raise chunk.problem(row, column, reason)
        return self.file.labels(chunk) or ()

    def _by_label(self) -> Mapping[str, Indexes | slice]:
        if not self.file.relation_column or self._order is None:
            return {self.file.relation: slice(None)}
        codes = {name: code for code, name in enumerate(sorted(set(self._labels)))}
        if not codes:
            return {}
        found = np.array([codes[name] for name in self._labels], np.int64)[self._order]
        # Sorted once: looking through all edges for every label takes labels times edges.
        ends = np.cumsum(np.bincount(found, minlength=len(codes)))[:-1]
        return dict(zip(codes, np.split(np.argsort(found, kind="stable"), ends), strict=True))

    def _find(
        self,
        chunk: Chunk,
        ids: Ids,
        vertex_type: str,
        vertices: Mapping[str, IdMap],
        is_head: bool,
    ) -> Narrow:
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
        return places.astype(np.int32)


def _joined(parts: list[Narrow]) -> Narrow:
    """Join arrays, and let go of them."""
    whole = np.concatenate(parts)
    parts.clear()
    return whole


def _taken(listed: list[str], places: Indexes | slice) -> list[str]:
    if isinstance(places, slice):
        return listed[places]
    return [listed[place] for place in places]
