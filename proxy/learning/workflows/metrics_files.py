"""The metrics of a model in files of Neptune's layout and names.

Neptune's two files are about validation and about test data. Here both are about the same elements:
the test data, or, in a cross-validation, each part as predicted by the choice on the others. On
validation data, on which the blend was chosen, the metrics would be too good.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gremlink.proxy.learning.reports.report import Report
from gremlink.proxy.store.documents import json_bytes

EVAL_METRICS, TEST_METRICS = "eval_metrics_info.json", "test_metrics_info.json"

NAMES = {
    "hits@1": "HITS at top 1 (HITS@1)",
    "hits@3": "HITS at top 3 (HITS@3)",
    "hits@10": "HITS at top 10 (HITS@10)",
    "mr": "mean rank (MR)",
    "accuracy": "acc",
    "macro_f1": "F1",
    "auc": "roc_auc",
}
"""Neptune's names of metrics where they differ: of its evaluation of links, of `eval_metric`."""


def summary(report: Report) -> dict[str, Any]:
    """Return the metrics of the model, and of the best single method on the same held-out data."""
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


def in_neptunes_names(metrics: Mapping[str, float]) -> dict[str, float]:
    """Return metrics by the names of Neptune; without NaN and infinity, which JSON has not.

    Neptune's metric of numbers is the square of `rmse`.
    """
    found = {NAMES.get(name, name): value for name, value in metrics.items()}
    if "rmse" in metrics:
        found["mse"] = metrics["rmse"] ** 2
    return {name: value for name, value in found.items() if math.isfinite(value)}


def write_figures(directory: Path, report: Report) -> None:
    """Write both files: the one for tests has numbers only, the other one the summary beside them.

    Raises OSError.
    """
    figures = in_neptunes_names(report.row(report.model).metrics)
    for name, document in (
        (EVAL_METRICS, {**summary(report), **figures}),
        (TEST_METRICS, figures),
    ):
        (directory / name).write_bytes(json_bytes(document))
