"""Data processing: an export is checked as training would, and kept as training will read it.

Training reads this copy, not the export: what happens to the export later changes nothing.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from proxy.graph.export_files import SCHEMA, Export, read_export
from proxy.management.events import Tell
from proxy.management.tasks.places import locations_of

SUMMARY = "processing.json"


def run(description: Mapping[str, Any], work: Path, tell: Tell) -> dict[str, Any]:
    """Check the export at `input` and keep it at `output`; what was found in it.

    Raises `BadExport`, `UnusableExport`, ValueError for features that do not fit, StoreError.
    """
    locations = locations_of(description)
    configuration = description["configuration"]
    tell("reading the export", 0, None, "")
    directory = locations.fetch(locations.at(description["input"]), work / "input")
    export = read_export(directory, configuration)
    tell("encoding the features", 0, None, "")
    summary = _checked(export, directory, configuration)
    tell("writing the data set", 0, None, "")
    kept = work / "processed"
    _copy(export, directory, configuration, kept)
    (kept / SUMMARY).write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
    locations.publish(kept, locations.at(description["output"]))
    return summary


def _checked(export: Export, directory: Path, configuration: str) -> dict[str, Any]:
    # These take seconds to load, and an export that cannot be read does not need them.
    from proxy.learning.properties.dataset import build_property, only_target
    from proxy.learning.training import load_dataset

    found = only_target(export)
    if found is None:
        links = load_dataset(directory, configuration)
        graph, warnings, task = links.graph, links.warnings, "link_prediction"
    else:
        properties = build_property(export, *found)
        graph, warnings, task = properties.graph, properties.warnings, found[1].task
    return {
        "configuration": configuration,
        "task": task,
        "vertices": graph.vertex_count,
        "edges": graph.edge_count,
        "warnings": [*export.warnings, *warnings],
    }


def _copy(export: Export, directory: Path, configuration: str, target: Path) -> None:
    """What the configuration names, and nothing else that may lie there."""
    named = [file.path for file in export.nodes] + [file.path for file in export.edges]
    named += [directory / configuration, directory / SCHEMA]
    for path in named:
        if path.exists():
            place = target / path.relative_to(directory)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, place)
