"""Model transform: a trained model on a graph that has grown, without training."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gremlink.proxy.management.jobs.events import Tell
from gremlink.proxy.management.tasks.description import keep_on_failure, locations_of, publish
from gremlink.proxy.management.tasks.progress import job_progress


def run(description: Mapping[str, Any], work: Path, tell: Tell) -> dict[str, Any]:
    """Apply the model at `model` to the processed data at `input`; return the changes.

    Raises the errors of `gremlink.proxy.learning.workflows.transform.transform`, and StoreError.
    """
    locations = locations_of(description)
    tell("fetching the model and the data", 0, None, "")
    model = locations.fetch(locations.at(description["model"]), work / "model")
    data = locations.fetch(locations.at(description["input"]), work / "input")
    from gremlink.proxy.learning.workflows.config_files import write_details
    from gremlink.proxy.learning.workflows.results import write_results
    from gremlink.proxy.learning.workflows.transform import transform

    made = transform(model, data, work / "artifact", progress=job_progress(tell))
    with keep_on_failure(work / "artifact"):
        write_results(work / "artifact")
        write_details(work / "artifact")
    publish(description, work / "artifact", tell)
    return {
        "task": made.task,
        "vertices": made.vertices,
        "edges": made.edges,
        "drift": str(made.drift),
        "warnings": list(made.warnings),
        "seconds": made.seconds,
    }
