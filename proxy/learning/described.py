"""Trained models for people: what a model predicts, and how well beside the simple methods."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from gremlink.proxy.learning.methods import BASELINES, NETWORKS
from gremlink.proxy.messages.system_errors import reason_of

HEADLINE = {
    "link_prediction": ("mrr", True),
    "node_classification": ("accuracy", True),
    "edge_classification": ("accuracy", True),
    "node_regression": ("rmse", False),
    "edge_regression": ("rmse", False),
}
"""For each task the metric that is shown first, and whether more of it is better."""

LOSSES = ("rmse", "mae", "mse", "mr")
"""Metrics of which less is better."""

TASKS = {
    "link_prediction": "link prediction",
    "node_classification": "classification of vertices",
    "edge_classification": "classification of edges",
    "node_regression": "regression of vertices",
    "edge_regression": "regression of edges",
}


@dataclass(frozen=True, slots=True)
class Relation:
    """Edges that a model predicts: labels of the source, of the edge, of the target."""

    source: str
    label: str
    target: str

    def __str__(self) -> str:
        return f"({self.source})-{self.label}->({self.target})"


@dataclass(frozen=True, slots=True)
class Described:
    """A trained model: manifest and report of its artifact.

    `problem` is why they cannot be read; then the rest is empty.
    """

    name: str
    artifact: Path
    created: str
    manifest: Mapping[str, Any]
    report: Mapping[str, Any]
    problem: str = ""

    @property
    def task(self) -> str:
        """The task, as `link_prediction`."""
        return str(self.manifest.get("task", ""))

    @property
    def task_name(self) -> str:
        """The task in words."""
        return TASKS.get(self.task, self.task)

    @property
    def is_link_model(self) -> bool:
        """True if it predicts links."""
        return self.task == "link_prediction"

    @property
    def is_rdf(self) -> bool:
        """True if it was trained on an RDF graph: types, relations and keys are IRIs."""
        return bool(self.manifest.get("rdf"))

    @property
    def element(self) -> str:
        """`vertices` or `edges`, of which a property is predicted."""
        return "edges" if self.task.startswith("edge") else "vertices"

    @property
    def relations(self) -> list[Relation]:
        """The edges that a link model predicts."""
        listed = [Relation(*each) for each in self.manifest.get("relations", [])]
        targets = self.manifest.get("targets") or []
        chosen = [listed[each["relation"]] for each in targets if "relation" in each]
        return list(dict.fromkeys(chosen)) or listed

    @property
    def target(self) -> str:
        """The thing that is predicted, in words."""
        if self.is_link_model:
            return ", ".join(map(str, self.relations))
        found = self.manifest.get("target") or {}
        owner = found.get("owner", found.get("element", ""))
        if isinstance(owner, list):
            owner = str(Relation(*owner)) if len(owner) == 3 else " ".join(map(str, owner))
        return f"{found.get('key', found.get('property', ''))} of {owner}"

    @property
    def created_at(self) -> float:
        """The time of creation, seconds since 1970."""
        try:
            return datetime.fromisoformat(self.created.replace("Z", "+00:00")).timestamp()
        except ValueError:
            return 0.0

    @property
    def metric(self) -> tuple[str, bool]:
        """The metric that is shown first, and whether more of it is better."""
        chosen = self.report.get("metric")
        if isinstance(chosen, str):
            return chosen, chosen not in LOSSES
        return HEADLINE.get(self.task, ("mrr", True))

    @property
    def rows(self) -> list[Mapping[str, Any]]:
        """The methods with their metrics, the served one first."""
        return list(self.report.get("rows", []))

    @property
    def value(self) -> float | None:
        """The headline metric of the model that is served."""
        return _value(self.rows[0], self.metric[0]) if self.rows else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Its interval of 95 %."""
        return self.interval_of(self.rows[0], self.metric[0]) if self.rows else None

    def interval_of(self, row: Mapping[str, Any], metric: str) -> tuple[float, float] | None:
        """Return the interval of 95 % of a method's metric, `None` where the report has none."""
        found = (row.get("intervals") or {}).get(metric)
        if found is None and metric == self.report.get("metric"):  # of a property
            details = self.report.get("details") or {}
            found = (details.get("intervals") or {}).get(row.get("method"))
        if found is None or not all(isinstance(end, int | float) for end in found):
            return None
        return float(found[0]), float(found[1])

    @property
    def best_simple(self) -> tuple[str, float] | None:
        """The best simple method beside it, and its headline metric."""
        name, more = self.metric
        served = str(self.manifest.get("model", ""))
        others = [
            (str(row["method"]), value)
            for row in self.rows[1:]
            if row["method"] not in (*NETWORKS, *BASELINES)
            and row["method"] != served
            and (value := _value(row, name)) is not None
        ]
        if not others:
            return None
        return (max if more else min)(others, key=lambda each: each[1])


def _value(row: Mapping[str, Any], metric: str) -> float | None:
    found = row.get("metrics", {}).get(metric)
    return float(found) if isinstance(found, int | float) else None


def describe_artifact(name: str, artifact: Path, created: str = "") -> Described:
    """Return a model with its manifest and report."""
    try:
        manifest, report = _document(artifact, "artifact"), _document(artifact, "report")
    except (OSError, ValueError) as error:
        return Described(name, artifact, created, {}, {}, reason_of(error))
    return Described(name, artifact, created, manifest, report)


def _document(artifact: Path, name: str) -> Mapping[str, Any]:
    """Return a document, unverified: nothing is predicted from it. Raises OSError, ValueError."""
    path = artifact / f"{name}.json"
    if not path.exists() and name == "report":  # of a model without an evaluation
        return {}
    content = json.loads(path.read_text(encoding="utf-8"))
    return content if isinstance(content, dict) else {}
