"""Every operation that AWS's model of the data API has: answered as the model says, or refused.

The model stands inside botocore; nobody here has written it. One story goes through all operations
with boto3, and what comes over the wire is kept and judged.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
from api_requests import LOAD
from botocore.exceptions import ClientError
from managed_proxy import Proxy, reply_faults, wait_for
from service_model import MODEL, absent

REFUSED: Mapping[str, Mapping[str, str]] = {
    "CancelOpenCypherQuery": {"queryId": "q"},
    "DeleteSparqlStatistics": {},
    "ExecuteFastReset": {"action": "initiateDatabaseReset"},
    "ExecuteOpenCypherExplainQuery": {"openCypherQuery": "x", "explainMode": "static"},
    "ExecuteOpenCypherQuery": {"openCypherQuery": "x"},
    "GetOpenCypherQueryStatus": {"queryId": "q"},
    "GetPropertygraphStream": {},
    "GetRDFGraphSummary": {},
    "GetSparqlStatistics": {},
    "GetSparqlStream": {},
    "ListOpenCypherQueries": {},
    "ManageSparqlStatistics": {"mode": "refresh"},
}
"""Operations that there are not, with the arguments that the model demands."""

TEXTS = ("ExecuteGremlinExplainQuery", "ExecuteGremlinProfileQuery")
"""Operations whose reply is a text."""

LEFT_OUT = {
    # Neptune's own engines and settings; it leaves them out, too, where they are off.
    "GetEngineStatus": {
        *("dfeQueryEngine", "features", "opencypher", "sparql"),
        *("rollingBackTrxCount", "rollingBackTrxEarliestStartTime"),
    },
    # Stands in the result, where Gremlin servers have it.
    "ExecuteGremlinQuery": {"meta"},
    # A text is the whole of the reply.
    **{text: {"output"} for text in TEXTS},
}
"""Members that replies of gremlink never have."""

STATES = {
    "dataprocessing": {"InProgress", "Stopping", "Stopped", "Completed", "Failed"},
    "endpoint": {"Creating", "Updating", "InService", "Failed"},
}

Wire = Mapping[str, list[tuple[int, Any]]]


@pytest.fixture(scope="module")
def wire(
    proxy: Proxy, bucket: str, loaded: str, exported: str, trained: str, endpoint: str
) -> Wire:
    """Status and JSON of every reply, by operation."""
    found: defaultdict[str, list[tuple[int, Any]]] = defaultdict(list)

    def keep(operation_model: Any, response_dict: Mapping[str, Any], **_: Any) -> None:
        body = response_dict["body"]
        document = json.loads(body) if isinstance(body, bytes) else None
        found[operation_model.name].append((response_dict["status_code"], document))

    neptune = proxy.client()
    neptune.meta.events.register("before-parse.neptunedata", keep)
    jobs(neptune, bucket, exported, trained)
    endpoints(neptune, trained)
    loads(neptune, bucket)
    queries(neptune, proxy, endpoint)
    statistics(neptune)
    neptune.get_engine_status()
    for operation, arguments in REFUSED.items():
        with suppress(neptune.exceptions.UnsupportedOperationException):
            method(neptune, operation)(**arguments)
    return found


def method(neptune: Any, operation: str) -> Callable[..., Any]:
    """The method of boto3's client that calls an operation."""
    names: Mapping[str, str] = neptune.meta.method_to_api_mapping
    (name,) = [name for name, called in names.items() if called == operation]
    found: Callable[..., Any] = getattr(neptune, name)
    return found


def jobs(neptune: Any, bucket: str, exported: str, trained: str) -> None:
    """Each kind: started, listed, told while it runs and afterwards, failed too, cancelled."""
    ml = {
        "data_processing": {
            "inputDataS3Location": f"{bucket}/nothing",
            "processedDataS3Location": f"{bucket}/preloading",
        },
        "model_training": {
            "dataProcessingJobId": "people",
            "trainModelS3Location": f"{bucket}/training",
        },
        "model_transform": {
            "dataProcessingJobId": "people",
            "mlModelTrainingJobId": trained,
            "modelTransformOutputS3Location": f"{bucket}/transforms",
        },
    }
    for kind, request in ml.items():
        one_job(neptune, kind, request)
    neptune.get_ml_data_processing_job(id="people")
    neptune.get_ml_model_training_job(id=trained)


def one_job(neptune: Any, kind: str, request: Mapping[str, str]) -> None:
    start, get, listed, cancel = (
        getattr(neptune, f"{verb}_ml_{kind}_job{'s' * (verb == 'list')}")
        for verb in ("start", "get", "list", "cancel")
    )
    id = start(**request)["id"]
    get(id=id)
    listed(maxItems=1)
    if request.get("inputDataS3Location", "").endswith("/nothing"):
        wait_for(lambda: get(id=id), "Failed")
    else:
        cancel(id=id)
        wait_for(lambda: get(id=id), "Stopped")
    cancel(id=id, clean=True)
    with pytest.raises(neptune.exceptions.MLResourceNotFoundException):
        get(id=id)


def endpoints(neptune: Any, trained: str) -> None:
    id = neptune.create_ml_endpoint(mlModelTrainingJobId=trained)["id"]
    wait_for(lambda: neptune.get_ml_endpoint(id=id), "InService")
    neptune.create_ml_endpoint(id=id, mlModelTrainingJobId=trained, update=True)
    neptune.get_ml_endpoint(id=id)
    wait_for(lambda: neptune.get_ml_endpoint(id=id), "InService")
    neptune.list_ml_endpoints()
    neptune.delete_ml_endpoint(id=id)


def loads(neptune: Any, bucket: str) -> None:
    def status(id: str, **more: bool) -> Any:
        reply = neptune.get_loader_job_status(loadId=id, **more)
        return reply["payload"]["overallStatus"]

    source = {"source": f"{bucket}/friends", "queueRequest": True, **LOAD}
    first = neptune.start_loader_job(**source)["payload"]["loadId"]
    second = neptune.start_loader_job(dependencies=[first], **source)["payload"]["loadId"]
    neptune.cancel_loader_job(loadId=second)
    neptune.list_loader_jobs(limit=2, includeQueuedLoads=True)
    status(second)
    wait_for(lambda: status(first, details=True, errors=True), "LOAD_COMPLETED")


def queries(neptune: Any, proxy: Proxy, endpoint: str) -> None:
    query = f"""g.with("Neptune#ml.endpoint", "{endpoint}").V().has("name", "Henry").
      out("FRIEND").with("Neptune#ml.prediction").hasLabel("User").values("name")"""
    neptune.execute_gremlin_query(gremlinQuery=query)
    neptune.execute_gremlin_query(gremlinQuery="g.V().valueMap(true)")
    neptune.execute_gremlin_explain_query(gremlinQuery=query)["output"].read()
    neptune.execute_gremlin_profile_query(gremlinQuery=query)["output"].read()
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(proxy.client().execute_gremlin_query, gremlinQuery="Thread.sleep(5000)")
        wait_for(lambda: {"any": bool(neptune.list_gremlin_queries()["queries"])}, True, key="any")
        (running,) = neptune.list_gremlin_queries(includeWaiting=True)["queries"]
        neptune.get_gremlin_query_status(queryId=running["queryId"])
        neptune.cancel_gremlin_query(queryId=running["queryId"])
        assert isinstance(slow.exception(), ClientError)


def statistics(neptune: Any) -> None:
    neptune.manage_propertygraph_statistics(mode="refresh")
    neptune.get_propertygraph_statistics()
    for mode in ("basic", "detailed"):
        neptune.get_propertygraph_summary(mode=mode)
    neptune.delete_propertygraph_statistics()
    neptune.manage_propertygraph_statistics(mode="enableAutoCompute")


@pytest.mark.parametrize("operation", sorted(set(MODEL.operation_names) - set(REFUSED)))
def test_replies_are_as_the_model_says(wire: Wire, operation: str) -> None:
    assert wire[operation], "nobody has called it"
    answered = [document for status, document in wire[operation] if status == 200]
    assert answered
    for status, document in wire[operation]:
        if document is not None:
            assert reply_faults(operation, status, document) == []
    told = set.intersection(*(absent(operation, document or {}) for document in answered))
    assert told == LEFT_OUT.get(operation, set())


@pytest.mark.parametrize("operation", sorted(REFUSED))
def test_what_there_is_not_is_refused_as_the_model_says(wire: Wire, operation: str) -> None:
    ((status, document),) = wire[operation]
    assert (status, document["code"]) == (400, "UnsupportedOperationException")
    assert reply_faults(operation, status, document) == []


def test_states_are_those_that_clients_wait_for(wire: Wire) -> None:
    """The model has no list of them; graph-notebook and AWS's guide do."""
    kinds = {
        "GetMLDataProcessingJob": "dataprocessing",
        "GetMLModelTrainingJob": "dataprocessing",
        "GetMLModelTransformJob": "dataprocessing",
        "GetMLEndpoint": "endpoint",
    }
    for operation, kind in kinds.items():
        seen = {document["status"] for status, document in wire[operation] if status == 200}
        assert len(seen) > 1
        assert seen <= STATES[kind]
