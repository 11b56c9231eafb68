from __future__ import annotations

from dataclasses import replace

import pytest
from sample_reports import FIGURES, LINKS, PROPERTY

from gremlink.proxy.learning.reports.link_report import BlendRow, LinkReport, LinkRow
from gremlink.proxy.learning.reports.report import MethodRow
from gremlink.proxy.learning.reports.verdict import headline


def _links(figures: dict[str, float], chance: float = 0.02) -> LinkReport:
    rows = tuple(
        LinkRow(
            method=name,
            metrics={**FIGURES, "mrr": value},
            seconds=1.0,
            intervals={"mrr": (value - 0.02, value + 0.02)},
            by_direction={},
        )
        for name, value in figures.items()
    )
    blend = (BlendRow("r", "out", {"a": 0.5, "b": 0.5}, ()),)
    return replace(LINKS, model="auto", rows=rows, blend=blend, chance={"mrr": chance})


@pytest.mark.parametrize(
    ("report", "kind", "said", "advice"),
    [
        (_links({"auto": 0.42, "a": 0.35}), "good", "20 % better than a,", "Use it"),
        (_links({"auto": 0.36, "a": 0.35}), "warn", "3 % better than a,", "no more than chance"),
        (_links({"auto": 0.30, "a": 0.35}), "warn", "14 % worse than a,", "Consider a alone"),
        (_links({"auto": 0.03, "a": 0.02}), "bad", "not clearly better", "Do not rely on it"),
    ],
)
def test_verdict(report: LinkReport, kind: str, said: str, advice: str) -> None:
    found = headline(report)
    assert found.kind == kind
    assert said in found.text
    assert advice in found.advice


def test_less_of_an_error_is_better() -> None:
    assert PROPERTY.details is not None
    figures = {"auto": 1.0, "linear": 2.0, "mean": 5.0}
    report = replace(
        PROPERTY,
        model="auto",
        metric="rmse",
        rows=tuple(MethodRow(name, {"rmse": each}, 1.0) for name, each in figures.items()),
        weights={"linear": 0.5, "boosting": 0.5},
        details=replace(
            PROPERTY.details,
            intervals={name: (each - 0.1, each + 0.1) for name, each in figures.items()},
        ),
    )
    found = headline(report)
    assert found.kind == "good"
    assert "50 % less than that of linear" in found.text
    assert "5 times as good as the mean, more than chance" in found.text
