"""`/sparql/statistics` and `/rdf/statistics/summary`, judged by AWS's own description."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from api_requests import send
from running_api import RunningApi
from service_model import faults

from gremlink.proxy.config import Sparql
from gremlink.proxy.graph.rdf.client import RdfStore

DATA = """INSERT DATA {
  <http://e/a> a <http://e/Person> ; <http://e/name> "A" ; <http://e/knows> <http://e/b> .
  GRAPH <http://e/g1> {
    <http://e/b> a <http://e/Person> ; <http://e/name> "B" , "C" .
    <http://e/c> a <http://e/Film> }
  GRAPH <http://e/g2> { <http://e/d> a <http://e/Film> . [] <http://e/name> "blank" }
}"""
TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory, sparql: Sparql) -> Iterator[RunningApi]:
    token = None if sparql.token is None else sparql.token.get_secret_value()
    settings = {"url": sparql.url, "token": token}
    with RunningApi(tmp_path_factory.mktemp("api"), sparql=settings) as running:
        yield running


@pytest.fixture
def neptune(api: RunningApi, store: RdfStore) -> Any:
    store.update(DATA)
    found = api.client()
    found.manage_sparql_statistics(mode="enableAutoCompute")
    found.manage_sparql_statistics(mode="refresh")
    return found


def test_summaries_count_all_graphs(api: RunningApi, neptune: Any) -> None:
    reply = neptune.get_rdf_graph_summary(mode="detailed")["payload"]
    assert reply["version"] == "v1"
    summary = reply["graphSummary"]
    structures = summary.pop("subjectStructures")
    assert summary == {
        "numDistinctSubjects": 5,
        "numDistinctPredicates": 3,
        "numQuads": 9,
        "numClasses": 2,
        "classes": ["http://e/Film", "http://e/Person"],
        "predicates": [{"http://e/name": 4}, {TYPE: 4}, {"http://e/knows": 1}],
    }
    found = {frozenset(each["predicates"]): each["count"] for each in structures}
    assert found == {
        frozenset({TYPE, "http://e/name", "http://e/knows"}): 1,
        frozenset({TYPE, "http://e/name"}): 1,
        frozenset({TYPE}): 2,
        frozenset({"http://e/name"}): 1,
    }
    basic = neptune.get_rdf_graph_summary()["payload"]["graphSummary"]
    assert "subjectStructures" not in basic
    status, document = send(api.address, "GET", "/rdf/statistics/summary?mode=detailed")
    assert status == 200
    assert document.pop("status") == "200 OK"  # as Neptune sends it, and the model does not know
    assert faults("GetRDFGraphSummary", document) == []
    assert send(api.address, "GET", "/rdf/statistics/summary?mode=all")[0] == 400


def test_statistics_are_managed(api: RunningApi, neptune: Any, store: RdfStore) -> None:
    status, document = send(api.address, "GET", "/sparql/statistics")
    assert status == 200
    assert faults("GetSparqlStatistics", document) == []
    payload = neptune.get_sparql_statistics()["payload"]
    assert payload["signatureInfo"] == {
        "signatureCount": 4,
        "instanceCount": 5,
        "predicateCount": 3,
    }
    assert (payload["active"], payload["autoCompute"]) == (True, True)
    store.update("CLEAR ALL")
    # Counts are kept for a while, until they are wanted anew.
    assert neptune.get_sparql_statistics()["payload"]["signatureInfo"]["instanceCount"] == 5
    refreshed = neptune.manage_sparql_statistics(mode="refresh")["payload"]["statisticsId"]
    payload = neptune.get_sparql_statistics()["payload"]
    assert payload["statisticsId"] == refreshed
    assert payload["signatureInfo"]["instanceCount"] == 0
    deleted = neptune.delete_sparql_statistics()["payload"]
    assert deleted == {"active": False, "statisticsId": "-1"}
    with pytest.raises(neptune.exceptions.StatisticsNotAvailableException, match="refresh"):
        neptune.get_sparql_statistics()
    neptune.manage_sparql_statistics(mode="enableAutoCompute")
    assert neptune.get_sparql_statistics()["payload"]["autoCompute"] is True


def test_the_stream_is_refused(neptune: Any) -> None:
    with pytest.raises(neptune.exceptions.UnsupportedOperationException, match="stream of changes"):
        neptune.get_sparql_stream()


def test_a_store_that_does_not_answer_is_said_to_be_so(tmp_path: Path) -> None:
    with RunningApi(tmp_path, sparql={"url": "http://127.0.0.1:1/query"}) as running:
        neptune = running.client()
        with pytest.raises(
            neptune.exceptions.StatisticsNotAvailableException, match="Connection refused"
        ):
            neptune.get_rdf_graph_summary()
