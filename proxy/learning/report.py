"""What a training tells at its end: every method on the same held-out edges, and the choice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from proxy.learning.bench import Study
from proxy.learning.evaluation import RankingMetrics
from proxy.learning.graph import Direction, Relation


@dataclass(frozen=True, slots=True)
class MethodRow:
    """One method. `metrics` are over both directions; `seconds` to fit it and rank with it."""

    method: str
    metrics: Mapping[str, float]
    by_direction: Mapping[str, Mapping[str, float]]
    seconds: float


@dataclass(frozen=True, slots=True)
class BlendRow:
    """The weights by method of one relation and direction; methods without weight are left out."""

    relation: str
    direction: Direction
    weights: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Report:
    """The model's row comes first. `peak_memory` is in MiB, `seconds` is the whole training."""

    model: str
    protocol: str
    rows: tuple[MethodRow, ...]
    blend: tuple[BlendRow, ...]
    warnings: tuple[str, ...]
    graph: Mapping[str, int]
    epochs: int
    networks: int
    seed: int
    device: str
    seconds: float
    peak_memory: float

    def row(self, method: str) -> MethodRow:
        """The row of a method. Raises KeyError."""
        for row in self.rows:
            if row.method == method:
                return row
        raise KeyError(method)

    def best_alone(self) -> MethodRow | None:
        """The row with the best MRR beside the model's."""
        others = [row for row in self.rows if row.method != self.model]
        return max(others, key=lambda row: row.metrics["mrr"], default=None)

    def to_document(self) -> dict[str, Any]:
        """The report as JSON."""
        return asdict(self)


def method_rows(study: Study, model: str) -> tuple[MethodRow, ...]:
    """A row for each method, the model first, then by falling MRR."""
    rows = []
    for name, tasks in study.ranks.items():
        pooled = RankingMetrics()
        by_task = {}
        for (relation, direction), ranks in tasks.items():
            pooled.update(ranks)
            single = RankingMetrics()
            single.update(ranks)
            by_task[_task_name(relation, direction)] = single.compute()
        rows.append(
            MethodRow(name, pooled.compute(), by_task, round(study.seconds.get(name, 0.0), 3))
        )
    rows.sort(key=lambda row: (row.method != model, -np.nan_to_num(row.metrics["mrr"])))
    return tuple(rows)


def blend_rows(study: Study) -> tuple[BlendRow, ...]:
    """The weights of every relation and direction, largest first."""
    return tuple(
        BlendRow(
            str(relation),
            direction,
            {
                name: round(float(weight), 4)
                for weight, name in sorted(
                    zip(weights, study.blend.members, strict=True), key=lambda pair: -pair[0]
                )
                if weight > 0
            },
        )
        for (relation, direction), weights in study.blend.weights.items()
    )


def _task_name(relation: Relation, direction: Direction) -> str:
    return f"{relation} {direction}"
