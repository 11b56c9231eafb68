"""The page Ask: predictions with names, and why."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from aiohttp import web

from gremlink.proxy.studio.asking import rdf
from gremlink.proxy.studio.asking.filters import COMPARISONS, MOST_FILTERS, Filter
from gremlink.proxy.studio.asking.links import Reasons, ask_links, explain_link
from gremlink.proxy.studio.asking.meaning import calibration_of, measured_of
from gremlink.proxy.studio.asking.properties import (
    ask_property,
    choose_edge,
    explain_value,
    owner_of,
)
from gremlink.proxy.studio.asking.question import Question, resolved
from gremlink.proxy.studio.endpoints import Described, described_endpoint, described_endpoints
from gremlink.proxy.studio.errors import StudioError, WrongInput
from gremlink.proxy.studio.languages import groovy, in_all_languages
from gremlink.proxy.studio.sparql import local
from gremlink.proxy.studio.vertices import Named, display_names, read_id
from gremlink.proxy.studio.visit import Route, Visit

WIDTH, HEIGHT = 190.0, 80.0
"""Pixels between two columns and two rows of the picture."""


async def show(visit: Visit) -> web.Response:
    """Answer with the form and, where a vertex is chosen, the predictions."""
    endpoints = await asyncio.to_thread(described_endpoints, visit.store)
    question = Question.of(visit)
    model = next((each for each in endpoints if each.name == question.endpoint), None)
    if model is None and endpoints and not question.endpoint:
        model = endpoints[0]
    problem: StudioError | None = None
    values: dict[str, Any] = {}
    chosen: Named | None = None
    if question.endpoint and model is None:
        problem = WrongInput(f"There is no endpoint {question.endpoint[:100]!r}.", "endpoint")
    elif model is not None and (question.vertex or model.is_rdf):
        try:
            if model.is_rdf:
                question, chosen, values = await _answered_in_sparql(visit, question, model)
            else:
                question = await resolved(visit, question, model)
                chosen = (await display_names(visit, [read_id(question.vertex)])).get(
                    question.vertex
                )
                values = await _answered(visit, question, model)
        except StudioError as error:
            problem = error
    return visit.page(
        "ask/page.html",
        endpoints=endpoints,
        model=model,
        question=question,
        chosen=chosen,
        problem=problem,
        wrong=problem.field if isinstance(problem, WrongInput) else "",
        source_label=_source_label(question, model),
        links=values.get("links"),
        values=values.get("values"),
        edges=values.get("edges"),
        choices=values.get("choices"),
        owner=owner_of(model) if model is not None else None,
        comparisons=COMPARISONS,
        rows=[*question.filters, Filter()][:MOST_FILTERS],
        meaning=calibration_of(model) if model is not None else "",
        measured=measured_of(model) if model is not None else [],
        languages=_to_copy(visit, values["query"]) if "query" in values else [],
    )


def _source_label(question: Question, model: Described | None) -> str:
    if model is None:
        return ""
    try:
        return question.source_label(model)
    except WrongInput:
        return ""


async def _answered(visit: Visit, question: Question, model: Described) -> dict[str, Any]:
    if model.problem:
        raise WrongInput(model.problem, "endpoint")
    if model.is_link_model:
        links = await ask_links(visit, question, model)
        return {"links": links, "query": links.query}
    relation = owner_of(model)
    if relation is not None and not question.target:
        return {"edges": await choose_edge(visit, question, relation)}
    found = await ask_property(visit, question, model)
    return {"values": found, "query": found.query}


async def _answered_in_sparql(
    visit: Visit, question: Question, model: Described
) -> tuple[Question, Named | None, dict[str, Any]]:
    """Return the question with the IRI of its resource, that resource, and the answers; without one
    the resources to choose from."""
    if model.problem:
        raise WrongInput(model.problem, "endpoint")
    found = await rdf.chosen_resource(visit, question, model)
    if isinstance(found, list):
        return question, None, {"choices": found}
    question = replace(question, vertex=str(found.id))
    if model.is_link_model:
        links = await rdf.ask_links(visit, question, model, found)
        return question, found, {"links": links, "query": links.query}
    values = await rdf.ask_property(visit, question, model, found)
    return question, found, {"values": values, "query": values.query}


async def _resource(visit: Visit, question: Question, model: Described) -> Named:
    found = await rdf.chosen_resource(visit, question, model)
    if isinstance(found, list):
        raise WrongInput(f"There are several {question.vertex[:100]!r}: choose one.", "vertex")
    return found


def _to_copy(visit: Visit, query: Any) -> list[tuple[str, str]]:
    if isinstance(query, str):
        return rdf.to_copy(visit.address, query)
    return in_all_languages(query)


async def why(visit: Visit) -> web.Response:
    """Answer with the reasons of one predicted link or value, as a picture and in words."""
    question = Question.of(visit)
    model = await asyncio.to_thread(described_endpoint, visit.store, question.endpoint)
    if model is None:
        raise WrongInput(f"There is no endpoint {question.endpoint[:100]!r}.", "endpoint")
    resource = await _resource(visit, question, model) if model.is_rdf else None
    if not model.is_link_model:
        if resource is None:
            value = await explain_value(visit, question, model)
        else:
            value = await rdf.explain_value(visit, question, model, resource)
        values: dict[str, Any] = {
            "reasons": value,
            "title": f"{value.key} of {value.source.shown}"
            + (f" → {value.target.shown}" if value.target is not None else ""),
            "part": "ask/why_value.html",
            "query": "" if value.query is None else groovy(value.query),
        }
    else:
        if resource is None:
            link = await explain_link(visit, question, model)
        else:
            link = await rdf.explain_link(visit, question, model, resource)
        values = {
            "reasons": link,
            "title": f"{link.source.shown} and {link.target.shown}",
            "part": "ask/why.html",
            "picture": _picture(link, question, model),
        }
    values["model"] = model
    if visit.is_fragment:
        return visit.fragment(values["part"], **values)
    return visit.page("ask/why_page.html", question=question, **values)


def _picture(reasons: Reasons, question: Question, model: Described) -> dict[str, Any]:
    """Return vertices and edges for the script that draws them."""
    vertices: dict[str, dict[str, Any]] = {}

    def add(named: Named, role: str = "") -> str:
        address = named.address
        known = vertices.setdefault(
            address, {"id": address, "name": named.shown, "label": named.label, "role": ""}
        )
        known["role"] = role or known["role"]
        return address

    source, target = add(reasons.source, "source"), add(reasons.target, "target")
    edges: dict[tuple[str, str, str], dict[str, Any]] = {}
    for path, strength in reasons.paths:
        for at in range(0, len(path) - 2, 2):
            first, arrow, second = path[at], path[at + 1], path[at + 2]
            for address in (first, second):
                named = reasons.names.get(address)
                add(named if named is not None else Named(address[2:], "", ""))
            backwards = arrow.startswith("<-")
            ends = (second, first) if backwards else (first, second)
            label = arrow.removeprefix("<-").removeprefix("-").removesuffix("->").removesuffix("-")
            label = local(label) if model.is_rdf else label
            edge = edges.setdefault(
                (*ends, label),
                {"source": ends[0], "target": ends[1], "label": label, "weight": 0.0},
            )
            edge["weight"] = max(edge["weight"], strength)
    relation = question.relation_of(model)
    ends = (source, target) if question.direction == "out" else (target, source)
    label = local(relation.label) if model.is_rdf else relation.label
    predicted = {
        "source": ends[0],
        "target": ends[1],
        "label": f"{label} {reasons.score:.2f}",
        "predicted": True,
    }
    for key, found in reasons.features.items():
        for value in list(found.get("shared") or [])[:5]:
            address = f"property {key} {value}"
            vertices[address] = {
                "id": address,
                "name": str(value),
                "label": key,
                "role": "property",
            }
            for end in (source, target):
                edges[(end, address, key)] = {
                    "source": end,
                    "target": address,
                    "label": key,
                    "weight": 0.0,
                    "property": True,
                }
    highest = _place(reasons, list(vertices.values()), source, target)
    predicted["arc"] = highest if question.direction == "in" else -highest
    return {"vertices": list(vertices.values()), "edges": [*edges.values(), predicted]}


def _place(reasons: Reasons, vertices: list[dict[str, Any]], source: str, target: str) -> float:
    """Give the vertices places: the ends left and right, paths between them, properties below.

    Returns how far the predicted edge is bent, to pass above all of them, in pixels.
    """
    column = {source: 0.0, target: 3.0}
    for path, _ in reasons.paths:
        inner = path[2:-1:2]
        for at, address in enumerate(inner):
            column.setdefault(address, at + 1 if len(inner) > 1 else 1.5)
    rows: dict[float, list[dict[str, Any]]] = {}
    properties = [each for each in vertices if each["role"] == "property"]
    for each in vertices:
        if each["role"] != "property":
            rows.setdefault(column.get(each["id"], 1.5), []).append(each)
    for x, members in rows.items():
        for y, each in enumerate(members):
            each["position"] = {"x": x * WIDTH, "y": (y - (len(members) - 1) / 2) * HEIGHT}
    lowest = max((len(members) for members in rows.values()), default=1) / 2 + 0.7
    for at, each in enumerate(properties):
        shift = at - (len(properties) - 1) / 2
        each["position"] = {"x": (1.5 + shift * 0.6) * WIDTH, "y": lowest * HEIGHT}
    return (2 * lowest - 0.6) * HEIGHT  # a curve reaches half of it


ROUTES = (Route("GET", "/studio/ask", show), Route("GET", "/studio/ask/why", why))
