"""Ranking metrics: an object that is updated with ranks and computes figures with intervals.

Checked against hand-worked cases and against scikit-learn.
"""

from __future__ import annotations

import numpy as np

from gremlink.proxy.learning.graph import Indexes
from gremlink.proxy.learning.resampling import Values, resampled

HITS_AT = (1, 3, 10, 100)
RECALL_AT = (10, 20)
NDCG_AT = 10

RESAMPLES = 500
LEVEL = 0.95


class RankingMetrics:
    r"""MRR, mean rank, Hits@k, NDCG@10 and Recall@k over all the ranks it is given.

    A rank is that of one held-out link among the candidates that are not linked (filtered), from 1.
    MRR is the mean of 1/rank (Voorhees, TREC-8, 1999), `mr` the mean rank, Hits@k the share of
    ranks up to k (Bordes et al., NIPS 2013). The other two look at the list that a source gets:
    Recall@k is the share of its held-out links among the first k, NDCG@10 weights them by
    :math:`1 / \log_2(1 + \mathrm{place})` and divides by the best that is possible (Järvelin &
    Kekäläinen, ACM TOIS 20, 2002); both are means over the sources. In a list a source's own links
    come before each other: the i-th best of filtered ranks has the place rank + i - 1.
    """

    def __init__(self) -> None:
        self._ranks: list[Values] = []
        self._sources: list[Indexes] = []
        self._next = 0

    def update(self, ranks: Values, sources: Indexes | None = None) -> None:
        """Add float64 `[queries]` ranks and int64 `[queries]` sources.

        Sources of different calls are different ones; without them every query has its own.
        """
        if sources is None:
            sources = np.arange(len(ranks))
        _, renumbered = np.unique(sources, return_inverse=True)
        self._ranks.append(ranks)
        self._sources.append(renumbered + self._next)
        self._next += int(renumbered.max(initial=-1)) + 1

    def __len__(self) -> int:
        return sum(len(ranks) for ranks in self._ranks)

    def compute(self) -> dict[str, float]:
        """Compute the metrics by name; `nan` when nothing was ranked."""
        sums, counts = self._by_source()
        with np.errstate(invalid="ignore"):
            return {
                name: float(values.sum() / np.float64(counts[name].sum()))
                for name, values in sums.items()
            }

    def intervals(self, seed: int = 0) -> dict[str, tuple[float, float]]:
        """Return the middle 95 % of each metric over resampled sources.

        By sources because the queries of one are not independent. `nan` when nothing was ranked.
        """
        summed = self.summed()
        if not self._next:
            return dict.fromkeys(summed, (float("nan"), float("nan")))
        drawn = resampled(np.concatenate(list(summed.values()), axis=1), RESAMPLES, seed)
        tail = 100.0 * (1.0 - LEVEL) / 2.0
        shares = drawn[:, 0::2] / drawn[:, 1::2]
        low, high = np.percentile(shares, [tail, 100.0 - tail], axis=0).tolist()
        return dict(zip(summed, zip(low, high, strict=True), strict=True))

    def summed(self) -> dict[str, Values]:
        """Return for each metric two columns, float64 `[sources, 2]`; the sum of the first by that
        of the second is the metric."""
        sums, counts = self._by_source()
        return {name: np.stack([values, counts[name]], axis=1) for name, values in sums.items()}

    def _by_source(self) -> tuple[dict[str, Values], dict[str, Values]]:
        """Return sums and what to divide their total by, float64 `[sources]` by metric."""
        ranks = np.concatenate(self._ranks) if self._ranks else np.zeros(0)
        sources = np.concatenate(self._sources) if self._sources else np.zeros(0, np.int64)
        order = np.lexsort((ranks, sources))
        ranks, sources = ranks[order], sources[order]
        counts = np.bincount(sources, minlength=self._next).astype(np.float64)
        first = np.cumsum(counts) - counts
        within = np.arange(len(ranks)) - first[sources]

        def summed(values: Values) -> Values:
            totals = np.bincount(sources, weights=values, minlength=self._next)
            return np.asarray(totals, dtype=np.float64)

        places = ranks + within
        gains = np.where(places <= NDCG_AT, 1.0 / np.log2(1.0 + places), 0.0)
        best = np.concatenate([[0.0], np.cumsum(1.0 / np.log2(2.0 + np.arange(NDCG_AT)))])
        ideal = best[np.minimum(counts, NDCG_AT).astype(np.int64)]
        sums = {"mrr": summed(1.0 / ranks), "mr": summed(ranks)}
        sums.update({f"hits@{k}": summed((ranks <= k).astype(np.float64)) for k in HITS_AT})
        divisors = dict.fromkeys(sums, counts)
        ones = np.ones(self._next)
        sums[f"ndcg@{NDCG_AT}"] = summed(gains) / np.maximum(ideal, 1e-12)
        for k in RECALL_AT:
            found = summed((places <= k).astype(np.float64))
            sums[f"recall@{k}"] = found / np.maximum(counts, 1.0)
        divisors.update({name: ones for name in sums if name not in divisors})
        return sums, divisors
