"""The page Graph: the schema, and the neighbourhood of a vertex; and vertices found by typing."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web

from gremlink.proxy.studio.endpoints import Described, described_endpoints
from gremlink.proxy.studio.errors import StudioError, WrongInput
from gremlink.proxy.studio.neighbours import (
    DIRECTIONS,
    Neighbourhood,
    View,
    fitting,
    neighbourhood,
    properties_of,
)
from gremlink.proxy.studio.schema import Schema, remembered, schema_of
from gremlink.proxy.studio.templating import label as as_shown
from gremlink.proxy.studio.vertices import PART, Found, chosen, search
from gremlink.proxy.studio.visit import Route, Visit

MOST_DRAWN = 30
"""Labels, and twice as many kinds of edges, in the picture of the schema."""

MOST_LISTED = 300
"""Labels in its table."""

MOST_OF_A_LABEL = 25


async def show(visit: Visit) -> web.Response:
    """Answer with a vertex's neighbourhood, with vertices of a label, or with the schema."""
    values: dict[str, Any] = {"has_database": visit.configuration.upstream.url is not None}
    if not values["has_database"]:
        return visit.page("graph/nothing.html")
    if visit.query("vertex"):
        return await _of_a_vertex(visit)
    label = visit.query("label")
    problem, found = "", Found([])
    if label:
        try:
            found = await search(visit, "", label, MOST_OF_A_LABEL)
        except StudioError as error:
            problem = str(error)
    schema = remembered(visit)
    return visit.page(
        "graph/page.html",
        label=label,
        found=found.vertices,
        problem=problem,
        schema=schema,
        most=MOST_LISTED,
        picture=_picture(schema) if schema is not None else None,
    )


async def _of_a_vertex(visit: Visit) -> web.Response:
    models = [
        each
        for each in await asyncio.to_thread(described_endpoints, visit.store)
        if each.is_link_model
    ]
    problem: StudioError | None = None
    values: dict[str, Any] = {"graph": None, "properties": None, "others": [], "fits": []}
    view, named = View.of(visit, visit.query("vertex")), None
    try:
        meant = await chosen(visit, visit.query("vertex"))
        named, values["others"] = meant.vertex, meant.others
        if meant.missing:
            raise WrongInput(f"There is no vertex {meant.missing[:200]!r}.", "vertex")
        if named is not None:
            view = View.of(visit, named.address)
            model = _model(view, models)
            values["graph"] = await neighbourhood(visit, view, model, named)
            if not visit.is_fragment:
                values["properties"] = await properties_of(visit, named.address, named)
                values["fits"] = _asked(models, named.label)
    except StudioError as error:
        problem = error
    return visit.page(
        "graph/list.html" if visit.is_fragment else "graph/vertex.html",
        named=named,
        view=view,
        models=models,
        directions=DIRECTIONS,
        edges=_edge_labels(remembered(visit, old=True), values["graph"], view.edge),
        problem=problem,
        wrong=problem.field if isinstance(problem, WrongInput) else "",
        **values,
    )


def _model(view: View, models: list[Described]) -> Described | None:
    if not view.endpoint:
        return None
    model = next((each for each in models if each.name == view.endpoint), None)
    if model is None:
        raise WrongInput(f"No endpoint {view.endpoint[:100]!r} predicts links.", "endpoint")
    return model


def _asked(models: list[Described], label: str) -> list[str]:
    return [each.name for each in models if fitting(each, label)]


def _edge_labels(schema: Schema | None, graph: Neighbourhood | None, chosen: str) -> list[str]:
    """Return labels of edges to choose from: those that are known without asking."""
    known = [each.label for each in schema.edges] if schema is not None else []
    seen = [each.label for each in graph.edges] if graph is not None else []
    return list(dict.fromkeys([*([chosen] if chosen else []), *seen, *known]))[:MOST_LISTED]


async def schema_fragment(visit: Visit) -> web.Response:
    """Answer with the schema, as a picture and as a table."""
    schema = await schema_of(visit, fresh=bool(visit.query("fresh")))
    values: dict[str, Any] = {"schema": schema, "most": MOST_LISTED, "picture": _picture(schema)}
    if visit.is_fragment:
        return visit.fragment("graph/schema.html", **values)
    return visit.page("graph/page.html", label="", found=[], problem="", **values)


def _picture(schema: Schema) -> dict[str, Any]:
    """Return the largest labels and kinds of edges for the script that draws them."""
    drawn = list(schema.vertices)[:MOST_DRAWN]
    edges = [each for each in schema.edges if each.source in drawn and each.target in drawn]
    return {
        "vertices": [
            {
                "id": f"label {label}",
                "name": as_shown(label),
                "note": f"{schema.vertices[label]:,}",
                "label": label,
            }
            for label in drawn
        ],
        "edges": [
            {
                "source": f"label {each.source}",
                "target": f"label {each.target}",
                "label": each.label,
                "note": f"{schema.edges[each]:,}",
            }
            for each in edges[: 2 * MOST_DRAWN]
        ],
    }


async def vertex(visit: Visit) -> web.Response:
    """Answer with the properties of a vertex."""
    address = visit.query("vertex")
    found = await properties_of(visit, address)
    if found is None:
        raise WrongInput("The graph has this vertex no more.", "vertex")
    models = await asyncio.to_thread(described_endpoints, visit.store)
    return visit.fragment(
        "graph/properties.html", properties=found, fits=_asked(models, found.vertex.label)
    )


async def vertices(visit: Visit) -> web.Response:
    """Answer with the vertices that a text may mean."""
    try:
        found = await search(visit, visit.query("text"), visit.query("label") or None)
        problem = ""
    except StudioError as error:
        found, problem = Found([]), str(error)
    if found.partial:
        problem = f"The graph is large: {PART:,} vertices were searched. Whole ids are found."
    return visit.fragment("vertices/choices.html", found=found.vertices, problem=problem)


ROUTES = (
    Route("GET", "/studio/graph", show),
    Route("GET", "/studio/graph/schema", schema_fragment),
    Route("GET", "/studio/graph/vertex", vertex),
    Route("GET", "/studio/vertices", vertices),
)
