from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from communities import write_communities

from gremlink.proxy.learning.graph import Relation
from gremlink.proxy.learning.links.training.blend import TIE, Blend
from gremlink.proxy.learning.reports.link_report import LinkReport, blend_rows
from gremlink.proxy.learning.settings import TrainingSettings
from gremlink.proxy.learning.workflows.train import train

KNOWS = Relation("P", "knows", "P")


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> LinkReport:
    directory = tmp_path_factory.mktemp("report")
    export = write_communities(directory / "export")
    settings = TrainingSettings(epochs=10, width=16, folds=2, networks=2, threads=1)
    return train(export, directory / "model", model="common-neighbours", settings=settings)


def test_who_only_breaks_ties_is_told_apart() -> None:
    weights = np.array([0.5 * TIE, 0.5, 0.0, 0.5 * TIE * TIE])
    blend = Blend(("degree", "katz", "ease", "popularity"), {(KNOWS, "out"): weights})
    (row,) = blend_rows(SimpleNamespace(blend=blend))
    assert row.weights == {"katz": 0.5}
    assert row.ties == ("degree", "popularity")
    assert row.describe() == "katz 0.50; ties by degree, popularity"


def test_a_blend_is_told_by_falling_weights() -> None:
    blend = Blend(("degree", "katz"), {(KNOWS, "in"): np.array([0.25, 1.5])})
    (row,) = blend_rows(SimpleNamespace(blend=blend))
    assert row.describe() == "katz 1.50, degree 0.25"


def test_weights_by_the_links_of_the_source_are_told_as_ranges() -> None:
    weights = np.array([[0.5, -1.0, 0.0], [1.5, -2.0, 0.0]])
    blend = Blend(("katz", "reciprocity", "ease"), {(KNOWS, "in"): weights})
    (row,) = blend_rows(SimpleNamespace(blend=blend))
    assert row.weights == {"reciprocity": -1.5, "katz": 1.0}
    assert row.describe() == "reciprocity -1.00 to -2.00, katz 0.50 to 1.50"


def test_a_random_order_stands_beside_the_methods(report: LinkReport) -> None:
    assert 0.0 < report.chance["mrr"] < report.row("common-neighbours").metrics["mrr"]
    assert report.chance["hits@1"] < report.chance["hits@10"] <= 1.0
    assert report.to_document()["chance"] == report.chance
    assert "random order" not in report.verdict()


def test_the_method_that_is_all_of_auto_does_not_beat_it(report: LinkReport) -> None:
    own = report.row("common-neighbours")
    lower = replace(own, method="auto", metrics={**own.metrics, "mrr": own.metrics["mrr"] / 2})
    blend = tuple(replace(each, weights={"common-neighbours": 1.0}) for each in report.blend)
    auto = replace(report, model="auto", rows=(lower, own), blend=blend)
    verdict = auto.verdict()
    assert verdict.startswith("auto is common-neighbours alone; its own figure is lower (")
    figures = f"({lower.metrics['mrr']:.4f} against {own.metrics['mrr']:.4f})"
    assert figures in verdict
    assert "ranks these edges better" not in verdict
    two = (replace(blend[0], weights={"katz": 1.0, "common-neighbours": 1.0}), *blend[1:])
    assert "common-neighbours alone ranks these edges better than auto" in (
        replace(auto, blend=two).verdict()
    )


def test_what_is_not_clearly_better_than_a_random_order_is_said(report: LinkReport) -> None:
    mrr = report.row("common-neighbours").metrics["mrr"]
    verdict = replace(report, chance={**report.chance, "mrr": mrr - 1e-6}).verdict()
    assert verdict.endswith(
        f"A random order would have {mrr:.4f}: on these edges common-neighbours is not clearly "
        "better than that."
    )
