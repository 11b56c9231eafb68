"""The page Console: Gremlin, its results as table, JSON or graph, and the plan of inferences."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4
from weakref import WeakKeyDictionary

from aiohttp import web
from gremlin_python.structure.graph import Edge, Path, Vertex

from gremlink.proxy.graph.server.shown import finite, plain, rows
from gremlink.proxy.store.records import Store
from gremlink.proxy.studio.endpoints import described_endpoints
from gremlink.proxy.studio.errors import DatabaseGone, QueryRefused, StudioError, WrongInput
from gremlink.proxy.studio.vertices import display_names, read_id, spell_id
from gremlink.proxy.studio.visit import Route, Visit

MOST_RESULTS = 500
"""Results that are shown."""

SECONDS = 60.0
"""Time of a query."""

LONGEST = 100_000
"""Characters of a script."""

LANGUAGES = ("gremlin", "sparql")


CANCELLED = "The query was cancelled: nothing waits for its results."
GOES_ON = (
    "\nA Gremlin Server knows no call that ends a query:"
    f" it may work on until {SECONDS:.0f} s are over.\nNeptune and RDF stores stop."
)


@dataclass(eq=False, slots=True)
class _Running:
    task: asyncio.Task[web.Response]
    is_cancelled: bool = False


_running: WeakKeyDictionary[Store, dict[str, _Running]] = WeakKeyDictionary()
"""The queries of each site that run, by the ids that their pages gave them."""


async def show(visit: Visit) -> web.Response:
    """Answer with the editor; the query of an address is shown, and not run: it may write."""
    endpoints = await asyncio.to_thread(described_endpoints, visit.store)
    return visit.page(
        "console/page.html",
        script=visit.query("gremlin")[:LONGEST],
        examples=_examples([each.name for each in endpoints if each.is_link_model]),
        has_database=visit.configuration.upstream.url is not None,
        has_store=visit.configuration.sparql.is_set,
    )


def _examples(endpoints: list[str]) -> list[tuple[str, str]]:
    found = [
        ("Labels", "g.V().groupCount().by(label)"),
        ("Some vertices", "g.V().limit(10).elementMap()"),
        ("A neighbourhood", "g.V().limit(1).bothE().limit(20).otherV().path()"),
    ]
    for name in endpoints[:1]:
        found.append(
            (
                "Predicted links",
                f'g.with("Neptune#ml.endpoint", {json.dumps(name)}).with("Neptune#ml.limit", 5).\n'
                '  V().limit(1).out("LABEL").with("Neptune#ml.prediction").hasLabel("LABEL")',
            )
        )
    return found


async def run(visit: Visit) -> web.Response:
    """Run a script, or show the plan of its inferences; `cancel` ends it by its id."""
    fields = await visit.form()
    id = _uuid(str(fields.get("query", ""))) or str(uuid4())
    open_here = _running.setdefault(visit.store, {})
    if id in open_here:
        return _failed(visit, "This query runs already.", "")
    own = open_here[id] = _Running(asyncio.create_task(_run(visit, fields, id)))
    try:
        await asyncio.wait([own.task])
    finally:
        del open_here[id]
        own.task.cancel()  # where the proxy stops; else it has ended
    if own.is_cancelled:
        return _failed(visit, CANCELLED + GOES_ON, "")
    return own.task.result()


async def cancel(visit: Visit) -> web.Response:
    """End a query: by the database's own call, where it has one, and by closing its connection."""
    fields = await visit.form()
    id = _uuid(str(fields.get("query", "")))
    running = _running.get(visit.store, {}).get(id)
    if running is None:
        raise WrongInput("There is no such query: it has ended.", "query")
    running.is_cancelled = True
    path = "/sparql" if fields.get("language") == "sparql" else visit.configuration.listen.path
    with suppress(StudioError):  # it may not have arrived yet
        await visit.fetch("GET", f"{path}/status?cancelQuery=true&queryId={id}")
    running.task.cancel()
    return web.Response(status=204)


def _uuid(text: str) -> str:
    """Return a UUID as it is written, empty for anything else."""
    try:
        return str(UUID(text))
    except ValueError:
        return ""


async def _run(visit: Visit, fields: Mapping[str, Any], id: str) -> web.Response:
    script = str(fields.get("gremlin", "")).strip()
    action = str(fields.get("action", "run"))
    if not script:
        return _failed(visit, "Write a query first.", "")
    if len(script) > LONGEST:
        return _failed(visit, f"The query has more than {LONGEST:,} characters.", "")
    if fields.get("language") == "sparql":
        return await _run_sparql(visit, script, id)
    if action in ("explain", "profile"):
        return await _plan(visit, script, action, id)
    try:
        found = await visit.ask(
            script, seconds=SECONDS, most=MOST_RESULTS + 1, elements=True, id=id
        )
    except QueryRefused as error:
        return _failed(visit, str(error), error.code)
    except DatabaseGone as error:
        return _failed(visit, str(error), "")
    shown = found[:MOST_RESULTS]
    columns, cells = rows(shown)
    return _page(
        visit,
        count=len(shown),
        more=len(found) > MOST_RESULTS,
        columns=columns,
        cells=cells,
        text="\n".join(
            json.dumps(finite(plain(each)), ensure_ascii=False, indent=1) for each in shown
        ),
        graph=await _with_names(visit, graph_of(shown)),
    )


async def _plan(visit: Visit, script: str, action: str, id: str) -> web.Response:
    path = f"{visit.configuration.listen.path}/{action}"
    body = json.dumps({"gremlin": script, "queryId": id}).encode()
    status, content, _ = await visit.fetch("POST", path, body)
    text = content.decode("utf-8", errors="replace")
    if status >= 400:
        return _failed(visit, *_said(text))
    return _page(visit, plan=text)


async def _run_sparql(visit: Visit, query: str, id: str) -> web.Response:
    headers = {
        "Content-Type": "application/sparql-query",
        "Accept": "application/sparql-results+json, application/n-triples;q=0.9, */*;q=0.1",
    }
    status, content, kind = await visit.fetch(
        "POST", f"/sparql?queryId={id}", query.encode(), headers
    )
    text = content.decode("utf-8", errors="replace")
    if status >= 400:
        return _failed(visit, *_said(text))
    if "json" not in kind:
        return _page(visit, plan=text[:LONGEST])
    document = json.loads(content)
    if "boolean" in document:
        return _page(visit, count=1, columns=[], cells=[[str(document["boolean"]).lower()]])
    names = list(document["head"]["vars"])
    solutions = document["results"]["bindings"]
    return _page(
        visit,
        count=min(len(solutions), MOST_RESULTS),
        more=len(solutions) > MOST_RESULTS,
        columns=names,
        cells=[
            [str(row[name]["value"]) if name in row else "" for name in names]
            for row in solutions[:MOST_RESULTS]
        ],
        text=json.dumps(solutions[:MOST_RESULTS], ensure_ascii=False, indent=1),
    )


def _said(text: str) -> tuple[str, str]:
    """Return message and code of an error in Neptune's form, or the text."""
    try:
        document = json.loads(text)
        return str(document.get("detailedMessage") or document), str(document.get("code", ""))
    except (ValueError, AttributeError):
        return text[:2000], ""


def graph_of(results: list[Any]) -> dict[str, Any] | None:
    """Return vertices and edges of results for a picture, `None` if there are none."""
    vertices: dict[str, dict[str, Any]] = {}
    edges: dict[str, dict[str, Any]] = {}

    def add(found: Any) -> None:
        match found:
            case Vertex():
                id = spell_id(found.id)
                label = found.label if found.label != "vertex" else ""
                known = vertices.setdefault(id, {"id": id, "name": str(found.id), "label": label})
                known["label"] = known["label"] or label
            case Edge():
                add(found.outV)
                add(found.inV)
                ends = spell_id(found.outV.id), spell_id(found.inV.id)
                edges[str(found.id)] = {
                    "source": ends[0],
                    "target": ends[1],
                    "label": found.label,
                }
            case Path():
                before: Any = None
                for each in found.objects:
                    add(each)
                    if isinstance(before, Vertex) and isinstance(each, Vertex):
                        pair = spell_id(before.id), spell_id(each.id)
                        edges.setdefault(
                            " ".join(pair), {"source": pair[0], "target": pair[1], "label": ""}
                        )
                    before = each
            case list() | tuple() | set():
                for each in found:
                    add(each)
            case dict():
                for each in found.values():
                    add(each)

    for result in results:
        add(result)
    return (
        {"vertices": list(vertices.values()), "edges": list(edges.values())} if vertices else None
    )


async def _with_names(visit: Visit, graph: dict[str, Any] | None) -> dict[str, Any] | None:
    """Put the names of vertices, and labels that results lack, into a picture."""
    if graph is not None:
        addresses = [vertex["id"] for vertex in graph["vertices"][:MOST_RESULTS]]
        with suppress(StudioError):  # a picture with ids is better than none
            names = await display_names(visit, map(read_id, addresses))
            for vertex in graph["vertices"]:
                named = names.get(vertex["id"])
                if named is not None:
                    vertex.update(name=named.shown, label=named.label)
    return graph


def _page(visit: Visit, **values: Any) -> web.Response:
    given = {
        "failure": "",
        "code": "",
        "plan": "",
        "count": 0,
        "more": False,
        "columns": [],
        "cells": [],
        "text": "",
        "graph": None,
        **values,
    }
    if visit.is_fragment:
        return visit.fragment("console/results.html", status=200, **given)
    return visit.page("console/results_page.html", status=200, **given)


def _failed(visit: Visit, message: str, code: str) -> web.Response:
    return _page(visit, failure=message, code=code)


ROUTES = (
    Route("GET", "/studio/console", show),
    Route("POST", "/studio/console", run),
    Route("POST", "/studio/console/cancel", cancel),
)
