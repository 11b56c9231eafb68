"""Requests to the management API, and the jobs that they speak of."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

from gremlink.proxy.store.jobs import JobRecords, State

PROCESSING = {"inputDataS3Location": "s3://b/in", "processedDataS3Location": "s3://b/out"}
TRAINING = {"dataProcessingJobId": "data", "trainModelS3Location": "s3://b/out"}
TRANSFORM = {"modelTransformOutputS3Location": "s3://b/out"}
LOAD = {"format": "csv", "s3BucketRegion": "us-east-1", "iamRoleArn": "arn:aws:iam::1:role/x"}


def send(address: str, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
    """The status and the JSON document of the reply; `body` is bytes or becomes JSON."""
    data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    request = urllib.request.Request(address + path, data, headers, method=method)
    try:
        with urllib.request.urlopen(request) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def done(
    records: JobRecords, kind: str, id: str, state: State = State.COMPLETED, **request: str
) -> None:
    """A job that has ended, without anybody having run it."""
    job = records.add(kind, id, {}, request=request, outputs=[f"s3://b/{id}/output"])
    result = {"task": "link_prediction"}
    records.end(job.number, state, reason="" if state is State.COMPLETED else "why", result=result)
