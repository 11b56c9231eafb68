"""The export service in front of a real graph: what is chosen, several configurations, an address
that nobody calls."""

from __future__ import annotations

import csv
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from api_requests import LOAD, send
from managed_proxy import Proxy, wait_for

GRAPH = """
  g.addV("Person").property(T.id, "p1").property("age", 20).as("p1").
    addV("Person").property(T.id, "p2").property("age", 30).as("p2").
    addV("Person").property(T.id, "p3").property("age", 40).as("p3").
    addV("Person").property(T.id, "p4").property("age", 50).as("p4").
    addV("Person").property(T.id, "p5").property("age", 60).as("p5").
    addV("City").property(T.id, "c1").as("c1").
    addE("knows").from("p1").to("p2").
    addE("knows").from("p2").to("p3").
    addE("knows").from("p3").to("p4").
    addE("knows").from("p4").to("p5").
    addE("visited").from("p2").to("p3").
    addE("lives").from("p1").to("c1").iterate()
"""
PEOPLE = {"p1", "p2", "p3", "p4", "p5"}
LINK = {"edge": ["Person", "knows", "Person"], "type": "link_prediction"}
AGE = {"node": "Person", "property": "age", "type": "regression"}


@pytest.fixture(scope="module")
def graph(proxy: Proxy) -> Any:
    """boto3's client of a proxy in front of that graph."""
    neptune = proxy.client()
    neptune.execute_gremlin_query(gremlinQuery="g.V().drop().iterate()")
    neptune.execute_gremlin_query(gremlinQuery=GRAPH)
    yield neptune
    neptune.execute_gremlin_query(gremlinQuery="g.V().drop().iterate()")


def ended(proxy: Proxy, path: str, **request: Any) -> Any:
    """How an export ended."""
    body = {"command": "export-pg", "outputS3Path": "s3://b/exports", **request}
    status, started = send(proxy.address, "POST", path, body)
    assert status == 200, started
    return wait_for(
        lambda: send(proxy.address, "GET", f"{path}/{started['jobId']}")[1], "succeeded", "failed"
    )


def exported(proxy: Proxy, path: str = "/v1/neptune-export", **request: Any) -> tuple[Any, Path]:
    """How an export ended well, and where its files are."""
    done = ended(proxy, path, **request)
    assert done["status"] == "succeeded", done
    return done, proxy.store.parent / "s3" / done["outputS3Uri"].removeprefix("s3://")


def ids(folder: Path, kind: str) -> set[str]:
    found = set()
    for path in (folder / kind).glob("*.csv"):
        with path.open(newline="") as file:
            found |= {row["~id"] for row in csv.DictReader(file)}
    return found


@pytest.mark.parametrize(
    ("path", "size"),
    [
        ("/v1/neptune-export", "small"),
        ("/v1/neptune-export", "xlarge"),
        ("/neptune-export", "large"),
    ],
)
def test_everything(graph: Any, proxy: Proxy, path: str, size: str) -> None:
    ended, folder = exported(proxy, path, jobSize=size)
    assert ids(folder, "nodes") == PEOPLE | {"c1"}
    assert len(ids(folder, "edges")) == 6
    assert "warnings" not in ended


@pytest.mark.parametrize(
    ("params", "nodes", "edges"),
    [
        ({"nodeLabels": ["Person"]}, PEOPLE, 5),
        ({"edgeLabels": ["knows", "lives"]}, PEOPLE | {"c1"}, 5),
        ({"nodeLabels": ["Person"], "edgeLabels": "knows"}, PEOPLE, 4),
        ({"gremlinNodeFilter": "has('age', gt(25))"}, PEOPLE - {"p1"}, 4),
        ({"gremlinEdgeFilter": "hasLabel('visited')"}, PEOPLE | {"c1"}, 1),
        ({"gremlinFilter": "hasLabel('Person', 'knows')"}, PEOPLE, 4),
    ],
)
def test_what_is_chosen(graph: Any, proxy: Proxy, params: Any, nodes: set[str], edges: int) -> None:
    _, folder = exported(proxy, params=params)
    assert ids(folder, "nodes") == nodes
    assert len(ids(folder, "edges")) == edges


def processed(graph: Any, proxy: Proxy, source: str, file: str) -> str:
    """The task of the model that an export is processed for, by one of its configurations."""
    id = graph.start_ml_data_processing_job(
        inputDataS3Location=source,
        processedDataS3Location="s3://b/processed",
        configFileName=file,
    )["id"]
    job = wait_for(lambda: graph.get_ml_data_processing_job(id=id), "Completed", "Failed")
    assert job["status"] == "Completed", job["processingJob"]["failureReason"]
    output = job["processingJob"]["outputLocation"].removeprefix("s3://")
    document = (proxy.store.parent / "s3" / output / "model-hpo-configuration.json").read_text()
    assert graph.cancel_ml_data_processing_job(id=id, clean=True)["status"] == "200 OK"
    (model,) = json.loads(document)["models"]
    return str(model["task_type"])


def test_several_configurations_are_written_and_any_is_processed(graph: Any, proxy: Proxy) -> None:
    jobs = [{"name": "links", "targets": [LINK]}, {"name": "ages", "targets": [AGE]}]
    ended, folder = exported(proxy, additionalParams={"neptune_ml": {"jobs": jobs}})
    assert sorted(path.stem for path in folder.glob("*s.json")) == ["ages", "links", "stats"]
    assert processed(graph, proxy, ended["outputS3Uri"], "links.json") == "link_predict"
    assert processed(graph, proxy, ended["outputS3Uri"], "ages.json") == "node_regression"


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (
            {"additionalParams": {"neptune_ml": {"targets": [{**AGE, "node": "Persona"}]}}},
            "no vertex with the label 'Persona'; did you mean 'Person'",
        ),
        (
            {
                "additionalParams": {
                    "neptune_ml": {"jobs": [{"targets": [{**AGE, "property": "Age"}]}]}
                }
            },
            "has the property 'Age'; did you mean 'age'",
        ),
        ({"params": {"edgeLabels": ["know"]}}, "label 'know'; did you mean 'knows'"),
    ],
)
def test_what_the_graph_has_not_fails(
    graph: Any, proxy: Proxy, request_: Any, expected: str
) -> None:
    done = ended(proxy, "/neptune-export", **request_)
    assert done["status"] == "failed"
    assert expected in done["failureReason"]


def test_what_was_chosen_by_a_filter_is_processed(graph: Any, proxy: Proxy) -> None:
    """No edge stays whose ends do not."""
    params = {"gremlinNodeFilter": "hasLabel('Person').has('age', gt(25))"}
    ended, folder = exported(proxy, params=params)
    assert ids(folder, "nodes") == {"p2", "p3", "p4", "p5"}
    processed(graph, proxy, ended["outputS3Uri"], "training-data-configuration.json")


@pytest.fixture
def nobody() -> Iterator[socket.socket]:
    """Somebody who listens, and whom nobody may call."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        yield listener


def test_an_address_in_a_request_is_never_called(
    graph: Any, proxy: Proxy, nobody: socket.socket
) -> None:
    place = f"127.0.0.1:{nobody.getsockname()[1]}"
    params = {"endpoint": place, "endpoints": [place], "clusterId": place, "useIamAuth": True}
    _, folder = exported(proxy, params=params)
    assert ids(folder, "nodes") == PEOPLE | {"c1"}
    url = f"http://{place}/endpoints/friends/invocations"
    query = f"""g.with("Neptune#ml.endpoint", "{url}").with("Neptune#ml.iamRoleArn", "{url}").
      V("p1").out("knows").with("Neptune#ml.prediction").hasLabel("Person")"""
    for method in ("query", "explain_query", "profile_query"):
        with pytest.raises(graph.exceptions.ClientError):
            getattr(graph, f"execute_gremlin_{method}")(gremlinQuery=query)
    with pytest.raises(graph.exceptions.InvalidParameterException, match="is no location"):
        graph.start_loader_job(source=url, **LOAD)
    assert send(proxy.address, "POST", "/neptune-export", {"outputS3Path": url})[0] == 400
    with pytest.raises(graph.exceptions.InvalidParameterException, match="is no location"):
        graph.start_ml_data_processing_job(
            inputDataS3Location=url, processedDataS3Location="s3://b/processed"
        )
    with pytest.raises(BlockingIOError):
        nobody.accept()
