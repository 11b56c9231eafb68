"""Model training: from a processed data set to an artifact, and to figures about it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from proxy.learning.links.report import Report
from proxy.learning.properties.report import PropertyReport
from proxy.learning.results import write_details, write_results
from proxy.learning.settings import SearchSettings
from proxy.learning.tasks import train
from proxy.management.events import Tell
from proxy.management.tasks.phases import telling
from proxy.management.tasks.places import locations_of

METRICS = "eval_metrics_info.json"


def run(description: Mapping[str, Any], work: Path, tell: Tell) -> dict[str, Any]:
    """Train on the data at `input`, write the artifact to `output`; the figures of the report.

    Raises what `proxy.learning.tasks.train` does, and StoreError.
    """
    locations = locations_of(description)
    data = locations.fetch(locations.at(description["input"]), work / "input")
    before = description["previous"]
    previous = None if before is None else locations.fetch(locations.at(before), work / "previous")
    artifact = work / "artifact"
    search = SearchSettings(
        description["trials"], min(description["parallel"], os.cpu_count() or 1), previous=previous
    )
    report = train(
        data,
        artifact,
        model=description["model"],
        seed=description["seed"],
        search=search,
        progress=telling(tell),
    )
    figures = _summary(report)
    (artifact / METRICS).write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    write_results(artifact)
    write_details(artifact)
    locations.publish(artifact, locations.at(description["output"]))
    return figures


def _summary(report: Report | PropertyReport) -> dict[str, Any]:
    """The model's figures, and those of the best simple method on the same held-out data."""
    best = report.best_alone()
    searched = report.search
    return {
        "model": report.model,
        "protocol": report.protocol,
        "metrics": dict(report.row(report.model).metrics),
        "best alone": None if best is None else {best.method: dict(best.metrics)},
        "search": None if searched is None else searched.verdict(),
        "warnings": list(report.warnings),
        "seconds": report.seconds,
    }
