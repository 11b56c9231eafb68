"""The page Train."""

from __future__ import annotations

from aiohttp import web

from gremlink.proxy.studio.visit import Route, Visit


async def show(visit: Visit) -> web.Response:
    """Answer with the page."""
    return visit.page("train/page.html")


ROUTES = (Route("GET", "/studio/train", show),)
