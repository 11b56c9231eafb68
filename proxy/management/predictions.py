"""`/ml/predict`: all predictions of a model as a job, an extension of Neptune's API."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from aiohttp import web

from gremlink.proxy.management.errors import (
    InvalidParameter,
    MissingParameter,
    MLResourceNotFound,
)
from gremlink.proxy.management.http import Handler, body_of, flag, number
from gremlink.proxy.management.ml import MOST_ITEMS, MachineLearning
from gremlink.proxy.management.requests import Predict
from gremlink.proxy.management.responses import MODEL_TRAINING, MODEL_TRANSFORM, created, resource
from gremlink.proxy.management.services import FILES, Services, stamp
from gremlink.proxy.management.tasks.description import describe_graph, describe_rdf_store
from gremlink.proxy.store.jobs import Job

PREDICT = "predict"


@dataclass(frozen=True, slots=True)
class Predictions:
    """The handlers; `models` has the jobs whose models may predict."""

    services: Services
    models: MachineLearning

    def routes(self) -> list[tuple[str, str, Handler]]:
        """Return method, path and handler of each route."""
        return [
            ("POST", "/ml/predict", self.start),
            ("GET", "/ml/predict", self.list),
            ("GET", "/ml/predict/{id}", self.get),
            ("DELETE", "/ml/predict/{id}", self.stop),
        ]

    async def start(self, request: web.Request) -> dict[str, Any]:
        """`POST /ml/predict`."""
        body = await body_of(request, Predict)
        return await asyncio.to_thread(self._start, body)

    def _start(self, body: Predict) -> dict[str, Any]:
        _check(body)
        id = body.name or str(uuid4())
        source, name = (None, None) if body.remove is not None else self._model(body)
        given: dict[str, Any] = {
            "artifact": source if body.endpoint is not None else None,
            "input": source,
            "name": name,
            "label": body.label,
            "ids": body.ids,
            "remove": body.remove,
            "dry_run": body.dryRun,
            "format": body.format,
            "write_back": body.writeBack,
            "asked": {
                "edge_label": body.edge,
                "direction": body.direction,
                "target_label": body.targetLabel,
                "limit": body.limit,
                "threshold": body.threshold,
                "hides": not body.knownLinks,
            },
        }
        request = body.model_dump(mode="json", exclude_unset=True)
        start, task = self.services.runner.start, self.services.task
        if body.writeBack is not None or body.remove is not None:
            job = start(PREDICT, id, task(PREDICT, **self._databases(), **given), request=request)
            return created(job, body.replaced_by(id))
        _check_format(body.format)
        base = body.outputS3Location or str(self.services.store.root / FILES)
        with self.services.output_lock:
            folder = f"{id}-{stamp(time.time())}"
            output = self.services.unused_location(base, folder, "predictions").address
            job = start(
                PREDICT,
                id,
                task(PREDICT, output=output, **given),
                request=request,
                outputs=[output],
            )
        return created(job, body.replaced_by(id))

    def _databases(self) -> dict[str, Any]:
        """Return the databases of this proxy, as JSON. Raises `BadRequest` if there is none."""
        services, found = self.services, {}
        if services.sparql.is_set:
            found["rdf_store"] = describe_rdf_store(services.sparql, services.upstream)
        if services.upstream.url is not None or not found:
            found["graph"] = describe_graph(services.upstream)
        return found

    def _model(self, body: Predict) -> tuple[str, str]:
        """Return the place of the model and its name. Raises `ManagementError`."""
        jobs = [
            (kind, id)
            for kind, id in (
                (MODEL_TRAINING, body.mlModelTrainingJobId),
                (MODEL_TRANSFORM, body.mlModelTransformJobId),
            )
            if id is not None
        ]
        if len(jobs) + (body.endpoint is not None) != 1:
            raise MissingParameter(
                "One of the parameters endpoint, mlModelTrainingJobId and mlModelTransformJobId is"
                " required."
            )
        if body.endpoint is None:
            return self.models.completed(*jobs[0]).outputs[0], jobs[0][1]
        found = self.services.store.endpoint(body.endpoint)
        if found is None:
            raise MLResourceNotFound(f"There is no endpoint {body.endpoint}.")
        return str(found.artifact), found.name

    async def list(self, request: web.Request) -> dict[str, Any]:
        """`GET /ml/predict`: return ids, newest first."""
        most = number(request, "maxItems", 10, most=MOST_ITEMS)
        jobs = await asyncio.to_thread(self.services.records.jobs, PREDICT)
        return {"ids": [job.id for job in jobs[:most]]}

    async def get(self, request: web.Request) -> dict[str, Any]:
        """`GET /ml/predict/{id}`."""
        await self.services.wait_for_end(PREDICT, request.match_info["id"])
        job = await asyncio.to_thread(self._found, request.match_info["id"])
        about = resource(job)
        return {"id": job.id, "status": about["status"], "predictJob": about, **job.result}

    async def stop(self, request: web.Request) -> dict[str, Any]:
        """`DELETE /ml/predict/{id}`: end a job, or with `clean` remove one and its file.

        Predictions in the graph stay.
        """
        clean = flag(request, "clean")
        job = await asyncio.to_thread(self._found, request.match_info["id"])
        await asyncio.to_thread(self.services.end, job, clean=clean)
        return {"status": "200 OK"}

    def _found(self, id: str) -> Job:
        job = self.services.records.job(PREDICT, id)
        if job is None:
            raise MLResourceNotFound(f"There is no {PREDICT} job {id}.")
        return job


def _check(body: Predict) -> None:
    """Refuse what cannot be meant together. Raises `InvalidParameter`."""
    if body.remove is not None:
        others = sorted(
            name
            for name, field in type(body).model_fields.items()
            if name not in ("remove", "dryRun", "id") and getattr(body, name) != field.default
        )
        if others:
            raise InvalidParameter(
                f"The parameter remove stands alone, without {', '.join(others)}: it takes the"
                " predictions of a name out of the graph."
            )
        return
    if body.writeBack is not None and body.outputS3Location is not None:
        raise InvalidParameter(
            "Only one of outputS3Location and writeBack can be given: predictions go into a file or"
            " into the graph."
        )
    if body.ids is not None and body.label is not None:
        raise InvalidParameter("Only one of ids and label can be given.")
    if body.dryRun and body.writeBack is None:
        raise InvalidParameter("The parameter dryRun is for writeBack and remove.")


def _check_format(form: str) -> None:
    """Refuse a format that this installation cannot write. Raises `InvalidParameter`."""
    from gremlink.proxy.learning.predictions.files import NoParquet, require_format

    try:
        require_format(form)
    except NoParquet as error:
        raise InvalidParameter(f"The parameter format has the value {form!r}: {error}.") from None
