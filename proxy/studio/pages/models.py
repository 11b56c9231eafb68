"""The page Models: runs, side by side, with their reports; endpoints get another run's model."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from typing import Any
from urllib.parse import quote

from aiohttp import web

from gremlink.proxy.learning.comparison.runs import QUIET
from gremlink.proxy.store.errors import InvalidName
from gremlink.proxy.store.jobs import JobRecords
from gremlink.proxy.store.records import check_name
from gremlink.proxy.studio.errors import ApiRefused, WrongInput
from gremlink.proxy.studio.runs import Run, run_of, runs
from gremlink.proxy.studio.runs.comparison import curves_of, side_by_side, table_of
from gremlink.proxy.studio.runs.found import ENDPOINT
from gremlink.proxy.studio.runs.trials import trials_of
from gremlink.proxy.studio.visit import Route, Visit

MOST_COMPARED = 6
"""Runs side by side."""

MADE_SECONDS = 10.0
"""Time that the page of a new endpoint waits for the job that makes it."""

REPORT_POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'"
)
"""The policy of a report, which has its style in it; nothing in it runs."""


async def show(visit: Visit) -> web.Response:
    """Answer with the list of runs."""
    folder = visit.configuration.storage.s3_folder
    found = await asyncio.to_thread(runs, visit.store, folder)
    tasks = list(dict.fromkeys(run.described.task_name for run in found if run.described.task))
    task = visit.query("task")
    shown = [run for run in found if task in ("", run.described.task_name)]
    served: dict[str, list[str]] = {}
    for run in found:
        if run.kind == ENDPOINT and run.checksum:
            served.setdefault(run.checksum, []).append(run.name)
    return visit.page("models/page.html", runs=shown, tasks=tasks, task=task, served=served)


async def compared(visit: Visit) -> web.Response:
    """Answer with runs side by side."""
    keys = visit.request.query.getall("run", [])[:MOST_COMPARED]
    found = [await _run(visit, key) for key in dict.fromkeys(keys)]
    if len(found) < 2:
        raise WrongInput("Choose two runs or more to compare them.", "run")
    beside = await asyncio.to_thread(side_by_side, found, visit.query("metric"))
    return visit.page(
        "models/compare.html", beside=beside, comparison=beside.comparison, quiet=QUIET
    )


async def one(visit: Visit) -> web.Response:
    """Answer with one run: figures, methods, curves, and what can be done with it."""
    run = await _run(visit, _key(visit))
    endpoints = [each.name for each in visit.store.endpoints()]
    return visit.page(
        "models/one.html",
        run=run,
        curves=curves_of(run),
        endpoints=endpoints,
        trials=trials_of(run.described.report),
    )


async def drift(visit: Visit) -> web.Response:
    """Answer with the graph now beside that of the training; a part of a page for scripts."""
    run = await _run(visit, _key(visit))
    if run.kind != ENDPOINT:
        raise web.HTTPNotFound(text="Only the model of an endpoint is compared with the graph.")
    answer = await visit.api("GET", f"/ml/endpoints/{_quoted(run.name)}/drift")
    template = "models/drift-part.html" if visit.is_fragment else "models/drift.html"
    return visit.page(template, run=run, drift=answer["drift"])


async def report(visit: Visit) -> web.Response:
    """Answer with the report of a run, a page of its own."""
    run = await _run(visit, _key(visit))
    try:
        content = await asyncio.to_thread(run.report_path.read_bytes)
    except OSError:
        raise web.HTTPNotFound(text=f"{run.name} has no report.") from None
    return web.Response(
        body=content,
        content_type="text/html",
        charset="utf-8",
        headers={"Content-Security-Policy": REPORT_POLICY},
    )


async def document(visit: Visit) -> web.Response:
    """Answer with the figures of a run as JSON, to keep."""
    run = await _run(visit, _key(visit))
    text = json.dumps(run.described.report, indent=1, ensure_ascii=False)
    return _kept(run, "report.json", text, "application/json")


async def table(visit: Visit) -> web.Response:
    """Answer with the methods of a run and all their metrics as CSV, to keep."""
    run = await _run(visit, _key(visit))
    text = io.StringIO()
    csv.writer(text).writerows(table_of(run))
    return _kept(run, "methods.csv", text.getvalue(), "text/csv")


def _kept(run: Run, name: str, text: str, kind: str) -> web.Response:
    """Return a file that the browser keeps."""
    of = "".join(each if each.isalnum() or each in "-_." else "_" for each in run.name)
    return web.Response(
        text=text,
        content_type=kind,
        charset="utf-8",
        headers={"Content-Disposition": f'attachment; filename="{of}-{name}"'},
    )


async def change(visit: Visit) -> web.Response:
    """Create, replace or delete an endpoint, through the management API."""
    fields = await visit.form()
    action, name = str(fields.get("action", "")), str(fields.get("name", "")).strip()
    run = await _run(visit, _key(visit))
    if action == "delete":
        if run.kind != ENDPOINT or str(fields.get("confirm", "")).strip() != run.name:
            raise WrongInput(f"Write {run.name} into the field to delete this endpoint.", "confirm")
        await visit.api("DELETE", f"/ml/endpoints/{_quoted(run.name)}")
        raise web.HTTPSeeOther("/studio/models")
    if action != "serve":
        raise WrongInput("There is nothing to do.")
    if run.kind == ENDPOINT:
        raise WrongInput("The model of an endpoint is served already.")
    if not name:
        raise WrongInput("Write the name of the endpoint.", "name")
    try:
        check_name(name)  # the API would take a name with blanks for a sentence, and make one up
    except InvalidName as error:
        raise WrongInput(f"{error}.", "name") from None
    exists = visit.store.endpoint(name) is not None
    if exists and not fields.get("replace"):
        raise WrongInput(
            f"There is an endpoint {name} already: tick that its model is replaced.", "name"
        )
    field = "mlModelTrainingJobId" if run.kind == "training" else "mlModelTransformJobId"
    body: dict[str, Any] = {"id": name, field: run.name}
    if exists:
        body["update"] = True
    await visit.api("POST", "/ml/endpoints", body)
    raise web.HTTPSeeOther(f"/studio/models/endpoint:{_quoted(name)}?made=yes")


async def _run(visit: Visit, key: str) -> Run:
    """Return a run. Raises `HTTPNotFound`."""
    folder = visit.configuration.storage.s3_folder
    if visit.query("made"):
        await _made(visit, key)
    found = await asyncio.to_thread(run_of, visit.store, key, folder)
    if found is None and ":" not in key:
        found = await asyncio.to_thread(run_of, visit.store, f"{ENDPOINT}:{key}", folder)
    if found is None:
        raise web.HTTPNotFound(text=f"There is no model {key[:100]}.")
    return found


async def _made(visit: Visit, key: str) -> None:
    """Wait some seconds for an endpoint that a job makes, or gives another model.

    Raises `WrongInput` with the reason why it could not.
    """
    name = key.partition(":")[2]
    await JobRecords(visit.store.root).wait_for_end("endpoints", name, MADE_SECONDS)
    try:
        state = await visit.api("GET", f"/ml/endpoints/{_quoted(name)}")
    except ApiRefused:
        return
    reason = state["endpoint"].get("failureReason")
    if reason and state.get("status") not in ("Creating", "Updating"):
        raise WrongInput(f"{name} did not get this model: {reason}.")


def _key(visit: Visit) -> str:
    return visit.request.match_info["key"]


def _quoted(name: str) -> str:
    return quote(name, safe="")


ROUTES = (
    Route("GET", "/studio/models", show),
    Route("GET", "/studio/models/compare", compared),
    Route("GET", "/studio/models/{key}", one),
    Route("POST", "/studio/models/{key}", change),
    Route("GET", "/studio/models/{key}/report", report),
    Route("GET", "/studio/models/{key}/report.json", document),
    Route("GET", "/studio/models/{key}/methods.csv", table),
    Route("GET", "/studio/models/{key}/drift", drift),
)
