"""How good a model is, in Neptune's files beside it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from communities import write_communities
from teams import SPLIT, write_teams

from gremlink.proxy.learning.settings import TrainingSettings
from gremlink.proxy.learning.workflows.metrics_files import (
    EVAL_METRICS,
    TEST_METRICS,
    in_neptunes_names,
    write_figures,
)
from gremlink.proxy.learning.workflows.train import train

QUICK = TrainingSettings(epochs=10, width=8, networks=1, folds=2, threads=1)


def documents(directory: Path) -> tuple[Any, Any]:
    """Both files, read as strictly as JSON is."""

    def refuse(constant: str) -> None:
        raise ValueError(constant)

    names = (EVAL_METRICS, TEST_METRICS)
    one, two = (json.loads((directory / n).read_text(), parse_constant=refuse) for n in names)
    return one, two


def test_links(tmp_path: Path) -> None:
    export = write_communities(tmp_path / "export", people=20)
    report = train(export, tmp_path / "model", model="popularity", settings=QUICK)
    write_figures(tmp_path, report)
    evaluated, tested = documents(tmp_path)
    metrics = report.row("popularity").metrics
    assert tested["HITS at top 1 (HITS@1)"] == metrics["hits@1"]
    assert tested["HITS at top 3 (HITS@3)"] == metrics["hits@3"]
    assert tested["HITS at top 10 (HITS@10)"] == metrics["hits@10"]
    assert tested["mean rank (MR)"] == metrics["mr"] >= 1.0
    assert tested["mrr"] == metrics["mrr"]
    assert evaluated == evaluated | tested
    assert evaluated["metrics"] == metrics
    assert evaluated["protocol"].startswith("cross-validation")


@pytest.mark.parametrize(
    ("target", "names"),
    [
        (["team", "classification"], {"acc", "F1", "roc_auc"}),
        (["level", "regression"], {"mse", "rmse", "mae", "r2"}),
    ],
)
def test_a_property(tmp_path: Path, target: list[str], names: set[str]) -> None:
    export = write_teams(tmp_path / "export", of_people={"label": target, "split_rate": SPLIT})
    report = train(export, tmp_path / "model", model="neighbours", settings=QUICK)
    write_figures(tmp_path, report)
    evaluated, tested = documents(tmp_path)
    assert set(tested) == names
    assert evaluated["metrics"] == report.row("neighbours").metrics


def test_what_is_no_number_is_left_out() -> None:
    assert in_neptunes_names({"rmse": 2.0, "r2": float("nan")}) == {"rmse": 2.0, "mse": 4.0}


def test_what_is_no_number_is_null_in_the_summary(tmp_path: Path) -> None:
    report = train(
        write_communities(tmp_path / "export", people=20),
        tmp_path / "model",
        model="popularity",
        settings=QUICK,
    )
    (row, *others) = (
        replace(row, metrics={**row.metrics, "mrr": float("nan")}) for row in report.rows
    )
    write_figures(tmp_path, replace(report, rows=(row, *others)))
    evaluated, tested = documents(tmp_path)
    assert evaluated["metrics"]["mrr"] is None
    assert "mrr" not in tested
