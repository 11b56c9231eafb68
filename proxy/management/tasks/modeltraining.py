"""Model training: a processed data set becomes an artifact with Neptune's files about it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from gremlink.proxy.learning.settings import SearchSettings, TrainingSettings
from gremlink.proxy.learning.workflows.config_files import write_details
from gremlink.proxy.learning.workflows.metrics_files import summary, write_figures
from gremlink.proxy.learning.workflows.results import write_results
from gremlink.proxy.learning.workflows.train import train
from gremlink.proxy.management.jobs.events import Tell
from gremlink.proxy.management.jobs.figures import FigureFile
from gremlink.proxy.management.tasks.description import keep_on_failure, locations_of, publish
from gremlink.proxy.management.tasks.progress import job_progress


def run(description: Mapping[str, Any], work: Path, tell: Tell) -> dict[str, Any]:
    """Train on the data at `input` and write the artifact to `output`; return the summary.

    Raises the errors of `gremlink.proxy.learning.workflows.train.train`, and StoreError.
    """
    locations = locations_of(description)
    data = locations.fetch(locations.at(description["input"]), work / "input")
    before = description["previous"]
    previous = None if before is None else locations.fetch(locations.at(before), work / "previous")
    artifact = work / "artifact"
    search = SearchSettings(
        description["trials"], min(description["parallel"], os.cpu_count() or 1), previous=previous
    )
    budget = description.get("budget")
    with closing(FigureFile(work.parent)) as figures:
        report = train(
            data,
            artifact,
            model=description["model"],
            seed=description["seed"],
            settings=None if budget is None else TrainingSettings(budget=budget),
            search=search,
            progress=job_progress(tell, figures),
            deadline=float(description.get("deadline") or 0.0),
            speed=description.get("speed", ""),
        )
    with keep_on_failure(artifact):
        write_figures(artifact, report)
        write_results(artifact)
        write_details(artifact)
    publish(description, artifact, tell)
    return summary(report)
