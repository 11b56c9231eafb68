"""Figures of methods on the same questions: means, ratios and their bootstrap intervals."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gremlink.proxy.learning.graph import Indexes
from gremlink.proxy.learning.links.evaluation.ranking_metrics import RankingMetrics

Values = NDArray[np.float64]
Interval = tuple[float, float]

DRAWS = 1000


def of_each(metric: str, asked: Iterable[tuple[Values, Indexes]]) -> Values:
    """The values whose mean is the metric, of ranks and their sources: one for each question, or
    for each source where the metric judges lists."""
    found = []
    for ranks, sources in asked:
        if metric == "mrr":
            found.append(1.0 / ranks)
            continue
        for source in np.unique(sources):
            own = RankingMetrics()
            own.update(ranks[sources == source], sources[sources == source])
            found.append(np.array([own.compute()[metric]]))
    return np.concatenate(found)


@dataclass(frozen=True)
class Outcome:
    """All methods on one case with one seed.

    `values` are those of `of_each` by method; `wall`, `cpu` (seconds), `memory` (MiB) and `budget`
    (seconds) are of `auto`. `notes` are what it says of its weights and of what had no room; `same`
    is whether a second training gave the same tensors.
    """

    case: str
    seed: int
    metric: str
    aim: float
    values: Mapping[str, Values]
    seconds: Mapping[str, float]
    chance: float
    wall: float
    cpu: float
    memory: float
    budget: float
    notes: Sequence[str] = field(default_factory=tuple)
    same: bool | None = None

    def save(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        plain: dict[str, Any] = {**asdict(self), "values": {}}
        stem = directory / f"{self.case}-{self.seed}"
        np.savez_compressed(
            stem.with_suffix(".npz"),
            **{name: values.astype(np.float32) for name, values in self.values.items()},
        )
        # The last to be written: where it is, the other is whole.
        stem.with_suffix(".json").write_text(json.dumps(plain, indent=1))

    @classmethod
    def load(cls, directory: Path, case: str, seed: int) -> Outcome | None:
        """What was saved, or None."""
        stem = directory / f"{case}-{seed}"
        if not stem.with_suffix(".json").exists():
            return None
        plain = json.loads(stem.with_suffix(".json").read_text())
        with np.load(stem.with_suffix(".npz")) as kept:
            values = {name: kept[name].astype(np.float64) for name in kept.files}
        return cls(**{**plain, "values": values})

    def mean(self, method: str) -> float:
        return float(self.values[method].mean())


class Comparison:
    """One case's outcomes over the seeds."""

    def __init__(self, outcomes: Sequence[Outcome], method: str) -> None:
        self.outcomes = sorted(outcomes, key=lambda each: each.seed)
        self.method = method
        asked = [set(each.values) for each in self.outcomes]
        self.rivals = sorted(set.intersection(*asked) - {method})

    def mean(self, method: str) -> float:
        """The mean over the seeds."""
        return float(np.mean([each.mean(method) for each in self.outcomes]))

    def spread(self, method: str) -> float:
        return float(np.std([each.mean(method) for each in self.outcomes]))

    def best(self) -> str:
        """The rival with the best mean over the seeds, chosen by the answers."""
        return max(self.rivals, key=self.mean)

    def best_of_each_seed(self) -> float:
        """Mean of the best rival of each seed, which is luck, too."""
        bests = [max(map(each.mean, self.rivals)) for each in self.outcomes]
        return float(np.mean(bests))

    def ratio(self, rival: str) -> tuple[float, Interval]:
        """How many times a rival's mean, with the middle 95 % over resampled questions: the same
        for both, in each seed."""
        random = np.random.default_rng(0)
        own, other = np.zeros(DRAWS), np.zeros(DRAWS)
        for each in self.outcomes:
            one, two = each.values[self.method], each.values[rival]
            for draw in range(DRAWS):
                drawn = random.integers(0, len(one), len(one))
                own[draw] += one[drawn].mean()
                other[draw] += two[drawn].mean()
        low, high = np.percentile(own / other, [2.5, 97.5])
        return self.mean(self.method) / self.mean(rival), (float(low), float(high))
