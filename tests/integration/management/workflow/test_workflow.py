"""What the workflow leads to: predictions, figures, endpoints, statistics."""

from __future__ import annotations

import json
from typing import Any

import pytest
from managed_proxy import wait_for

QUESTION = """g.with("Neptune#ml.endpoint", "people").with("Neptune#ml.limit", 8).
  V().hasLabel("User").has("name", "Henry").
  out("FRIEND").with("Neptune#ml.prediction").hasLabel("User").values("name")"""


def names(reply: Any) -> list[str]:
    data = reply["result"]["data"]
    return list(data["@value"])


def test_the_prediction_is_there(neptune: Any, endpoint: str) -> None:
    reply = neptune.execute_gremlin_query(gremlinQuery=QUESTION.replace("people", endpoint))
    assert reply["status"]["code"] == 200
    found = names(reply)
    assert len(found) == 8
    assert "Henry" not in found
    assert "Bill" in found


def test_the_artifact_carries_its_figures(neptune: Any, storage: Any, trained: str) -> None:
    job = neptune.get_ml_model_training_job(id=trained)["processingJob"]
    folder = job["outputLocation"].removeprefix("s3://bucket/")
    found = storage.get_object(Bucket="bucket", Key=f"{folder}/eval_metrics_info.json")
    figures = json.load(found["Body"])
    assert 0 < figures["metrics"]["mrr"] <= 1
    assert figures["best alone"]
    assert figures["search"] is None
    found = storage.get_object(Bucket="bucket", Key=f"{folder}/test_metrics_info.json")
    assert json.load(found["Body"])["mrr"] == figures["metrics"]["mrr"]
    found = storage.get_object(Bucket="bucket", Key=f"{folder}/infer_instance_recommendation.json")
    assert json.load(found["Body"])["instance"] == "ml.m5d.large"
    found = storage.get_object(Bucket="bucket", Key=f"{folder}/training_job_details.json")
    parameters = json.load(found["Body"])["TrainingJobParameters"]
    assert parameters["task"] == "link_predict"
    assert parameters["num-hidden"] > 0


def test_an_endpoint_is_updated_without_a_gap(neptune: Any, endpoint: str, trained: str) -> None:
    neptune.create_ml_endpoint(id=endpoint, mlModelTrainingJobId=trained, update=True)
    statuses = set()
    while True:
        assert len(names(neptune.execute_gremlin_query(gremlinQuery=QUESTION))) == 8
        statuses.add(neptune.get_ml_endpoint(id=endpoint)["status"])
        if "InService" in statuses:
            break
    assert statuses <= {"Updating", "InService"}


def test_a_later_export_is_processed_by_the_earlier_encodings(
    neptune: Any, bucket: str, exported: str, processed: str
) -> None:
    neptune.start_ml_data_processing_job(
        id="later",
        inputDataS3Location=exported,
        processedDataS3Location=f"{bucket}/preloading",
        previousDataProcessingJobId=processed,
    )
    ended = wait_for(lambda: neptune.get_ml_data_processing_job(id="later"), "Completed", "Failed")
    assert ended["status"] == "Completed", ended
    neptune.cancel_ml_data_processing_job(id="later", clean=True)


def test_lists_have_the_ids_and_their_number_is_limited(
    neptune: Any, endpoint: str, trained: str
) -> None:
    assert neptune.list_ml_data_processing_jobs()["ids"] == ["people"]
    assert neptune.list_ml_model_training_jobs(maxItems=5)["ids"] == ["people"]
    assert neptune.list_ml_model_transform_jobs()["ids"] == []
    assert neptune.list_ml_endpoints()["ids"] == ["people"]
    assert neptune.list_loader_jobs(limit=1)["payload"]["loadIds"]


def test_a_second_endpoint_is_deleted_and_gone(neptune: Any, trained: str) -> None:
    made = neptune.create_ml_endpoint(mlModelTrainingJobId=trained)
    wait_for(lambda: neptune.get_ml_endpoint(id=made["id"]), "InService", "Failed")
    assert made["id"] in neptune.list_ml_endpoints()["ids"]
    assert neptune.delete_ml_endpoint(id=made["id"], clean=True)["status"] == "200 OK"
    with pytest.raises(neptune.exceptions.MLResourceNotFoundException):
        neptune.get_ml_endpoint(id=made["id"])
    assert made["id"] not in neptune.list_ml_endpoints()["ids"]


def test_explain_and_profile(neptune: Any, endpoint: str) -> None:
    explained = neptune.execute_gremlin_explain_query(gremlinQuery=QUESTION)["output"].read()
    assert b"Neptune Gremlin Explain" in explained
    profiled = neptune.execute_gremlin_profile_query(gremlinQuery=QUESTION, results=True)
    assert b"Neptune Gremlin Profile" in profiled["output"].read()


def test_status(neptune: Any) -> None:
    status = neptune.get_engine_status()
    assert status["status"] == "healthy"
    assert status["gremlin"]["version"].startswith("tinkerpop-3.7")
    assert status["role"] == "writer"


def test_statistics_and_summary(neptune: Any, loaded: str) -> None:
    refreshed = neptune.manage_propertygraph_statistics(mode="refresh")
    found = neptune.get_propertygraph_statistics()["payload"]
    assert found["statisticsId"] == refreshed["payload"]["statisticsId"]
    assert found["signatureInfo"]["instanceCount"] == 20
    summary = neptune.get_propertygraph_summary(mode="detailed")["payload"]["graphSummary"]
    assert (summary["numNodes"], summary["numEdges"]) == (20, 25)
    assert summary["edgeLabels"] == ["FRIEND"]
    assert summary["nodeStructures"][0]["distinctOutgoingEdgeLabels"] == ["FRIEND"]
    assert {"name": 20} in summary["nodeProperties"]


def test_deleted_statistics_are_not_available(neptune: Any, loaded: str) -> None:
    assert neptune.delete_propertygraph_statistics()["payload"]["active"] is False
    with pytest.raises(neptune.exceptions.StatisticsNotAvailableException):
        neptune.get_propertygraph_statistics()
    neptune.manage_propertygraph_statistics(mode="enableAutoCompute")
    assert neptune.get_propertygraph_statistics()["payload"]["autoCompute"] is True
