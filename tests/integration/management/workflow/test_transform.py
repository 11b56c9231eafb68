"""A trained model on a graph that has grown, without training it again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from export_service import export
from managed_proxy import Proxy, wait_for

ADDED = """g.addV("User").property(T.id, "user_00").property("name", "Zoe").as("zoe").
  V().has("User", "name", within("Bill", "Henry")).addE("FRIEND").from("zoe").iterate()"""
FRIENDS_OF = """g.with("Neptune#ml.endpoint", "{endpoint}").with("Neptune#ml.limit", 50).
  V().has("User", "name", "{name}").
  out("FRIEND").with("Neptune#ml.prediction").hasLabel("User").values("name")"""


@pytest.fixture(scope="module")
def grown(neptune: Any, proxy: Proxy, bucket: str, trained: str) -> Iterator[str]:
    """A processing of the graph with one more vertex, by the encodings of the first."""
    neptune.execute_gremlin_query(gremlinQuery=ADDED)
    neptune.start_ml_data_processing_job(
        id="grown",
        inputDataS3Location=export(proxy, f"{bucket}/neptune-export"),
        processedDataS3Location=f"{bucket}/preloading",
        previousDataProcessingJobId="people",
    )
    ended = wait_for(lambda: neptune.get_ml_data_processing_job(id="grown"), "Completed", "Failed")
    assert ended["status"] == "Completed", ended
    yield "grown"
    neptune.execute_gremlin_query(gremlinQuery='g.V("user_00").drop()')
    neptune.cancel_ml_data_processing_job(id="grown", clean=True)


def transformed(neptune: Any, bucket: str, id: str, **what: str) -> Any:
    started = neptune.start_ml_model_transform_job(
        id=id, modelTransformOutputS3Location=f"{bucket}/transforms", **what
    )
    assert started["id"] == id
    assert started["arn"].startswith("arn:aws:")
    return wait_for(
        lambda: neptune.get_ml_model_transform_job(id=id), "Completed", "Failed", "Stopped"
    )


def friends(neptune: Any, endpoint: str, name: str) -> list[str]:
    query = FRIENDS_OF.format(endpoint=endpoint, name=name)
    reply = neptune.execute_gremlin_query(gremlinQuery=query)
    return list(reply["result"]["data"]["@value"])


def test_newcomers_are_known_after_a_transform(
    neptune: Any, bucket: str, trained: str, endpoint: str, grown: str
) -> None:
    assert friends(neptune, endpoint, "Zoe") == []
    job = transformed(neptune, bucket, "t", dataProcessingJobId=grown, mlModelTrainingJobId=trained)
    assert job["status"] == "Completed", job
    place = job["remoteModelTransformJob"]["outputLocation"]
    assert place.startswith(f"{bucket}/transforms/t-")
    assert [model["name"] for model in job["models"]] == [job["remoteModelTransformJob"]["name"]]
    neptune.create_ml_endpoint(id="grown", mlModelTransformJobId="t")
    ended = wait_for(lambda: neptune.get_ml_endpoint(id="grown"), "InService", "Failed")
    assert ended["status"] == "InService", ended
    found = friends(neptune, "grown", "Zoe")
    assert len(found) == 18  # 20 people, and two are her friends already
    assert not {"Bill", "Henry", "Zoe"} & set(found)
    assert "Zoe" in friends(neptune, "grown", "Colin")
    assert neptune.list_ml_model_transform_jobs()["ids"] == ["t"]
    neptune.delete_ml_endpoint(id="grown")
    assert neptune.cancel_ml_model_transform_job(id="t", clean=True)["status"] == "200 OK"
    assert neptune.list_ml_model_transform_jobs()["ids"] == []


def test_the_model_of_a_training_by_its_name(neptune: Any, bucket: str, trained: str) -> None:
    (model,) = neptune.get_ml_model_training_job(id=trained)["mlModels"]
    job = transformed(neptune, bucket, "by-name", trainingJobName=model["name"])
    assert job["status"] == "Completed", job
    neptune.cancel_ml_model_transform_job(id="by-name", clean=True)


def test_data_of_other_encodings_are_refused_in_words(
    neptune: Any, proxy: Proxy, bucket: str, trained: str, grown: str
) -> None:
    neptune.start_ml_data_processing_job(
        id="anew",
        inputDataS3Location=export(proxy, f"{bucket}/neptune-export"),
        processedDataS3Location=f"{bucket}/preloading",
    )
    wait_for(lambda: neptune.get_ml_data_processing_job(id="anew"), "Completed")
    job = transformed(
        neptune, bucket, "odd", dataProcessingJobId="anew", mlModelTrainingJobId=trained
    )
    assert job["status"] == "Failed"
    assert "previousDataProcessingJobId" in job["remoteModelTransformJob"]["failureReason"]
    for stop in (neptune.cancel_ml_data_processing_job, neptune.cancel_ml_model_transform_job):
        stop(id={"cancel_ml_data_processing_job": "anew"}.get(stop.__name__, "odd"), clean=True)
