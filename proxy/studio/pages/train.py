"""The page Train: choose a target, see how properties are read, start, follow, cancel."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from aiohttp import web

from gremlink.proxy.graph.errors import GraphError
from gremlink.proxy.learning.methods import MODELS, PROPERTY_MODELS
from gremlink.proxy.management.pipelines.documents import newest_pipelines
from gremlink.proxy.store.jobs import JobRecords
from gremlink.proxy.studio.errors import ApiRefused, StudioError, WrongInput
from gremlink.proxy.studio.jobs import KINDS, log_of
from gremlink.proxy.studio.schema import Schema, remembered, schema_of
from gremlink.proxy.studio.training.detection import Choosable, Detected, choosable, detect
from gremlink.proxy.studio.training.forms import (
    FIELDS,
    Form,
    Target,
    feature_options,
    groups,
    read_element,
)
from gremlink.proxy.studio.training.rdf import RdfChoices, rdf_choices
from gremlink.proxy.studio.training.samples import Sample, sample_of
from gremlink.proxy.studio.visit import Route, Visit

MOST_RUNS = 8
"""Trainings in the list, the newest."""

HERE = "/studio/train"
OPEN = ("InProgress", "Stopping")


async def show(visit: Visit) -> web.Response:
    """Answer with the page; the address has the target."""
    query = visit.request.query
    element = query.get("element", "")
    if not element and _has_to_count(visit):
        # Counting a large graph takes seconds: the page is there at once, and asks for the rest.
        return visit.page("train/reading.html")
    return await _page(visit, Form(dict(query)), element)


def _has_to_count(visit: Visit) -> bool:
    """Return True if the graph was not counted lately and the request is not that for the rest."""
    if visit.configuration.upstream.url is None or visit.query("read"):
        return False
    return remembered(visit) is None


async def start(visit: Visit) -> web.Response:
    """Start a training, or show the form again with what is wrong."""
    sent = await visit.form()
    chosen = [str(each) for each in visit_all(sent, "feature")]
    form = Form({name: str(value) for name, value in sent.items()}, chosen)
    element = form.value("element")
    try:
        parts, is_rdf = read_element(element)
        target = Target(parts, form.value("what"), form.value("task"), is_rdf)
        body = form.request(target)
    except WrongInput as error:
        form.problems[error.field] = str(error)
        return await _page(visit, form, element, status=400)
    name = form.value("endpoint")
    if not form.value("update") and await asyncio.to_thread(_is_taken, visit, name):
        form.problems["endpoint"] = (
            f"There is an endpoint {name} already: choose another name, or to replace its model."
        )
    if not form.problems:
        try:
            started = await visit.api("POST", "/ml/pipelines", body)
            raise web.HTTPSeeOther(f"{HERE}/runs/{quote(str(started['id']), safe='')}")
        except ApiRefused as error:
            form.refuse(str(error))
    return await _page(visit, form, element, status=400)


def _is_taken(visit: Visit, name: str) -> bool:
    return any(each.name == name for each in visit.store.endpoints())


def visit_all(sent: Mapping[str, Any], name: str) -> list[Any]:
    """Return all values of a field of a form."""
    many = getattr(sent, "getall", None)
    found: list[Any] = [] if many is None else many(name, [])
    return found


async def _page(visit: Visit, form: Form, element: str, *, status: int = 200) -> web.Response:
    schema, problem = None, ""
    if visit.configuration.upstream.url is not None:
        try:
            schema = await schema_of(visit)
        except StudioError as error:
            problem = str(error)
    rdf = None
    if visit.configuration.sparql.is_set:
        try:
            rdf = await rdf_choices(visit)
        except StudioError as error:
            problem = problem or str(error)
    plan = None
    if element:
        try:
            plan = await _plan(visit, form, element, schema, rdf)
        except WrongInput as error:
            form.problems.setdefault(error.field, str(error))
        except (StudioError, GraphError) as error:
            problem = str(error)
    runs = await asyncio.to_thread(_newest, visit)
    return visit.page(
        "train/page.html",
        status=status,
        groups=groups(schema, rdf, element),
        options_of=lambda feature: feature_options(feature, form.features),
        rdf=rdf,
        problem=problem,
        element=element,
        plan=plan,
        form=form,
        runs=runs,
    )


async def _plan(
    visit: Visit, form: Form, element: str, schema: Schema | None, rdf: RdfChoices | None
) -> dict[str, Any]:
    """Return what the template needs to show the form of a target.

    Raises `StudioError`, `GraphError`.
    """
    parts, is_rdf = read_element(element)
    what, task = form.value("what"), form.value("task")
    if is_rdf:
        if rdf is None:
            raise WrongInput("There is no RDF store behind this proxy.", "element")
        return await _rdf_plan(visit, form, rdf, parts, what, task)
    if schema is None:
        raise WrongInput("There is no graph to learn from.", "element")
    target = Target(parts, what, task)
    if target.relation is None and parts[0] not in schema.vertices:
        raise WrongInput(f"The graph has no vertex with the label {parts[0]}.", "element")
    if target.relation is not None and target.relation not in schema.edges:
        raise WrongInput(f"The graph has no edge {target.relation}.", "element")
    sample = await sample_of(visit, schema.vertices, target.relation)
    elements: Any = sample.edges
    if target.relation is None:
        elements = sample.vertices.get(parts[0]) or []
    properties = await asyncio.to_thread(choosable, elements)
    chosen = next((each for each in properties if each.name == what), None)
    if what and chosen is None:
        raise WrongInput(f"No sampled element has the property {what[:80]}.", "what")
    is_ready = chosen is not None or target.relation is not None
    if chosen is not None and task not in ("classification", "regression"):
        task = chosen.task
    target = Target(parts, what, task if what else "")
    features: list[Detected] = []
    if is_ready:
        features = await asyncio.to_thread(_features, sample, target)
    size = schema.edge_count
    if chosen is not None:
        count = schema.vertices.get(parts[0], 0)
        if target.relation is not None:
            count = schema.edges.get(target.relation, 0)
        size += round(count * chosen.present)
    return {
        **_common(visit, form, target, size),
        "properties": properties,
        "chosen": chosen,
        "features": features,
        "sample": sample,
        "is_ready": is_ready,
    }


def _features(sample: Sample, target: Target) -> list[Detected]:
    request = {"additionalParams": {"neptune_ml": {"targets": [target.document]}}}
    return detect(sample, request)


async def _rdf_plan(
    visit: Visit, form: Form, rdf: RdfChoices, parts: tuple[str, ...], what: str, task: str
) -> dict[str, Any]:
    properties: list[Choosable] = await rdf.properties(visit, parts[0]) if parts else []
    chosen = next((each for each in properties if each.name == what), None)
    if chosen is not None and task not in ("classification", "regression"):
        task = chosen.task
    target = Target(parts, what, task if parts else "", is_rdf=True)
    return {
        **_common(visit, form, target, rdf.statements),
        "properties": properties,
        "chosen": chosen,
        "features": [],
        "sample": None,
        "is_ready": bool(what),
    }


def _common(visit: Visit, form: Form, target: Target, size: int) -> dict[str, Any]:
    from gremlink.proxy.learning.budget import default_budget

    name = target.suggested_name
    taken = {each.name for each in visit.store.endpoints()}
    number = 2
    while name in taken:
        name = f"{target.suggested_name}-{number}"
        number += 1
    return {
        "target": target,
        "estimate": default_budget(size),
        "size": size,
        "models": MODELS if target.is_links else PROPERTY_MODELS,
        "name": name,
        "taken": sorted(taken),
        "memory": visit.configuration.jobs.memory_limit,
    }


async def runs(visit: Visit) -> web.Response:
    """Answer with the newest trainings."""
    found = await asyncio.to_thread(_newest, visit)
    return visit.fragment("train/runs.html", runs=found)


def _newest(visit: Visit) -> list[dict[str, Any]]:
    records = JobRecords(visit.store.root)
    return [_complete(each) for each in newest_pipelines(records, MOST_RUNS)]


def _complete(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the state of a pipeline with all keys that templates read."""
    nothing: dict[str, Any] = {
        "event": None,
        "memoryInMiB": None,
        "failureReason": "",
        "warnings": [],
    }
    stages = [{**nothing, **stage} for stage in document["stages"]]
    return {"failureReason": "", "progress": None, **document, "stages": stages}


async def run(visit: Visit) -> web.Response:
    """Answer with the page of one training."""
    return visit.page("train/run.html", **await _run(visit))


async def live(visit: Visit) -> web.Response:
    """Answer with the state of one training."""
    return visit.fragment("train/live.html", **await _run(visit))


async def _run(visit: Visit) -> dict[str, Any]:
    id = visit.request.match_info["id"]
    document = _complete(await visit.api("GET", f"/ml/pipelines/{quote(id, safe='')}"))
    stages = document["stages"]
    current = next((each for each in stages if each["status"] in OPEN), stages[-1])
    broken = next((each for each in stages if each["status"] == "Failed"), None)
    training = next((each for each in stages if each["kind"] == "modeltraining"), current)
    last = training if document["status"] == "Completed" else current
    shown = broken or (last if not last["waits"] else stages[0])
    text = await asyncio.to_thread(log_of, visit.store.root, shown["kind"], shown["id"])
    return {
        "run": document,
        "is_open": any(each["status"] in OPEN for each in stages),
        "titles": KINDS,
        "shown": shown,
        "log": text[-16_384:],
        "advice": _advice(document),
        "warnings": list(dict.fromkeys(each for stage in stages for each in stage["warnings"])),
        "again": _again(document["request"].get("target") or {}, document["request"]),
        "now": time.time(),
    }


def _again(target: Mapping[str, Any], request: Mapping[str, Any]) -> str:
    """Return the address of the form for the same target, with the name to be replaced."""
    is_rdf = request.get("command") == "export-rdf"
    element: list[str] = []
    if "node" in target:
        labels = target["node"]
        element = [labels if isinstance(labels, str) else ";".join(map(str, labels))]
    elif "edge" in target:
        element = [str(each) for each in target["edge"]]
    what = target.get("predicate" if is_rdf else "property") or ""
    task = target.get("type", "") if (what and "node" in target) or "edge" in target else ""
    spelled = Target(tuple(element), is_rdf=is_rdf).spelled
    fields = {"element": spelled, "what": what, "task": task}
    for api, name in FIELDS.items():
        if api in request and api not in ("target", "id"):
            fields[name] = str(request[api])
    if request.get("endpoint"):
        fields["update"] = "yes"
    return f"{HERE}?{urlencode(fields)}"


ADVICE = (
    ("connect", "Start the database, or correct upstream.url, and train again."),
    ("memory", "Give it more memory, or less to do: a shorter time, fewer properties."),
    (
        "time limit",
        "Allow more time in the advanced settings, or give it a smaller budget of time.",
    ),
    ("no vertex", "Reload the page of the form: the graph has changed since it was shown."),
    ("gremlink was stopped", "Start the training again: nothing of it is kept."),
    ("gremlink ended", "Start the training again: nothing of it is kept."),
    ("space", "Make room on the disk, and train again."),
)


def _advice(document: Mapping[str, Any]) -> str:
    """Return what to do about a failure, in one sentence."""
    reason = str(document.get("failureReason", "")).lower()
    if not reason:
        return ""
    known = next((advice for words, advice in ADVICE if words in reason), "")
    return known or "Change what it names in the form, and train again; the log has the details."


async def cancel(visit: Visit) -> web.Response:
    """End a training."""
    id = quote(visit.request.match_info["id"], safe="")
    await visit.api("DELETE", f"/ml/pipelines/{id}")
    raise web.HTTPSeeOther(f"{HERE}/runs/{id}")


async def delete(visit: Visit) -> web.Response:
    """Remove a training that has ended, with its outputs."""
    id = quote(visit.request.match_info["id"], safe="")
    await visit.api("DELETE", f"/ml/pipelines/{id}?clean=true")
    raise web.HTTPSeeOther(HERE)


ROUTES = (
    Route("GET", HERE, show),
    Route("POST", HERE, start),
    Route("GET", f"{HERE}/runs", runs),
    Route("GET", f"{HERE}/runs/{{id}}", run),
    Route("GET", f"{HERE}/runs/{{id}}/live", live),
    Route("POST", f"{HERE}/runs/{{id}}/cancel", cancel),
    Route("POST", f"{HERE}/runs/{{id}}/delete", delete),
)
