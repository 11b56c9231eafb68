"""`/ml/dataprocessing`, `/ml/modeltraining`, `/ml/modeltransform`: jobs of Neptune ML.

Reference: Neptune's data API, "Neptune ML data processing", "… model training", "… transform".
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from aiohttp import web

from proxy.learning.settings import AUTO, MODELS, PROPERTY_MODELS
from proxy.management.errors import (
    InvalidParameter,
    MLResourceNotFound,
    PreconditionsFailed,
    UnsupportedOperation,
)
from proxy.management.http import Handler, body_of, flag, number
from proxy.management.requests import DataProcessing, ModelTraining, ModelTransform
from proxy.management.workshop import Workshop, stamp
from proxy.store.jobs import Job, State

MOST_ITEMS = 1024
DATA_PROCESSING = "dataprocessing"
MODEL_TRAINING = "modeltraining"
MODEL_TRANSFORM = "modeltransform"
KINDS = (DATA_PROCESSING, MODEL_TRAINING, MODEL_TRANSFORM)

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


@dataclass(frozen=True, slots=True)
class MachineLearning:
    """The handlers of the three kinds of jobs."""

    workshop: Workshop

    def routes(self) -> list[tuple[str, str, Handler]]:
        """Method, path and handler of each."""
        starts = {
            DATA_PROCESSING: self.start_processing,
            MODEL_TRAINING: self.start_training,
            MODEL_TRANSFORM: self.start_transform,
        }
        routes: list[tuple[str, str, Handler]] = []
        for kind in KINDS:
            routes += [
                ("POST", f"/ml/{kind}", starts[kind]),
                ("GET", f"/ml/{kind}", self.list),
                ("GET", f"/ml/{kind}/{{id}}", self.get),
                ("DELETE", f"/ml/{kind}/{{id}}", self.stop),
            ]
        return routes

    async def start_processing(self, request: web.Request) -> dict[str, Any]:
        """`POST /ml/dataprocessing`."""
        body = await body_of(request, DataProcessing, wrapper=DATA_PROCESSING)
        return await asyncio.to_thread(self._start_processing, body)

    def _start_processing(self, body: DataProcessing) -> dict[str, Any]:
        if body.modelType == "kge":
            raise UnsupportedOperation(
                "Knowledge-graph embeddings are not trained alone: leave modelType out."
            )
        previous = None
        if body.previousDataProcessingJobId is not None:
            before = self.completed(DATA_PROCESSING, body.previousDataProcessingJobId)
            previous = before.outputs[0]
        id = body.id or str(uuid4())
        source = self.workshop.locations.at(body.inputDataS3Location)
        with self.workshop.choosing:
            output = self._output(body.processedDataS3Location, id, "preloading-output")
            job = self.workshop.runner.start(
                DATA_PROCESSING,
                id,
                self.workshop.task(
                    DATA_PROCESSING,
                    input=source.address,
                    output=output,
                    configuration=body.configFileName,
                    previous=previous,
                ),
                request=body.model_dump(mode="json", exclude_unset=True),
                outputs=[output],
                time_limit=body.processingTimeOutInSeconds,
            )
        return created(job)

    async def start_training(self, request: web.Request) -> dict[str, Any]:
        """`POST /ml/modeltraining`."""
        body = await body_of(request, ModelTraining, wrapper="training")
        return await asyncio.to_thread(self._start_training, body)

    def _start_training(self, body: ModelTraining) -> dict[str, Any]:
        if body.customModelTrainingParameters is not None or body.modelName == "custom":
            raise UnsupportedOperation("Training scripts of one's own are not supported.")
        data = self.completed(DATA_PROCESSING, body.dataProcessingJobId)
        if body.previousModelTrainingJobId is not None:
            self.completed(MODEL_TRAINING, body.previousModelTrainingJobId)
        model = _model(body.modelName, data)
        id = body.id or str(uuid4())
        with self.workshop.choosing:
            output = self._output(body.trainModelS3Location, id, "output")
            job = self.workshop.runner.start(
                MODEL_TRAINING,
                id,
                self.workshop.task(
                    MODEL_TRAINING,
                    input=data.outputs[0],
                    output=output,
                    model=model,
                    seed=0,
                ),
                request=body.model_dump(mode="json", exclude_unset=True),
                outputs=[output],
                time_limit=body.trainingTimeOutInSeconds,
            )
        return created(job)

    async def start_transform(self, request: web.Request) -> dict[str, Any]:
        """`POST /ml/modeltransform`."""
        await body_of(request, ModelTransform, wrapper=MODEL_TRANSFORM)
        raise UnsupportedOperation(
            "Transforming new data with a trained model is not supported: train a new model."
        )

    async def list(self, request: web.Request) -> dict[str, Any]:
        """`GET /ml/<kind>`: ids, newest first."""
        most = number(request, "maxItems", 10, most=MOST_ITEMS)
        jobs = await asyncio.to_thread(self.workshop.records.jobs, _kind(request))
        return {"ids": [job.id for job in jobs[:most]]}

    async def get(self, request: web.Request) -> dict[str, Any]:
        """`GET /ml/<kind>/{id}`."""
        await self.workshop.settled(_kind(request), request.match_info["id"])
        job = await asyncio.to_thread(self.found, _kind(request), request.match_info["id"])
        return _status(job)

    async def stop(self, request: web.Request) -> dict[str, Any]:
        """`DELETE /ml/<kind>/{id}`: end a job; of one that has ended, `clean` removes all."""
        clean = flag(request, "clean")
        job = await asyncio.to_thread(self.found, _kind(request), request.match_info["id"])
        await asyncio.to_thread(self.workshop.end, job, clean=clean)
        return {"status": "200 OK"}

    def found(self, kind: str, id: str) -> Job:
        """The job. Raises MLResourceNotFound."""
        job = self.workshop.records.job(kind, id)
        if job is None:
            raise MLResourceNotFound(f"There is no {kind} job {id}.")
        return job

    def completed(self, kind: str, id: str) -> Job:
        """The job, if it has completed. Raises MLResourceNotFound, PreconditionsFailed."""
        job = self.found(kind, id)
        if job.state is not State.COMPLETED:
            why = f": {job.reason}" if job.reason else ""
            raise PreconditionsFailed(
                f"The {kind} job {id} is {STATUS[job.state]}, not Completed{why}."
            )
        return job

    def _output(self, base: str, id: str, name: str) -> str:
        return self.workshop.fresh(base, f"{id}-{stamp(time.time())}", name).address


def created(job: Job) -> dict[str, Any]:
    """The reply to a request that starts a job."""
    return {"id": job.id, "arn": arn(job), "creationTimeInMillis": int(job.created * 1000)}


def arn(job: Job) -> str:
    """A name in Amazon's form, for clients that want one."""
    kind = _ARN_TYPES.get(job.kind, "endpoint")
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


def _status(job: Job) -> dict[str, Any]:
    document: dict[str, Any] = {"status": STATUS[job.state], "id": job.id}
    match job.kind:
        case "modeltransform":
            document |= {"remoteModelTransformJob": resource(job), "models": _models(job)}
        case "modeltraining":
            document |= {"processingJob": resource(job), "mlModels": _models(job)}
        case _:
            document["processingJob"] = resource(job)
    return document


def _models(job: Job) -> list[Mapping[str, str]]:
    return [{"name": name_of(job), "arn": arn(job)}] if job.state is State.COMPLETED else []


def _kind(request: web.Request) -> str:
    return request.path.split("/")[2]


def _model(name: str | None, data: Job) -> str:
    """What to train; without a name the blend of all methods. Raises InvalidParameter."""
    task = data.result["task"]
    known = MODELS if task == "link_prediction" else PROPERTY_MODELS
    if name is not None and name not in known:
        raise InvalidParameter(
            f"modelName is {name!r}: for {task.replace('_', ' ')} there are {', '.join(known)}."
        )
    return name or AUTO
