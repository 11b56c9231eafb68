"""The export service: `/v1/neptune-export` and `/neptune-export`.

Reference: Neptune's user guide, "Neptune-Export service"; requests are those of its exporter.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from aiohttp import web

from gremlink.proxy.graph import ExportParameters
from gremlink.proxy.graph.rdf.parameters import COMMAND, RdfExportParameters, is_rdf_request
from gremlink.proxy.management.errors import BadRequest, MLResourceNotFound, UnsupportedOperation
from gremlink.proxy.management.http import Handler, body_of, flag
from gremlink.proxy.management.requests import Export
from gremlink.proxy.management.services import Services, stamp
from gremlink.proxy.management.tasks.description import describe_graph, describe_rdf_store
from gremlink.proxy.store.jobs import Job, State

EXPORT = "export"
PATHS = ("/v1/neptune-export", "/neptune-export")
STATUS = {
    State.QUEUED: "pending",
    State.RUNNING: "running",
    State.STOPPING: "running",
    State.COMPLETED: "succeeded",
    State.FAILED: "failed",
    State.STOPPED: "failed",
}
UNSUPPORTED_PARAMETERS = (
    "filter",
    "filterConfigFile",
    "scope",
    "format",
)
"""Parameters of Neptune's exporter that would change the result, and so are refused early."""

_HARMLESS = {"scope": ("all",), "format": ("csv",)}


@dataclass(frozen=True, slots=True)
class ExportService:
    """The handlers. They export the graph behind the proxy, also if a request names another."""

    services: Services

    def routes(self) -> list[tuple[str, str, Handler]]:
        """Return method, path and handler of each route."""
        routes: list[tuple[str, str, Handler]] = []
        for path in PATHS:
            routes += [
                ("POST", path, self.start),
                ("GET", f"{path}/{{id}}", self.get),
                ("DELETE", f"{path}/{{id}}", self.stop),
            ]
        return routes

    async def start(self, request: web.Request) -> dict[str, Any]:
        """`POST …/neptune-export`."""
        body = await body_of(request, Export)
        return await asyncio.to_thread(self._start, body)

    def _start(self, body: Export) -> dict[str, Any]:
        for name in () if body.command == COMMAND else UNSUPPORTED_PARAMETERS:
            if body.params.get(name) not in (None, "", *_HARMLESS.get(name, ())):
                raise UnsupportedOperation(
                    f"params.{name} is not supported: there are nodeLabels, edgeLabels and "
                    "gremlinFilter."
                )
        if not body.createExportSubdirectory:
            raise UnsupportedOperation(
                "An export always gets a folder of its own: leave createExportSubdirectory out."
            )
        asked = body.model_dump(mode="json")
        graph = self.source(asked)
        id = str(uuid4())
        with self.services.output_lock:
            output = self.services.unused_location(body.outputS3Path, stamp(time.time())).address
            job = self.services.runner.start(
                EXPORT,
                id,
                self.services.task(
                    EXPORT,
                    output=output,
                    **graph,
                    request=asked,
                ),
                request=asked,
                outputs=[output],
            )
            name = f"neptune-export-{id[:8]}-{int(job.created * 1000)}"
        return {"jobName": name, "jobId": id}

    def source(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Return what a request exports, for the description of the job.

        Raises `BadParameters`, `BadRequest`.
        """
        if not is_rdf_request(asked):
            ExportParameters.parse(asked)
            return {"graph": describe_graph(self.services.upstream)}
        RdfExportParameters.parse(asked)
        if not self.services.sparql.is_set:
            raise BadRequest(f"There is no RDF store for {COMMAND}: sparql.url is not set.")
        return {"rdf_store": describe_rdf_store(self.services.sparql, self.services.upstream)}

    async def get(self, request: web.Request) -> dict[str, Any]:
        """`GET …/neptune-export/{id}`."""
        await self.services.wait_for_end(EXPORT, request.match_info["id"])
        return _status(await asyncio.to_thread(self._found, request.match_info["id"]))

    async def stop(self, request: web.Request) -> dict[str, Any]:
        """`DELETE …/neptune-export/{id}`."""
        clean = flag(request, "clean")
        job = await asyncio.to_thread(self._found, request.match_info["id"])
        await asyncio.to_thread(self.services.end, job, clean=clean)
        return {"jobId": job.id, "status": "200 OK"}

    def _found(self, id: str) -> Job:
        job = self.services.records.job(EXPORT, id)
        if job is None:
            raise MLResourceNotFound(f"There is no export {id}.")
        return job


def _status(job: Job) -> dict[str, Any]:
    document = {
        "jobId": job.id,
        "status": STATUS[job.state],
        "logs": job.log.as_uri(),
        "outputS3Uri": job.outputs[0],
    }
    if job.reason:
        document["failureReason"] = job.reason
    if job.result.get("warnings"):
        document["warnings"] = job.result["warnings"]
    return document
