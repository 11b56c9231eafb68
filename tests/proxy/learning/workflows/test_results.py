"""Files of Neptune's layout beside a model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from communities import write_communities
from teams import PEOPLE, SPLIT, team, write_teams

from gremlink.proxy.learning.settings import TrainingSettings
from gremlink.proxy.learning.workflows.results import (
    EMBEDDINGS,
    MAPPING,
    PREDICTIONS,
    write_results,
)
from gremlink.proxy.learning.workflows.train import train
from gremlink.proxy.store.artifacts import read_artifact

QUICK = TrainingSettings(epochs=30, width=8, networks=2, folds=2, threads=1)


def mapping(directory: Path) -> Any:
    return json.loads((directory / MAPPING).read_text())


def test_a_property_of_vertices(tmp_path: Path) -> None:
    targets = {"label": ["team", "classification"], "split_rate": SPLIT}
    export = write_teams(tmp_path / "export", of_people=targets)
    artifact = tmp_path / "artifact"
    train(export, artifact, model="rgcn", settings=QUICK)
    write_results(artifact)
    read_artifact(artifact)  # is still whole
    about = mapping(artifact)
    (people,) = about["node2id"].values()
    scores = np.load(artifact / PREDICTIONS)["infer_scores"]
    assert scores.shape == (PEOPLE, 3)
    assert scores.sum(axis=1) == pytest.approx(np.ones(PEOPLE), abs=1e-3)
    right = [
        about["classes"][scores[row].argmax()] == team(int(id[1:])) for id, row in people.items()
    ]
    assert np.mean(right) > 0.6
    embeddings = np.load(artifact / EMBEDDINGS)
    assert len(embeddings) == PEOPLE
    assert np.isfinite(embeddings).all()
    assert (np.abs(embeddings).sum(axis=1) > 0).all()


def test_links(tmp_path: Path) -> None:
    export = write_communities(tmp_path / "export", people=20)
    artifact = tmp_path / "artifact"
    train(export, artifact, model="rgcn", settings=QUICK)
    write_results(artifact)
    about = mapping(artifact)
    numbers = about["node2id"]
    embeddings = np.load(artifact / EMBEDDINGS)
    assert len(embeddings) == sum(map(len, numbers.values()))
    first = 0
    for name, start in about["rows"].items():
        assert start == first
        first += len(numbers[name])
    assert not (artifact / PREDICTIONS).exists()


def test_a_model_without_a_network_has_no_embeddings(tmp_path: Path) -> None:
    export = write_communities(tmp_path / "export", people=20)
    artifact = tmp_path / "artifact"
    train(export, artifact, model="popularity", settings=QUICK)
    write_results(artifact)
    assert not (artifact / EMBEDDINGS).exists()
    assert mapping(artifact)["node2id"]["Person"]
