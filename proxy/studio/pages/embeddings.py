"""The page Embeddings: vertices in two dimensions, and the nearest ones of each."""

from __future__ import annotations

import asyncio
from functools import partial

import numpy as np
from aiohttp import web

from gremlink.proxy.graph.server.typed_values import driver_value, literal_of
from gremlink.proxy.learning.trained.vertex_embeddings import NoEmbeddings
from gremlink.proxy.messages.system_errors import reason_of
from gremlink.proxy.store.artifacts import ArtifactError
from gremlink.proxy.studio.errors import StudioError, WrongInput
from gremlink.proxy.studio.places import PCA, TSNE, Placed, placed
from gremlink.proxy.studio.runs import Run, run_of, runs
from gremlink.proxy.studio.vertices import Named, display_names, read_id, spell_id
from gremlink.proxy.studio.visit import Route, Visit

NEAREST = 10
"""Neighbours in the list."""


async def show(visit: Visit) -> web.Response:
    """Answer with the picture's frame; its points come after it."""
    found = await asyncio.to_thread(runs, visit.store)
    key = visit.query("run") or (found[0].key if found else "")
    problem, space = "", None
    if key:
        try:
            space = await _space(visit, key)
        except WrongInput as error:
            problem = str(error)
    chosen: Named | None = None
    point: int | None = None
    if space is not None and visit.query("vertex"):
        id = read_id(visit.query("vertex"))
        point = await asyncio.to_thread(space.point_of, literal_of(id))
        if point is None:
            problem = "This vertex has no embedding in this model: it came after the training."
        else:
            chosen = (await _names(visit, [id])).get(spell_id(id))
    return visit.page(
        "embeddings/page.html",
        runs=found,
        run=key,
        method=_method(visit),
        space=space,
        types=[] if space is None else _counts(space),
        problem=problem,
        chosen=chosen,
        point=point,
    )


def _method(visit: Visit) -> str:
    return TSNE if visit.query("method") == TSNE else PCA


async def _space(visit: Visit, key: str) -> Placed:
    """Return the vertices of a run. Raises `WrongInput`."""
    run: Run | None = await asyncio.to_thread(run_of, visit.store, key)
    if run is None:
        raise WrongInput(f"There is no model {key[:100]}.", "run")
    try:
        return await asyncio.to_thread(placed, run.described.artifact, _method(visit))
    except NoEmbeddings as error:
        raise WrongInput(f"{run.name}: {error}.", "run") from None
    except (ArtifactError, OSError) as error:
        raise WrongInput(f"{run.name} cannot be read: {reason_of(error)}.", "run") from None


def _counts(space: Placed) -> list[tuple[str, int]]:
    counted = np.bincount(space.kinds, minlength=len(space.types))
    return [(name, int(count)) for name, count in zip(space.types, counted, strict=True)]


async def points(visit: Visit) -> web.Response:
    """Answer with the points: for each x and y as float32 and its type as uint8, little-endian."""
    space = await _space(visit, visit.query("run"))
    flat = np.ascontiguousarray(space.points, "<f4").tobytes()
    kinds = np.minimum(space.kinds, 255).astype(np.uint8).tobytes()
    return web.Response(body=flat + kinds, content_type="application/octet-stream")


async def nearest(visit: Visit) -> web.Response:
    """Answer with a point's vertex and the nearest ones, by name."""
    space = await _space(visit, visit.query("run"))
    text = visit.query("point")
    point = int(text) if text.isdecimal() and len(text) < 9 else -1
    if not 0 <= point < len(space.kinds):
        raise WrongInput("There is no such point.", "point")
    found = await asyncio.to_thread(partial(space.nearest, point, NEAREST))
    own = space.id_of(point)
    ids = [driver_value(own), *(driver_value(id) for id, _ in found)]
    names = await _names(visit, ids)
    kind = space.types[int(space.kinds[point])]
    shown = [names.get(spell_id(id), Named(id, kind, "")) for id in ids]
    return visit.fragment(
        "embeddings/nearest.html",
        vertex=shown[0],
        near=[(named, cosine) for named, (_, cosine) in zip(shown[1:], found, strict=True)],
    )


async def _names(visit: Visit, ids: list[object]) -> dict[str, Named]:
    """Return names by address; without a database there are none."""
    try:
        return await display_names(visit, ids)
    except StudioError:
        return {}


ROUTES = (
    Route("GET", "/studio/embeddings", show),
    Route("GET", "/studio/embeddings/points", points),
    Route("GET", "/studio/embeddings/nearest", nearest),
)
