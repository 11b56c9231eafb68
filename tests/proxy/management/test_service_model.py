"""The judge of replies finds what is wrong: each change of a right reply is a fault."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from service_model import MODEL, absent, error_faults, faults, judged

LOADS = {"status": "200 OK", "payload": {"loadIds": ["a"]}}
TRAINING = {
    "status": "Completed",
    "id": "a",
    "processingJob": {"name": "a", "arn": "arn", "status": "Completed"},
    "mlModels": [{"name": "m", "arn": "arn"}],
}
STATISTICS = {
    "status": "200 OK",
    "payload": {"autoCompute": True, "signatureInfo": {"instanceCount": 20}},
}
REFUSAL = {"code": "MLResourceNotFoundException", "detailedMessage": "x", "requestId": "r"}


def changed(document: Any, path: str, value: Any = None) -> Any:
    """The document with another value at the path, or without it."""
    copied = copy.deepcopy(document)
    *names, last = path.split(".")
    place = copied
    for name in names:
        place = place[int(name) if name.isdecimal() else name]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return copied


@pytest.mark.parametrize(
    ("operation", "document"),
    [
        ("ListLoaderJobs", LOADS),
        ("GetMLModelTrainingJob", TRAINING),
        ("GetPropertygraphStatistics", STATISTICS),
    ],
)
def test_right_replies(operation: str, document: Any) -> None:
    assert faults(operation, document) == []


@pytest.mark.parametrize(
    ("operation", "document", "fault"),
    [
        ("ListLoaderJobs", changed(LOADS, "status"), "status is missing"),
        ("ListLoaderJobs", changed(LOADS, "payload"), "payload is missing"),
        ("ListLoaderJobs", changed(LOADS, "payload.loadIds", "a"), "not a list"),
        ("ListLoaderJobs", changed(LOADS, "payload.loadIds", [1]), "not string"),
        ("GetMLModelTrainingJob", changed(TRAINING, "processingJob.name", 7), "not string"),
        ("GetMLModelTrainingJob", changed(TRAINING, "mlModels.0.type", "x"), "type is unknown"),
        ("GetMLModelTrainingJob", changed(TRAINING, "models", []), "models is unknown"),
        ("GetMLModelTrainingJob", changed(TRAINING, "processingJob", []), "not an object"),
        (
            "GetPropertygraphStatistics",
            changed(STATISTICS, "payload.signatureInfo.instanceCount", "20"),
            "not integer",
        ),
        (
            "GetPropertygraphStatistics",
            changed(STATISTICS, "payload.signatureInfo.instanceCount", True),
            "not integer",
        ),
        ("GetPropertygraphStatistics", changed(STATISTICS, "payload.autoCompute", 1), "boolean"),
    ],
)
def test_wrong_replies(operation: str, document: Any, fault: str) -> None:
    (found,) = faults(operation, document)
    assert fault in found


def test_values_of_a_list_that_the_model_has() -> None:
    """Replies have none in this version of the model; requests do."""
    shape = MODEL.operation_model("ManagePropertygraphStatistics").input_shape
    assert shape is not None
    assert list(judged(shape, {"mode": "refresh"}, "x")) == []
    (found,) = judged(shape, {"mode": "again"}, "x")
    assert "not one of" in found


def test_what_is_left_out() -> None:
    assert absent("GetMLModelTrainingJob", TRAINING) == {"hpoJob", "modelTransformJob"}


@pytest.mark.parametrize(
    ("status", "document", "fault"),
    [
        (404, changed(REFUSAL, "requestId"), "requestId is missing"),
        (404, changed(REFUSAL, "detailedMessage", 7), "not string"),
        (400, REFUSAL, "the status of MLResourceNotFoundException is 400"),
        (404, changed(REFUSAL, "code", "NotFoundException"), "has no error NotFoundException"),
        (404, changed(REFUSAL, "code", "S3Exception"), "has no error S3Exception"),
    ],
)
def test_wrong_errors(status: int, document: Any, fault: str) -> None:
    assert error_faults("GetMLEndpoint", 404, REFUSAL) == []
    (found,) = error_faults("GetMLEndpoint", status, document)
    assert fault in found
