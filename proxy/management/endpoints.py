"""`/ml/endpoints`: trained models under the names that queries use.

The store has the endpoints; a job creates or replaces one. Endpoints created on the command line
are included.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from gremlink.proxy.management.errors import (
    ConstraintViolation,
    InvalidParameter,
    MissingParameter,
    MLResourceNotFound,
)
from gremlink.proxy.management.http import Handler, body_of, flag, number
from gremlink.proxy.management.ml import MOST_ITEMS, MachineLearning
from gremlink.proxy.management.pipelines.documents import MARK
from gremlink.proxy.management.requests import CreateEndpoint
from gremlink.proxy.management.responses import MODEL_TRAINING, MODEL_TRANSFORM, created, resource
from gremlink.proxy.management.services import Services, stamp
from gremlink.proxy.store.errors import JobExists, NoSuchEndpoint
from gremlink.proxy.store.jobs import Job, State
from gremlink.proxy.store.records import Endpoint

ENDPOINTS = "endpoints"


@dataclass(frozen=True, slots=True)
class EndpointState:
    """State of an endpoint: the model `served` under its name, and the `job` of its last change."""

    id: str
    status: str
    served: Endpoint | None
    job: Job | None


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The handlers; `models` has the jobs whose artifacts are served."""

    services: Services
    models: MachineLearning

    def routes(self) -> list[tuple[str, str, Handler]]:
        """Return method, path and handler of each route."""
        return [
            ("POST", "/ml/endpoints", self.create),
            ("GET", "/ml/endpoints", self.list),
            ("GET", "/ml/endpoints/{id}", self.get),
            ("DELETE", "/ml/endpoints/{id}", self.delete),
        ]

    async def create(self, request: web.Request) -> dict[str, Any]:
        """`POST /ml/endpoints`: create an endpoint, or with `update` replace its model."""
        body = await body_of(request, CreateEndpoint, wrapper="endpoint")
        return await asyncio.to_thread(self._create, body)

    def _create(self, body: CreateEndpoint) -> dict[str, Any]:
        given = [
            (MODEL_TRAINING, body.mlModelTrainingJobId),
            (MODEL_TRANSFORM, body.mlModelTransformJobId),
        ]
        asked = [(kind, id) for kind, id in given if id is not None]
        if not asked:
            raise MissingParameter(
                "The parameter mlModelTrainingJobId or mlModelTransformJobId is required."
            )
        if len(asked) > 1:
            raise InvalidParameter(
                "Only one of mlModelTrainingJobId and mlModelTransformJobId can be given."
            )
        model = self.models.completed(*asked[0])
        if body.update and body.id is not None and body.name is None:
            raise MLResourceNotFound(f"There is no endpoint {body.id!r} to update.")
        id = body.name or f"endpoint-{stamp(time.time()).replace('_', '-')}"
        exists = self.services.store.endpoint(id) is not None
        if body.update and not exists:
            raise MLResourceNotFound(f"There is no endpoint {id} to update.")
        if exists and not body.update:
            raise ConstraintViolation(
                f'There is an endpoint {id} already: send "update": true to give it another model, '
                "or choose another id."
            )
        try:
            job = self.services.runner.start(
                ENDPOINTS,
                id,
                self.services.task(
                    "endpoint",
                    input=model.outputs[0],
                    store=str(self.services.store.root),
                    name=id,
                    replace=body.update,
                ),
                request=body.model_dump(mode="json", exclude_unset=True),
                replace=True,
            )
        except JobExists:
            raise ConstraintViolation(
                f"The endpoint {id} is being made or updated: ask again when that has ended."
            ) from None
        return created(job, body.replaced_by(id))

    async def list(self, request: web.Request) -> dict[str, Any]:
        """`GET /ml/endpoints`: return ids, including those being created or failed."""
        most = number(request, "maxItems", 10, most=MOST_ITEMS)
        return {"ids": (await asyncio.to_thread(self._ids))[:most]}

    def _ids(self) -> Sequence[str]:
        ids = [
            job.id
            for job in self.services.records.jobs(ENDPOINTS)
            if job.state is not State.COMPLETED
        ]
        ids += [endpoint.name for endpoint in self.services.store.endpoints()]
        return list(dict.fromkeys(ids))

    async def get(self, request: web.Request) -> dict[str, Any]:
        """`GET /ml/endpoints/{id}`."""
        await self.services.wait_for_end(ENDPOINTS, request.match_info["id"])
        return await asyncio.to_thread(self._get, request.match_info["id"])

    def _get(self, id: str) -> dict[str, Any]:
        found = self.state(id)
        about = {} if found.job is None else resource(found.job)
        arn = about.get("arn", endpoint_arn(id))
        return _document(id, found.status, {**about, "name": id, "arn": arn})

    def states(self) -> Sequence[EndpointState]:
        """Return all endpoints, including those that are being created or failed."""
        return [self.state(id) for id in self._ids()]

    def state(self, id: str) -> EndpointState:
        """Return one of them. Raises `MLResourceNotFound`."""
        job = self.services.records.job(ENDPOINTS, id)
        served = self.services.store.endpoint(id)
        if job is not None and job.state is State.COMPLETED and served is None:
            job = None  # it was deleted meanwhile
        if job is None:
            if served is None:
                raise MLResourceNotFound(f"There is no endpoint {id}.")
            return EndpointState(id, "InService", served, None)
        return EndpointState(id, _status(job, served is not None), served, job)

    async def delete(self, request: web.Request) -> dict[str, Any]:
        """`DELETE /ml/endpoints/{id}`; the model's artifact stays in its training's output."""
        flag(request, "clean")
        await asyncio.to_thread(self.remove, request.match_info["id"])
        return {"status": "200 OK"}

    def remove(self, id: str) -> None:
        """Delete an endpoint, or end the job that creates it.

        While its model is being replaced nothing is done: who ends an update wants the model that
        is served, who ends the endpoint does not, and the request does not tell. Raises
        `ConstraintViolation` then, and `MLResourceNotFound`.
        """
        job = self.services.records.job(ENDPOINTS, id)
        if job is not None and job.is_open:
            if job.request.get("update") and self.services.store.endpoint(id) is not None:
                raise ConstraintViolation(
                    f"The endpoint {id} is being updated: ask again when that has ended, or end "
                    f"it first, by {_ending(job)}. Nothing was deleted."
                )
            self.services.runner.cancel(job)
        try:
            self.services.store.delete_endpoint(id)
        except NoSuchEndpoint:
            if job is None or job.state is State.COMPLETED:
                raise MLResourceNotFound(f"There is no endpoint {id}.") from None
        if job is not None and not job.is_open:
            self.services.records.delete(job.number)


def _ending(job: Job) -> str:
    """Return how to end the job that updates an endpoint, and the pipeline it belongs to."""
    pipeline = job.request.get(MARK)
    if pipeline is None:
        return f"`gremlink jobs cancel {job.id}`"
    return f"DELETE /ml/pipelines/{pipeline}"


def _status(job: Job, exists: bool) -> str:
    """Return the status of an endpoint whose last change is `job`."""
    if job.is_open:
        return "Updating" if job.request.get("update") else "Creating"
    return "InService" if exists else "Failed"


def _document(id: str, status: str, endpoint: dict[str, Any]) -> dict[str, Any]:
    configuration = {"name": configuration_name(id), "arn": configuration_arn(id)}
    return {
        "status": status,
        "id": id,
        "endpoint": {**endpoint, "status": status},
        "endpointConfig": configuration,
    }


def endpoint_arn(id: str) -> str:
    """Return the ARN (Amazon's form of a name) of an endpoint."""
    return f"arn:aws:sagemaker:local:000000000000:endpoint/{id}"


CONFIGURATION = "-configuration"


def configuration_name(id: str) -> str:
    """Return the name of an endpoint's configuration."""
    return f"{id}{CONFIGURATION}"


def configuration_arn(id: str) -> str:
    """Return the ARN of an endpoint's configuration."""
    return f"arn:aws:sagemaker:local:000000000000:endpoint-config/{configuration_name(id)}"
