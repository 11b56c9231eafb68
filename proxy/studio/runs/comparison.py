"""Runs side by side, as the page shows them: their comparison, and what is known of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gremlink.proxy.learning.comparison.runs import Comparison, compare, metrics_of
from gremlink.proxy.studio.runs.found import Run

COURSES = 8
"""Learning curves of one run in a chart."""


@dataclass(frozen=True, slots=True)
class SideBySide:
    """Runs with their comparison. `about` and `settings` are rows of a title and a text for each
    run; those of `about` say if they differ."""

    runs: Sequence[Run]
    comparison: Comparison
    about: Sequence[tuple[str, Sequence[str], bool]]
    settings: Sequence[tuple[str, Sequence[str]]]
    curves: Sequence[Mapping[str, Any]]


def side_by_side(found: Sequence[Run], metric: str = "") -> SideBySide:
    """Compare two runs or more, the first one is the one to beat; it waits for files."""
    about = []
    for title, read in _ABOUT:
        texts = [read(run) for run in found]
        if any(texts):
            about.append((title, texts, len(set(texts)) > 1))
    return SideBySide(
        found,
        compare([run.described for run in found], metric),
        about,
        _settings(found),
        [curve for run in found for curve in curves_of(run)],
    )


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
    metrics = metrics_of(run.described)
    header = ["method"]
    for name in metrics:
        header += [name, f"{name} low", f"{name} high"]
    rows = [[*header, "seconds", "memory MiB"]]
    for row in run.described.rows:
        if "metrics" not in row:
            continue
        cells = [str(row["method"])]
        for name in metrics:
            low, high = run.described.interval_of(row, name) or ("", "")
            cells += [str(row["metrics"].get(name, "")), str(low), str(high)]
        rows.append([*cells, str(row.get("seconds", "")), str(row.get("memory", ""))])
    return rows
