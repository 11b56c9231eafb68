"""Runs side by side: where figures may be compared, and which differences mean something."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gremlink.proxy.studio.endpoints import LOSSES
from gremlink.proxy.studio.runs.found import Run

COURSES = 8
"""Learning curves of one run in a chart."""

SAME = "no clear difference"
BETTER, WORSE = "better", "worse"
NO_INTERVAL = "no interval"
NOT_COMPARABLE = "not comparable"
"""Words for the difference of a figure to that of the first run."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A metric of a method in one run; `word` says what the difference to the first run means."""

    value: float | None
    interval: tuple[float, float] | None = None
    word: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Runs side by side by a metric, one of `metrics`.

    `differences` are reasons why figures cannot simply be compared. `about` and `settings` are rows
    of a title and a text for each run; those of `about` say if they differ.
    """

    runs: Sequence[Run]
    metric: str
    differences: Sequence[str]
    metrics: Sequence[str]
    about: Sequence[tuple[str, Sequence[str], bool]]
    methods: Sequence[tuple[str, Sequence[Cell]]]
    settings: Sequence[tuple[str, Sequence[str]]]
    curves: Sequence[Mapping[str, Any]]


def compare(found: Sequence[Run], metric: str = "") -> Comparison:
    """Compare two runs or more, by the first one's headline metric unless another is given.

    The first run is the one to beat.
    """
    metrics = list(dict.fromkeys(name for run in found for name in _metrics(run)))
    if metric not in metrics:
        metric = found[0].described.metric[0]
    about = []
    for title, read in _ABOUT:
        texts = [read(run) for run in found]
        if any(texts):
            about.append((title, texts, len(set(texts)) > 1))
    return Comparison(
        found,
        metric,
        _differences(found),
        metrics,
        about,
        _methods(found, metric),
        _settings(found),
        [curve for run in found for curve in curves_of(run)],
    )


def _metrics(run: Run) -> list[str]:
    rows = [row for row in run.described.rows if "metrics" in row]
    return [
        name
        for name, value in (rows[0]["metrics"].items() if rows else ())
        if isinstance(value, int | float)
    ]


def _text(value: Any) -> str:
    if value is None or value == {}:
        return ""
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_text(each)}" for key, each in value.items())
    return str(value)


_ABOUT: list[tuple[str, Any]] = [
    ("Task", lambda run: run.described.task_name),
    ("Predicts", lambda run: run.described.target),
    ("Method", lambda run: str(run.described.manifest.get("model", ""))),
    ("Protocol", lambda run: str(run.described.report.get("protocol", ""))),
    ("Graph", lambda run: _text(run.described.report.get("graph"))),
    ("Vertices", lambda run: _text(run.described.report.get("vertex_types"))),
    ("Edges", lambda run: _text(run.described.report.get("edge_types"))),
    ("Seed", lambda run: _text(run.described.report.get("seed"))),
    ("Budget, s", lambda run: _text(run.described.report.get("budget"))),
    ("Took, s", lambda run: _text(run.described.report.get("seconds"))),
    ("Peak memory, MiB", lambda run: _text(run.described.report.get("peak_memory"))),
    ("Device", lambda run: _text(run.described.report.get("device"))),
    ("Versions", lambda run: _text(run.described.manifest.get("versions"))),
]


def _differences(found: Sequence[Run]) -> list[str]:
    """Return reasons why the figures of runs are not those of the same question."""
    first, reasons = found[0], []
    for run in found[1:]:
        if not _same_question(first, run):
            reasons.append(
                f"{run.name} predicts something else ({run.described.task_name}:"
                f" {run.described.target}) than {first.name}."
            )
            continue
        if not _same_data(first, run):
            reasons.append(f"{run.name} was trained on other data than {first.name}.")
        if _protocol(first) != _protocol(run):
            reasons.append(
                f"{run.name} was judged by another protocol than {first.name}, on other held-out"
                " elements."
            )
        elif first.described.report.get("seed") != run.described.report.get("seed"):
            reasons.append(
                f"{run.name} has another seed than {first.name}, so other elements were held out:"
                " only differences beyond the intervals mean something."
            )
    return reasons


def comparable(first: Run, other: Run) -> bool:
    """Tell whether figures of two runs answer the same question on the same data."""
    return (
        _same_question(first, other)
        and _same_data(first, other)
        and _protocol(first) == _protocol(other)
    )


def _same_question(first: Run, other: Run) -> bool:
    one, two = first.described, other.described
    return one.task == two.task and one.target == two.target


def _protocol(run: Run) -> Any:
    return run.described.report.get("protocol")


def _same_data(first: Run, other: Run) -> bool:
    """Compare counts by type, and the checksums of the files with the vertices."""
    reports = [each.described.report for each in (first, other)]
    if any(reports[0].get(name) != reports[1].get(name) for name in _COUNTS):
        return False
    sums = [(each.described.manifest.get("files") or {}).get(_IDS) for each in (first, other)]
    return sums[0] == sums[1]


_COUNTS = ("graph", "vertex_types", "edge_types")
_IDS = "vertices.json"


def _methods(found: Sequence[Run], metric: str) -> list[tuple[str, list[Cell]]]:
    """Return each method with a cell for each run, the first run's best ones first."""
    tables = [
        {str(row["method"]): row for row in run.described.rows if "metrics" in row} for run in found
    ]
    names = list(dict.fromkeys(name for table in tables for name in table))
    fair = [comparable(found[0], run) for run in found]
    more = metric not in LOSSES
    rows = []
    for name in names:
        cells = [_cell(table.get(name), metric) for table in tables]
        judged = [
            _judged(cells[0], cell, more, is_fair)
            for cell, is_fair in zip(cells[1:], fair[1:], strict=True)
        ]
        rows.append((name, [cells[0], *judged]))
    return rows


def _cell(row: Mapping[str, Any] | None, metric: str) -> Cell:
    if row is None:
        return Cell(None)
    value = row["metrics"].get(metric)
    interval = (row.get("intervals") or {}).get(metric)
    return Cell(
        float(value) if isinstance(value, int | float) else None,
        None if interval is None else (float(interval[0]), float(interval[1])),
    )


def _judged(first: Cell, other: Cell, more: bool, is_fair: bool) -> Cell:
    """Return a cell with a word: intervals of 95 % that do not overlap show a difference."""
    if first.value is None or other.value is None:
        return other
    if not is_fair:
        return replace(other, word=NOT_COMPARABLE)
    if other.value == first.value:
        return replace(other, word=SAME)
    if first.interval is None or other.interval is None:
        return replace(other, word=NO_INTERVAL)
    overlap = other.interval[0] <= first.interval[1] and first.interval[0] <= other.interval[1]
    better = (other.value > first.value) == more
    return replace(other, word=SAME if overlap else BETTER if better else WORSE)


def _settings(found: Sequence[Run]) -> list[tuple[str, list[str]]]:
    """Return the settings that differ."""
    tables = [run.described.manifest.get("settings") or {} for run in found]
    names = list(dict.fromkeys(name for table in tables for name in table))
    rows = [(name, [_text(table.get(name)) for table in tables]) for name in names]
    return [(name, texts) for name, texts in rows if len(set(texts)) > 1]


def curves_of(run: Run) -> list[dict[str, Any]]:
    """Return the learning curves of a run's networks: epochs and losses."""
    courses = run.described.report.get("courses") or {}
    found = []
    for name, course in list(courses.items())[:COURSES]:
        losses = course.get("losses") or {}
        if losses:
            found.append(
                {
                    "name": f"{run.name}: {name}",
                    "x": [int(epoch) for epoch in losses],
                    "y": [float(loss) for loss in losses.values()],
                }
            )
    return found


def table_of(run: Run) -> list[list[str]]:
    """Return all methods of a run with all metrics and intervals, a header first."""
    metrics = _metrics(run)
    header = ["method"]
    for name in metrics:
        header += [name, f"{name} low", f"{name} high"]
    rows = [[*header, "seconds", "memory MiB"]]
    for row in run.described.rows:
        if "metrics" not in row:
            continue
        intervals = row.get("intervals") or {}
        cells = [str(row["method"])]
        for name in metrics:
            low, high = intervals.get(name) or ("", "")
            cells += [str(row["metrics"].get(name, "")), str(low), str(high)]
        rows.append([*cells, str(row.get("seconds", "")), str(row.get("memory", ""))])
    return rows
