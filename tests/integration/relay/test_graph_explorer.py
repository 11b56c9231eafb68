"""Requests of AWS's graph-explorer, as its server sends them, with the answers that its page reads.

The shapes are those of graph-explorer 2 and 3: the summary, the schema from one sample of each
label, search, neighbours, details, a query of the user's own, and cancelling one.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from managed_proxy import Proxy, serving
from served import export_friends

import gremlink
from gremlink.proxy.embedded import EmbeddedServer
from gremlink.proxy.store.records import Store

ASKS = {"User-Agent": "graph-explorer/3.1.0"}
QUERIES = {
    "vertex labels": "g.V().groupCount().by(label)",
    "edge labels": "g.E().groupCount().by(label)",
    "vertex samples": 'g.V().limit(1).project("User").by(V().hasLabel("User").limit(1))',
    "samples of edges": 'g.V().limit(1).project("FRIEND").by(V().bothE("FRIEND").limit(1))',
    "connections": 'g.E().groupCount().by(project("e", "s", "t").by(label())'
    ".by(outV().label().fold()).by(inV().label().fold()))",
    "sampled connections": 'g.V().limit(1).union(V().outE("FRIEND").limit(5))'
    '.group().by(label()).by(project("s", "t").by(outV().label().fold())'
    ".by(inV().label().fold()).groupCount())",
    "search": 'g.V().hasLabel("User").or(has(id,containing("Hen")),has("name",containing("Hen")))'
    ".range(0,10)",
    "exact search": 'g.V().or(has(id,"user_19"),has("name","user_19")).range(0,10)',
    "counts of one": 'g.V("user_19").both().dedup().group().by(label).by(count())',
    "counts of some": 'g.V("user_19","user_01").group().by(id).by(both().dedup()'
    ".groupCount().by(label))",
    "neighbours": 'g.V("user_19").as("start").both().hasLabel("User")'
    '.and(has("name",neq("Bill"))).filter(__.not(__.hasId("user_05"))).dedup().range(0, 10)'
    '.as("neighbor").project("vertex", "edges").by().by(__.select("start").bothE()'
    '.where(otherV().where(eq("neighbor"))).dedup().fold())',
    "details": 'g.V("user_19","user_01")',
}


@pytest.fixture(scope="module")
def proxy(
    gremlin_server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Proxy]:
    here = tmp_path_factory.mktemp("explored")
    with ThreadPoolExecutor(1) as beside:
        beside.submit(export_friends, gremlin_server.url, here / "export").result()
    gremlink.train(here / "export", here / "artifact", budget=2)
    Store(here / "proxy" / "store").create_endpoint("friends", here / "artifact")
    with serving(gremlin_server.url, here / "proxy") as found:
        yield found


def asked(address: str, query: str, query_id: str | None = None) -> dict[str, Any]:
    """The answer to a query, as graph-explorer's server asks and its page reads."""
    body = {"gremlin": query} | ({} if query_id is None else {"queryId": query_id})
    headers = {"Content-Type": "application/json", "Accept": "application/vnd.gremlin-v3.0+json"}
    request = Request(f"{address}/gremlin", json.dumps(body).encode(), headers | ASKS)
    with urlopen(request, timeout=60) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def rows(answer: dict[str, Any]) -> list[Any]:
    assert answer["result"]["data"]["@type"] == "g:List"
    found: list[Any] = answer["result"]["data"]["@value"]
    return found


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_has_the_answer_of_the_database(
    proxy: Proxy, gremlin_server: EmbeddedServer, name: str
) -> None:
    direct = f"http://127.0.0.1:{gremlin_server.port}"
    there, here = (asked(address, QUERIES[name]) for address in (direct, proxy.address))
    assert rows(here) == rows(there)
    assert rows(here), "nothing found: the query tests nothing"


def test_the_summary_has_what_the_schema_is_made_of(proxy: Proxy) -> None:
    address = f"{proxy.address}/pg/statistics/summary?mode=detailed"
    with urlopen(Request(address, headers=ASKS), timeout=60) as answer:
        summary = json.load(answer)["payload"]["graphSummary"]
    assert set(summary["nodeLabels"]) == {"User"}
    assert "FRIEND" in summary["edgeLabels"]
    assert summary["numNodes"] >= 20 < summary["numEdges"]


def test_predicted_links_are_vertices_for_the_page(proxy: Proxy) -> None:
    query = (
        'g.with("Neptune#ml.endpoint","friends").with("Neptune#ml.limit",3).V("user_19")'
        '.out("FRIEND").with("Neptune#ml.prediction").hasLabel("User")'
    )
    found = rows(asked(proxy.address, query, "5f9a3a0e-0000-4000-8000-00000000000a"))
    assert [each["@type"] for each in found] == ["g:Vertex"] * 3
    assert all("name" in each["@value"]["properties"] for each in found)


def test_an_error_has_the_sentence_that_the_page_shows(proxy: Proxy) -> None:
    with pytest.raises(HTTPError) as refused:
        asked(proxy.address, 'g.V("user_19").out("FRIEND").with("Neptune#ml.prediction")')
    with refused.value as answer:
        document = json.load(answer)
    assert document["detailedMessage"]
    assert document["code"]


def test_a_query_that_nobody_waits_for_is_cancelled_by_its_id(proxy: Proxy) -> None:
    name = "5f9a3a0e-0000-4000-8000-00000000000b"
    slow = "Thread.sleep(6000); g.inject(1)"
    with ThreadPoolExecutor(1) as beside:
        waiting = beside.submit(asked, proxy.address, slow, name)
        address = f"{proxy.address}/gremlin/status?cancelQuery=&queryId={name}"
        for _ in range(100):
            try:
                with urlopen(Request(address, headers=ASKS), timeout=30) as answer:
                    assert json.load(answer)["status"].startswith("200")
                break
            except HTTPError as early:  # it has not arrived yet
                early.close()
                time.sleep(0.1)
        with pytest.raises(HTTPError) as ended:
            waiting.result(timeout=60)
        ended.value.close()
