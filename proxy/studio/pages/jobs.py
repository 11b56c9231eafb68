"""All jobs of the management API: state, output, log, cancellation, deletion."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import quote

from aiohttp import web

from gremlink.proxy.management.jobs.figures import figures_of
from gremlink.proxy.management.pipelines.documents import MARK
from gremlink.proxy.store.jobs import Job, JobRecords
from gremlink.proxy.studio.errors import WrongInput
from gremlink.proxy.studio.jobs import KINDS, log_of, newest, shown
from gremlink.proxy.studio.visit import Route, Visit

HERE = "/studio/jobs"

MOST_JOBS = 100
"""Jobs in the list, the newest."""


async def show(visit: Visit) -> web.Response:
    """Answer with the page of all jobs."""
    return visit.page("jobs/page.html", **await _listed(visit))


async def rows(visit: Visit) -> web.Response:
    """Answer with the table of all jobs."""
    return visit.fragment("jobs/table.html", **await _listed(visit))


async def _listed(visit: Visit) -> dict[str, Any]:
    kind = visit.query("kind")
    if kind not in ("", *KINDS):
        raise WrongInput(f"There are no jobs of the kind {kind[:60]}.", "kind")
    found = await asyncio.to_thread(newest, visit.store.root, MOST_JOBS, kind or None)
    again = f"{HERE}/rows" + (f"?kind={quote(kind)}" if kind else "")
    return {"jobs": found, "kind": kind, "kinds": KINDS, "refresh": again}


async def one(visit: Visit) -> web.Response:
    """Answer with the page of one job."""
    return visit.page("jobs/one.html", **await _one(visit))


async def live(visit: Visit) -> web.Response:
    """Answer with the state of one job."""
    return visit.fragment("jobs/live.html", **await _one(visit))


async def _one(visit: Visit) -> dict[str, Any]:
    return await asyncio.to_thread(_read, visit, *_named(visit))


def _named(visit: Visit) -> tuple[str, str]:
    found = visit.request.match_info
    return found["kind"], found["id"]


def _read(visit: Visit, kind: str, id: str) -> dict[str, Any]:
    """Read what the page of a job shows. Raises HTTPNotFound."""
    root = visit.store.root
    job = _job(visit, kind, id)
    return {
        "job": shown(job),
        "pipeline": job.request.get(MARK),
        "progress": figures_of(job) if kind == "modeltraining" else None,
        "warnings": job.result.get("warnings") or [],
        "log": log_of(root, kind, id),
    }


def _job(visit: Visit, kind: str, id: str) -> Job:
    """Return a job. Raises HTTPNotFound."""
    job = JobRecords(visit.store.root).job(kind, id)
    if job is None:
        raise web.HTTPNotFound(text=f"There is no {kind[:60]} job {id[:100]}.")
    return job


async def _address(visit: Visit) -> tuple[str, str]:
    """Return the address of the job in the API, and of its page. Raises HTTPNotFound."""
    job = await asyncio.to_thread(_job, visit, *_named(visit))
    name = quote(job.id, safe="")
    paths = {"export": "/v1/neptune-export", "loader": "/loader"}
    return f"{paths.get(job.kind, f'/ml/{job.kind}')}/{name}", f"{HERE}/{job.kind}/{name}"


async def cancel(visit: Visit) -> web.Response:
    """End a job."""
    path, page = await _address(visit)
    await visit.api("DELETE", path)
    raise web.HTTPSeeOther(page if _named(visit)[0] != "endpoints" else HERE)


async def delete(visit: Visit) -> web.Response:
    """Remove a job that has ended, with its output."""
    path, _ = await _address(visit)
    await visit.api("DELETE", f"{path}?clean=true")
    raise web.HTTPSeeOther(HERE)


ROUTES = (
    Route("GET", HERE, show),
    Route("GET", f"{HERE}/rows", rows),
    Route("GET", f"{HERE}/{{kind}}/{{id}}", one),
    Route("GET", f"{HERE}/{{kind}}/{{id}}/live", live),
    Route("POST", f"{HERE}/{{kind}}/{{id}}/cancel", cancel),
    Route("POST", f"{HERE}/{{kind}}/{{id}}/delete", delete),
)
