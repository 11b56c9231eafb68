"""What a training tells at its end: every method on the same held-out edges, and the choice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from gremlink.proxy.learning.graph import Direction, Relation
from gremlink.proxy.learning.links.evaluation.ranking_metrics import RankingMetrics
from gremlink.proxy.learning.links.evaluation.reliability import Bin
from gremlink.proxy.learning.links.training.blend import TIE
from gremlink.proxy.learning.links.training.experiment import Ranks, Study
from gremlink.proxy.learning.links.training.networks import Course
from gremlink.proxy.learning.search.tuning import SearchReport

RANK_BINS = (
    ("1", 1.0),
    ("2-3", 3.0),
    ("4-10", 10.0),
    ("11-30", 30.0),
    ("31-100", 100.0),
    ("101-1,000", 1000.0),
    ("more", np.inf),
)
"""Labels and upper ends of the histogram of ranks."""


@dataclass(frozen=True, slots=True)
class MethodRow:
    """One method. `metrics` are over both directions, `intervals` around them; `seconds` to fit it
    and rank with it, `memory` the MiB by which the process grew meanwhile.
    """

    method: str
    metrics: Mapping[str, float]
    intervals: Mapping[str, tuple[float, float]]
    by_direction: Mapping[str, Mapping[str, float]]
    seconds: float
    memory: float


@dataclass(frozen=True, slots=True)
class BlendRow:
    """The weights by method of one relation and direction; methods without weight are left out.
    `ties` are those that only order what the others leave level, the first one first.
    """

    relation: str
    direction: Direction
    weights: Mapping[str, float]
    ties: tuple[str, ...]

    def told(self) -> str:
        """In one line."""
        listed = ", ".join(f"{name} {weight:.2f}" for name, weight in self.weights.items())
        return f"{listed}; ties by {', '.join(self.ties)}" if self.ties else listed


@dataclass(frozen=True, slots=True)
class Example:
    """The likeliest new links of an input, with their scores."""

    source: str
    relation: str
    direction: Direction
    answers: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Report:
    """The model's row comes first. `peak_memory` is in MiB, `seconds` is the whole training.

    `chance` is what a random order of the candidates would reach (`random_order`);
    `rank_counts` are held-out links by `RANK_BINS`, of the model and of the best method alone;
    `picture` has vertices by type in the plane in which the network's embeddings differ most;
    `budget` and `planned` are seconds, what was allowed and what the methods were estimated to
    take; `parts` are the seconds that each part of the training took.
    """

    model: str
    protocol: str
    rows: tuple[MethodRow, ...]
    chance: Mapping[str, float]
    blend: tuple[BlendRow, ...]
    warnings: tuple[str, ...]
    graph: Mapping[str, int]
    vertex_types: Mapping[str, int]
    edge_types: Mapping[str, int]
    epochs: Mapping[str, int]
    networks: Mapping[str, int]
    courses: Mapping[str, Course]
    rank_counts: Mapping[str, tuple[int, ...]]
    reliability: tuple[Bin, ...]
    examples: tuple[Example, ...]
    picture: Mapping[str, tuple[tuple[float, float], ...]]
    search: SearchReport | None
    seed: int
    device: str
    budget: float
    planned: float
    seconds: float
    peak_memory: float
    parts: Mapping[str, float]

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

    def verdict(self) -> str:
        """How the model stands beside the best method alone, and beside none."""
        own = self.row(self.model)
        chance = self.chance["mrr"]
        if own.intervals["mrr"][0] > chance:
            return self._comparison()
        return (
            f"{self._comparison()} A random order would have {chance:.4f}: on these edges "
            f"{self.model} is not clearly better than that."
        )

    def _comparison(self) -> str:
        own, best = self.row(self.model), self.best_alone()
        if best is None:
            return f"MRR of {self.model}: {own.metrics['mrr']:.4f}."
        used = {name for row in self.blend for name in row.weights}
        if best.metrics["mrr"] > own.metrics["mrr"]:
            against = f"({best.metrics['mrr']:.4f} against {own.metrics['mrr']:.4f})"
            if used == {best.method}:
                lower = f"({own.metrics['mrr']:.4f} against {best.metrics['mrr']:.4f})"
                return (
                    f"{self.model} is {best.method} alone; its own figure is lower {lower}, as "
                    "it judges the choice, too: each part of the edges was ranked by what was "
                    "chosen on the others."
                )
            return f"{best.method} alone ranks these edges better than {self.model} {against}."
        only = f" It is {used.pop()} alone." if len(used) == 1 and self.model not in used else ""
        return (
            f"MRR of {self.model}: {own.metrics['mrr']:.4f}; of {best.method}, the best method "
            f"alone: {best.metrics['mrr']:.4f}.{only}"
        )

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
            sources = study.sources[relation, direction]
            pooled.update(ranks, sources)
            single = RankingMetrics()
            single.update(ranks, sources)
            by_task[_task_name(relation, direction)] = single.compute()
        rows.append(
            MethodRow(
                name,
                pooled.compute(),
                pooled.intervals(),
                by_task,
                round(study.seconds.get(name, 0.0), 3),
                round(study.memory.get(name, 0.0), 1),
            )
        )
    rows.sort(key=lambda row: (row.method != model, -np.nan_to_num(row.metrics["mrr"])))
    return tuple(rows)


def rank_counts(study: Study, rows: tuple[MethodRow, ...]) -> dict[str, tuple[int, ...]]:
    """The histogram of ranks of the first two methods."""
    return {
        row.method: _histogram(np.concatenate([*study.ranks[row.method].values()]))
        for row in rows[:2]
    }


def _histogram(ranks: Ranks) -> tuple[int, ...]:
    ends = [end for _, end in RANK_BINS]
    places = np.searchsorted(ends, ranks, side="left")
    return tuple(int(count) for count in np.bincount(places, minlength=len(ends)))


def blend_rows(study: Study) -> tuple[BlendRow, ...]:
    """The weights of every relation and direction, largest first."""
    rows = []
    for (relation, direction), weights in study.blend.weights.items():
        order = np.argsort(-weights, kind="stable")
        used = {study.blend.members[place]: float(weights[place]) for place in order}
        least = TIE * float(weights.max()) * (1.0 + 1e-9)
        rows.append(
            BlendRow(
                str(relation),
                direction,
                {name: round(weight, 4) for name, weight in used.items() if weight > least},
                tuple(name for name, weight in used.items() if 0.0 < weight <= least),
            )
        )
    return tuple(rows)


def _task_name(relation: Relation, direction: Direction) -> str:
    return f"{relation} {direction}"
