"""Pages of reports: texts of the data stay texts, and nothing is loaded from elsewhere."""

from __future__ import annotations

import re
from dataclasses import asdict, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from sample_reports import EVIL, LINKS, PROPERTY

from gremlink.proxy.learning.reports.html import OTHERS, confusion, render
from gremlink.proxy.learning.reports.link_report import Example
from gremlink.proxy.learning.reports.report import Report
from gremlink.proxy.learning.settings import TrainingSettings

PROXY = Path(__file__).parents[4] / "proxy"


class Texts(HTMLParser):
    """The tags of a page, and its texts."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@pytest.mark.parametrize("report", [LINKS, PROPERTY], ids=["links", "property"])
def test_text_cannot_become_markup(report: Report) -> None:
    page = render(report)
    assert "<script" not in page
    assert "<i>" not in page
    found = Texts()
    found.feed(page)
    assert not {"script", "i"} & found.tags
    assert sum(EVIL in text for text in found.texts) > 15


@pytest.mark.parametrize("report", [LINKS, PROPERTY], ids=["links", "property"])
def test_a_page_needs_nothing_from_elsewhere(report: Report) -> None:
    page = render(report)
    assert page.startswith("<!doctype html>")
    assert not re.search(r"(src|href)=|url\(|@import|<script", page)
    assert page.count("class=own") == 2, "the model, and the best trial"
    assert "1,234 vertices" in page


def test_colours_are_those_of_the_pages() -> None:
    files = (
        PROXY / "learning/reports/templates/report.css",
        PROXY / "studio/static/studio.css",
    )
    own, shared = (
        [
            dict(re.findall(r"(--[\w-]+): (#[0-9a-f]+)", block))
            for block in text.partition("@media print")[0].split("color-scheme:")
        ]
        for text in (each.read_text() for each in files)
    )
    own, shared = (
        [each for each in own if "--c1" in each],
        [each for each in shared if "--c1" in each],
    )
    assert own[0] == shared[0]
    assert own[1] == shared[1]


def test_rare_classes_of_a_large_matrix_are_one() -> None:
    classes = {str(number): 1 for number in range(50)}
    matrix = [[(100 - row) * (row == column) for column in range(50)] for row in range(50)]
    names, rows = confusion(classes, matrix)
    assert names == [*map(str, range(19)), OTHERS]
    assert len(rows) == 20
    assert all(row[1][place] == (row[1][place][0], 9) for place, row in enumerate(rows))
    assert rows[-1][1][-1][0] == sum(100 - row for row in range(19, 50))


@pytest.mark.parametrize("report", [LINKS, PROPERTY], ids=["links", "property"])
def test_every_table_has_a_caption_of_its_own(report: Report) -> None:
    page = render(report)
    captions = re.findall(r"<caption>(.+?)</caption>", page)
    assert len(captions) == page.count("<table") == len(set(captions))
    assert re.findall(r'role="region" aria-label="(.+?)"', page) == captions


def test_settings_that_are_not_the_defaults_are_marked() -> None:
    settings = asdict(TrainingSettings(epochs=20, fan_outs=(3, 4)))
    page = render(replace(LINKS, settings=settings, versions={"torch": "9.9.9"}))
    for row in (
        "<tr class=own><td>epochs</td><td>20</td><td>200</td>",
        "<tr class=own><td>fan_outs</td><td>3, 4</td><td>10, 15</td>",
        "<tr><td>weight_decay</td><td>0.0001</td><td>0.0001</td>",
        "<tr><td>torch</td><td>9.9.9</td>",
    ):
        assert row in page


def test_importance_says_which_figure_drops_and_what_was_not_tried() -> None:
    page = render(PROPERTY)
    assert "How much worse Macro F1 is" in page
    assert "on 1,234 held-out elements" in page
    assert "For 3 more there was no time" in page
    assert "Importance" not in render(replace(PROPERTY, importance=None))


def test_reports_from_before_the_new_parts_have_a_page() -> None:
    """Fields that came later have defaults, so that reports are made without them."""
    page = render(replace(LINKS, curves={}, settings={}, versions={}))
    assert "precision-recall" not in page
    assert "Versions" not in page


def test_examples_have_names_beside_ids() -> None:
    names = {"source": {"u1": "Ann"}, "target": {"u2": "Bill", "u3": "u3"}}
    shown = Example("u1", "knows", "out", (("u2", 0.5),), ("u3",), 1, names)
    page = render(replace(LINKS, examples=(shown,)))
    assert "<td>Ann (u1)</td><td>knows out</td><td>u3</td><td>Bill (u2) 0.50</td>" in page
