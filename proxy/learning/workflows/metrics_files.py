"""How good a model is, in files for those who look at it from outside: Neptune's layout and names.

Neptune's two files are about validation and about test data. Here both are about the same elements:
those that were used for nothing else, or, in a cross-validation, each judged by what was chosen on
others. Figures of validation data, on which the blend was chosen, would flatter it.
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
"""Neptune's, where it has other ones: of its evaluation of links, and of `eval_metric`."""


def summary(report: Report) -> dict[str, Any]:
    """The model's figures, and those of the best method alone on the same held-out data."""
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
    """Figures by the names of Neptune; those that are no numbers, which JSON has not, are left out.

    Neptune measures numbers by the square of `rmse`.
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
