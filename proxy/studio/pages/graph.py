"""The page Graph: the schema, and the neighbourhood of a vertex; and vertices found by typing."""

from __future__ import annotations

from aiohttp import web

from gremlink.proxy.studio.errors import StudioError
from gremlink.proxy.studio.vertices import PART, Found, search
from gremlink.proxy.studio.visit import Route, Visit


async def show(visit: Visit) -> web.Response:
    """Answer with the page."""
    return visit.page("graph/page.html")


async def vertices(visit: Visit) -> web.Response:
    """Answer with the vertices that a text may mean."""
    try:
        found = await search(visit, visit.query("text"), visit.query("label") or None)
        problem = ""
    except StudioError as error:
        found, problem = Found([]), str(error)
    if found.partial:
        problem = (
            f"The graph is large: {PART:,} vertices were searched. A whole id is always found."
        )
    return visit.fragment("vertices/choices.html", found=found.vertices, problem=problem)


ROUTES = (
    Route("GET", "/studio/graph", show),
    Route("GET", "/studio/vertices", vertices),
)
