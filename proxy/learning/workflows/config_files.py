"""Files about a model in Neptune's layout: its parameters, its task, the size of its instance.

The files and their keys are Neptune's. `training_job_details.json` has the parameters of the
training, and after a search `tuning_job_details.json`, too; `config.json` has the task,
`infer_instance_recommendation.json` the memory. Serving needs none of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gremlink.proxy.learning.search.names import parameters_of
from gremlink.proxy.learning.search.templates import TASKS
from gremlink.proxy.learning.search.tuning import TUNED
from gremlink.proxy.store.artifacts import read_manifest
from gremlink.proxy.store.documents import json_bytes

DETAILS, TUNING_DETAILS = "training_job_details.json", "tuning_job_details.json"
CONFIG = "config.json"
RECOMMENDATION = "infer_instance_recommendation.json"

GIBIBYTE = 2**30
INSTANCES = {
    "ml.m5d.large": 8,
    "ml.m5d.xlarge": 16,
    "ml.m5d.2xlarge": 32,
    "ml.m5d.4xlarge": 64,
    "ml.m5d.12xlarge": 192,
    "ml.m5d.24xlarge": 384,
}
"""Instances that Neptune chooses from, and their memory in GiB."""

LARGEST = "ml.r5d.24xlarge"

RUNNING = GIBIBYTE // 2
"""Bytes of memory of a proxy without models, generously."""


def write_details(directory: Path) -> None:
    """Write the files beside the artifact in `directory`, after all others: the recommendation is
    about the size of all files.

    Raises `ArtifactError`, OSError.
    """
    manifest = read_manifest(directory)
    task = TASKS[manifest["task"]]
    found = manifest.get(TUNED, {})
    parameters = {
        "task": task,
        "model": manifest["model"],
        "seed": manifest["seed"],
        **parameters_of(manifest["settings"]),
        **{name: value for each in found.values() for name, value in each.items()},
    }
    details = {"TrainingJobParameters": parameters}
    _write(directory / DETAILS, details)
    if found:
        _write(directory / TUNING_DETAILS, {"BestTrainingJob": details})
    config = {
        "task": task,
        "model": manifest["model"],
        "name": f"{task}-{manifest['model']}",
        "infer_type": "online-transductive-infer",
    }
    target = manifest.get("target")
    _write(directory / CONFIG, config if target is None else {**config, "property": target["key"]})
    taken = sum(file.stat().st_size for file in directory.rglob("*") if file.is_file())
    _write(directory / RECOMMENDATION, recommendation(taken))


def recommendation(taken: int) -> dict[str, Any]:
    """Return the memory for a model whose files take so many bytes, and the smallest of
    `INSTANCES` with more. A model in memory is as large as its files, which are mapped.
    """
    memory = taken + RUNNING
    fitting = (name for name, size in INSTANCES.items() if size * GIBIBYTE > memory)
    return {"instance": next(fitting, LARGEST), "disk_size": taken, "mem_size": memory}


def _write(path: Path, document: Mapping[str, Any]) -> None:
    path.write_bytes(json_bytes(document))
