"""The page Ask: filters, names, properties of vertices and of edges, and wrong input."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from studio import Page, studio

from gremlink.proxy.studio import asking
from gremlink.proxy.studio.endpoints import Described
from gremlink.proxy.studio.pages import ask

HOSTILE = "<img src=x onerror=alert(1)> \"'` 😀"
REPORT = {
    "weights": {"gnn": 0.75, "knn": 0.25, "prior": 0.0},
    "reliability": [{"score": 0.9, "share": 0.8}],
}


def model(task: str, **manifest: Any) -> Described:
    return Described(task, Path(), "", {"task": task, **manifest}, REPORT)


MODELS = [
    model("link_prediction", relations=[["User", "FRIEND", "User"]]),
    model("node_classification", target={"owner": "User", "key": "team"}),
    model("node_regression", target={"owner": "User", "key": "age"}),
    model("edge_classification", target={"owner": ["User", "FRIEND", "User"], "key": "close"}),
]


def database(query: str) -> Sequence[Any]:
    """Answer as a graph of the users `1` and `2`, each with a hostile name."""
    if "Neptune#ml.explain" in query:
        why = {"score": 0.9, "contributions": {"gnn": 1.5}, "paths": [], "notes": []}
        return [{"id": "2", "why": why}]
    if "Neptune#ml.prediction" in query:
        return [{"id": "2", "score": 0.9}]
    if "Neptune#ml.classification" in query:
        return [HOSTILE, 0.75]
    if "Neptune#ml.regression" in query:
        return [41.5]
    if "project('id', 'label', 'properties')" in query:
        name = [{"key": "name", "value": HOSTILE}]
        start = query.split(".limit(")[0]
        return [
            {"id": id, "label": "User", "properties": name} for id in "12" if f"'{id}'" in start
        ]
    if ".values(" in query:
        return ["red", "red", "blue"]
    if ".id()" in query and "out('FRIEND')" in query:
        return ["2"]
    return []


@pytest.fixture(autouse=True)
def endpoints(monkeypatch: pytest.MonkeyPatch) -> None:
    def named(store: object, name: str) -> Described | None:
        return next((each for each in MODELS if each.name == name), None)

    monkeypatch.setattr(ask, "described_endpoints", lambda store: MODELS)
    monkeypatch.setattr(ask, "described_endpoint", named)


async def asked(tmp_path: Path, path: str = "", **fields: str) -> tuple[Page, list[str]]:
    async with studio(tmp_path, database) as site:
        page = await site.get(f"/studio/ask{path}?{urlencode(fields)}")
        return page, [each for each in site.asked if "Neptune#ml.endpoint" in each]


async def test_a_filter_is_applied_to_the_candidates(tmp_path: Path) -> None:
    page, (query,) = await asked(
        tmp_path, vertex="s:1", key=HOSTILE, comparison="is at least", value="30"
    )
    assert page.status == 200
    assert ".with('Neptune#ml.filterFirst').hasLabel('User').has(" in query
    assert "P.gte(30)" in query
    assert HOSTILE in page.seen
    assert "<img src=x" not in page.text
    assert "scores were off by 10 of 100 on average" in page.seen
    assert "Links that were there 0.90 80 %" in page.seen
    assert "comparison=is+at+least" in page.text or "comparison=is%20at%20least" in page.text


@pytest.mark.parametrize(
    ("text", "value"),
    [("7", 7), ('"7"', "7"), ("-1.5", -1.5), ("true", True), ("1e9", "1e9"), ("", "")],
)
def test_values_of_filters(text: str, value: Any) -> None:
    assert asking.read_value(text) == value
    assert type(asking.read_value(text)) is type(value)


async def test_classes_with_what_is_stored_nearby_and_the_methods(tmp_path: Path) -> None:
    page, (query,) = await asked(tmp_path, endpoint="node_classification", vertex="s:1")
    assert "Neptune#ml.classification" in query
    assert HOSTILE in page.seen
    assert "0.750" in page.seen
    assert "On linked vertices" in page.seen
    assert "red 2 blue 1" in page.seen
    assert "gnn 0.75 knn 0.25" in page.seen
    assert "prior" not in page.seen


async def test_a_number_has_no_score(tmp_path: Path) -> None:
    page, _ = await asked(tmp_path, endpoint="node_regression", vertex="s:1")
    assert "41.5" in page.seen
    assert "A number has no score" in page.seen


async def test_an_edge_is_chosen_and_asked_about(tmp_path: Path) -> None:
    page, queries = await asked(tmp_path, endpoint="edge_classification", vertex="s:1")
    assert "Which edge of" in page.seen
    assert not queries
    assert "target=s%3A2" in page.text
    page, (query,) = await asked(
        tmp_path, endpoint="edge_classification", vertex="s:1", target="s:2"
    )
    assert ".outE('FRIEND').where(__.inV().hasId('2')).limit(1).properties('close'" in query
    assert "0.750" in page.seen
    assert "On the vertex's other edges" in page.seen


async def test_why_keeps_the_question(tmp_path: Path) -> None:
    page, _ = await asked(
        tmp_path,
        "/why",
        endpoint="link_prediction",
        vertex="s:1",
        target="s:2",
        key="age",
        value="7",
    )
    assert "gnn" in page.seen
    assert "+1.50" in page.seen
    assert "key=age" in page.text
    assert "value=7" in page.text


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"vertex": "s:9"}, "no vertex '9'"),
        ({"vertex": "s:1", "limit": "0"}, "no number of results"),
        ({"vertex": "s:1", "threshold": "2"}, "no threshold"),
        ({"vertex": "s:1", "threshold": "nan"}, "no threshold"),
        ({"vertex": "s:1", "value": "7"}, "a value and no property"),
        ({"vertex": "s:1", "key": "age", "comparison": "x"}, "no comparison"),
        ({"vertex": "s:1", "key": "age", "comparison": "contains"}, "looks for a text"),
        ({"vertex": "s:1", "relation": "x"}, "does not predict"),
        ({"endpoint": "gone", "vertex": "s:1"}, "no endpoint 'gone'"),
        ({"endpoint": "edge_classification", "vertex": "s:1", "target": "s:9"}, "at the end of"),
    ],
)
async def test_wrong_input_is_said_at_the_field(
    tmp_path: Path, fields: dict[str, str], sentence: str
) -> None:
    page, queries = await asked(tmp_path, **fields)
    assert page.status == 200
    assert sentence in page.seen
    assert 'class="wrong"' in page.text
    assert not queries
