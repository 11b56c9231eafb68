"""Endpoints called as SageMaker's: boto3's runtime client, every task, beside the Gremlin answers.

Payloads are those of neptuneml-toolkit and of the notebooks that call endpoints.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any

import boto3
import pytest
from botocore.config import Config
from gremlin_python.driver.client import Client
from three_teams import PEOPLE as COUNT
from three_teams import TARGETS

KEYS = {"aws_access_key_id": "any", "aws_secret_access_key": "any"}
PEOPLE = ["p3", "p4", "p30"]
TASKS = {"classification": "Neptune#ml.classification", "regression": "Neptune#ml.regression"}


@pytest.fixture(scope="module", autouse=True)
def as_trained(client: Client) -> None:
    """The graph without what other tests have added: Gremlin leaves out the links of now."""
    people = ", ".join(f"'p{number}'" for number in range(COUNT))
    client.submit(f"g.V().hasId(P.without({people})).drop().iterate()").all().result()
    client.submit("g.E('late').drop().iterate()").all().result()


@pytest.fixture(scope="module")
def runtime(address: str) -> Iterator[Any]:
    client = boto3.client(
        "runtime.sagemaker",  # the name in the notebooks
        endpoint_url=address.replace("ws:", "http:").removesuffix("/gremlin"),
        region_name="us-east-1",
        config=Config(retries={"max_attempts": 0}),
        **KEYS,
    )
    with closing(client):
        yield client


def invoked(runtime: Any, endpoint: str, payload: Any, **more: str) -> Any:
    reply = runtime.invoke_endpoint(EndpointName=endpoint, Body=json.dumps(payload), **more)
    assert reply["ContentType"] == "application/json; charset=utf-8"
    assert reply["InvokedProductionVariant"] == "AllTraffic"
    return json.loads(reply["Body"].read())


def v1(mode: str | None, parameters: dict[str, Any], **elements: Any) -> dict[str, Any]:
    """As neptuneml-toolkit writes it."""
    found = {"version": "v1", "data": {"globalParameters": parameters, **elements}}
    return found if mode is None else {**found, "mode": mode}


def by_gremlin(client: Client, endpoint: str, query: str) -> list[Any]:
    script = f'g.with("Neptune#ml.endpoint", "{endpoint}").{query}'
    results: list[Any] = client.submit(script).all().result()
    return results


def tells(found: Sequence[Any]) -> list[Any]:
    return [[each["inferredValue"] for each in row["mlResults"]] for row in found]


@pytest.mark.parametrize("endpoint", ["teams", "levels", "ages"])
def test_properties_of_vertices(runtime: Any, client: Client, endpoint: str) -> None:
    target, _ = TARGETS[endpoint]
    key, task = target["property"], TASKS[target["type"]]
    right = [
        by_gremlin(client, endpoint, f"V('{id}').properties('{key}').with('{task}').value().fold()")
        for id in PEOPLE
    ]
    right = [row[0] for row in right]
    nodes = [{"nodeId": id} for id in PEOPLE]
    # With and without the type of the task, and as the toolkit sends it by mistake.
    toolkit = {"topk": 1, "edgeType": None, "property": key}
    for payload in (
        {"vertices": PEOPLE, "topk": 1, "property": key},
        {"vertices": PEOPLE, "property": key},
        v1(None, {"topk": 1, "property": key}, nodes=nodes),
        v1(None, toolkit, edges=[{"headNodeId": id, "tailNodeId": None} for id in PEOPLE]),
    ):
        found = invoked(runtime, endpoint, payload)["output"]["nodes"]
        assert [each["nodeId"] for each in found] == PEOPLE
        assert tells(found) == right
        # The cell of the fraud notebook.
        assert [each["mlResults"][0]["inferredValue"] for each in found] == [r[0] for r in right]
        assert all(
            ("score" in row) == (task == TASKS["classification"])
            for each in found
            for row in each["mlResults"]
        )


def test_several_classes_with_their_scores(runtime: Any, client: Client) -> None:
    payload = {"vertices": ["p3"], "topk": 3, "property": "team"}
    (found,) = invoked(runtime, "teams", payload)["output"]["nodes"]
    right = by_gremlin(
        client,
        "teams",
        "with('Neptune#ml.limit', 3).V('p3').properties('team', 'Neptune#ml.score')"
        ".with('Neptune#ml.classification').value()",
    )
    flat = [each[key] for each in found["mlResults"] for key in ("inferredValue", "score")]
    assert flat == right


@pytest.mark.parametrize("endpoint", ["close", "weights"])
def test_properties_of_edges(runtime: Any, client: Client, endpoint: str) -> None:
    target, _ = TARGETS[endpoint]
    key, task = target["property"], TASKS[target["type"]]
    edges = (
        client.submit(
            "g.V('p0', 'p1', 'p2').outE('knows').project('h', 't').by(outV().id()).by(inV().id())"
        )
        .all()
        .result()
    )
    values = f"properties('{key}').with('{task}').value()"
    right = by_gremlin(client, endpoint, f"V('p0', 'p1', 'p2').outE('knows').{values}")
    pairs = [{"headNodeId": each["h"], "tailNodeId": each["t"]} for each in edges]
    payload = v1(None, {"topk": 1, "edgeType": "knows", "property": key}, edges=pairs)
    found = invoked(runtime, endpoint, payload)["output"]["edges"]
    assert [{name: each[name] for name in pairs[0]} for each in found] == pairs
    assert [row for (row,) in tells(found)] == right


@pytest.mark.parametrize(
    ("mode", "own", "other", "step"),
    [
        ("predict_tail", "headNodeId", "tailNodeType", "out"),
        ("predict_head", "tailNodeId", "headNodeType", "in"),
    ],
)
def test_links(runtime: Any, client: Client, mode: str, own: str, other: str, step: str) -> None:
    parameters = {"topk": 5, "edgeType": "knows", other: "Person", "exclude_flag": "mask"}
    payload = v1(mode, parameters, edges=[{own: id} for id in PEOPLE])
    found = invoked(runtime, "friends", payload)["output"]["edges"]
    assert [each[own] for each in found] == PEOPLE
    for id, row in zip(PEOPLE, found, strict=True):
        asked = (
            f"with('Neptune#ml.limit', 5).V('{id}').{step}('knows').with('Neptune#ml.prediction')"
            ".hasLabel('Person').project('i', 's').by(id).by(values('Neptune#ml.score'))"
        )
        right = by_gremlin(client, "friends", asked)
        ours = [{"i": each["inferredValue"], "s": each["score"]} for each in row["mlResults"]]
        assert ours == right
    # Without the flag, what is linked already is there, too.
    del parameters["exclude_flag"]
    parameters["topk"] = 59
    linked = set(client.submit(f"g.V('p3').{step}('knows').id()").all().result())
    (first, *_) = tells(invoked(runtime, "friends", payload)["output"]["edges"])
    assert linked <= set(first)


def test_nearest(runtime: Any) -> None:
    parameters = {"topk": 4, "tailNodeType": "Person", "exclude_flag": "mask"}
    payload = v1("embed_knn", parameters, nodes=[{"nodeId": "p3"}])
    (found,) = invoked(runtime, "near", payload)["output"]["nodes"]
    scores = [each["score"] for each in found["mlResults"]]
    assert len(scores) == 4
    assert scores == sorted(scores, reverse=True)
    assert "p3" not in [each["inferredValue"] for each in found["mlResults"]]


def test_what_the_model_has_not_seen_has_no_results(runtime: Any) -> None:
    payload = {"vertices": ["nobody", "p3"], "property": "team"}
    found = invoked(runtime, "teams", payload)["output"]["nodes"]
    assert [len(each["mlResults"]) for each in found] == [0, 1]


@pytest.mark.parametrize(
    ("endpoint", "payload", "said"),
    [
        ("teams", {"vertices": ["p3"], "property": "age"}, "of the property 'team', the query"),
        ("teams", {"vertices": ["p3"]}, "The parameter property is required."),
        ("friends", {"vertices": ["p3"], "property": "team"}, "does link prediction"),
        ("close", {"vertices": ["p3"], "property": "close"}, "the payload has nodes: send edges."),
        ("teams", {"instances": []}, "neither vertices nor data"),
        ("friends", {"vertices": ["p3"], "property": "x", "topk": 101}, "from 1 to 100"),
        (
            "friends",
            v1("predict_tail", {"edgeType": "likes", "tailNodeType": "Person"}, edges=[]),
            "it was trained for",
        ),
        (
            "friends",
            v1("embed_knn", {"tailNodeType": "Person"}, nodes=[{"nodeId": "p3"}]),
            "has no network",
        ),
    ],
)
def test_payloads_that_a_model_does_not_answer(
    runtime: Any, endpoint: str, payload: Any, said: str
) -> None:
    with pytest.raises(runtime.exceptions.ModelError) as caught:
        invoked(runtime, endpoint, payload)
    response = caught.value.response
    assert said in response["OriginalMessage"]
    assert said in response["Error"]["Message"]
    assert response["OriginalStatusCode"] == 400
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 424


def test_an_endpoint_that_there_is_not(runtime: Any) -> None:
    with pytest.raises(runtime.exceptions.ValidationError, match="Endpoint none of account"):
        invoked(runtime, "none", {"vertices": [], "property": "x"})
