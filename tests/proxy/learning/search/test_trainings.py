"""A search inside a training: of links and of a property, here and in processes of its own."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from communities import write_communities
from teams import write_teams

from gremlink.proxy.learning.reports.link_report import LinkReport
from gremlink.proxy.learning.reports.property_report import PropertyReport
from gremlink.proxy.learning.search.configuration import BadHpoConfiguration
from gremlink.proxy.learning.settings import SearchSettings, TrainingSettings
from gremlink.proxy.learning.workflows.process import prepare
from gremlink.proxy.learning.workflows.train import train
from gremlink.proxy.store.artifacts import read_manifest

QUICK = TrainingSettings(epochs=10, cross_validate_up_to=0, folds=2, networks=2, threads=1)
TEAM = {"label": ["team", "classification"]}
FILE = "model-hpo-configuration.json"


@pytest.fixture(scope="module")
def links(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("links")
    prepare(write_communities(directory / "export"), directory / "processed")
    return directory / "processed"


@pytest.fixture(scope="module")
def teams(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("teams")
    prepare(write_teams(directory / "export", of_people=TEAM), directory / "processed")
    return directory / "processed"


def edited(processed: Path, path: Path, **changes: object) -> Path:
    document = json.loads((processed / FILE).read_text())
    document["models"][0] |= changes
    path.write_text(json.dumps(document))
    return path


def test_trials_are_reported_and_the_best_settings_are_kept(links: Path, tmp_path: Path) -> None:
    search = SearchSettings(trials=4)
    report = train(links, tmp_path / "model", settings=QUICK, search=search)
    assert isinstance(report, LinkReport)
    assert report.search is not None
    assert report.search.network == "rgcn"
    assert len(report.search.trials) == 4
    # What was set on purpose is not searched.
    assert set(report.search.parameters) == {"num-hidden", "lr"}
    tuned = read_manifest(tmp_path / "model")["tuned"]
    assert tuned == {"rgcn": report.search.parameters}
    page = (tmp_path / "model" / "report.html").read_text()
    assert "The search" in page
    assert "num-hidden" in page
    document = json.loads((tmp_path / "model" / "report.json").read_text())
    assert len(document["search"]["trials"]) == 4


@pytest.mark.slow
def test_processes_find_what_this_one_finds(teams: Path, tmp_path: Path) -> None:
    reports = []
    for parallel in (1, 2):
        search = SearchSettings(trials=2, parallel=parallel)
        report = train(teams, tmp_path / str(parallel), settings=QUICK, search=search)
        assert isinstance(report, PropertyReport)
        assert report.search is not None
        assert report.search.parallel == parallel
        reports.append([(row.parameters, row.value) for row in report.search.trials])
    # Proposals are random at first: so they are the same here, whatever runs at a time.
    assert reports[0] == reports[1]


def test_an_edited_file_decides(links: Path, tmp_path: Path) -> None:
    # The documentation calls the task otherwise than the files that Neptune writes.
    task = "link_prediction"
    only = [{"param": "lr", "type": "float", "options": [0.002], "default": 0.002}]
    width = [{"param": "num-hidden", "type": "int", "default": 24}]
    path = edited(
        links,
        tmp_path / FILE,
        model="distmult",
        task_type=task,
        **{"1-tier-param": only, "2-tier-param": [], "3-tier-param": [], "fixed-param": width},
    )
    search = SearchSettings(configuration=path)
    report = train(links, tmp_path / "model", settings=QUICK, search=search)
    assert report.model == "distmult"
    settings = read_manifest(tmp_path / "model")["settings"]
    assert (settings["width"], settings["learning_rate"]) == (24, 0.002)


def test_settings_of_purpose_count_more_than_the_file(links: Path, tmp_path: Path) -> None:
    report = train(links, tmp_path / "model", model="rgcn", settings=replace(QUICK, width=8))
    assert report.model == "rgcn"
    settings = read_manifest(tmp_path / "model")["settings"]
    assert (settings["width"], settings["epochs"]) == (8, 10)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"task_type": "node_class"},
            "task_type is 'node_class', and the data are for 'link_predict'",
        ),
        ({"task_type": "clustering"}, "task_type is 'clustering': use one of node_class,"),
        ({"model": "custom"}, "the model 'custom' cannot learn this: choose one of auto, rgcn"),
        ({"eval_metric": {"metric": "F1"}}, "link prediction are judged by 'mrr'"),
        (
            {"fixed-param": [{"param": "hidden-share", "type": "float", "default": 2.0}],
             "2-tier-param": []},
            "hidden_share is 2.0: it must be between 0 and 1",
        ),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_is_refused(
    links: Path, tmp_path: Path, changes: dict[str, object], message: str
) -> None:
    path = edited(links, tmp_path / FILE, **changes)
    search = SearchSettings(trials=2, configuration=path)
    with pytest.raises(BadHpoConfiguration) as caught:
        train(links, tmp_path / "model", settings=QUICK, search=search)
    assert message in str(caught.value)
    assert not (tmp_path / "model").exists()


def test_a_metric_for_numbers_is_refused_for_classes(teams: Path, tmp_path: Path) -> None:
    path = edited(teams, tmp_path / FILE, eval_metric={"metric": "mse"})
    search = SearchSettings(trials=2, configuration=path)
    with pytest.raises(BadHpoConfiguration, match="use acc, acc_topk, F1"):
        train(teams, tmp_path / "model", settings=QUICK, search=search)


def test_few_edges_are_searched_by_cross_validation(links: Path, tmp_path: Path) -> None:
    settings = replace(QUICK, epochs=5, cross_validate_up_to=2000)
    report = train(
        links, tmp_path / "model", model="rgcn", settings=settings, search=SearchSettings(trials=2)
    )
    assert report.search is not None
    assert any("chosen on the edges that judge it" in warning for warning in report.warnings)


def test_a_method_without_a_network_has_nothing_to_search(links: Path, tmp_path: Path) -> None:
    report = train(
        links,
        tmp_path / "model",
        model="popularity",
        settings=QUICK,
        search=SearchSettings(trials=2),
    )
    assert report.search is None
    assert any("there was no search" in warning for warning in report.warnings)
