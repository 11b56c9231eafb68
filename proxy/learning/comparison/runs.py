"""Runs side by side: where figures may be compared, and which differences mean something."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from gremlink.proxy.learning.comparison.held_out import read_held_out
from gremlink.proxy.learning.comparison.paired import Difference, Pairing, pair
from gremlink.proxy.learning.described import LOSSES, Described
from gremlink.proxy.store.artifacts import DamagedArtifact

SAME = "no clear difference"
BETTER, WORSE = "better", "worse"
NO_INTERVAL = "no interval"
NOT_COMPARABLE = "not comparable"
"""Words for the difference of a figure to that of the first run."""

MODEL = "the model"
"""The row of what each run serves, where these have different names."""


QUIET = (SAME, NO_INTERVAL, NOT_COMPARABLE)
"""Words of differences that say nothing about which run is better."""


class ComparedMethod(NamedTuple):
    """A method in two runs: its figures, the second minus the first in pairs with an interval of
    95 %, and a word for it. Where there are no pairs, there is no difference."""

    method: str
    first: float | None
    other: float | None
    difference: float | None
    low: float | None
    high: float | None
    word: str


@dataclass(frozen=True, slots=True)
class Cell:
    """A metric of a method in one run; `word` says what the difference to the first run means.

    `difference` is there where the two were compared element by element.
    """

    value: float | None
    interval: tuple[float, float] | None = None
    word: str = ""
    difference: Difference | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Runs side by side by a metric, one of `metrics`.

    `differences` are reasons why figures cannot simply be compared. `how` says by what each run
    was compared with the first one. `methods` have a cell for each run.
    """

    metric: str
    metrics: Sequence[str]
    differences: Sequence[str]
    how: Sequence[str]
    methods: Sequence[tuple[str, Sequence[Cell]]]

    def rows(self) -> list[ComparedMethod]:
        """Return the second run beside the first one, a row for each method."""
        return [
            ComparedMethod(
                name,
                first.value,
                other.value,
                None if found is None else found.value,
                None if found is None else found.low,
                None if found is None else found.high,
                other.word,
            )
            for name, (first, other, *_) in self.methods
            for found in (other.difference,)
        ]

    def to_document(self, names: Sequence[str]) -> dict[str, Any]:
        """Return the comparison of two runs of these names as JSON."""
        return {
            "runs": list(names),
            "metric": self.metric,
            "warnings": list(self.differences),
            "how": list(self.how),
            "methods": [
                row._asdict()
                | {
                    "ahead": None if found is None else found.ahead,
                    "behind": None if found is None else found.behind,
                }
                for row, (_, (_, cell, *_)) in zip(self.rows(), self.methods, strict=True)
                for found in (cell.difference,)
            ],
        }


def compare(found: Sequence[Described], metric: str = "") -> Comparison:
    """Compare two runs or more, by the first one's headline metric unless another is given.

    The first run is the one to beat. It waits for files.
    """
    metrics = list(dict.fromkeys(name for run in found for name in metrics_of(run)))
    if metric not in metrics:
        metric = found[0].metric[0]
    first, others = found[0], found[1:]
    pairings = [_paired(first, run) if comparable(first, run) else NOT_COMPARABLE for run in others]
    return Comparison(
        metric,
        metrics,
        [
            text
            for run, paired in zip(others, pairings, strict=True)
            for text in _reasons(first, run, paired)
        ],
        [
            _how(first, run, paired)
            for run, paired in zip(others, pairings, strict=True)
            if paired != NOT_COMPARABLE and run.rows
        ],
        _methods(found, metric, pairings),
    )


def metrics_of(run: Described) -> list[str]:
    """Return the metrics of a run's report."""
    rows = [row for row in run.rows if "metrics" in row]
    return [
        name
        for name, value in (rows[0]["metrics"].items() if rows else ())
        if isinstance(value, int | float)
    ]


def comparable(first: Described, other: Described) -> bool:
    """Tell whether figures of two runs answer the same question on the same data."""
    return (
        _same_question(first, other)
        and _same_data(first, other)
        and _protocol(first) == _protocol(other)
    )


def _paired(first: Described, other: Described) -> Pairing | str:
    sides = []
    for run in (first, other):
        try:
            held = read_held_out(run.artifact)
        except DamagedArtifact as error:
            return str(error)
        if held is None:
            return f"{run.name} keeps no results of single elements"
        sides.append(held)
    return pair(*sides)


def _how(first: Described, run: Described, paired: Pairing | str) -> str:
    if isinstance(paired, str):
        return (
            f"{run.name}: {paired}, so a difference to {first.name} is clear where the intervals"
            " of 95 % do not overlap, which is stricter than pairs."
        )
    return f"{run.name}: compared with {first.name} in pairs, on {paired.sentence}."


def _reasons(first: Described, run: Described, paired: Pairing | str) -> list[str]:
    """Return reasons why the figures of runs are not those of the same question."""
    if not _same_question(first, run):
        return [
            f"{run.name} predicts something else ({run.task_name}: {run.target}) than {first.name}."
        ]
    reasons = []
    if not _same_data(first, run):
        reasons.append(f"{run.name} was trained on other data than {first.name}.")
    if _protocol(first) != _protocol(run):
        reasons.append(
            f"{run.name} was judged by another protocol than {first.name}, on other held-out"
            " elements."
        )
    elif isinstance(paired, str) and _seed(first) != _seed(run):
        reasons.append(
            f"{run.name} has another seed than {first.name}, so other elements were held out:"
            " only differences beyond the intervals mean something."
        )
    return reasons


def _seed(run: Described) -> Any:
    return run.report.get("seed")


def _same_question(first: Described, other: Described) -> bool:
    return first.task == other.task and first.target == other.target


def _protocol(run: Described) -> Any:
    return run.report.get("protocol")


def _same_data(first: Described, other: Described) -> bool:
    """Compare counts by type, and the checksums of the files with the vertices."""
    if any(first.report.get(name) != other.report.get(name) for name in _COUNTS):
        return False
    sums = [(each.manifest.get("files") or {}).get(_IDS) for each in (first, other)]
    return bool(sums[0] == sums[1])


_COUNTS = ("graph", "vertex_types", "edge_types")
_IDS = "vertices.json"


def _methods(
    found: Sequence[Described], metric: str, pairings: Sequence[Pairing | str]
) -> list[tuple[str, list[Cell]]]:
    """Return each method with a cell for each run, the first run's best ones first."""
    tables = [{str(row["method"]): row for row in run.rows if "metrics" in row} for run in found]
    # By name, the method of each run; what is served has its own row where its name differs.
    rows = {name: [name] * len(found) for table in tables for name in table}
    served = [next(iter(table), "") for table in tables]
    if len(set(served)) > 1:
        rows = {f"{MODEL} ({', '.join(dict.fromkeys(served))})": served, **rows}
    columns: list[list[Cell]] = []
    for place, (run, table) in enumerate(zip(found, tables, strict=True)):
        cells = [_cell(run, table.get(names[place]), metric) for names in rows.values()]
        if place:
            paired = pairings[place - 1]
            differences = (
                [None] * len(cells)
                if isinstance(paired, str)
                else paired.differences(
                    metric, [(names[0], names[place]) for names in rows.values()]
                )
            )
            fair, more = comparable(found[0], run), metric not in LOSSES
            cells = [
                _judged(first, cell, difference, more, fair)
                for first, cell, difference in zip(columns[0], cells, differences, strict=True)
            ]
        columns.append(cells)
    by_method = zip(*columns, strict=True)
    return [(name, list(cells)) for name, cells in zip(rows, by_method, strict=True)]


def _cell(run: Described, row: Mapping[str, Any] | None, metric: str) -> Cell:
    if row is None:
        return Cell(None)
    value = row["metrics"].get(metric)
    return Cell(
        float(value) if isinstance(value, int | float) else None, run.interval_of(row, metric)
    )


def _judged(
    first: Cell, other: Cell, difference: Difference | None, more: bool, is_fair: bool
) -> Cell:
    """Return a cell with a word: an interval of the difference without zero, or without pairs
    intervals of 95 % that do not overlap, show a difference."""
    if first.value is None or other.value is None:
        return other
    if not is_fair:
        return replace(other, word=NOT_COMPARABLE)
    if difference is not None:
        better = (difference.value > 0) == more
        word = SAME if not difference.is_clear else BETTER if better else WORSE
        return replace(other, word=word, difference=difference)
    if other.value == first.value:
        return replace(other, word=SAME)
    if first.interval is None or other.interval is None:
        return replace(other, word=NO_INTERVAL)
    overlap = other.interval[0] <= first.interval[1] and first.interval[0] <= other.interval[1]
    better = (other.value > first.value) == more
    return replace(other, word=SAME if overlap else BETTER if better else WORSE)
