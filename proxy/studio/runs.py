"""Trained models side by side: endpoints, and trainings of the management API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gremlink.proxy.store.jobs import JobRecords, State
from gremlink.proxy.store.records import Store
from gremlink.proxy.studio.endpoints import LOSSES, Described, describe, describe_artifact

ENDPOINT, TRAINING, TRANSFORM = "endpoint", "training", "transform"
KINDS = {TRAINING: "modeltraining", TRANSFORM: "modeltransform"}

MOST_RUNS = 100
"""Runs in the list, the newest."""

COURSES = 8
"""Learning curves of one run in a chart."""


@dataclass(frozen=True, slots=True)
class Run:
    """A trained model: an endpoint's, or a job's. `key` is its name in addresses."""

    kind: str
    name: str
    described: Described
    created: float

    @property
    def key(self) -> str:
        """The name in addresses, as `training:one`."""
        return f"{self.kind}:{self.name}"

    @property
    def report_path(self) -> Path:
        """The page of the report beside the model."""
        return self.described.artifact / "report.html"


def runs(store: Store) -> list[Run]:
    """Return the models, newest first; it waits for files."""
    found = [
        Run(ENDPOINT, each.name, described, described.created_at)
        for each in store.endpoints()
        if (described := describe(each))
    ]
    for kind, job_kind in KINDS.items():
        for job in JobRecords(store.root).jobs(job_kind)[:MOST_RUNS]:
            if job.state is State.COMPLETED and (artifact := _local(job.outputs)) is not None:
                described = _described(job.id, artifact)
                found.append(Run(kind, job.id, described, job.ended or job.created))
    return sorted(found, key=lambda run: -run.created)[:MOST_RUNS]


def run_of(store: Store, key: str) -> Run | None:
    """Return a model by its `key`, `None` if there is none; it waits for files."""
    kind, _, name = key.partition(":")
    if kind == ENDPOINT:
        found = store.endpoint(name)
        if found is None:
            return None
        described = describe(found)
        return Run(ENDPOINT, name, described, described.created_at)
    if kind not in KINDS:
        return None
    job = JobRecords(store.root).job(KINDS[kind], name)
    if job is None or job.state is not State.COMPLETED:
        return None
    artifact = _local(job.outputs)
    if artifact is None:
        return None
    return Run(kind, name, _described(name, artifact), job.ended or job.created)


_known: dict[tuple[str, float], Described] = {}


def _described(name: str, artifact: Path) -> Described:
    key = str(artifact), (artifact / "artifact.json").stat().st_mtime
    if key not in _known:
        if len(_known) > 2 * MOST_RUNS:
            _known.clear()
        _known[key] = describe_artifact(name, artifact)
    return _known[key]


def _local(outputs: Sequence[str]) -> Path | None:
    """Return the folder of an output if it is a model on this machine."""
    path = Path(outputs[0]) if outputs and outputs[0].startswith("/") else None
    return path if path is not None and (path / "artifact.json").exists() else None


@dataclass(frozen=True, slots=True)
class Cell:
    """A metric of a method in one run; `word` says what the difference to the first run means."""

    value: float | None
    interval: tuple[float, float] | None = None
    word: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Runs side by side. `differences` are reasons why figures cannot be compared."""

    runs: Sequence[Run]
    metric: str
    differences: Sequence[str]
    about: Sequence[tuple[str, Sequence[str], bool]]
    methods: Sequence[tuple[str, Sequence[Cell]]]
    settings: Sequence[tuple[str, Sequence[str]]]
    curves: Sequence[Mapping[str, Any]]


def compare(found: Sequence[Run]) -> Comparison:
    """Compare two runs or more; the first one is the one to beat."""
    metric = found[0].described.metric[0]
    about = [
        (title, texts, len(set(texts)) > 1)
        for title, read in _ABOUT
        if any(texts := [read(run) for run in found])
    ]
    return Comparison(
        found,
        metric,
        _differences(found),
        about,
        _methods(found, metric),
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
    ("Seed", lambda run: _text(run.described.report.get("seed"))),
    ("Budget, s", lambda run: _text(run.described.report.get("budget"))),
    ("Took, s", lambda run: _text(run.described.report.get("seconds"))),
    ("Peak memory, MiB", lambda run: _text(run.described.report.get("peak_memory"))),
    ("Device", lambda run: _text(run.described.report.get("device"))),
    ("Versions", lambda run: _text(run.described.manifest.get("versions"))),
]


def _differences(found: Sequence[Run]) -> list[str]:
    first, reasons = found[0].described, []
    for run in found[1:]:
        other = run.described
        if other.task != first.task or other.target != first.target:
            reasons.append(
                f"{run.name} predicts something else ({other.task_name}: {other.target}) than"
                f" {found[0].name}."
            )
            continue
        if other.report.get("graph") != first.report.get("graph"):
            reasons.append(f"{run.name} was trained on another graph than {found[0].name}.")
        if other.report.get("protocol") != first.report.get("protocol"):
            reasons.append(
                f"{run.name} was judged by another protocol, on other held-out elements."
            )
        elif other.report.get("seed") != first.report.get("seed"):
            reasons.append(
                f"{run.name} has another seed, so other elements were held out: only differences"
                " beyond the intervals mean something."
            )
    return reasons


def _methods(found: Sequence[Run], metric: str) -> list[tuple[str, list[Cell]]]:
    tables = [
        {str(row["method"]): row for row in run.described.rows if "metrics" in row} for run in found
    ]
    names = list(dict.fromkeys(name for table in tables for name in table))
    more = metric not in LOSSES
    rows = []
    for name in names:
        cells = [_cell(table.get(name), metric) for table in tables]
        rows.append((name, [cells[0], *(_judged(cells[0], each, more) for each in cells[1:])]))
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


def _judged(first: Cell, other: Cell, more: bool) -> Cell:
    """Return a cell with a word: intervals of 95 % that do not overlap show a difference."""
    if first.value is None or other.value is None:
        return other
    if first.interval is None or other.interval is None:
        return Cell(other.value, other.interval, "no interval")
    overlap = other.interval[0] <= first.interval[1] and first.interval[0] <= other.interval[1]
    better = (other.value > first.value) == more
    word = "no clear difference" if overlap else "better" if better else "worse"
    return Cell(other.value, other.interval, word)


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
