"""`/ml/dataprocessing`, `/ml/modeltraining`, `/ml/modeltransform`: jobs of Neptune ML.

Reference: Neptune's data API, "Neptune ML data processing", "… model training", "… transform".
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from aiohttp import web

from gremlink.proxy.learning.methods import AUTO, MODELS, PROPERTY_MODELS
from gremlink.proxy.learning.search.templates import MODEL_TYPES
from gremlink.proxy.management.errors import (
    InvalidParameter,
    MissingParameter,
    MLResourceNotFound,
    PreconditionsFailed,
    UnsupportedOperation,
)
from gremlink.proxy.management.http import Handler, body_of, flag, number
from gremlink.proxy.management.requests import DataProcessing, ModelTraining, ModelTransform
from gremlink.proxy.management.responses import (
    DATA_PROCESSING,
    MODEL_TRAINING,
    MODEL_TRANSFORM,
    STATUS,
    created,
    name_of,
    status,
)
from gremlink.proxy.management.services import Services, stamp
from gremlink.proxy.messages.left_out import why_no_training
from gremlink.proxy.store.jobs import Job, State

MOST_ITEMS = 1024
KINDS = (DATA_PROCESSING, MODEL_TRAINING, MODEL_TRANSFORM)


@dataclass(frozen=True, slots=True)
class MachineLearning:
    """The handlers of the three kinds of jobs."""

    services: Services

    def routes(self) -> list[tuple[str, str, Handler]]:
        """Return method, path and handler of each route."""
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
        previous = None
        if body.previousDataProcessingJobId is not None:
            before = self.completed(DATA_PROCESSING, body.previousDataProcessingJobId)
            previous = before.outputs[0]
        source = self.services.locations.at(body.inputDataS3Location)
        return self._started(
            DATA_PROCESSING,
            body,
            (body.processedDataS3Location, "preloading-output"),
            body.processingTimeOutInSeconds,
            input=source.address,
            configuration=body.configFileName,
            previous=previous,
            model_type=body.modelType,
        )

    async def start_training(self, request: web.Request) -> dict[str, Any]:
        """`POST /ml/modeltraining`."""
        body = await body_of(request, ModelTraining, wrapper="training")
        return await asyncio.to_thread(self._start_training, body)

    def _start_training(self, body: ModelTraining) -> dict[str, Any]:
        if body.customModelTrainingParameters is not None or body.modelName == "custom":
            raise UnsupportedOperation("Training scripts of one's own are not supported.")
        if (why := why_no_training()) is not None:
            raise UnsupportedOperation(f"{why[:1].upper()}{why[1:]}.")
        data = self.completed(DATA_PROCESSING, body.dataProcessingJobId)
        previous, name = None, body.modelName
        if body.previousModelTrainingJobId is not None:
            before = self.completed(MODEL_TRAINING, body.previousModelTrainingJobId)
            previous, name = before.outputs[0], name or before.result.get("model")
        model = chosen_model(name, data.result["task"])
        return self._started(
            MODEL_TRAINING,
            body,
            (body.trainModelS3Location, "output"),
            body.trainingTimeOutInSeconds,
            input=data.outputs[0],
            model=model,
            trials=body.trials,
            parallel=body.maxHPOParallelTrainingJobs,
            previous=previous,
            seed=0,
        )

    async def start_transform(self, request: web.Request) -> dict[str, Any]:
        """`POST /ml/modeltransform`."""
        body = await body_of(request, ModelTransform, wrapper=MODEL_TRANSFORM)
        return await asyncio.to_thread(self._start_transform, body)

    def _start_transform(self, body: ModelTransform) -> dict[str, Any]:
        if body.customModelTransformParameters is not None:
            raise UnsupportedOperation("Transform scripts of one's own are not supported.")
        training, data = self._to_transform(body)
        return self._started(
            MODEL_TRANSFORM,
            body,
            (body.modelTransformOutputS3Location, "output"),
            input=data.outputs[0],
            model=training.outputs[0],
        )

    def _to_transform(self, body: ModelTransform) -> tuple[Job, Job]:
        """Return the training whose model is applied, and the data processing to apply it to."""
        pair = body.mlModelTrainingJobId, body.dataProcessingJobId
        name = body.trainingJobName
        if name is not None:
            if pair != (None, None):
                raise InvalidParameter(
                    "Only trainingJobName, or dataProcessingJobId with mlModelTrainingJobId, can "
                    "be given."
                )
            training = self._named(name)
            return training, self.completed(
                DATA_PROCESSING, training.request["dataProcessingJobId"]
            )
        if pair[0] is None or pair[1] is None:
            raise MissingParameter(
                "dataProcessingJobId and mlModelTrainingJobId are required, or trainingJobName."
            )
        return self.completed(MODEL_TRAINING, pair[0]), self.completed(DATA_PROCESSING, pair[1])

    def _named(self, name: str) -> Job:
        """Return the training whose model has the name. Raises MLResourceNotFound."""
        for job in self.services.records.jobs(MODEL_TRAINING):
            if job.state is State.COMPLETED and name_of(job) == name:
                return job
        raise MLResourceNotFound(f"No completed training has a model named {name}.")

    async def list(self, request: web.Request) -> dict[str, Any]:
        """`GET /ml/<kind>`: return ids, newest first."""
        most = number(request, "maxItems", 10, most=MOST_ITEMS)
        jobs = await asyncio.to_thread(self.services.records.jobs, _kind(request))
        return {"ids": [job.id for job in jobs[:most]]}

    async def get(self, request: web.Request) -> dict[str, Any]:
        """`GET /ml/<kind>/{id}`."""
        await self.services.wait_for_end(_kind(request), request.match_info["id"])
        job = await asyncio.to_thread(self.found, _kind(request), request.match_info["id"])
        return status(job)

    async def stop(self, request: web.Request) -> dict[str, Any]:
        """`DELETE /ml/<kind>/{id}`: end a job, or with `clean` remove one and its output."""
        clean = flag(request, "clean")
        job = await asyncio.to_thread(self.found, _kind(request), request.match_info["id"])
        await asyncio.to_thread(self.services.end, job, clean=clean)
        return {"status": "200 OK"}

    def found(self, kind: str, id: str) -> Job:
        """Return the job. Raises MLResourceNotFound."""
        job = self.services.records.job(kind, id)
        if job is None:
            raise MLResourceNotFound(f"There is no {kind} job {id}.")
        return job

    def completed(self, kind: str, id: str) -> Job:
        """Return the job if it has completed. Raises MLResourceNotFound, PreconditionsFailed."""
        job = self.found(kind, id)
        if job.state is not State.COMPLETED:
            why = f": {job.reason}" if job.reason else ""
            raise PreconditionsFailed(
                f"The {kind} job {id} is {STATUS[job.state]}, not Completed{why}."
            )
        return job

    def _started(
        self,
        kind: str,
        body: DataProcessing | ModelTraining | ModelTransform,
        place: tuple[str, str],
        time_limit: float | None = None,
        **task: Any,
    ) -> dict[str, Any]:
        """Queue a job; `place` is the base location of its output, and the name there."""
        id = body.name or str(uuid4())
        base, name = place
        with self.services.output_lock:
            folder = f"{id}-{stamp(time.time())}"
            output = self.services.unused_location(base, folder, name).address
            job = self.services.runner.start(
                kind,
                id,
                self.services.task(kind, output=output, **task),
                request=body.model_dump(mode="json", exclude_unset=True),
                outputs=[output],
                time_limit=time_limit,
            )
        return created(job, body.replaced_by(id))


def _kind(request: web.Request) -> str:
    return request.path.split("/")[2]


def chosen_model(name: str | None, task: str) -> str:
    """Return the name of the method to train; `auto` without a name. Raises InvalidParameter."""
    name = MODEL_TYPES.get(name or "", name)
    known = MODELS if task == "link_prediction" else PROPERTY_MODELS
    if name is not None and name not in known:
        raise InvalidParameter(
            f"modelName is {name!r}: for {task.replace('_', ' ')} there are {', '.join(known)}."
        )
    return name or AUTO
