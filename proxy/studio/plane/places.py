"""Vertices of a model in two dimensions, for the page of embeddings; kept for some models."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np

from gremlink.errors import Error
from gremlink.grammar.traversal import Literal
from gremlink.proxy.learning.graph import Floats, Indexes
from gremlink.proxy.learning.trained.embeddings import unit_rows
from gremlink.proxy.learning.trained.vertex_embeddings import VertexEmbeddings
from gremlink.proxy.learning.workflows.load import Model, model_in
from gremlink.proxy.store.artifacts import MANIFEST, read_artifact

PCA, TSNE, UMAP = "pca", "tsne", "umap"

MOST_POINTS = {PCA: 100_000, TSNE: 5000, UMAP: 10_000}
"""Vertices in a picture; of more a sample is shown. t-SNE and UMAP would take minutes beyond."""

KEPT = 4
"""Models whose vertices stay in memory."""

_T = TypeVar("_T")


class NotInstalled(Error):
    """A package that comes with an extra is not there."""


@dataclass(frozen=True)
class Sample:
    """The vertices of a picture: those at `rows` of the types at `kinds`, int64 `[points]` both.

    `share` is the part of all vertices with an embedding that is shown, from 0 to 1.
    """

    model: Model
    embeddings: VertexEmbeddings
    types: tuple[str, ...]
    kinds: Indexes
    rows: Indexes
    share: float

    def __len__(self) -> int:
        return len(self.kinds)

    def id_of(self, point: int) -> Literal:
        """Return the id of a point's vertex."""
        return self.embeddings.stored.ids[self.type_of(point)][int(self.rows[point])]

    def type_of(self, point: int) -> str:
        """Return the type of a point's vertex."""
        return self.types[int(self.kinds[point])]

    def point_of(self, id: Literal) -> int | None:
        """Return the point of a vertex, `None` if it is not shown."""
        for kind, row in self._places.get(id, ()):
            found = np.flatnonzero((self.kinds == kind) & (self.rows == row))
            if len(found):
                return int(found[0])
        return None

    @cached_property
    def _places(self) -> dict[Literal, list[tuple[int, int]]]:
        found: dict[Literal, list[tuple[int, int]]] = {}
        for kind, name in enumerate(self.types):
            for row, id in enumerate(self.embeddings.stored.ids[name]):
                found.setdefault(id, []).append((kind, row))
        return found

    def nearest(self, point: int, limit: int) -> list[tuple[Literal, float]]:
        """Return the nearest vertices of the same type by cosine, best first."""
        return self.embeddings.nearest((self.type_of(point), int(self.rows[point])), limit)


class Cache(Generic[_T]):
    """The last `most` things made; two visits that want one wait for one making."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._made: OrderedDict[Hashable, _T] = OrderedDict()
        self._turns: dict[Hashable, threading.Lock] = {}
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], _T]) -> _T:
        """Return the thing of a key, made if it is not there."""
        with self._lock:
            turn = self._turns.setdefault(key, threading.Lock())
        with turn:
            with self._lock:
                if key in self._made:
                    self._made.move_to_end(key)
                    return self._made[key]
            made = make()
            with self._lock:
                self._made[key] = made
                while len(self._made) > self._most:
                    gone, _ = self._made.popitem(last=False)
                    self._turns.pop(gone, None)
            return made


_samples: Cache[Sample] = Cache(KEPT)
_points: Cache[Floats] = Cache(2 * KEPT)


def stamp_of(artifact: Path) -> tuple[str, float]:
    """Return what changes when the model does. Raises OSError."""
    return str(artifact), (artifact / MANIFEST).stat().st_mtime


def sampled(artifact: Path, picture: str = PCA, method: str | None = None) -> Sample:
    """Return the vertices of a model's picture, by the embeddings of a method or of its first.

    It reads files; call it in a thread. Raises `NoEmbeddings`, `ArtifactError`, OSError.
    """
    most = MOST_POINTS[picture]
    key = *stamp_of(artifact), most, method
    return _samples.get(key, lambda: _sampled(artifact, most, method))


def placed(artifact: Path, picture: str = PCA, method: str | None = None) -> Floats:
    """Return the points of `sampled`: float32 `[points, 2]` within -1 and 1.

    It takes as long as a decomposition; call it in a thread. Raises as `sampled` does, and
    `NotInstalled`.
    """
    key = *stamp_of(artifact), picture, method
    return _points.get(key, lambda: _placed(sampled(artifact, picture, method), picture))


def has_umap() -> bool:
    """Return `True` if the extra `umap` is installed."""
    from importlib.util import find_spec

    return find_spec("umap") is not None


def _sampled(artifact: Path, most: int, method: str | None) -> Sample:
    model = model_in(read_artifact(artifact), artifact)
    found = model.vertex_embeddings(method)
    types = tuple(found.tables)
    sizes = [len(found.tables[name]) for name in types]
    kinds = np.repeat(np.arange(len(types), dtype=np.int64), sizes)
    rows = np.concatenate([np.arange(size, dtype=np.int64) for size in sizes])
    share = min(1.0, most / max(1, len(kinds)))
    if share < 1:
        chosen = np.sort(np.random.default_rng(0).permutation(len(kinds))[:most])
        kinds, rows = kinds[chosen], rows[chosen]
    return Sample(model, found, types, kinds, rows, share)


def _placed(sample: Sample, picture: str) -> Floats:
    tables = sample.embeddings.tables
    widest = max(table.shape[1] for table in tables.values())
    table = np.zeros((len(sample), widest), np.float32)
    for kind, name in enumerate(sample.types):
        own = sample.kinds == kind
        values = unit_rows(np.nan_to_num(tables[name][sample.rows[own]]))
        table[own, : values.shape[1]] = values
    if len(table) < 4:  # too few for neighbourhoods
        picture = PCA
    return _scaled({PCA: _pca, TSNE: _tsne, UMAP: _umap}[picture](table))


def _pca(table: Floats) -> Any:
    """Project rows on the two axes along which they differ most."""
    centred = table - table.mean(axis=0)
    _, axes = np.linalg.eigh(centred.T.astype(np.float64) @ centred)
    axes = axes[:, ::-1][:, :2]
    axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])])
    flat = centred @ axes
    return np.pad(flat, ((0, 0), (0, 2 - flat.shape[1])))


def _tsne(table: Floats) -> Any:
    from sklearn import manifold

    perplexity = min(30.0, (len(table) - 1) / 3)
    return manifold.TSNE(init="pca", perplexity=perplexity, random_state=0).fit_transform(table)


def _umap(table: Floats) -> Any:
    try:
        import umap
    except ImportError:
        raise NotInstalled(
            "UMAP is not installed: pip install 'gremlink[umap]', and start the proxy again"
        ) from None
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of one thread, which a fixed seed needs
        neighbours = min(15, len(table) - 1)
        start = "spectral" if len(table) > 15 else "random"
        return umap.UMAP(n_neighbors=neighbours, init=start, random_state=0).fit_transform(table)


def _scaled(points: Any) -> Floats:
    """Return float32 points within -1 and 1, the same scale along both axes."""
    points = points - (points.max(axis=0) + points.min(axis=0)) / 2
    return np.asarray(points / max(float(np.abs(points).max()), 1e-9), np.float32)
