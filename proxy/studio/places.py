"""Vertices of a model in two dimensions, for the page of embeddings; kept for some models."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gremlink.grammar.traversal import Literal
from gremlink.proxy.learning.trained.embeddings import unit_rows
from gremlink.proxy.learning.trained.vertex_embeddings import VertexEmbeddings
from gremlink.proxy.learning.workflows.load import model_in
from gremlink.proxy.store.artifacts import read_artifact

MOST_POINTS = 100_000
"""Vertices in a picture; of more a sample is shown."""

MOST_TSNE = 5000
"""Vertices that t-SNE places: beyond, it takes minutes."""

KEPT = 4
"""Models whose vertices stay in memory."""

PCA, TSNE = "pca", "tsne"


@dataclass(frozen=True)
class Placed:
    """Vertices of one model: `rows` are (type, row) of each point, `points` float32 `[points, 2]`.

    `share` is the part of all vertices that is shown, from 0 to 1.
    """

    embeddings: VertexEmbeddings
    types: tuple[str, ...]
    kinds: Any
    rows: Any
    points: Any
    share: float

    def id_of(self, point: int) -> Literal:
        """Return the id of a point's vertex."""
        return self.embeddings.stored.ids[self.types[int(self.kinds[point])]][int(self.rows[point])]

    def point_of(self, id: Literal) -> int | None:
        """Return the point of a vertex, `None` if it is not shown."""
        for kind, name in enumerate(self.types):
            for row, each in enumerate(self.embeddings.stored.ids[name]):
                if each == id:
                    found = np.flatnonzero((self.kinds == kind) & (self.rows == row))
                    return int(found[0]) if len(found) else None
        return None

    def nearest(self, point: int, limit: int) -> list[tuple[Literal, float]]:
        """Return the nearest vertices of the same type by cosine, best first."""
        place = self.types[int(self.kinds[point])], int(self.rows[point])
        return self.embeddings.nearest(place, limit)


_placed: OrderedDict[tuple[str, float, str], Placed] = OrderedDict()
_lock = threading.Lock()


def placed(artifact: Path, method: str = PCA) -> Placed:
    """Return the vertices of a model in a plane. Raises `NoEmbeddings`, `ArtifactError`.

    It takes as long as a decomposition of all embeddings; call it in a thread.
    """
    key = str(artifact), (artifact / "artifact.json").stat().st_mtime, method
    with _lock:  # two visits of one model wait for one decomposition
        if key not in _placed:
            _placed[key] = _place(artifact, method)
            while len(_placed) > KEPT:
                _placed.popitem(last=False)
        _placed.move_to_end(key)
        return _placed[key]


def _place(artifact: Path, method: str) -> Placed:
    found = model_in(read_artifact(artifact), artifact).vertex_embeddings()
    types = tuple(found.tables)
    kinds = np.concatenate(
        [np.full(len(found.tables[name]), kind, np.int32) for kind, name in enumerate(types)]
    )
    rows = np.concatenate([np.arange(len(found.tables[name]), dtype=np.int64) for name in types])
    most = MOST_TSNE if method == TSNE else MOST_POINTS
    share = min(1.0, most / max(1, len(kinds)))
    if share < 1:
        chosen = np.sort(np.random.default_rng(0).permutation(len(kinds))[:most])
        kinds, rows = kinds[chosen], rows[chosen]
    widest = max(table.shape[1] for table in found.tables.values())
    table = np.zeros((len(kinds), widest), np.float32)
    for kind, name in enumerate(types):
        own = kinds == kind
        values = found.tables[name][rows[own]]
        table[own, : values.shape[1]] = unit_rows(values)
    points = _tsne(table) if method == TSNE else _pca(table)
    return Placed(found, types, kinds, rows, _scaled(points), share)


def _pca(table: Any) -> Any:
    """Project rows on the two axes along which they differ most."""
    centred = table - table.mean(axis=0)
    _, axes = np.linalg.eigh(centred.T.astype(np.float64) @ centred)
    axes = axes[:, ::-1][:, :2]
    axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])])
    flat = centred @ axes
    return np.pad(flat, ((0, 0), (0, 2 - flat.shape[1])))


def _tsne(table: Any) -> Any:
    from sklearn import manifold

    if len(table) < 4:
        return _pca(table)
    perplexity = min(30.0, (len(table) - 1) / 3)
    return manifold.TSNE(init="pca", perplexity=perplexity, random_state=0).fit_transform(table)


def _scaled(points: Any) -> Any:
    """Return float32 points within -1 and 1, the same scale along both axes."""
    points = points - (points.max(axis=0) + points.min(axis=0)) / 2
    return (points / max(float(np.abs(points).max()), 1e-9)).astype(np.float32)
