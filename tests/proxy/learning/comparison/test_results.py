"""Results of single elements, as a training writes them: they make up the report's figures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from teams import write_teams

from gremlink.proxy.learning.comparison.held_out import HeldOut, read_held_out
from gremlink.proxy.learning.comparison.paired import Pairing, pair
from gremlink.proxy.learning.settings import TrainingSettings
from gremlink.proxy.learning.trained.target import Form
from gremlink.proxy.learning.workflows.train import train
from tests.support.communities import write_communities

SETTINGS = TrainingSettings(threads=1, budget=1.0)
SPLIT = TrainingSettings(threads=1, budget=1.0, cross_validate_up_to=0)


def kept(artifact: Path) -> HeldOut:
    found = read_held_out(artifact)
    assert found is not None
    return found


@pytest.mark.parametrize("settings", [SETTINGS, SPLIT], ids=["cross-validation", "split"])
def test_ranks_of_links(tmp_path: Path, settings: TrainingSettings) -> None:
    export = write_communities(tmp_path / "export")
    report = train(export, tmp_path / "one", model="popularity", settings=settings)
    held = kept(tmp_path / "one")
    assert held.form is None
    assert len(np.unique(held.keys)) == len(held.keys) == held.elements
    for row in report.rows:
        mrr = (1.0 / held.answers[row.method]).mean()
        assert mrr == pytest.approx(row.metrics["mrr"], rel=1e-6)
    train(export, tmp_path / "two", model="adamic-adar", settings=settings)
    again = pair(held, kept(tmp_path / "two"))
    assert isinstance(again, Pairing)
    assert len(again) == held.elements
    assert kept(tmp_path / "two").split == held.split


def test_predictions_of_a_property(tmp_path: Path) -> None:
    export = write_teams(tmp_path / "export", of_people={"label": ["team", "classification"]})
    report = train(export, tmp_path / "one", model="majority", settings=SETTINGS)
    held = kept(tmp_path / "one")
    assert held.form is Form.ONE_CLASS
    assert set(held.answers) == {row.method for row in report.rows}
    for row in report.rows:
        accuracy = (held.answers[row.method] == held.truth).mean()
        assert accuracy == pytest.approx(row.metrics["accuracy"])
    assert len(np.unique(held.keys)) == len(held.keys)
