"""The report of a link training: everything that it promises is on the page."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from communities import write_communities

from gremlink.proxy.learning.settings import SearchSettings, TrainingSettings
from gremlink.proxy.learning.workflows.train import train

SETTINGS = TrainingSettings(epochs=20, width=8, cross_validate_up_to=0, threads=1)
SECTIONS = (
    "The graph",
    "Methods",
    "Ranks of the held-out links",
    "Learning",
    "The blend",
    "Calibration",
    "ROC and precision-recall",
    "Relations and directions",
    "The search",
    "Examples",
    "The run",
)
FIGURES = ("MRR", "hits@1", "hits@3", "hits@10", "hits@100", "ndcg@10", "recall@10", "recall@20")


class Sections(HTMLParser):
    """The texts of cells, and the number of plots, by section."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: dict[str, list[list[str]]] = {}
        self.plots: dict[str, int] = {}
        self._section = ""
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self._inside = tag
        if tag == "svg":
            self.plots[self._section] = self.plots.get(self._section, 0) + 1
        elif tag == "tr":
            self.rows.setdefault(self._section, []).append([])
        elif tag in ("td", "th"):
            self.rows[self._section][-1].append("")

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "h2":
            self._section = data
            self.rows.setdefault(data, [])
        elif self._inside in ("td", "th"):
            self.rows[self._section][-1][-1] += data


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("page")
    export = write_communities(directory / "export", people=30)
    train(export, directory / "model", settings=SETTINGS, search=SearchSettings(trials=2))
    return directory / "model"


@pytest.fixture(scope="module")
def sections(model: Path) -> Sections:
    found = Sections()
    found.feed((model / "report.html").read_text())
    return found


def test_every_section_is_there(sections: Sections) -> None:
    # Embeddings are on the page where a network is served: see below.
    assert set(sections.rows) - {"", "Embeddings"} == set(SECTIONS)


def test_the_graph_is_counted(sections: Sections) -> None:
    rows = sections.rows["The graph"]
    assert ["Person", "30"] in rows
    assert any(row[0] == "(Person)-likes->(Thing)" and int(row[1]) > 0 for row in rows)


def test_the_model_stands_beside_all_methods_with_seconds_and_memory(sections: Sections) -> None:
    header, own, *others = sections.rows["Methods"]
    assert header == ["Method", *FIGURES, "Seconds", "Estimate", "MiB"]
    assert own[0] == "auto"
    assert re.fullmatch(r"0\.\d{4} \(0\.\d{3} to [01]\.\d{3}\)", own[1]), "with its interval"
    assert {"rgcn", "popularity", "common-neighbours", "(a random order)"} <= {
        row[0] for row in others
    }
    seconds = [float(row[-3]) for row in [own, *others] if row[-3]]
    assert len(seconds) == len(others), "all but the random order"


def test_what_is_better_seen_than_read_is_a_plot(sections: Sections) -> None:
    assert sections.plots["Ranks of the held-out links"] == 1
    assert sections.plots["Learning"] == 2, "the loss, and MRR on held-out links"
    assert sections.plots["Calibration"] == 1
    assert sections.plots["ROC and precision-recall"] == 2
    assert sections.plots["The search"] >= 1


def test_the_embeddings_of_a_network_are_a_plot(tmp_path: Path) -> None:
    export = write_communities(tmp_path / "export", people=30)
    train(export, tmp_path / "model", model="rgcn", settings=SETTINGS)
    found = Sections()
    found.feed((tmp_path / "model" / "report.html").read_text())
    assert found.plots["Embeddings"] == 1


def test_the_blend_has_weights_for_each_relation_and_direction(sections: Sections) -> None:
    _, *rows = sections.rows["The blend"]
    directions = {(row[0], row[1]) for row in rows}
    assert len(directions) == len(rows) == 4
    assert all(re.match(r"[a-z0-9-]+ \d\.\d\d", row[2]) for row in rows)


def test_each_relation_and_direction_has_its_figures(sections: Sections) -> None:
    header, *rows = sections.rows["Relations and directions"]
    assert [name.lower() for name in header[2:]] == [name.lower() for name in FIGURES]
    assert len({row[0] for row in rows}) == 4


def test_there_are_ten_examples(sections: Sections, model: Path) -> None:
    _, *rows = sections.rows["Examples"]
    assert len(rows) == 10
    document = json.loads((model / "report.json").read_text())
    assert [row[0] for row in rows] == [each["source"] for each in document["examples"]]
    assert all(each["source"] not in each["known"] for each in document["examples"])
    assert all(len(each["known"]) == min(each["links"], 3) for each in document["examples"])


def test_every_trial_of_the_search_is_listed(sections: Sections) -> None:
    _, *rows = sections.rows["The search"]
    assert len(rows) == 2


def test_the_protocol_is_told(model: Path) -> None:
    page = (model / "report.html").read_text()
    assert re.search(r"Protocol: \d+ test edges, held out .* full ranking", page)
    assert re.search(r"Time: .*the blend \d+\.\d s", page)


def test_settings_and_versions_are_told(sections: Sections, model: Path) -> None:
    rows = sections.rows["The run"]
    assert ["epochs", "20", "200"] in rows
    document = json.loads((model / "report.json").read_text())
    manifest = json.loads((model / "artifact.json").read_text())
    assert document["settings"] == manifest["settings"]
    assert document["versions"] == manifest["versions"]
    for name in ("torch", "dgl", "numpy", "scikit-learn", "python", "gremlink"):
        assert [name, document["versions"][name]] in rows
