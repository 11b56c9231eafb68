"""The report of a link training: every method on the same held-out links, and the blend."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from gremlink.proxy.learning.curves import Curve
from gremlink.proxy.learning.graph import Direction, TypedGraph
from gremlink.proxy.learning.links.evaluation.ranking_metrics import RankingMetrics
from gremlink.proxy.learning.links.evaluation.reliability import Bin
from gremlink.proxy.learning.links.scorers import SIGNED
from gremlink.proxy.learning.links.training.blend import TIE
from gremlink.proxy.learning.links.training.experiment import LinkResults, Ranks
from gremlink.proxy.learning.links.training.networks import History
from gremlink.proxy.learning.methods import BASELINES
from gremlink.proxy.learning.reports.charts import Points
from gremlink.proxy.learning.reports.figures import figure
from gremlink.proxy.learning.reports.link_findings import (
    about_chance,
    about_methods,
    about_opposites,
    about_segments,
)
from gremlink.proxy.learning.reports.report import MethodRow, Report, with_name

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


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRow(MethodRow):
    """One method. `metrics` are over both directions, `intervals` around them."""

    intervals: Mapping[str, tuple[float, float]]
    by_direction: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class BlendRow:
    """The weights by method of one relation and direction; methods without weight are left out.
    Those of log-odds may be negative. `ties` are those that only order what the others leave level,
    the first one first. Where weights differ by the links of the source, `levels` has those for few
    links and for many, and `weights` their means.
    """

    relation: str
    direction: Direction
    weights: Mapping[str, float]
    ties: tuple[str, ...]
    levels: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def describe(self) -> str:
        """Return the weights in one line."""
        listed = ", ".join(
            f"{name} {' to '.join(f'{each:.2f}' for each in self.levels.get(name, (weight,)))}"
            for name, weight in self.weights.items()
        )
        return f"{listed}; ties by {', '.join(self.ties)}" if self.ties else listed


@dataclass(frozen=True, slots=True)
class Example:
    """The likeliest new links of an input, with their scores; `known` are some of the `links` that
    it has. `names` are those of the `source` and of each `target` by id, where they have any."""

    source: str
    relation: str
    direction: Direction
    answers: tuple[tuple[str, float], ...]
    known: tuple[str, ...] = ()
    links: int = 0
    names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def source_named(self) -> str:
        """Return the input with its name."""
        return with_name(self.source, self.names.get("source", {}))

    def target_named(self, target: str) -> str:
        """Return an answer, or what is linked already, with its name."""
        return with_name(target, self.names.get("target", {}))


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkReport(Report):
    """The report of a link training.

    `chance` is the expectation for a random order of the candidates (`random_order`); `courses`
    are the networks' histories; `rank_counts` are held-out links by `RANK_BINS`, of the model and
    of the best single method. `findings` are sentences of `link_findings`. `curves` are those of
    scores on validation links, by relation and direction.
    """

    template: ClassVar[str] = "links.html"

    rows: tuple[LinkRow, ...]
    chance: Mapping[str, float]
    blend: tuple[BlendRow, ...]
    epochs: Mapping[str, int]
    networks: Mapping[str, int]
    courses: Mapping[str, History]
    rank_counts: Mapping[str, tuple[int, ...]]
    reliability: tuple[Bin, ...]
    examples: tuple[Example, ...]
    findings: tuple[str, ...] = ()
    curves: Mapping[str, Curve] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The task and the model."""
        return f"Link prediction, {self.model}"

    @property
    def size(self) -> str:
        """The size of the data in a sentence."""
        return f"{self.graph['vertices']:,} vertices, {self.graph['edges']:,} edges."

    def score(self, row: MethodRow) -> float:
        """Return the MRR."""
        return row.metrics["mrr"]

    def best_alone(self) -> MethodRow | None:
        """See `Report.best_alone`; baselines are no methods."""
        others = [row for row in _methods(self.rows) if row.method != self.model]
        return max(others, key=self.score, default=None)

    def verdict(self) -> str:
        """Compare the model with the best single method, and with a random order."""
        chance = self.chance["mrr"]
        if self.rows[0].intervals["mrr"][0] > chance:
            return self._comparison()
        return (
            f"{self._comparison()} A random order would have {figure(chance)}: on these edges "
            f"{self.model} is not clearly better than that."
        )

    def notes(self) -> tuple[str, ...]:
        """See `Report.notes`."""
        return self.findings

    def _comparison(self) -> str:
        own, best = self.row(self.model), self.best_alone()
        if best is None:
            return f"MRR of {self.model}: {figure(own.metrics['mrr'])}."
        used = {name for row in self.blend for name in row.weights}
        if best.metrics["mrr"] > own.metrics["mrr"]:
            against = f"({figure(best.metrics['mrr'])} against {figure(own.metrics['mrr'])})"
            if used == {best.method}:
                lower = f"({figure(own.metrics['mrr'])} against {figure(best.metrics['mrr'])})"
                return (
                    f"{self.model} is {best.method} alone; its own figure is lower {lower}, as "
                    "it judges the choice, too: each part of the edges was ranked by what was "
                    "chosen on the others."
                )
            return f"{best.method} alone ranks these edges better than {self.model} {against}."
        only = f" It is {used.pop()} alone." if len(used) == 1 and self.model not in used else ""
        return (
            f"MRR of {self.model}: {figure(own.metrics['mrr'])}; of {best.method}, the best method "
            f"alone: {figure(best.metrics['mrr'])}.{only}"
        )

    def losses(self) -> dict[str, Points]:
        """Return the loss of each network by epoch."""
        return {name: sorted(each.losses.items()) for name, each in self.courses.items()}

    def gains(self) -> dict[str, Points]:
        """Return the gain of each network on held-out links by epoch."""
        return {name: sorted(each.curve.items()) for name, each in self.courses.items()}

    def roc(self) -> dict[str, Points]:
        """Return false and true positive rates by relation and direction."""
        return {name: each.roc for name, each in self.curves.items()}

    def precision_recall(self) -> dict[str, Points]:
        """Return recall and precision by relation and direction."""
        return {name: each.precision_recall for name, each in self.curves.items()}

    def calibration(self) -> Points:
        """Return the mean score and the share of links of each tenth."""
        return [(each.score, each.share) for each in self.reliability]


def _methods(rows: tuple[LinkRow, ...]) -> tuple[LinkRow, ...]:
    """Return the rows that are no baselines."""
    return tuple(row for row in rows if row.method not in BASELINES)


def link_rows(
    results: LinkResults, model: str, estimates: Mapping[str, float] | None = None
) -> tuple[LinkRow, ...]:
    """Return a row for each method, the model first, then by falling MRR.

    `estimates` are seconds by method.
    """
    rows = []
    for name, tasks in results.ranks.items():
        pooled = RankingMetrics()
        by_task = {}
        for (relation, direction), ranks in tasks.items():
            sources = results.queries[relation, direction].sources
            pooled.update(ranks, sources)
            single = RankingMetrics()
            single.update(ranks, sources)
            by_task[f"{relation} {direction}"] = single.compute()
        rows.append(
            LinkRow(
                method=name,
                metrics=pooled.compute(),
                intervals=pooled.intervals(),
                by_direction=by_task,
                seconds=round(results.seconds.get(name, 0.0), 3),
                memory=round(results.memory.get(name, 0.0), 1),
                estimate=round((estimates or {}).get(name, 0.0), 3),
            )
        )
    rows.sort(key=lambda row: (row.method != model, -np.nan_to_num(row.metrics["mrr"])))
    return tuple(rows)


def findings(
    results: LinkResults,
    rows: tuple[LinkRow, ...],
    chance: Mapping[str, float],
    model: str,
    graph: TypedGraph,
) -> tuple[str, ...]:
    """Return what the results say, in sentences."""
    used = {name for row in blend_rows(results) for name in row.weights}
    relations = list(dict.fromkeys(relation for relation, _ in results.blend.weights))
    lows = {row.method: row.intervals["mrr"][0] for row in rows}
    return (
        *about_methods(_methods(rows), model, sorted(used)),
        *about_segments(rows, model),
        *about_opposites(graph, results.blend),
        *about_chance(lows, chance["mrr"], graph, relations),
    )


def rank_counts(results: LinkResults, rows: tuple[LinkRow, ...]) -> dict[str, tuple[int, ...]]:
    """Return the histogram of ranks of the first two methods."""
    return {
        row.method: _histogram(np.concatenate([*results.ranks[row.method].values()]))
        for row in _methods(rows)[:2]
    }


def _histogram(ranks: Ranks) -> tuple[int, ...]:
    ends = [end for _, end in RANK_BINS]
    bins = np.searchsorted(ends, ranks, side="left")
    return tuple(int(count) for count in np.bincount(bins, minlength=len(ends)))


def blend_rows(results: LinkResults) -> tuple[BlendRow, ...]:
    """Return the weights of every relation and direction, largest first."""
    rows = []
    for (relation, direction), learned in results.blend.weights.items():
        weights = np.atleast_2d(learned).mean(axis=0)
        order = np.argsort(-np.abs(weights), kind="stable")
        used = {results.blend.members[index]: float(weights[index]) for index in order}
        ranking = [weight for name, weight in used.items() if name not in SIGNED]
        least = TIE * max(ranking, default=0.0) * (1.0 + 1e-9)
        ties = tuple(
            name for name, weight in used.items() if 0.0 < weight <= least and name not in SIGNED
        )
        rows.append(
            BlendRow(
                str(relation),
                direction,
                {
                    name: round(weight, 4)
                    for name, weight in used.items()
                    if weight and name not in ties
                },
                ties,
                {}
                if learned.ndim == 1
                else {
                    name: (round(float(few), 4), round(float(many), 4))
                    for name, few, many in zip(results.blend.members, *learned, strict=True)
                    if few or many
                },
            )
        )
    return tuple(rows)
