"""`/loader`: Neptune's bulk loader, for its CSV and for RDF.

Reference: Neptune's user guide, "Neptune Loader Command", "Get-Status API", "Cancel Job".
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from aiohttp import web

from gremlink.proxy.graph.rdf.formats import FORMATS, checked_iri
from gremlink.proxy.management.errors import (
    BadRequest,
    BulkLoadIdNotFound,
    InvalidParameter,
    LoadUrlAccessDenied,
    MissingParameter,
    S3Error,
    UnsupportedOperation,
)
from gremlink.proxy.management.http import Handler, body_of, flag, number
from gremlink.proxy.management.jobs.events import newest_event
from gremlink.proxy.management.jobs.runner import DEPENDENCY
from gremlink.proxy.management.requests import Load
from gremlink.proxy.management.services import Services
from gremlink.proxy.management.tasks.description import describe_graph, describe_rdf_store
from gremlink.proxy.store.errors import LocationRefused
from gremlink.proxy.store.jobs import Job, State

LOADER = "loader"
MOST_IDS = 100


@dataclass(frozen=True, slots=True)
class Loader:
    """The handlers."""

    services: Services

    def routes(self) -> list[tuple[str, str, Handler]]:
        """Return method, path and handler of each route."""
        return [
            ("POST", "/loader", self.start),
            ("GET", "/loader", self.get),
            ("GET", "/loader/{id}", self.get),
            ("DELETE", "/loader", self.cancel),
            ("DELETE", "/loader/{id}", self.cancel),
        ]

    async def start(self, request: web.Request) -> dict[str, Any]:
        """`POST /loader`."""
        body = await body_of(request, Load)
        return await asyncio.to_thread(self._start, body)

    def _start(self, body: Load) -> dict[str, Any]:
        details = self._target(body)
        try:
            source = self.services.locations.at(body.source)
        except LocationRefused as error:
            raise LoadUrlAccessDenied(f"{error}.") from None
        if not self.services.locations.exists(source):
            raise S3Error(f"There is nothing at {source.address}.")
        after = [self._found(id).number for id in body.dependencies]
        if not body.queueRequest and any(
            job.kind == LOADER for job in self.services.records.open()
        ):
            raise BadRequest(
                "Failed to start new load job: another load is in progress. Send queueRequest TRUE "
                "to wait for its end."
            )
        job = self.services.runner.start(
            LOADER,
            str(uuid4()),
            self.services.task(
                "load",
                input=source.address,
                **{"continue": not body.failOnError},
                **details,
            ),
            request=body.model_dump(mode="json", exclude_unset=True),
            after=after,
        )
        return {"status": "200 OK", "payload": {"loadId": job.id}}

    def _target(self, body: Load) -> dict[str, Any]:
        """Return the database of a format, and the settings of its parser, for the job.

        Raises `UnsupportedOperation`, `InvalidParameter`; `BadRequest` without a Gremlin database.
        """
        parser = body.parserConfiguration
        if body.format == "csv":
            database = self.services.graph  # says if there is none
            assert database is not None
            return {
                "graph": describe_graph(self.services.upstream),
                "allow_empty_strings": parser.allowEmptyStrings,
            }
        if body.format not in FORMATS:
            raise UnsupportedOperation(
                f"The format {body.format} is not supported: there are csv, {', '.join(FORMATS)}."
            )
        if not self.services.sparql.is_set:
            raise UnsupportedOperation(
                f"The format {body.format} needs an RDF store, and there is none: sparql.url is "
                "not set."
            )
        for name, iri in (("namedGraphUri", parser.namedGraphUri), ("baseUri", parser.baseUri)):
            try:
                checked_iri(iri)
            except ValueError as error:
                raise InvalidParameter(f"parserConfiguration.{name}: {error}.") from None
        return {
            "rdf_store": describe_rdf_store(self.services.sparql, self.services.upstream),
            "format": body.format,
            "named_graph": parser.namedGraphUri,
            "base": parser.baseUri,
        }

    async def get(self, request: web.Request) -> dict[str, Any]:
        """`GET /loader`: ids of loads, or the status of one."""
        id = _id(request)
        if id is None:
            most = number(request, "limit", MOST_IDS, most=MOST_IDS)
            queued = flag(request, "includeQueuedLoads", default=True)
            jobs = await asyncio.to_thread(self.services.records.jobs, LOADER)
            ids = [job.id for job in jobs if queued or job.state is not State.QUEUED]
            return {"status": "200 OK", "payload": {"loadIds": ids[:most]}}
        details, errors = flag(request, "details"), flag(request, "errors")
        page = number(request, "page", 1)
        size = number(request, "errorsPerPage", 10)
        job = await asyncio.to_thread(self._found, id)
        payload = await asyncio.to_thread(_status, job)
        if details:
            payload |= {"failedFeeds": _failed_feeds(job)}
        if details or errors:
            payload["errors"] = _page(job, page, size) if errors else _page(job, 1, 0)
        return {"status": "200 OK", "payload": payload}

    async def cancel(self, request: web.Request) -> dict[str, Any]:
        """`DELETE /loader`: end a load; elements already written stay."""
        id = _id(request)
        if id is None:
            raise MissingParameter("The parameter loadId is required.")
        job = await asyncio.to_thread(self._found, id)
        await asyncio.to_thread(self.services.end, job, clean=False)
        return {"status": "200 OK"}

    def _found(self, id: str) -> Job:
        job = self.services.records.job(LOADER, id)
        if job is None:
            raise BulkLoadIdNotFound(f"There is no load {id}.")
        return job


def _id(request: web.Request) -> str | None:
    return request.match_info.get("id") or request.query.get("loadId") or None


def _status(job: Job) -> dict[str, Any]:
    status = _word(job)
    event = newest_event(job)
    outcome = _outcome(job)
    left_out = outcome.get("left_out", 0)
    overall = {
        "fullUri": job.request["source"],
        "runNumber": 1,
        "retryNumber": 0,
        "status": status,
        "totalTimeSpent": round((job.ended or time.time()) - (job.started or job.created)),
        "startTime": int(job.started or job.created),
        "totalRecords": outcome.get("records", event.done if event is not None else 0),
        "totalDuplicates": 0,
        "parsingErrors": left_out,
        "datatypeMismatchErrors": 0,
        "insertErrors": 0,
    }
    payload: dict[str, Any] = {"feedCount": [{status: outcome.get("files", 1)}]}
    if event is not None and job.is_open:
        overall["progress"] = event.text()
    if job.reason:
        overall["failureReason"] = job.reason
    if outcome.get("warnings"):
        overall["warnings"] = list(outcome["warnings"])
    payload["overallStatus"] = overall
    return payload


def _outcome(job: Job) -> Mapping[str, Any]:
    """Return the outcome of a load, successful or failed."""
    outcome: Mapping[str, Any] = job.result.get("details", job.result)
    return outcome


def _word(job: Job) -> str:
    match job.state:
        case State.QUEUED:
            return "LOAD_IN_QUEUE"
        case State.RUNNING | State.STOPPING:
            return "LOAD_IN_PROGRESS"
        case State.COMPLETED:
            return "LOAD_COMPLETED"
        case State.STOPPED:
            return "LOAD_CANCELLED_BY_USER"
        case _ if job.result.get("cause") == DEPENDENCY:
            return "LOAD_FAILED_BECAUSE_DEPENDENCY_NOT_SATISFIED"
        case _:
            return "LOAD_FAILED"


def _errors(job: Job) -> Sequence[Mapping[str, Any]]:
    errors: Sequence[Mapping[str, Any]] = _outcome(job).get("errors", ())
    return errors


def _failed_feeds(job: Job) -> list[dict[str, Any]]:
    """Return the files with errors, and their number in each."""
    counts: dict[str, int] = {}
    for error in _errors(job):
        counts[error["fileName"]] = counts.get(error["fileName"], 0) + 1
    status = "LOAD_COMPLETED" if job.state is State.COMPLETED else "LOAD_FAILED"
    return [
        {
            "fullUri": name,
            "runNumber": 1,
            "retryNumber": 0,
            "status": status,
            "parsingErrors": count,
            "datatypeMismatchErrors": 0,
            "insertErrors": 0,
        }
        for name, count in counts.items()
    ]


def _page(job: Job, page: int, size: int) -> dict[str, Any]:
    errors = _errors(job)
    first = (page - 1) * size
    shown = errors[first : first + size]
    return {
        "startIndex": first + 1 if shown else 0,
        "endIndex": first + len(shown),
        "loadId": job.id,
        "errorLogs": list(shown),
    }
