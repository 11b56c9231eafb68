"""Vertices parted into segments by their embeddings: k-means, or HDBSCAN where it fits better.

k-means gives every vertex a segment. HDBSCAN (Campello, Moulavi & Sander, "Density-based
clustering based on hierarchical density estimates", PAKDD 2013) finds dense groups of any form and
leaves vertices between them without one.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gremlink.proxy.learning.graph import Floats, Indexes
from gremlink.proxy.learning.trained.embeddings import unit_rows

NONE = -1
"""The segment of a vertex that belongs to none."""

COUNTS = (*range(2, 11), 12, 14, 16, 20, 24, 28, 32)
"""Numbers of segments that are tried; more than some thirty are hard to tell apart."""

LEAST = 5
"""Vertices of a segment that is found, on average at least: HDBSCAN's own least."""

DIMENSIONS = 20
"""Principal components that distances are measured in, at most: with more of them a k-d tree,
which HDBSCAN looks neighbours up in, is slower than comparing all pairs (scikit-learn's guide)."""

SAMPLE = 5000
"""Vertices that segments are learned from, at most, for HDBSCAN compares all pairs: of 32 segments
each has 150 of them on average. The others join the segment of the nearest of these."""

JUDGED = 2000
"""Vertices whose silhouettes are taken, at most: the mean has a standard error below .01."""

STARTS = 4
"""Starts of k-means, of which the best is kept."""

WEAK, REASONABLE, STRONG = 0.25, 0.5, 0.7
"""Ends of Kaufman & Rousseeuw's scale of mean silhouettes ("Finding Groups in Data", 1990)."""


@dataclass(frozen=True, slots=True)
class Segmentation:
    """Vertices in segments: int64 `of`, `[vertices]`, from 0, the largest first, -1 for none.

    `silhouette` is from -1 to 1, the mean over vertices, of those without a segment 0; it is `None`
    where there are not two segments. `reason` says in a sentence why these were chosen.
    """

    of: Indexes
    count: int
    method: str
    silhouette: float | None
    reason: str

    @property
    def sizes(self) -> Indexes:
        """Numbers of vertices, int64 `[segments]`."""
        return np.bincount(self.of[self.of != NONE], minlength=self.count).astype(np.int64)

    @property
    def without(self) -> int:
        """Number of vertices without a segment."""
        return int((self.of == NONE).sum())

    @property
    def structure(self) -> str:
        """The silhouette in words."""
        if self.silhouette is None:
            return "no parts"
        if self.silhouette <= WEAK:
            return "no substantial structure"
        if self.silhouette <= REASONABLE:
            return "a weak structure"
        return "a reasonable structure" if self.silhouette <= STRONG else "a strong structure"


@dataclass(frozen=True, slots=True)
class _Tried:
    """A way to part the sample: int64 `of`, `[sample]`."""

    method: str
    of: Indexes
    silhouette: float

    def describe(self) -> str:
        share = float((self.of == NONE).mean())
        name = f"{self.method} with {len(np.unique(self.of[self.of != NONE]))} segments"
        return f"{name}, {share:.0%} of the vertices in none" if share else name


def segments(vectors: Floats, count: int | None = None, *, seed: int = 0) -> Segmentation:
    """Part vertices of one type into `count` segments, or into as many as fit best.

    `vectors` are float32 `[vertices, width]`; their directions are compared. Without a count
    k-means with several numbers and HDBSCAN are tried, and the one with the largest mean
    silhouette (Rousseeuw, 1987) is taken, where a vertex in no segment counts 0, as one that is
    alone in its segment does. Equal seeds give equal segments.
    """
    from threadpoolctl import threadpool_limits

    random = np.random.default_rng(seed)
    learned = np.arange(len(vectors))
    if len(vectors) > SAMPLE:
        learned = np.sort(random.permutation(len(vectors))[:SAMPLE])
    space = _components(vectors, learned)
    own = space[learned]
    distinct = len(np.unique(own, axis=0)) if len(own) else 0
    if distinct < 2 or count == 1:
        return _one(len(vectors), count, distinct)
    with threadpool_limits(1):  # sums of several threads differ in their last digits
        if count is not None:
            best = _k_means(own, min(count, distinct), seed)
            reason = f"{best.describe()}, as asked"
            if distinct < count:
                reason = f"{distinct} segments, for no more vertices differ"
        else:
            best, reason = _best(own, seed)
    found = best.of if len(own) == len(vectors) else _joined(space, own, best.of)
    found = _by_size(found)
    silhouette = None if np.isnan(best.silhouette) else round(best.silhouette, 4)
    return Segmentation(found, int(found.max()) + 1, best.method, silhouette, reason)


def parted(vectors: Floats, count: int, *, seed: int = 0) -> Indexes:
    """Part vertices into at most `count` segments, as cheaply as can be: int64 `[vertices]`.

    By one start of SciPy's k-means on a sample: trainings do it again and again, and the import of
    scikit-learn alone takes longer.
    """
    from scipy.cluster.vq import kmeans2, vq

    points = np.round(unit_rows(np.nan_to_num(vectors)), 6).astype(np.float64)
    random = np.random.default_rng(seed)
    sample = points
    if len(points) > SAMPLE:
        sample = points[np.sort(random.permutation(len(points))[:SAMPLE])]
    distinct = np.unique(sample, axis=0) if len(sample) else sample
    if min(count, len(distinct)) < 2:
        return np.zeros(len(points), np.int64)
    if len(distinct) <= count:
        centres = distinct
    else:
        begin = distinct[np.sort(random.permutation(len(distinct))[:count])]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a segment that loses its last vertex stays empty
            centres, _ = kmeans2(sample, begin, minit="matrix")
    return np.asarray(vq(points, centres)[0], np.int64)


def _one(vertices: int, count: int | None, distinct: int) -> Segmentation:
    """Return one segment of all."""
    why = "as asked" if count == 1 and distinct > 1 else "for the vertices do not differ"
    found = np.zeros(vertices, np.int64)
    return Segmentation(found, min(1, vertices), "k-means", None, f"1 segment, {why}")


def _best(space: NDArray[np.float64], seed: int) -> tuple[_Tried, str]:
    tried = list(_trials(space, seed))
    if not tried:
        return _Tried("k-means", np.zeros(len(space), np.int64), float("nan")), (
            f"1 segment, for there are only {len(space)} vertices"
        )
    tried.sort(key=lambda each: -each.silhouette)  # of equals the one with fewer segments
    best, *others = tried
    reason = f"{best.describe()}: its mean silhouette, {best.silhouette:.2f}, is the largest"
    seen = {best.method}
    next_best = []
    for each in others:
        if each.method not in seen or len(others) == 1:
            next_best.append(f"{each.describe()} has {each.silhouette:.2f}")
            seen.add(each.method)
    return best, "; ".join([reason, *next_best])


def _trials(space: NDArray[np.float64], seed: int) -> Iterator[_Tried]:
    distinct = len(np.unique(space, axis=0))
    for count in COUNTS:
        if count * LEAST <= len(space) and count < distinct:
            yield _k_means(space, count, seed)
    if len(space) >= 2 * LEAST:
        found = _dense(space, seed)
        if found is not None:
            yield found


def _k_means(space: NDArray[np.float64], count: int, seed: int) -> _Tried:
    from sklearn.cluster import KMeans

    made = KMeans(count, n_init=STARTS, random_state=seed % 2**32).fit(space)
    found = made.labels_.astype(np.int64)
    return _Tried("k-means", found, _silhouette(space, found, seed))


def _dense(space: NDArray[np.float64], seed: int) -> _Tried | None:
    """Return the dense groups, `None` where there are not two.

    A group has at least half as many vertices as each of the largest number of segments would.
    """
    from sklearn.cluster import HDBSCAN

    least = max(LEAST, len(space) // max(COUNTS) // 2)
    # Equal points lie at distance 0, whose density is infinite.
    with np.errstate(divide="ignore", invalid="ignore"):
        made = HDBSCAN(
            min_cluster_size=least, min_samples=LEAST, algorithm="kd_tree", copy=True
        ).fit(space)
    found = made.labels_.astype(np.int64)
    found[found < 0] = NONE
    if len(np.unique(found[found != NONE])) < 2:
        return None
    return _Tried("HDBSCAN", found, _silhouette(space, found, seed))


def _silhouette(space: NDArray[np.float64], found: Indexes, seed: int) -> float:
    """Return the mean silhouette, that of vertices without a segment 0."""
    from sklearn.metrics import silhouette_samples

    inside = np.flatnonzero(found != NONE)
    judged = inside
    if len(inside) > JUDGED:
        judged = np.sort(np.random.default_rng(seed).permutation(inside)[:JUDGED])
    parts = len(np.unique(found[judged]))
    if not 2 <= parts < len(judged):
        return 0.0
    values = silhouette_samples(space[judged], found[judged])
    return float(values.mean()) * len(inside) / len(found)


def _joined(space: NDArray[np.float64], own: NDArray[np.float64], found: Indexes) -> Indexes:
    """Return for each vertex the segment of the nearest one of the sample: int64 `[vertices]`."""
    from scipy.spatial import cKDTree

    _, nearest = cKDTree(own).query(space)
    return np.asarray(found[nearest], np.int64)


def _by_size(found: Indexes) -> Indexes:
    """Number segments by falling size, of equals by their first vertex."""
    names, first, counts = np.unique(found[found != NONE], return_index=True, return_counts=True)
    order = np.lexsort((first, -counts))
    places = np.full(int(names.max(initial=0)) + 1, NONE, np.int64)
    places[names[order]] = np.arange(len(names))
    return np.where(found == NONE, NONE, places[found])


def _components(vectors: Floats, learned: Indexes) -> NDArray[np.float64]:
    """Return rows of length 1 in their principal components: float64 `[vertices, components]`.

    Those of the rows at `learned`. Signs are such that the largest weight is positive.
    """
    points = unit_rows(np.nan_to_num(vectors))
    if points.shape[1] == 0 or not len(points):
        return np.zeros((len(points), 1))
    sample = points[learned].astype(np.float64)
    centre = sample.mean(axis=0)
    _, axes = np.linalg.eigh((sample - centre).T @ (sample - centre))
    axes = axes[:, ::-1][:, :DIMENSIONS]
    axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])])
    return np.asarray(np.round((points - centre) @ axes, 6), np.float64)
