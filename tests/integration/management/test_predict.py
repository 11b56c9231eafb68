"""All predictions as a job: a file, or edges in the graph, and what cannot be asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest
from api_requests import send
from managed_proxy import Proxy, wait_for

import gremlink
from gremlink.proxy.store.records import Store
from tests.support.communities import write_communities


@pytest.fixture(scope="module")
def knows(proxy: Proxy, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of the endpoint `knows`, and its people in the graph."""
    here = tmp_path_factory.mktemp("knows")
    write_communities(here / "export", only="knows")
    gremlink.train(here / "export", here / "artifact", model="adamic-adar", budget=1)
    Store(proxy.store).create_endpoint("knows", here / "artifact", replace=True)
    return here / "artifact"


def ran(proxy: Proxy, **body: Any) -> Any:
    status, started = send(proxy.address, "POST", "/ml/predict", body)
    assert status == 200, started
    path = f"/ml/predict/{started['id']}"
    return wait_for(lambda: send(proxy.address, "GET", path)[1], "Completed", "Failed", "Stopped")


def test_a_file_has_the_rows_of_the_model(proxy: Proxy, knows: Path) -> None:
    found = ran(proxy, id="all", endpoint="knows", edge="knows", limit=2)
    assert found["status"] == "Completed", found
    assert found["inputs"] == 24
    output = Path(found["predictJob"]["outputLocation"]) / "predictions.parquet"
    rows = pyarrow.parquet.read_table(output).to_pylist()
    assert len(rows) == found["predictions"]
    model = gremlink.load(knows)
    assert isinstance(model, gremlink.LinkModel)
    expected = model.predict(model.ids("Person"), "knows", limit=2)
    assert [(row["source"], row["target"]) for row in rows] == [
        (row.source, row.target) for row in expected
    ]
    assert "all" in send(proxy.address, "GET", "/ml/predict")[1]["ids"]
    assert send(proxy.address, "DELETE", "/ml/predict/all?clean=true")[0] == 200
    assert not output.exists()
    assert send(proxy.address, "GET", "/ml/predict/all")[0] == 404


def test_predictions_go_into_the_graph(proxy: Proxy, knows: Path) -> None:
    neptune = proxy.client()
    people = "; ".join(
        f"g.addV('Person').property(T.id, 'p{number}').iterate()" for number in range(24)
    )
    neptune.execute_gremlin_query(gremlinQuery=f"g.V().drop().iterate(); {people}")
    for _ in range(2):
        found = ran(proxy, endpoint="knows", edge="knows", limit=1, writeBack="MAY_KNOW")
        assert (found["status"], found["predictions"], found["leftOut"]) == ("Completed", 24, 0)
    some = ran(proxy, endpoint="knows", ids=["p1", "p2", 7], limit=1, writeBack="X", dryRun=True)
    assert (some["inputs"], some["predictions"], some["dryRun"]) == (3, 2, True)
    for dry, edges in ((True, 24), (False, 24), (False, 0)):
        gone = ran(proxy, remove="MAY_KNOW", dryRun=dry)
        assert (gone["status"], gone["dryRun"]) == ("Completed", dry)
        assert (gone["edges"], gone["values"]) == (edges, 0)
    taken = ran(proxy, endpoint="knows", edge="likes", writeBack="x")
    assert taken["status"] == "Failed"
    assert "it predicts knows" in taken["predictJob"]["failureReason"]
    neptune.execute_gremlin_query(gremlinQuery="g.V().drop().iterate()")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "is required"),
        ({"endpoint": "nothing"}, "no endpoint nothing"),
        ({"mlModelTrainingJobId": "nothing"}, "no modeltraining job nothing"),
        ({"endpoint": "knows", "mlModelTrainingJobId": "x"}, "is required"),
        ({"endpoint": "knows", "limit": 0}, "limit"),
        ({"endpoint": "knows", "threshold": 2}, "threshold"),
        ({"endpoint": "knows", "direction": "both"}, "direction"),
        ({"endpoint": "knows", "format": "xml"}, "format"),
        ({"endpoint": "knows", "ids": [1.5]}, "ids"),
        ({"endpoint": "knows", "ids": ["p1"], "label": "Person"}, "Only one of ids and label"),
        ({"endpoint": "knows", "dryRun": True}, "dryRun is for writeBack and remove"),
        ({"endpoint": "knows", "remove": "X"}, "remove stands alone, without endpoint"),
        ({"remove": ""}, "is required"),
        ({"remove": "X", "limit": 3}, "without limit"),
        ({"endpoint": "knows", "writeBack": "X", "outputS3Location": "/tmp/x"}, "Only one of"),
        ({"endpoint": "knows", "treshold": 0.5}, "did you mean threshold"),
    ],
)
def test_wrong_requests_start_nothing(
    proxy: Proxy, knows: Path, body: dict[str, Any], said: str
) -> None:
    before = send(proxy.address, "GET", "/ml/predict")[1]["ids"]
    status, answer = send(proxy.address, "POST", "/ml/predict", body)
    assert status in (400, 404), answer
    assert said in answer["detailedMessage"]
    assert send(proxy.address, "GET", "/ml/predict")[1]["ids"] == before
