"""Numbers are learned as well wherever they begin, and however large they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from written_export import Kind, write_export

from gremlink.grammar.traversal import Kind as LiteralKind
from gremlink.grammar.traversal import Literal
from gremlink.proxy.learning.properties.dataset import load_property, origin_of
from gremlink.proxy.learning.properties.prediction.predictor import PropertyPredictor
from gremlink.proxy.learning.reports.property_report import PropertyReport
from gremlink.proxy.learning.settings import TrainingSettings
from gremlink.proxy.learning.workflows.results import PREDICTIONS, write_results
from gremlink.proxy.learning.workflows.train import train

COUNT = 120
QUICK = TrainingSettings(epochs=5, width=8, threads=1, networks=1, folds=2, budget=60.0)
RANDOM = np.random.default_rng(0)
FEATURE = RANDOM.normal(size=COUNT)
NUMBERS = 2.0 * FEATURE + RANDOM.normal(0.0, 0.5, COUNT)
LINKS = [(int(a), int(b)) for a, b in RANDOM.integers(0, COUNT, (300, 2)) if a != b]


def write(directory: Path, numbers: NDArray[np.float64]) -> Path:
    rows = [
        {"~id": f"p{n}", "v": repr(float(number)), "f": FEATURE[n]}
        for n, number in enumerate(numbers)
    ]
    knows = [{"~id": f"e{n}", "~from": f"p{a}", "~to": f"p{b}"} for n, (a, b) in enumerate(LINKS)]
    label = {"label": ["v", "regression"], "split_rate": [0.8, 0.1, 0.1]}
    people = Kind(rows, [("f", "numerical")], [label])
    return write_export(directory, {"P": people}, {("P", "knows", "P"): Kind(knows)})


def trained(
    directory: Path, numbers: NDArray[np.float64]
) -> tuple[PropertyReport, NDArray[np.float64]]:
    export = write(directory / "export", numbers)
    report = train(export, directory / "model", settings=QUICK)
    assert isinstance(report, PropertyReport)
    predictor = PropertyPredictor.load(directory / "model")
    asked = [Literal(LiteralKind.STRING, f"p{n}") for n in range(COUNT)]
    found = predictor.predict(asked, 1)
    return report, np.array([answers[0].value.value for answers in found])


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> tuple[PropertyReport, NDArray[np.float64]]:
    return trained(tmp_path_factory.mktemp("plain"), NUMBERS)


@pytest.mark.parametrize("offset", [2000.0, -1e9, 1e12])
def test_where_numbers_begin_says_nothing(
    tmp_path: Path, plain: tuple[PropertyReport, NDArray[np.float64]], offset: float
) -> None:
    report, answers = trained(tmp_path, NUMBERS + offset)
    expected, whole = plain
    for row in expected.rows:
        assert report.row(row.method).metrics == pytest.approx(row.metrics, rel=0.05), row.method
    assert np.abs(answers - offset - whole).max() < 0.3
    assert report.details is not None
    ((true, _), *_) = report.details.points
    assert abs(true - offset) < 10
    write_results(tmp_path / "model")
    with np.load(tmp_path / "model" / PREDICTIONS) as kept:
        assert np.abs(kept["infer_scores"] - offset).max() < 20


@pytest.mark.parametrize("scale", [1e-12, 1e20])
def test_how_large_numbers_are_says_nothing(
    tmp_path: Path, plain: tuple[PropertyReport, NDArray[np.float64]], scale: float
) -> None:
    report, answers = trained(tmp_path, NUMBERS * scale)
    expected, whole = plain
    for row in expected.rows:
        ratio = report.row(row.method).metrics["rmse"] / scale / row.metrics["rmse"]
        assert ratio == pytest.approx(1.0, rel=0.05), row.method
    assert np.abs(answers / scale - whole).max() < 0.3


def test_a_heavy_tail_is_hardly_worse_than_the_mean(tmp_path: Path) -> None:
    report, answers = trained(tmp_path, np.exp(3.0 * NUMBERS))
    rows = {row.method: row.metrics["rmse"] for row in report.rows}
    # One number in a hundred makes most of the error: what was chosen without it may be worse.
    assert rows[report.model] <= 1.1 * rows["mean"]
    assert np.isfinite(answers).all()


def test_numbers_that_have_little_in_common_are_taken_as_they_are(tmp_path: Path) -> None:
    assert origin_of(NUMBERS) == 0.0
    assert origin_of(np.array([0.0, 1.0, 1e9])) == 0.0
    assert origin_of(np.array([2000.0, 2001.0, 2000.0])) == 2000.0
    exact = 1e9 + np.arange(COUNT, dtype=np.float64)
    dataset = load_property(write(tmp_path / "export", exact))
    assert dataset.target.origin == pytest.approx(1e9, abs=COUNT)
    told = dataset.truth[dataset.labelled, 0].astype(np.float64) + dataset.target.origin
    assert sorted(told) == exact.tolist()
    assert dataset.target.truth_of(["1000000007"]) == 1_000_000_007 - dataset.target.origin
