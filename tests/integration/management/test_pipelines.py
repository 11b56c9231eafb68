"""Pipelines on a real graph and on a real RDF store: one request, and the endpoint answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from api_requests import send
from managed_proxy import Proxy, wait_for
from oxigraph_server import oxigraph_server
from rdf_proxy import served_rdf

GROUPS = 3
ALSO = (
    "g.V().drop().iterate(); "
    + "; ".join(
        f'g.addV("Person").property(T.id, "p{number}").property("team", "t{number % GROUPS}")'
        f'.property("age", {20 + number}).iterate()'
        for number in range(18)
    )
    + "; "
    + "; ".join(
        f'g.V("p{number}").addE("knows").to(__.V("p{(number + GROUPS * step) % 18}")).iterate()'
        for number in range(18)
        for step in (1, 2)
    )
)
LINKS = {"edge": ["Person", "knows", "Person"], "type": "link_prediction"}
TEAM = {"node": "Person", "property": "team", "type": "classification"}


@pytest.fixture(scope="module")
def graph(proxy: Proxy) -> Any:
    neptune = proxy.client()
    neptune.execute_gremlin_query(gremlinQuery=ALSO)
    yield neptune
    neptune.execute_gremlin_query(gremlinQuery="g.V().drop().iterate()")


def ran(proxy: Proxy, **body: Any) -> Any:
    status, started = send(proxy.address, "POST", "/ml/pipelines", body)
    assert status == 200, started
    path = f"/ml/pipelines/{started['id']}"
    return wait_for(lambda: send(proxy.address, "GET", path)[1], "Completed", "Failed", "Stopped")


def test_one_request_makes_an_endpoint(proxy: Proxy, graph: Any) -> None:
    off = {"node": "Person", "property": "age", "type": "none"}
    found = ran(
        proxy,
        id="first",
        endpoint="friends",
        target=LINKS,
        features=[off],
        modelName="common-neighbours",
        budgetInSeconds=2,
    )
    assert found["status"] == "Completed", json.dumps(found)
    assert [stage["status"] for stage in found["stages"]] == ["Completed"] * 4
    assert "common-neighbours" in {each["name"] for each in found["progress"]["methods"]}
    assert found["progress"]["share"] == 1.0
    export, _, trained = (Path(stage["outputLocation"]) for stage in found["stages"][:3])
    configuration = json.loads((export / "training-data-configuration.json").read_text())
    (features,) = (each["features"] for each in configuration["graph"]["nodes"])
    assert {"feature": ["age", "age", "none"]} in features
    assert json.loads((trained / "report.json").read_text())["budget"] == 2.0
    asked = (
        'g.with("Neptune#ml.endpoint", "friends").V("p0").out("knows")'
        '.with("Neptune#ml.prediction").hasLabel("Person").limit(1)'
    )
    assert graph.execute_gremlin_query(gremlinQuery=asked)["result"]["data"]["@value"]
    # As any other client sees it.
    assert graph.get_ml_model_training_job(id="first")["status"] == "Completed"
    assert graph.get_ml_endpoint(id="friends")["status"] == "InService"
    assert send(proxy.address, "GET", "/ml/pipelines")[1]["ids"][0] == "first"
    assert send(proxy.address, "DELETE", "/ml/pipelines/first?clean=true")[0] == 200
    assert not export.exists()
    assert not trained.exists()
    assert graph.execute_gremlin_query(gremlinQuery=asked)["result"]["data"]["@value"]


def test_a_target_that_the_graph_does_not_have(proxy: Proxy, graph: Any) -> None:
    found = ran(proxy, endpoint="none", target={**TEAM, "property": "taem"})
    assert found["status"] == "Failed"
    assert "did you mean 'team'" in found["failureReason"]


def test_the_rdf_store_is_learned_in_the_same_way(tmp_path: Path) -> None:
    names = "https://example.org/"
    statements = "".join(
        f"<{names}p{number}> a <{names}Person> ; <{names}team> 't{number % GROUPS}' ;"
        f" <{names}knows> <{names}p{(number + GROUPS) % 18}> .\n"
        for number in range(18)
    )
    with oxigraph_server() as addresses:
        from gremlink.proxy.graph.rdf.client import RdfStore

        RdfStore(addresses).update(f"INSERT DATA {{ {statements} }}")
        with served_rdf(str(addresses.query), tmp_path / "store") as address:
            target = {"node": f"{names}Person", "predicate": f"{names}team"}
            body = {
                "command": "export-rdf",
                "endpoint": "teams",
                "modelName": "neighbours",
                "target": {**target, "type": "classification"},
            }
            status, started = send(address, "POST", "/ml/pipelines", body)
            assert status == 200, started
            path = f"/ml/pipelines/{started['id']}"
            found = wait_for(lambda: send(address, "GET", path)[1], "Completed", "Failed")
            assert found["status"] == "Completed", json.dumps(found)
