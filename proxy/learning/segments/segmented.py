"""The segments of a model's vertices, type by type."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from gremlink.errors import Error
from gremlink.grammar.traversal import Literal
from gremlink.proxy.graph.load.write_back import PredictedValue
from gremlink.proxy.graph.server.typed_values import driver_value
from gremlink.proxy.learning.segments.clustering import NONE, Segmentation, segments
from gremlink.proxy.learning.segments.marks import Marks, marks
from gremlink.proxy.learning.trained.vertex_embeddings import UnknownVertex, VertexEmbeddings

AUTO = "auto"
"""As many segments as fit best."""

MOST_MARKS = 5
"""Properties, and links, that are named of a segment."""


class UnknownCount(Error):
    """Something else than a number of segments."""

    def __init__(self, given: str) -> None:
        super().__init__(f"{given!r} segments: write {AUTO}, or a whole number from 1 on")


@dataclass(frozen=True, slots=True)
class SegmentedType:
    """The vertices of a type in segments; `marks` has what marks each of them."""

    label: str
    ids: Sequence[Literal]
    segmentation: Segmentation
    marks: tuple[Marks, ...]

    def segment_of(self, row: int) -> int | None:
        """Return the segment of a vertex, `None` for one that is in none."""
        found = int(self.segmentation.of[row])
        return None if found == NONE else found


@dataclass(frozen=True, slots=True)
class Segments:
    """The segments of all types that have embeddings; `method` is the one that these are of."""

    method: str
    types: tuple[SegmentedType, ...]

    def rows(self) -> Iterator[tuple[Literal, str, int | None]]:
        """Yield id, label and segment of each vertex."""
        for each in self.types:
            for row, vertex in enumerate(each.ids):
                yield vertex, each.label, each.segment_of(row)

    def values(self) -> Iterator[PredictedValue]:
        """Yield the segments as values to write into the graph, of those vertices that have one."""
        for vertex, _, segment in self.rows():
            if segment is not None:
                yield PredictedValue(driver_value(vertex), segment, None)


def count_of(text: str) -> int | None:
    """Return a number of segments, `None` for `AUTO`. Raises `UnknownCount`."""
    if text == AUTO:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > 9 or int(text) < 1:
        raise UnknownCount(text)
    return int(text)


def segmented(
    found: VertexEmbeddings,
    count: int | None = None,
    *,
    label: str | None = None,
    seed: int = 0,
    limit: int = MOST_MARKS,
) -> Segments:
    """Part the vertices of each type, or those of one `label`, into segments.

    `count` segments each, or as many as fit best; see `clustering.segments` and `marks.marks`,
    which takes the `limit`. Raises `UnknownVertex` for a label without embeddings.
    """
    if label is not None and label not in found.tables:
        raise UnknownVertex(f"no embeddings of type {label!r}: use {', '.join(found.tables)}")
    names = tuple(found.tables) if label is None else (label,)
    types = []
    for name in names:
        parted = segments(np.asarray(found.tables[name], np.float32), count, seed=seed)
        told = marks(found.stored, name, parted.of, limit=limit)
        types.append(SegmentedType(name, found.stored.ids[name], parted, told))
    return Segments(found.network, tuple(types))
