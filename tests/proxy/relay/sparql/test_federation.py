"""The block as a federated endpoint of a real store, and for whom it answers."""

from __future__ import annotations

import csv
import io
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from oxigraph_server import StoreAddresses, oxigraph_server
from running_api import RunningApi

from gremlink.grammar.traversal import Literal
from gremlink.proxy.inference.analysis.options import Settings
from gremlink.proxy.inference.commands import KnownLinks, ListVertices, PredictLinks, PrepareLinks
from gremlink.proxy.inference.errors import BadRequest
from gremlink.proxy.relay.offload import Offload
from gremlink.proxy.relay.sparql.federation import Federation

SPACE = "http://aws.amazon.com/neptune/vocab/v01/services/ml#"
BLOCK = """ml:config ml:modelType 'OBJECT_PREDICTION' ; ml:endpoint "people" ; ml:input ?who ;
  ml:predicate <http://x/likes> ; ml:output ?film ; ml:outputClass <http://x/Film> ;
  ml:outputScore ?score ; ml:limit 2 ."""
PREFIX = f"PREFIX ml: <{SPACE}> "
FILMS = [Literal.string("http://x/film1"), Literal.string("http://x/film2")]


async def predict(work: Any) -> Any:
    match work:
        case PrepareLinks(name):
            if name != "people":
                raise BadRequest(f"Endpoint {name} not found.")
        case ListVertices():
            return tuple(Literal.string(f"http://x/{name}") for name in ("ann", "tom", "sue"))
        case KnownLinks():
            return [frozenset() for _ in work.inputs]
        case PredictLinks():
            return [[(film, 0.5) for film in FILMS] for _ in work.inputs]
    return None


@contextmanager
def api(directory: Path, **settings: Any) -> Iterator[RunningApi]:
    offload = Offload()
    federate = Federation(predict, Settings(), offload, 30.0)
    with RunningApi(directory, federate=federate, **settings) as running:
        yield running
    offload.close()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApi]:
    with api(tmp_path_factory.mktemp("api")) as found:
        yield found


@pytest.fixture(scope="module")
def store() -> Iterator[StoreAddresses]:
    with oxigraph_server() as found:
        assert found.update is not None
        send(
            found.update,
            "INSERT DATA { <http://x/ann> a <http://x/Person> . <http://x/tom> a <http://x/Person>"
            " . <http://x/film2> a <http://x/Film> }",
            kind="update",
        )
        yield found


def send(address: str, text: str, *, kind: str = "query", **headers: str) -> tuple[str, str]:
    """Content type and content."""
    request = urllib.request.Request(
        address,
        urlencode({kind: text}).encode(),
        {k.replace("_", "-"): v for k, v in headers.items()},
    )
    with urllib.request.urlopen(request) as answer:
        return answer.headers.get("Content-Type", ""), answer.read().decode()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SELECT ?who ?film {{ ?who a <http://x/Person> . {S} }}", 4),
        ("SELECT ?who ?film {{ VALUES ?who {{ <http://x/ann> }} {S} }}", 2),
        ("SELECT ?who ?film {{ ?who a <http://x/Person> . {S} ?film a <http://x/Film> }}", 2),
        ("SELECT ?who ?film {{ {S} }}", 6),
        ("SELECT ?who (COUNT(*) AS ?n) {{ {S} }} GROUP BY ?who", 3),
    ],
)
def test_a_store_asks_it(running, store, query, expected):
    service = f"SERVICE <{running.address}/sparql/inference> {{ {BLOCK} }}"
    _, content = send(store.query, PREFIX + query.format(S=service), Accept="text/csv")
    assert len(list(csv.DictReader(io.StringIO(content)))) == expected


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
