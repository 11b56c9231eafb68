"""Metrics of a random order of the candidates: what the held-out links give without any method."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gremlink.proxy.learning.graph import Direction, Indexes, Relation
from gremlink.proxy.learning.links.evaluation.queries import Queries, Task
from gremlink.proxy.learning.links.evaluation.ranking_metrics import HITS_AT
from gremlink.proxy.learning.links.known import KnownLinks


def random_order(
    every_link: Mapping[Relation, KnownLinks], queries: Mapping[Task, Queries]
) -> dict[str, float]:
    r"""Return the expected MRR and Hits@k over all queries; `nan` without any.

    Of :math:`n` candidates, those linked to the source left out, each rank is as likely: the mean
    of 1/rank is :math:`\frac{1}{n} \sum_{r=1}^{n} \frac{1}{r}`, that of Hits@k :math:`\min(k, n) /
    n`. `queries` are about the held-out links.
    """
    counts = [
        _candidates(every_link[relation], asked.sources, direction)
        for (relation, direction), asked in queries.items()
    ]
    candidates = np.concatenate(counts) if counts else np.zeros(0, np.int64)
    if not len(candidates):
        return dict.fromkeys(("mrr", *(f"hits@{k}" for k in HITS_AT)), float("nan"))
    harmonic = np.cumsum(1.0 / np.arange(1, candidates.max() + 1))
    found = {"mrr": float((harmonic[candidates - 1] / candidates).mean())}
    for k in HITS_AT:
        found[f"hits@{k}"] = float((np.minimum(k, candidates) / candidates).mean())
    return found


def _candidates(known: KnownLinks, sources: Indexes, direction: Direction) -> Indexes:
    """Count the candidates of each query, the target among them: int64 `[queries]`."""
    left_out = np.bincount(known.cells(sources, direction).rows, minlength=len(sources))
    return np.asarray(known.candidates(direction) - left_out + 1, dtype=np.int64)
