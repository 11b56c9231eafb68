"""Models of RDF graphs on the page Ask: resources by IRI and label, SPARQL to copy, reasons."""

from __future__ import annotations

import ast
import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from studio import Page, studio

from gremlink.proxy.inference.analysis.options import Settings
from gremlink.proxy.inference.commands import PrepareLinks
from gremlink.proxy.inference.sparql.plan import Block, analyse_sparql
from gremlink.proxy.studio.asking import rdf
from gremlink.proxy.studio.asking.question import Question
from gremlink.proxy.studio.endpoints import Described
from gremlink.proxy.studio.pages import ask
from gremlink.proxy.studio.sparql import iri, local, short_iris
from gremlink.proxy.studio.visit import Visit

EX = "http://a.example/"
HOSTILE = "<img src=x onerror=alert(1)> \"'` 😀"
LIKES = [f"{EX}User", f"{EX}likes", f"{EX}Film"]


def model(task: str, **manifest: Any) -> Described:
    return Described(task, Path(), "", {"task": task, "rdf": True, **manifest}, {})


MODELS = [
    model("link_prediction", relations=[LIKES]),
    model("node_classification", target={"owner": f"{EX}Film", "key": f"{EX}genre"}),
    model("node_regression", target={"owner": f"{EX}Film", "key": f"{EX}score"}),
]
WHY = {
    "score": 0.75,
    "contributions": {"knn": 1.5},
    "paths": [{"path": [f"{EX}ann", f"-{EX}likes->", f"{EX}film1"], "strength": 0.5}],
    "features": {f"{EX}year": {"similarity": 0.5}},
    "methods": {"linear": {"weight": 1.0, "says": 0.8}},
    "links": [{"link": f"<-{EX}likes-", "count": 2, "part": 0.5}],
    "neighbours": [{"link": f"<-{EX}likes-", "vertex": f"{EX}ann", "part": 0.25}],
    "examples": [{"id": f"{EX}film1", "values": [f"<{EX}Drama>", '"War"@en'], "similarity": 0.9}],
    "alike": "links",
    "notes": [],
}
WHY_VALUE = {**WHY, "features": [{"property": f"{EX}year", "part": -0.125}]}


def uri(value: str) -> dict[str, str]:
    return {"type": "uri", "value": value}


def literal(value: str, **more: str) -> dict[str, str]:
    return {"type": "literal", "value": value, **more}


def store(query: str) -> list[Mapping[str, Any]]:
    """The rows of a store with the user `ann` and the film `film1`, both with hostile labels."""
    if "ml:inference" in query:
        if "PREDICTION" in query:
            return [{"answer": uri(f"{EX}film1"), "score": literal("0.75")}]
        return [{"value": literal(HOSTILE), "score": literal("0.5")}]
    if "SELECT ?s ?label" in query:
        found = [each for each in (f"{EX}ann", f"{EX}film1") if f"<{each}>" in query]
        return [
            {"s": uri(each), "label": literal(label, **tongue)}
            for each in found
            for label, tongue in ((HOSTILE, {}), ("Autre", {"xml:lang": "fr"}))
        ]
    if "SELECT DISTINCT ?s" in query:
        kind = "film1" if f"<{EX}Film>" in query else "ann"
        return [] if "nobody" in query else [{"s": uri(f"{EX}{kind}")}]
    return [{"o": uri(f"{EX}film1") if "isIRI(?o)" in query else literal("Drama")}]


@pytest.fixture
def queries(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    asked: list[str] = []

    async def fetch(
        self: Visit, method: str, path: str, body: bytes = b"", headers: Any = None
    ) -> tuple[int, bytes, str]:
        if path == "/sparql":
            (query,) = parse_qs(body.decode())["query"]
            asked.append(query)
            document: Any = {"results": {"bindings": store(query)}}
        else:
            payload = json.loads(body)
            asked.append(f"{path} {body.decode()}")
            if "vertices" in payload:
                value = 41.5 if "score" in payload["property"] else f'"{chr(92)}"x"@en'
                result = {"inferredValue": value, "explanation": WHY_VALUE}
                document = {"output": {"nodes": [{"mlResults": [result]}]}}
            else:
                result = {"inferredValue": f"{EX}film1", "explanation": WHY}
                document = {"output": {"edges": [{"mlResults": [result]}]}}
        return 200, json.dumps(document).encode(), "application/json"

    def named(store: object, name: str) -> Described | None:
        return next((each for each in MODELS if each.name == name), None)

    monkeypatch.setattr(Visit, "fetch", fetch)
    monkeypatch.setattr(ask, "described_endpoints", lambda store: MODELS)
    monkeypatch.setattr(ask, "described_endpoint", named)
    return asked


async def asked(tmp_path: Path, path: str = "", **fields: str) -> Page:
    sections = {"sparql": {"url": "http://127.0.0.1:9/"}}
    async with studio(tmp_path, **sections) as site:
        return await site.get(f"/studio/ask{path}?{urlencode(fields)}")


@pytest.mark.parametrize("vertex", [f"{EX}ann", f"<{EX}ann>", "ann", f"s:{EX}ann"])
async def test_links_of_a_resource(tmp_path: Path, queries: list[str], vertex: str) -> None:
    page = await asked(tmp_path, vertex=vertex, threshold="0.25")
    assert page.status == 200
    (query,) = [each for each in queries if "ml:inference" in each]
    assert f"ml:input       <{EX}ann>" in query
    assert 'ml:threshold   "0.25D"' in query
    for said in (HOSTILE, "0.750", "likes → ?", "Links that exist", "SPARQLWrapper", "rdflib"):
        assert said in page.seen, said
    assert "<img src=x" not in page.text
    for gremlin in ("Gremlin Console", "g.with(", "inductive", "Filters", "/studio/graph?vertex"):
        assert gremlin not in page.text


async def test_sources_are_asked_for_as_subjects(tmp_path: Path, queries: list[str]) -> None:
    await asked(tmp_path, vertex="film1", direction="in")
    (query,) = [each for each in queries if "ml:inference" in each]
    assert '"SUBJECT_PREDICTION"' in query
    assert f"ml:outputClass <{EX}User>" in query


async def test_without_a_resource_some_are_listed(tmp_path: Path, queries: list[str]) -> None:
    page = await asked(tmp_path)
    assert "Which User?" in page.seen
    assert f"vertex={EX}ann".replace(":", "%3A").replace("/", "%2F") in page.text
    assert not any("ml:inference" in each for each in queries)


async def test_values_with_those_nearby(tmp_path: Path, queries: list[str]) -> None:
    page = await asked(tmp_path, endpoint="node_classification", vertex="film1")
    assert f"genre of {HOSTILE}" in page.seen
    assert "Drama 1" in page.seen
    (query,) = [each for each in queries if "ml:inference" in each]
    assert '"OBJECT_CLASSIFICATION"' in query
    await asked(tmp_path, endpoint="node_regression", vertex="film1")
    assert '"OBJECT_REGRESSION"' in "".join(queries)
    assert "ml:limit" not in next(each for each in queries if "REGRESSION" in each)


async def test_why_a_link(tmp_path: Path, queries: list[str]) -> None:
    page = await asked(
        tmp_path, "/why", endpoint="link_prediction", vertex="ann", target=f"s:{EX}film1"
    )
    assert page.status == 200
    for said in (HOSTILE, "-likes->", "+1.50", "year : alike by 50 %"):
        assert said in page.seen, said
    assert '"explain": true' in queries[-2]
    gone = await asked(tmp_path, "/why", endpoint="link_prediction", vertex="ann", target="s:x")
    assert "not among the predicted ones" in gone.seen


async def test_why_a_value(tmp_path: Path, queries: list[str]) -> None:
    page = await asked(
        tmp_path, "/why", endpoint="node_classification", vertex="film1", answer='"x'
    )
    for said in ("<-likes- 2 links", "Drama, War", "year", "-0.125", "90 %"):
        assert said in page.seen, said
    assert "Neptune#ml" not in page.text
    number = await asked(tmp_path, "/why", endpoint="node_regression", vertex="film1")
    assert "Why 41.5?" in number.seen


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"vertex": "nobody"}, "no User 'nobody'"),
        ({"vertex": "ann", "limit": "0"}, "no number of results"),
        ({"vertex": "ann", "direction": "both"}, "out or in"),
    ],
)
async def test_wrong_input(
    tmp_path: Path, queries: list[str], fields: dict[str, str], sentence: str
) -> None:
    page = await asked(tmp_path, **fields)
    assert sentence in page.seen
    assert 'class="wrong"' in page.text


async def test_without_a_store_the_page_says_so(tmp_path: Path, queries: list[str]) -> None:
    async with studio(tmp_path) as site:
        page = await site.get("/studio/ask?vertex=ann")
    assert "the setting sparql.url names one" in page.seen
    assert not queries


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


def readable(text: str) -> str:
    """A text with what no IRI has in percent."""
    return "".join(
        f"%{ord(each):02X}" if each <= " " or each in '<>"{}|^`\\' else each for each in text
    )


def block_of(query: str) -> Block:
    analysed = analyse_sparql(query, Settings())
    assert analysed is not None
    (found,) = analysed.blocks
    return found


@given(TEXT, TEXT, TEXT)
def test_any_iris_stay_one_term_each(source: str, label: str, target: str) -> None:
    """The proxy's own reader finds the parameters that were written, and nothing else."""
    relation = [f"{EX}{each}" for each in ("User", label, target)]
    asked = Question("link_prediction", "", threshold="0.5")
    made = model("link_prediction", relations=[relation])
    query = rdf.links_in_sparql(asked, made, f"{EX}{source}")
    found = block_of(query)
    first, *_ = target.split(" ")  # which is between two classes
    assert found.model == PrepareLinks(
        "link_prediction", f"{EX}{readable(label)}", "out", f"{EX}{readable(first)}"
    )
    assert found.constants == (f"{EX}{readable(source)}",)
    assert (found.limit, found.threshold, found.output, found.score) == (10, 0.5, "answer", "score")
    for title, text in rdf.to_copy("http://localhost:8182", query):
        if title == "SPARQL":
            assert text == query
        elif title == "curl":
            command, _, rest = text.partition(" <<'SPARQL'\n")
            assert rest == f"{query}\nSPARQL"
            assert shlex.split(command)[2] == "http://localhost:8182/sparql"
        else:
            literals = [
                each.value
                for each in ast.walk(ast.parse(text))
                if isinstance(each, ast.Constant) and "PREFIX" in str(each.value)
            ]
            assert len(literals) == 1
            assert block_of(literals[0]) is not None


@pytest.mark.parametrize(
    ("text", "short"),
    [
        (f"({EX}User)-{EX}likes->({EX}Film)", "(User)-likes->(Film)"),
        (f"<-{EX}likes-", "<-likes-"),
        (f"-{EX}x#is-in->", "-is-in->"),
        ("urn:isbn:1", "1"),
        ("nothing here", "nothing here"),
    ],
)
def test_short_forms(text: str, short: str) -> None:
    assert short_iris(text) == short


def test_spelled_iris() -> None:
    assert iri("http://a/é b>\u202e") == "http://a/é%20b%3E\\u202E"
    assert local("http://a/b#") == "b"
    assert local("x") == "x"
