"""The embeddings of a model's vertices: arrays by label, neighbours, a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gremlink.api.arguments import Id, literal_of
from gremlink.api.results.table import Table

if TYPE_CHECKING:
    from gremlink.proxy.learning.inductive.extension import Places
    from gremlink.proxy.learning.trained.vertex_embeddings import VertexEmbeddings


class Neighbour(NamedTuple):
    """A vertex that is near in the space of embeddings; `cosine` is from -1 to 1."""

    id: Any
    cosine: float


class Embeddings(Mapping[str, NDArray[np.float32]]):
    """Embeddings by label: float32 `[vertices, width]`, rows in the order of `ids(label)`.

    Example:
        >>> embeddings = gremlink.load("artifact").embeddings()
        >>> len(embeddings["User"]), embeddings.ids("User")[0]
        (20, 'user_01')
    """

    def __init__(self, found: VertexEmbeddings, places: Places) -> None:
        self._found = found
        self._places = places

    @property
    def network(self) -> str:
        """The network, or other method, that they are of, as `rgcn` or `ials`."""
        return self._found.network

    def __getitem__(self, label: str) -> NDArray[np.float32]:
        return self._found.tables[label]

    def __iter__(self) -> Iterator[str]:
        return iter(self._found.tables)

    def __len__(self) -> int:
        return len(self._found.tables)

    def ids(self, label: str) -> list[Any]:
        """Return the ids of the vertices of a label, one for each row. Raises KeyError."""
        if label not in self._found.tables:
            raise KeyError(f"no embeddings of {label!r}: there are those of {', '.join(self)}")
        return [vertex.value for vertex in self._found.stored.ids[label]]

    def nearest(self, id: Id, *, limit: int = 10, label: str | None = None) -> Table[Neighbour]:
        """Return the vertices with the largest cosines, best first, the vertex itself left out.

        `label` asks for vertices of another label than that of `id`. Raises `UnknownVertex`.
        """
        from gremlink.proxy.learning.trained.vertex_embeddings import UnknownVertex

        place = self._places.get(literal_of(id, self._places.get))
        if place is None or place[0] not in self._found.tables:
            raise UnknownVertex(
                f"no vertex of {', '.join(self)} has the id {id!r}, or it came after training"
            )
        found = self._found.nearest(place, limit, label)
        rows = tuple(Neighbour(vertex.value, cosine) for vertex, cosine in found)
        return Table(Neighbour._fields, rows)

    def __repr__(self) -> str:
        sizes = (f"{name} {len(values):,} by {values.shape[1]}" for name, values in self.items())
        return f"Embeddings({self.network}: {', '.join(sizes)})"
