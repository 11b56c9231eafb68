"""Segments of a model's vertices: numbers by label, a table of vertices, and what marks each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gremlink.api.results.table import Table

if TYPE_CHECKING:
    from gremlink.proxy.learning.segments.segmented import SegmentedType
    from gremlink.proxy.learning.segments.segmented import Segments as Found


class SegmentedVertex(NamedTuple):
    """A vertex and its segment, `None` for one between them."""

    id: Any
    label: str
    segment: int | None


class SegmentMark(NamedTuple):
    """Something that `number` of a segment's vertices have, `lift` times as often as all vertices.

    `mark` is a property value, as `team is chess`, or a link, as `knows → ada`.
    """

    label: str
    segment: int
    mark: str
    number: int
    vertices: int
    all_number: int
    all_vertices: int
    lift: float


class Segments(Mapping[str, NDArray[np.int64]]):
    """Segments by label: int64 `[vertices]`, from 0, the largest first, -1 for a vertex in none.

    Rows are in the order of `ids(label)`.

    Example:
        >>> segments = gremlink.load("artifact").segments(2)
        >>> sorted(set(segments["User"].tolist())), segments.vertices.columns
        ([0, 1], ('id', 'label', 'segment'))
    """

    def __init__(self, found: Found) -> None:
        self._found = found
        self._by_label = {each.label: each for each in found.types}

    @property
    def method(self) -> str:
        """The method whose embeddings they were found in, as `rgcn`."""
        return self._found.method

    def __getitem__(self, label: str) -> NDArray[np.int64]:
        return self._by_label[label].segmentation.of

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_label)

    def __len__(self) -> int:
        return len(self._by_label)

    def ids(self, label: str) -> list[Any]:
        """Return the ids of the vertices of a label, one for each row. Raises KeyError."""
        return [vertex.value for vertex in self._type(label).ids]

    def sizes(self, label: str) -> list[int]:
        """Return the number of vertices of each segment. Raises KeyError."""
        return [int(size) for size in self._type(label).segmentation.sizes]

    def reason(self, label: str) -> str:
        """Return why these segments were chosen, in a sentence. Raises KeyError."""
        found = self._type(label).segmentation
        return f"{found.reason} ({found.structure})"

    def silhouette(self, label: str) -> float | None:
        """Return the mean silhouette, from -1 to 1, `None` for one segment. Raises KeyError."""
        return self._type(label).segmentation.silhouette

    @property
    def vertices(self) -> Table[SegmentedVertex]:
        """All vertices."""
        rows = (
            SegmentedVertex(vertex.value, label, segment)
            for vertex, label, segment in self._found.rows()
        )
        return Table(SegmentedVertex._fields, tuple(rows))

    @property
    def marks(self) -> Table[SegmentMark]:
        """Marks of each segment: properties, then links, the strongest evidence first."""
        rows = (
            SegmentMark(
                *(each.label, segment, mark.describe(), mark.count, mark.of),
                *(mark.all_count, mark.all_of, mark.lift),
            )
            for each in self._found.types
            for segment, several in enumerate(each.marks)
            for mark in several
        )
        return Table(SegmentMark._fields, tuple(rows))

    def _type(self, label: str) -> SegmentedType:
        if label not in self._by_label:
            raise KeyError(f"no segments of {label!r}: there are those of {', '.join(self)}")
        return self._by_label[label]

    def __repr__(self) -> str:
        sizes = (
            f"{name} {each.segmentation.count} of {len(each.ids):,}"
            for name, each in self._by_label.items()
        )
        return f"Segments({self.method}: {', '.join(sizes)})"
