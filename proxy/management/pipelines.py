"""`/ml/pipelines`: from the graph to an endpoint in one request, an extension of Neptune's API.

A pipeline is four jobs, export, data processing, training and endpoint, each of which waits for the
one before. They have the pipeline's id, and are jobs as all others: a restart, a cancellation or a
failure of one does to the rest what it does to jobs that depend on others.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from aiohttp import web

from gremlink.proxy.graph.files.export_files import CONFIGURATION
from gremlink.proxy.learning.methods import AUTO, MODELS, PROPERTY_MODELS
from gremlink.proxy.management.endpoints import ENDPOINTS, Endpoints
from gremlink.proxy.management.errors import (
    ConstraintViolation,
    InvalidParameter,
    MLResourceNotFound,
    UnsupportedOperation,
)
from gremlink.proxy.management.export import EXPORT, ExportService
from gremlink.proxy.management.http import Handler, body_of, flag, number
from gremlink.proxy.management.ml import MOST_ITEMS
from gremlink.proxy.management.requests import Pipeline
from gremlink.proxy.management.responses import DATA_PROCESSING, MODEL_TRAINING, STATUS
from gremlink.proxy.management.services import FILES, Services, stamp
from gremlink.proxy.messages.left_out import why_no_training
from gremlink.proxy.store.errors import JobExists
from gremlink.proxy.store.jobs import Job, State

STAGES = (EXPORT, DATA_PROCESSING, MODEL_TRAINING, ENDPOINTS)
"""The kinds of a pipeline's jobs, in their order."""

MARK = "pipeline"
"""The field of a job's request that names its pipeline."""


@dataclass(frozen=True, slots=True)
class Pipelines:
    """The handlers."""

    services: Services
    exports: ExportService
    endpoints: Endpoints

    def routes(self) -> list[tuple[str, str, Handler]]:
        """Return method, path and handler of each route."""
        return [
            ("POST", "/ml/pipelines", self.start),
            ("GET", "/ml/pipelines", self.list),
            ("GET", "/ml/pipelines/{id}", self.get),
            ("DELETE", "/ml/pipelines/{id}", self.stop),
        ]

    async def start(self, request: web.Request) -> dict[str, Any]:
        """`POST /ml/pipelines`."""
        body = await body_of(request, Pipeline)
        return await asyncio.to_thread(self._start, body)

    def _start(self, body: Pipeline) -> dict[str, Any]:
        if (why := why_no_training()) is not None:
            raise UnsupportedOperation(f"{why[:1].upper()}{why[1:]}.")
        model = self._model(body)
        id = body.name or f"pipeline-{uuid4().hex[:12]}"
        name = body.endpoint or id
        self._check_endpoint(name, body.update)
        for kind in STAGES[:3]:
            if self.services.records.job(kind, id) is not None:
                raise ConstraintViolation(f"There is a {kind} job {id} already: choose another id.")
        exported = body.export_request()
        graph = self.exports.source(exported)
        base = body.outputS3Location or str(self.services.store.root / FILES)
        task, start = self.services.task, self.services.runner.start
        marked = {MARK: id}
        with self.services.output_lock:
            folder = self.services.unused_location(base, f"{id}-{stamp(time.time())}")
            export, processed, trained = (
                self.services.locations.below(folder, part).address
                for part in ("export", "processed", "trained")
            )
            first = start(
                EXPORT,
                id,
                task(EXPORT, output=export, **graph, request=exported),
                request={**exported, **marked},
                outputs=[export],
            )
            second = start(
                DATA_PROCESSING,
                id,
                task(
                    DATA_PROCESSING,
                    output=processed,
                    input=export,
                    configuration=CONFIGURATION,
                    previous=None,
                    model_type=None,
                ),
                request={**marked, "inputDataS3Location": export},
                outputs=[processed],
                after=[first.number],
            )
            third = start(
                MODEL_TRAINING,
                id,
                task(
                    MODEL_TRAINING,
                    output=trained,
                    input=processed,
                    model=model,
                    trials=0,
                    parallel=1,
                    previous=None,
                    seed=body.seed,
                    budget=body.budgetInSeconds,
                ),
                request={**marked, "dataProcessingJobId": id},
                outputs=[trained],
                after=[second.number],
            )
            try:
                start(
                    ENDPOINTS,
                    name,
                    task(
                        "endpoint",
                        input=trained,
                        store=str(self.services.store.root),
                        name=name,
                        replace=body.update,
                    ),
                    request={**marked, "mlModelTrainingJobId": id, "update": body.update},
                    after=[third.number],
                    replace=True,
                )
            except JobExists:
                for job in (first, second, third):
                    self.services.runner.cancel(job)
                raise ConstraintViolation(
                    f"The endpoint {name} is being made or updated: ask again when that has ended."
                ) from None
        return {"id": id, "endpoint": name, "creationTimeInMillis": int(first.created * 1000)}

    def _model(self, body: Pipeline) -> str:
        known = PROPERTY_MODELS if body.is_property else MODELS
        if body.modelName is not None and body.modelName not in known:
            what = "properties" if body.is_property else "links"
            raise InvalidParameter(
                f"modelName is {body.modelName!r}: for {what} there are {', '.join(known)}."
            )
        return body.modelName or AUTO

    def _check_endpoint(self, name: str, update: bool) -> None:
        exists = self.services.store.endpoint(name) is not None
        if exists and not update:
            raise ConstraintViolation(
                f'There is an endpoint {name} already: send "update": true to give it another '
                "model, or choose another name."
            )
        if update and not exists:
            raise MLResourceNotFound(f"There is no endpoint {name} to update.")

    async def list(self, request: web.Request) -> dict[str, Any]:
        """`GET /ml/pipelines`: return ids, newest first."""
        most = number(request, "maxItems", 10, most=MOST_ITEMS)
        jobs = await asyncio.to_thread(self.services.records.jobs, EXPORT)
        return {"ids": [job.id for job in jobs if MARK in job.request][:most]}

    async def get(self, request: web.Request) -> dict[str, Any]:
        """`GET /ml/pipelines/{id}`."""
        jobs = await asyncio.to_thread(self.jobs, request.match_info["id"])
        return _document(request.match_info["id"], jobs)

    def jobs(self, id: str) -> Mapping[str, Job]:
        """Return the jobs of a pipeline by their kinds. Raises `MLResourceNotFound`."""
        found = {
            job.kind: job
            for job in reversed(self.services.records.jobs())
            if job.request.get(MARK) == id
        }
        if not found:
            raise MLResourceNotFound(f"There is no pipeline {id}.")
        return {kind: found[kind] for kind in STAGES if kind in found}

    async def stop(self, request: web.Request) -> dict[str, Any]:
        """`DELETE /ml/pipelines/{id}`: end its jobs; with `clean` remove ended ones and their
        outputs. An endpoint that it has made stays.
        """
        clean = flag(request, "clean")
        jobs = await asyncio.to_thread(self.jobs, request.match_info["id"])
        for job in reversed(list(jobs.values())):
            await asyncio.to_thread(self.services.end, job, clean=clean)
        return {"status": "200 OK"}


def _document(id: str, jobs: Mapping[str, Job]) -> dict[str, Any]:
    last = list(jobs.values())[-1]
    broken = [
        job for job in jobs.values() if job.state in (State.FAILED, State.STOPPED, State.STOPPING)
    ]
    state = broken[0].state if broken else last.state
    document: dict[str, Any] = {
        "id": id,
        "status": STATUS[state],
        "endpoint": last.id if last.kind == ENDPOINTS else None,
        "stages": [
            {
                "kind": kind,
                "id": job.id,
                "status": STATUS[job.state],
                "outputLocation": job.outputs[0] if job.outputs else None,
                "logUrl": Path(job.log).as_uri(),
                **({"failureReason": job.reason} if job.reason else {}),
            }
            for kind, job in jobs.items()
        ],
    }
    if broken and broken[0].reason:
        document["failureReason"] = broken[0].reason
    return document
