"""Data processing: an export becomes a graph of numbers for training."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gremlink.proxy.graph.reading import read_export, read_rdf_targets
from gremlink.proxy.management.jobs.events import Tell
from gremlink.proxy.management.tasks.description import locations_of, publish
from gremlink.proxy.management.tasks.progress import job_progress


def run(description: Mapping[str, Any], work: Path, tell: Tell) -> dict[str, Any]:
    """Process the export at `input` to `output`; return its contents and targets.

    `previous` is the output of an earlier processing, or None. Raises `BadExport`,
    `UnusableExport`, ValueError for features that make no sense, ArtifactError, StoreError.
    """
    locations = locations_of(description)
    configuration = description["configuration"]
    tell("reading the export", 0, None, "")
    directory = locations.fetch(locations.at(description["input"]), work / "input")
    if read_rdf_targets(directory, configuration) is None:
        read_export(directory, configuration)
    before = description["previous"]
    previous = None
    if before is not None:
        previous = locations.fetch(locations.at(before), work / "previous")
    # It takes seconds to load, and an export that cannot be read does not need it.
    from gremlink.proxy.learning.workflows.process import prepare
    from gremlink.proxy.learning.workflows.results import write_mapping

    found = prepare(
        directory,
        work / "processed",
        previous=previous,
        configuration=configuration,
        model_type=description["model_type"],
        progress=job_progress(tell),
    )
    processed = found.processed
    write_mapping(work / "processed", processed.stored, processed.stored.types, {})
    publish(description, work / "processed", tell)
    return {
        "task": "link_prediction" if processed.target is None else processed.target.task,
        "vertices": processed.graph.vertex_count,
        "edges": processed.graph.edge_count,
        "warnings": list(processed.warnings),
        "drift": None if found.drift is None else str(found.drift),
    }
