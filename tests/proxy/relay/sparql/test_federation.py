"""The block as a federated endpoint of a real store, and for whom it answers."""

from __future__ import annotations

import json
import urllib.error
from collections.abc import Iterator

import pytest
from federated_blocks import BLOCK, PEOPLE, PREFIX, QUERIES, api, send, solutions
from oxigraph_server import StoreAddresses, oxigraph_server
from running_api import RunningApi


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApi]:
    with api(tmp_path_factory.mktemp("api")) as found:
        yield found


@pytest.fixture(scope="module")
def store() -> Iterator[StoreAddresses]:
    with oxigraph_server() as found:
        assert found.update is not None
        send(found.update, PEOPLE, kind="update")
        yield found


@pytest.mark.parametrize(("query", "expected"), QUERIES)
def test_a_store_asks_it(running, store, query, expected):
    assert len(solutions(store.query, running.address, query)) == expected


@pytest.mark.parametrize(
    ("accept", "kind", "piece"),
    [
        ("", "application/sparql-results+json", '"value": "http://x/film1"'),
        ("application/sparql-results+xml", "application/sparql-results+xml", "<uri>http://x/film1"),
        ("text/csv;q=0.5, text/tab-separated-values", "text/tab-separated-values", "<http://x/film1>"),
        ("text/csv, */*;q=0.1", "text/csv", "http://x/film1,0.5"),
    ],
)  # fmt: skip
def test_the_format_is_one_that_is_accepted(running, accept, kind, piece):
    query = f"{PREFIX}SELECT ?who ?film ?score {{ {BLOCK} }}"
    found, content = send(f"{running.address}/sparql/inference", query, Accept=accept or "*/*")
    assert found == kind
    assert piece in content


def test_an_output_that_the_store_has_bound_joins(running):
    block = BLOCK.replace("?film", "<http://x/film2>").replace("?who", "<http://x/ann>")
    _, content = send(f"{running.address}/sparql/inference", f"{PREFIX}SELECT * {{ {block} }}")
    document = json.loads(content)
    assert document["head"]["vars"] == ["score"]
    assert len(document["results"]["bindings"]) == 1


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELECT * { ?s ?p ?o }", "A federated query describes an inference"),
        (f"{PREFIX}SELECT * {{ {BLOCK} ".replace("people", "others") + "}", "others not found"),
        ("SELECT * {", ""),
    ],
)
def test_errors_are_those_of_queries(running, query, said):
    with pytest.raises(urllib.error.HTTPError) as caught:
        send(f"{running.address}/sparql/inference", query)
    with caught.value:
        document = json.loads(caught.value.read())
    assert (caught.value.code, set(document)) == (
        400,
        {"requestId", "code", "detailedMessage", "message"},
    )
    assert said in document["detailedMessage"]


def test_it_needs_the_credentials_of_the_management_api(tmp_path):
    with api(tmp_path, access={"token": "t" * 20}) as closed:
        address, query = f"{closed.address}/sparql/inference", f"{PREFIX}SELECT * {{ {BLOCK} }}"
        with pytest.raises(urllib.error.HTTPError) as caught:
            send(address, query)
        caught.value.close()
        assert caught.value.code == 403
        assert "film1" in send(address, query, Authorization="Bearer " + "t" * 20)[1]


def test_updates_are_refused(running):
    with pytest.raises(urllib.error.HTTPError) as caught:
        send(f"{running.address}/sparql/inference", "CLEAR ALL", kind="update")
    caught.value.close()
    assert caught.value.code == 400
