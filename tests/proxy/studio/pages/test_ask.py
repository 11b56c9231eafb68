"""The page Ask: filters, names, properties of vertices and of edges, and wrong input."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from studio import Page, studio

from gremlink.proxy.studio.endpoints import Described
from gremlink.proxy.studio.pages import ask

HOSTILE = "<img src=x onerror=alert(1)> \"'` 😀"
REPORT = {
    "weights": {"gnn": 0.75, "knn": 0.25, "prior": 0.0},
    "reliability": [{"score": 0.9, "share": 0.8}],
}


def model(task: str, **manifest: Any) -> Described:
    return Described(task, Path(), "", {"task": task, **manifest}, REPORT)


WHY = {
    "methods": {"gnn": {"weight": 0.75, "says": 0.8}},
    "features": [{"property": HOSTILE, "part": -0.25}],
    "links": [{"link": "-FRIEND->", "count": 3, "part": 0.5}],
    "neighbours": [{"link": "-FRIEND->", "vertex": "2", "part": 0.125, "values": [HOSTILE]}],
    "examples": [{"id": "2", "values": [HOSTILE], "similarity": 0.93}],
    "alike": "features",
    "notes": ["2 of 9 properties were left out one by one"],
}
MODELS = [
    model("link_prediction", relations=[["User", "FRIEND", "User"]]),
    model("node_classification", target={"owner": "User", "key": "team"}),
    model("node_regression", target={"owner": "User", "key": "age"}),
    model("edge_classification", target={"owner": ["User", "FRIEND", "User"], "key": "close"}),
]


def database(query: str) -> Sequence[Any]:
    """Answer as a graph of the users `1` and `2`, each with a hostile name."""
    if "Neptune#ml.explain" in query and "properties(" in query:
        return [HOSTILE, {**WHY, "score": 0.75}] if "classification" in query else [41.5, WHY]
    if "Neptune#ml.explain" in query:
        why = {
            "score": 0.9,
            "contributions": {"gnn": 1.5},
            "features": {"age": {"similarity": 0.5}},
        }
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


async def asked(
    tmp_path: Path, path: str = "", *filters: tuple[str, str, str], **fields: str
) -> tuple[Page, list[str]]:
    pairs = list(fields.items())
    for each in filters:
        pairs += zip(("key", "comparison", "value"), each, strict=True)
    async with studio(tmp_path, database) as site:
        page = await site.get(f"/studio/ask{path}?{urlencode(pairs)}")
        return page, [each for each in site.asked if "Neptune#ml.endpoint" in each]


async def test_a_filter_is_applied_to_the_candidates(tmp_path: Path) -> None:
    page, (query,) = await asked(
        tmp_path,
        "",
        (HOSTILE, "is at least", "30"),
        ("", "is", ""),
        ("", "id is none of", "2, s:1"),
        ("city", "is one of", '7, "7", "a, b"'),
        vertex="s:1",
    )
    assert page.status == 200
    assert ".with('Neptune#ml.filterFirst').hasLabel('User').has(" in query
    assert "P.gte(30)" in query
    assert ".hasId(P.without('2', '1')).has('city', P.within(7, '7', 'a, b'))" in query
    assert page.text.count('name="comparison"') == 4
    assert HOSTILE in page.seen
    assert "<img src=x" not in page.text
    assert "scores were off by 10 of 100 on average" in page.seen
    assert "Links that were there 0.90 80 %" in page.seen
    assert "comparison=is+at+least" in page.text or "comparison=is%20at%20least" in page.text


async def test_classes_with_what_is_stored_nearby_and_the_methods(tmp_path: Path) -> None:
    page, (query,) = await asked(tmp_path, endpoint="node_classification", vertex="s:1")
    assert "Neptune#ml.classification" in query
    assert HOSTILE in page.seen
    assert "0.750" in page.seen
    assert "On linked vertices" in page.seen
    assert "red 2 blue 1" in page.seen
    assert "answer=%3Cimg+src" in page.text


@pytest.mark.parametrize("task", ["node_classification", "node_regression", "edge_classification"])
async def test_why_a_value(tmp_path: Path, task: str) -> None:
    answer = "41.5" if task == "node_regression" else HOSTILE
    page, (query,) = await asked(
        tmp_path, "/why", endpoint=task, vertex="s:1", target="s:2", answer=answer
    )
    assert page.status == 200
    assert "'Neptune#ml.explain').with(" in query
    assert "Neptune#ml.explain" in page.seen
    for said in (
        "-0.25",
        "-FRIEND-> 3 links",
        "+0.125",
        "93 %",
        "gnn 0.75 0.8",
        "2 of 9 properties",
    ):
        assert said in page.seen, said
    assert "<img src=x" not in page.text


async def test_why_a_value_that_is_not_predicted(tmp_path: Path) -> None:
    page, _ = await asked(
        tmp_path, "/why", endpoint="node_classification", vertex="s:1", answer="x"
    )
    assert "not among the predicted values" in page.seen


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
        ("age", "is", "7"),
        ("", "id is one of", "2"),
        endpoint="link_prediction",
        vertex="s:1",
        target="s:2",
    )
    assert "gnn" in page.seen
    assert "+1.50" in page.seen
    assert "key=age&amp;comparison=is&amp;value=7&amp;key=&amp;comparison=id+is+one" in page.text


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
        ({"vertex": "s:1", "key": "age", "comparison": "is one of"}, "a list of 1 to"),
        ({"vertex": "s:1", "key": "age", "comparison": "is there", "value": "1"}, "no value"),
        ({"vertex": "s:1", "comparison": "id is one of", "value": "9"}, "no User '9'"),
        ({"vertex": "s:1", "key": "a", "comparison": "id is one of"}, "the vertex itself"),
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
