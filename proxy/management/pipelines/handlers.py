"""`/ml/pipelines`: from the graph to an endpoint in one request, an extension of Neptune's API.

A pipeline is four jobs, export, data processing, training and endpoint, each of which waits for the
one before. They have the pipeline's id, and are jobs as all others: a restart, a cancellation or a
failure of one does to the rest what it does to jobs that depend on others.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from aiohttp import web

from gremlink.proxy.graph.files.export_files import CONFIGURATION
from gremlink.proxy.management.endpoints import ENDPOINTS, Endpoints
from gremlink.proxy.management.errors import (
    ConstraintViolation,
    MLResourceNotFound,
    UnsupportedOperation,
)
from gremlink.proxy.management.export import EXPORT, ExportService
from gremlink.proxy.management.http import Handler, body_of, flag, number
from gremlink.proxy.management.jobs.runner import MEMORY_LIMIT
from gremlink.proxy.management.ml import MOST_ITEMS, chosen_model
from gremlink.proxy.management.pipelines.documents import (
    ASKED,
    ENDPOINT,
    MARK,
    STAGES,
    document,
    jobs_of,
)
from gremlink.proxy.management.requests import Pipeline
from gremlink.proxy.management.responses import DATA_PROCESSING, MODEL_TRAINING
from gremlink.proxy.management.services import FILES, Services, stamp
from gremlink.proxy.messages.left_out import why_no_training
from gremlink.proxy.store.errors import JobExists
from gremlink.proxy.store.jobs import Job, State


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
        model = chosen_model(body.modelName, body.task)
        id = body.name or f"{(body.endpoint or MARK)[:50]}-{uuid4().hex[:8]}"
        name = body.endpoint or id
        self._check_endpoint(name, body.update)
        for kind in STAGES[:3]:
            if self.services.records.job(kind, id) is not None:
                raise ConstraintViolation(f"There is a {kind} job {id} already: choose another id.")
        exported = body.export_request()
        graph = self.exports.source(exported)
        base = body.outputS3Location or str(self.services.store.root / FILES)
        added: list[Job] = []
        try:
            with self.services.output_lock:
                folder = self.services.unused_location(base, f"{id}-{stamp(time.time())}")
                places = [
                    self.services.locations.below(folder, part).address
                    for part in ("export", "processed", "trained")
                ]
                for kind, of, options, limit in _stages(id, name, model, body, graph, places):
                    task = "endpoint" if kind == ENDPOINTS else kind
                    if kind == ENDPOINTS:
                        options = {**options, "store": str(self.services.store.root)}
                    place = places[len(added)] if len(added) < len(places) else None
                    output = {} if place is None else {"output": place}
                    added.append(
                        self.services.runner.start(
                            kind,
                            name if kind == ENDPOINTS else id,
                            self.services.task(task, **output, **options),
                            request={**of, MARK: id, ENDPOINT: name},
                            outputs=list(output.values()),
                            after=[added[-1].number] if added else [],
                            time_limit=limit,
                            replace=kind == ENDPOINTS,
                        )
                    )
        except Exception as error:
            for job in reversed(added):
                if self.services.runner.cancel(job) is State.STOPPED:
                    self.services.records.delete(job.number)
            if isinstance(error, JobExists) and len(added) == len(STAGES) - 1:
                raise _is_being_made(name) from None
            raise
        return {"id": id, "endpoint": name, "creationTimeInMillis": int(added[0].created * 1000)}

    def _check_endpoint(self, name: str, update: bool) -> None:
        last = self.services.records.job(ENDPOINTS, name)
        if last is not None and last.is_open:
            raise _is_being_made(name)
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
        return await asyncio.to_thread(self._get, request.match_info["id"])

    def _get(self, id: str) -> dict[str, Any]:
        return document(id, self.jobs(id))

    def jobs(self, id: str) -> Mapping[str, Job]:
        """Return the jobs of a pipeline by their kinds, in order. Raises `MLResourceNotFound`."""
        found = jobs_of(self.services.records, id)
        if not found:
            raise MLResourceNotFound(f"There is no pipeline {id}.")
        return found

    async def stop(self, request: web.Request) -> dict[str, Any]:
        """`DELETE /ml/pipelines/{id}`: end its jobs; with `clean` remove ended ones and their
        outputs. An endpoint that it has made stays.
        """
        clean = flag(request, "clean")
        await asyncio.to_thread(self._stop, request.match_info["id"], clean)
        return {"status": "200 OK"}

    def _stop(self, id: str, clean: bool) -> None:
        jobs = self.jobs(id)
        # The last first: none shall begin because the one before it has ended.
        for job in reversed(list(jobs.values())):
            self.services.end(job, clean=clean)
        last = self.services.records.job(
            ENDPOINTS, str(next(iter(jobs.values())).request[ENDPOINT])
        )
        if last is not None and last.request.get(MARK) == id and last.state is State.STOPPED:
            self.services.records.delete(last.number)  # it has never become an endpoint


def _is_being_made(name: str) -> ConstraintViolation:
    return ConstraintViolation(
        f"The endpoint {name} is being made or updated: ask again when that has ended."
    )


def _stages(
    id: str,
    name: str,
    model: str,
    body: Pipeline,
    graph: Mapping[str, Any],
    places: Sequence[str],
) -> list[tuple[str, dict[str, Any], dict[str, Any], float | None]]:
    """Return kind, request, description and time limit of each job; `places` are the outputs."""
    export, processed, trained = places
    exported = body.export_request()
    asked = body.model_dump(mode="json", exclude_unset=True)
    return [
        (EXPORT, {**exported, ASKED: asked}, {**graph, "request": exported}, None),
        (
            DATA_PROCESSING,
            {"inputDataS3Location": export},
            {"input": export, "configuration": CONFIGURATION, "previous": None, "model_type": None},
            body.processingTimeOutInSeconds,
        ),
        (
            MODEL_TRAINING,
            {"dataProcessingJobId": id, MEMORY_LIMIT: body.memoryLimitInMiB},
            {
                "input": processed,
                "model": model,
                "trials": body.trials,
                "parallel": body.maxHPOParallelTrainingJobs,
                "previous": None,
                "seed": body.seed,
                "budget": body.budgetInSeconds,
                "deadline": body.deadlineInSeconds,
            },
            body.trainingTimeOutInSeconds,
        ),
        (
            ENDPOINTS,
            {"mlModelTrainingJobId": id, "update": body.update},
            {"input": trained, "name": name, "replace": body.update},
            None,
        ),
    ]
