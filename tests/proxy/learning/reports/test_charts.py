from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import pytest

from gremlink.proxy.learning.reports import charts


@pytest.mark.parametrize(
    "drawn",
    [
        charts.lines({"a<b": [(1, 0.5), (2, float("nan")), (3, 0.25)]}, "x", "y"),
        charts.bars({"a": [1, 2], "b": [0, 4]}, ["one", "two & more"], "y"),
        charts.reliability([(0.1, 0.2), (0.9, 0.8)], "x", "y"),
        charts.ranked(["a<b", "c" * 80], [0.3, -0.1], [0.1, 0.0], "worse by"),
    ],
)
def test_charts_are_well_formed(drawn: str) -> None:
    root = ElementTree.fromstring(drawn)
    assert root.tag == "svg"
    assert "nan" not in drawn


def test_a_line_goes_through_its_points() -> None:
    root = ElementTree.fromstring(charts.lines({"a": [(0, 0), (1, 1), (2, 0)]}, "x", "y"))
    (line,) = root.iter("polyline")
    points = [tuple(map(float, each.split(","))) for each in line.attrib["points"].split()]
    assert points[0][1] == points[2][1] > points[1][1]
    assert points[1][0] - points[0][0] == pytest.approx(points[2][0] - points[1][0])


def test_the_higher_bar_is_that_of_the_larger_number() -> None:
    root = ElementTree.fromstring(charts.bars({"a": [1, 4]}, ["one", "two"], "y"))
    heights = [
        float(each.attrib["height"]) for each in root.iter("rect") if "height" in each.attrib
    ]
    assert heights[1] == pytest.approx(4 * heights[0], rel=0.01)


def test_there_is_no_chart_of_nothing() -> None:
    assert charts.lines({"a": []}, "x", "y") == ""
    assert charts.bars({"a": [0, 0]}, ["one", "two"], "y") == ""
    assert charts.reliability([], "x", "y") == ""
    assert charts.ranked(["a"], [0.0], [0.0], "x") == ""


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (0, 0.437, [0, 0.1, 0.2, 0.3, 0.4, 0.5]),
        (-3, 17, [-5, 0, 5, 10, 15, 20]),
        (2, 2, [1, 1.5, 2, 2.5, 3]),
    ],
)
def test_ticks_are_round(low: float, high: float, ticks: list[float]) -> None:
    assert charts.round_ticks(low, high) == pytest.approx(ticks)


def test_six_decades_have_a_logarithmic_axis() -> None:
    drawn = charts.agreement([(1, 2), (1e3, 900), (1e6, -5)], "true", "predicted")
    xs = [float(each.attrib["cx"]) for each in ElementTree.fromstring(drawn).iter("circle")]
    assert xs[1] - xs[0] == pytest.approx(xs[2] - xs[1])


def test_a_picture_has_a_title_and_a_description() -> None:
    root = ElementTree.fromstring(charts.lines({"a<b": [(1, 0.5), (2, 0.25)]}, "epoch", "loss"))
    assert [root[0].tag, root[0].text] == ["title", "loss by epoch"]
    assert [root[1].tag, root[1].text] == ["desc", "a<b: from 0.5 to 0.25"]


def test_a_logarithmic_axis_ends_at_the_decades_of_the_data() -> None:
    """Ten decades: not every one has a tick, and none lies beyond the data."""
    drawn = charts.agreement([(1, 2), (5e10, 4e10)], "true", "predicted")
    root = ElementTree.fromstring(drawn)
    texts = [each.text for each in root.iter("text") if each.attrib["text-anchor"] == "middle"]
    assert texts[:6] == ["1", "100", "10,000", "1M", "100M", "10G"]
    last = max(float(each.attrib["cx"]) for each in root.iter("circle"))
    assert last > charts.END - (charts.END - charts.LEFT) / 11, "in the last decade"
