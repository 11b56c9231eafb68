"""What a model was made with and what it needs, in Neptune's files beside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from communities import write_communities
from teams import SPLIT, write_teams

from gremlink.proxy.learning.settings import SearchSettings, TrainingSettings
from gremlink.proxy.learning.workflows.config_files import (
    GIBIBYTE,
    RUNNING,
    recommendation,
    write_details,
)
from gremlink.proxy.learning.workflows.train import train
from gremlink.proxy.store.artifacts import read_artifact

QUICK = TrainingSettings(epochs=30, width=8, networks=2, folds=2, threads=1)


def document(artifact: Path, name: str) -> Any:
    return json.loads((artifact / name).read_text())


def test_parameters_have_the_names_of_the_toolkit(tmp_path: Path) -> None:
    export = write_communities(tmp_path / "export", people=20)
    artifact = tmp_path / "artifact"
    train(export, artifact, model="popularity", seed=3, settings=QUICK)
    write_details(artifact)
    read_artifact(artifact)  # is still whole
    found = document(artifact, "training_job_details.json")
    parameters = found["TrainingJobParameters"]
    assert (parameters["task"], parameters["model"]) == ("link_predict", "popularity")
    assert (parameters["num-hidden"], parameters["num-epochs"], parameters["seed"]) == (8, 30, 3)
    assert parameters["fanout"] == [10, 15]
    assert "concat-node-embed" not in parameters, "it was left to the training"
    assert not (artifact / "tuning_job_details.json").exists()
    assert document(artifact, "config.json") == {
        "task": "link_predict",
        "model": "popularity",
        "name": "link_predict-popularity",
        "infer_type": "online-transductive-infer",
    }
    needed = document(artifact, "infer_instance_recommendation.json")
    own = "infer_instance_recommendation.json"
    others = [file for file in artifact.iterdir() if file.name != own]
    assert needed["disk_size"] == sum(file.stat().st_size for file in others)
    assert (needed["instance"], needed["mem_size"] > needed["disk_size"]) == ("ml.m5d.large", True)


@pytest.mark.slow
def test_what_a_search_has_found_is_told(tmp_path: Path) -> None:
    targets = {"label": ["team", "classification"], "split_rate": SPLIT}
    export = write_teams(tmp_path / "export", of_people=targets)
    artifact = tmp_path / "artifact"
    report = train(export, artifact, model="rgcn", settings=QUICK, search=SearchSettings(trials=2))
    write_details(artifact)
    assert document(artifact, "config.json")["property"] == "team"
    found = document(artifact, "tuning_job_details.json")
    parameters = found["BestTrainingJob"]["TrainingJobParameters"]
    assert parameters["task"] == "node_class"
    assert report.search is not None
    assert report.search.parameters
    assert parameters == parameters | dict(report.search.parameters)


@pytest.mark.parametrize(
    ("size", "instance"),
    [
        (0, "ml.m5d.large"),
        (8 * GIBIBYTE - RUNNING - 1, "ml.m5d.large"),
        (8 * GIBIBYTE - RUNNING, "ml.m5d.xlarge"),
        (100 * GIBIBYTE, "ml.m5d.12xlarge"),
        (400 * GIBIBYTE, "ml.r5d.24xlarge"),
    ],
)
def test_the_smallest_instance_with_more_memory_is_recommended(size: int, instance: str) -> None:
    assert recommendation(size) == {
        "instance": instance,
        "disk_size": size,
        "mem_size": size + RUNNING,
    }
