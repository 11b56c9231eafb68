"""What replies tell of jobs, in Neptune's shapes."""

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
    """The reply to a request that starts a job; `message` is what its sender should know."""
    reply = {"id": job.id, "arn": arn(job), "creationTimeInMillis": int(job.created * 1000)}
    return {**reply, "message": message} if message else reply


def arn(job: Job) -> str:
    """A name in Amazon's form, for clients that want one."""
    return _arn(_ARN_TYPES.get(job.kind, "endpoint"), job)


def _arn(kind: str, job: Job) -> str:
    return f"arn:aws:sagemaker:local:000000000000:{kind}/{name_of(job)}"


def name_of(job: Job) -> str:
    """The name of the folder that the job writes to, which no other job has."""
    return job.outputs[0].split("/")[-2] if job.outputs else job.id


def resource(job: Job) -> dict[str, Any]:
    """What a reply tells of a job."""
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
    """The reply to `GET /ml/<kind>/{id}`.

    What Neptune gives to several jobs of SageMaker (processing, search, transform) is one here, so
    that they all tell of the same.
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
