"""What decides which model is trained: modelType, modelName, the file that processing writes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from api_requests import send
from managed_proxy import Proxy, wait_for
from patience import eventually

FILE = "model-hpo-configuration.json"


@pytest.fixture(scope="module")
def embedded(neptune: Any, bucket: str, exported: str) -> str:
    """Processed for knowledge-graph embeddings."""
    neptune.start_ml_data_processing_job(
        id="kge",
        inputDataS3Location=exported,
        processedDataS3Location=f"{bucket}/preloading",
        modelType="kge",
    )
    ended = wait_for(lambda: neptune.get_ml_data_processing_job(id="kge"), "Completed", "Failed")
    assert ended["status"] == "Completed", ended
    return str(ended["processingJob"]["outputLocation"]).removeprefix(f"{bucket}/")


def test_the_file_beside_processed_data_is_edited_in_place(
    neptune: Any, bucket: str, storage: Any, embedded: str
) -> None:
    key = f"{embedded}/{FILE}"
    document = json.load(storage.get_object(Bucket="bucket", Key=key)["Body"])
    (model,) = document["models"]
    assert (model["model"], model["task_type"]) == ("transe", "link_predict")
    template = f"{embedded}/hpo-configuration-templates/distmult.json"
    document = json.load(storage.get_object(Bucket="bucket", Key=template)["Body"])
    for parameter in document["models"][0]["1-tier-param"]:
        if parameter["param"] == "num-epochs":
            parameter["default"] = parameter["range"][0]
    storage.put_object(Bucket="bucket", Key=key, Body=json.dumps(document).encode())
    figures = trained_as(neptune, storage, bucket, "edited", maxHPONumberOfTrainingJobs=3)
    assert figures["model"] == "distmult"
    assert figures["search"].startswith("Search of settings for distmult: 3 trials")

    # A warm start has the earlier training's settings, whatever the file says.
    storage.delete_object(Bucket="bucket", Key=key)
    warm = trained_as(
        neptune,
        storage,
        bucket,
        "warm",
        previousModelTrainingJobId="edited",
        maxHPONumberOfTrainingJobs=1,
    )
    assert warm["model"] == "distmult"
    assert any("networks begin anew" in warning for warning in warm["warnings"]), warm
    for id in ("edited", "warm"):
        neptune.cancel_ml_model_training_job(id=id, clean=True)
    neptune.cancel_ml_data_processing_job(id="kge", clean=True)
    eventually(lambda: "kge" not in neptune.list_ml_data_processing_jobs()["ids"])


def trained_as(neptune: Any, storage: Any, bucket: str, id: str, **more: Any) -> Any:
    """The figures of a training."""
    neptune.start_ml_model_training_job(
        id=id,
        dataProcessingJobId="kge",
        trainModelS3Location=f"{bucket}/training",
        **more,
    )
    ended = wait_for(lambda: neptune.get_ml_model_training_job(id=id), "Completed", "Failed")
    assert ended["status"] == "Completed", ended
    place = ended["processingJob"]["outputLocation"].removeprefix(f"{bucket}/")
    found = storage.get_object(Bucket="bucket", Key=f"{place}/eval_metrics_info.json")
    return json.load(found["Body"])


def test_a_model_that_there_is_not(proxy: Proxy, bucket: str, processed: str) -> None:
    body = {
        "dataProcessingJobId": processed,
        "trainModelS3Location": f"{bucket}/training",
        "modelName": "boosting",
    }
    status, document = send(proxy.address, "POST", "/ml/modeltraining", body)
    assert (status, document["code"]) == (400, "InvalidParameterException")
    assert "for link prediction there are auto, rgcn" in document["detailedMessage"]
    custom = {"sourceS3DirectoryPath": f"{bucket}/scripts"}
    body |= {"modelName": "custom", "customModelTrainingParameters": custom}
    status, document = send(proxy.address, "POST", "/ml/modeltraining", body)
    assert document["code"] == "UnsupportedOperationException"
    assert "Training scripts of one's own" in document["detailedMessage"]
