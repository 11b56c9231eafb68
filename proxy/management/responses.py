"""Responses about jobs, in Neptune's form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gremlink.proxy.store.jobs import Job, State

DATA_PROCESSING = "dataprocessing"
MODEL_TRAINING = "modeltraining"
MODEL_TRANSFORM = "modeltransform"

STATUS = {
    State.QUEUED: "InProgress",
    State.RUNNING: "InProgress",
    State.STOPPING: "Stopping",
    State.COMPLETED: "Completed",
    State.FAILED: "Failed",
    State.STOPPED: "Stopped",
}

_ARN_TYPES = {
    DATA_PROCESSING: "processing-job",
    MODEL_TRAINING: "training-job",
    MODEL_TRANSFORM: "transform-job",
}


def created(job: Job, message: str = "") -> dict[str, Any]:
    """Return the response to a request that starts a job, with a `message` for the client."""
    reply = {"id": job.id, "arn": arn(job), "creationTimeInMillis": int(job.created * 1000)}
    return {**reply, "message": message} if message else reply


def arn(job: Job) -> str:
    """Return an ARN (Amazon's form of a name), for clients that want one."""
    return _arn(_ARN_TYPES.get(job.kind, "endpoint"), job)


def _arn(kind: str, job: Job) -> str:
    return f"arn:aws:sagemaker:local:000000000000:{kind}/{name_of(job)}"


def name_of(job: Job) -> str:
    """Return the name of the job's output folder, which is unique."""
    return job.outputs[0].split("/")[-2] if job.outputs else job.id


def resource(job: Job) -> dict[str, Any]:
    """Return the description of a job in a response."""
    found = {
        "name": name_of(job),
        "arn": arn(job),
        "status": STATUS[job.state],
        "cloudwatchLogUrl": job.log.as_uri(),
    }
    if job.outputs:
        found["outputLocation"] = job.outputs[0]
    if job.reason:
        found["failureReason"] = job.reason
    return found


def status(job: Job) -> dict[str, Any]:
    """Return the response to `GET /ml/<kind>/{id}`.

    The several SageMaker jobs of one Neptune job (processing, search, transform) are one here, so
    their descriptions are equal.
    """
    document: dict[str, Any] = {"status": STATUS[job.state], "id": job.id}
    about = resource(job)
    match job.kind:
        case "modeltransform":
            document |= {
                "baseProcessingJob": about,
                "remoteModelTransformJob": about,
                "models": _models(job),
            }
        case "modeltraining":
            document |= {
                "processingJob": about | {"arn": _arn("processing-job", job)},
                "hpoJob": about | {"arn": _arn("hyper-parameter-tuning-job", job)},
                "modelTransformJob": about | {"arn": _arn("transform-job", job)},
                "mlModels": _models(job),
            }
        case _:
            document["processingJob"] = about
    return document


def _models(job: Job) -> list[Mapping[str, str]]:
    return [{"name": name_of(job), "arn": arn(job)}] if job.state is State.COMPLETED else []
