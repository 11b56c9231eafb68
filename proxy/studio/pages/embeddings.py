"""The page Embeddings: vertices in two dimensions, coloured, and the nearest ones of each."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
from aiohttp import web

from gremlink.errors import Error
from gremlink.proxy.graph.server.typed_values import driver_value, literal_of
from gremlink.proxy.learning.links.prediction.model import LinkModel
from gremlink.proxy.learning.trained.vertex_embeddings import NoEmbeddings
from gremlink.proxy.messages.system_errors import reason_of
from gremlink.proxy.store.artifacts import ArtifactError
from gremlink.proxy.studio.errors import StudioError, WrongInput
from gremlink.proxy.studio.plane.colours import TYPE, Colouring, colouring, ways
from gremlink.proxy.studio.plane.places import (
    MOST_POINTS,
    PCA,
    TSNE,
    UMAP,
    NotInstalled,
    Sample,
    has_umap,
    placed,
    sampled,
)
from gremlink.proxy.studio.runs import Run, run_of, runs
from gremlink.proxy.studio.vertices import (
    Named,
    chosen,
    display_names,
    read_id,
    spell_id,
    typed_ids,
)
from gremlink.proxy.studio.visit import Route, Visit

NEAREST = 10
"""Neighbours in the list."""


@dataclass(frozen=True, slots=True)
class _View:
    """The picture that an address asks for."""

    run: str
    method: str
    picture: str
    colour: str

    def address(self, **more: object) -> str:
        """Return the query of an address, with values beside those of the picture."""
        own = {
            "run": self.run,
            "method": self.method,
            "picture": self.picture,
            "colour": self.colour,
        }
        return urlencode({name: value for name, value in {**own, **more}.items() if value != ""})


@dataclass(frozen=True, slots=True)
class _Near:
    """A neighbour: a cosine, and its point and the name of its group, where it is shown."""

    vertex: Named
    cosine: float
    point: int | None
    group: str


def _view(visit: Visit, run: str) -> _View:
    picture = visit.query("picture", PCA)
    if picture not in MOST_POINTS:
        raise WrongInput(
            f"There is no picture {picture[:100]!r}: use {', '.join(MOST_POINTS)}.", "picture"
        )
    return _View(run, visit.query("method"), picture, visit.query("colour", TYPE))


async def show(visit: Visit) -> web.Response:
    """Answer with the picture's frame; its points come after it."""
    found = await asyncio.to_thread(runs, visit.store)
    problems: list[str] = []
    sample: Sample | None = None
    view = _View(visit.query("run") or (found[0].key if found else ""), "", PCA, TYPE)
    try:
        view = _view(visit, view.run)
        if view.picture == UMAP and not has_umap():
            raise WrongInput(
                "UMAP is not installed. It is an extra: run pip install 'gremlink[umap]' where the"
                " proxy is installed, and start the proxy again.",
                "picture",
            )
        if view.run:
            _, sample = await _sample(visit, view)
    except WrongInput as error:
        problems.append(str(error))
    named: Named | None = None
    point: int | None = None
    if sample is not None and visit.query("vertex").strip():
        named, point, problem = await _asked_for(visit, sample, visit.query("vertex"))
        problems += [problem] if problem else []
    return visit.page(
        "embeddings/page.html",
        runs=found,
        view=view,
        sample=sample,
        methods=[] if sample is None else _methods(sample),
        pictures=[
            (PCA, "principal components"),
            (TSNE, "t-SNE (slower)"),
            (UMAP, "UMAP (slower)" if has_umap() else "UMAP (not installed)"),
        ],
        colours=[] if sample is None else await asyncio.to_thread(ways, sample),
        problems=problems,
        chosen=named,
        point=point,
        most=MOST_POINTS[view.picture],
    )


def _methods(sample: Sample) -> tuple[str, ...]:
    """Return the methods of a model that have embeddings."""
    model = sample.model
    return model.embedding_methods if isinstance(model, LinkModel) else (sample.embeddings.network,)


async def _sample(visit: Visit, view: _View) -> tuple[Path, Sample]:
    """Return a run's artifact and its vertices. Raises `WrongInput`."""
    run: Run | None = await asyncio.to_thread(
        run_of, visit.store, view.run, visit.configuration.storage.s3_folder
    )
    if run is None:
        raise WrongInput(f"There is no model {view.run[:100]}.", "run")
    artifact = run.described.artifact
    try:
        made = partial(sampled, artifact, view.picture, view.method or None)
        return artifact, await asyncio.to_thread(made)
    except NoEmbeddings as error:
        raise WrongInput(f"{run.name}: {error}.", "run") from None
    except (ArtifactError, OSError) as error:
        raise WrongInput(f"{run.name} cannot be read: {reason_of(error)}.", "run") from None


async def _asked_for(
    visit: Visit, sample: Sample, text: str
) -> tuple[Named | None, int | None, str]:
    """Return the vertex that a field means, its point, and what is wrong."""
    try:
        ids = [read_id(text)]
    except WrongInput:  # typed without scripts
        ids = typed_ids(text.strip())
        try:
            found = await chosen(visit, text)
            ids = [each.id for each in (found.vertex, *found.others) if each] or ids
        except StudioError:  # the model knows ids, too
            pass
    for id in ids:
        point = await asyncio.to_thread(sample.point_of, literal_of(id))
        if point is not None:
            name = Named(id, sample.type_of(point))
            return (await _names(visit, [id])).get(spell_id(id), name), point, ""
    shown = f"{str(ids[0])[:100]} has no point here: "
    if sample.share < 1:
        return None, None, f"{shown}it is not in the sample, or came after the training."
    return None, None, f"{shown}it came after the training, or is of a type without embeddings."


async def _colouring(artifact: Path, sample: Sample, view: _View) -> Colouring:
    """Return the groups of a picture. Raises `WrongInput`."""
    try:
        return await asyncio.to_thread(colouring, artifact, sample, view.colour)
    except KeyError:
        raise WrongInput(
            f"There is no way to colour by {view.colour[:100]!r} in this model.", "colour"
        ) from None


async def points(visit: Visit) -> web.Response:
    """Answer with the points: for each x and y as float32 and its group as uint8, little-endian."""
    view = _view(visit, visit.query("run"))
    artifact, sample = await _sample(visit, view)
    colours = await _colouring(artifact, sample, view)
    try:
        made = await asyncio.to_thread(placed, artifact, view.picture, view.method or None)
    except (NotInstalled, ArtifactError, OSError) as error:
        text = error if isinstance(error, Error) else reason_of(error)
        raise WrongInput(f"{text}.", "picture") from None
    flat = np.ascontiguousarray(made, "<f4").tobytes()
    return web.Response(
        body=flat + colours.codes.tobytes(), content_type="application/octet-stream"
    )


async def legend(visit: Visit) -> web.Response:
    """Answer with the groups of a picture."""
    view = _view(visit, visit.query("run"))
    artifact, sample = await _sample(visit, view)
    colours = await _colouring(artifact, sample, view)
    return visit.fragment("embeddings/legend.html", colours=colours)


async def nearest(visit: Visit) -> web.Response:
    """Answer with a point's vertex and the nearest ones, by name."""
    view = _view(visit, visit.query("run"))
    artifact, sample = await _sample(visit, view)
    text = visit.query("point")
    point = int(text) if text.isdecimal() and len(text) < 9 else -1
    if not 0 <= point < len(sample):
        raise WrongInput("There is no such point.", "point")
    colours = await _colouring(artifact, sample, view)
    found = await asyncio.to_thread(partial(sample.nearest, point, NEAREST))
    places = await asyncio.to_thread(lambda: [sample.point_of(id) for id, _ in found])
    own = sample.id_of(point)
    ids = [driver_value(own), *(driver_value(id) for id, _ in found)]
    names = await _names(visit, ids)
    kind = sample.type_of(point)
    shown = [names.get(spell_id(id), Named(id, kind)) for id in ids]
    group = colours.groups[int(colours.codes[point])]
    near = [
        _Near(named, cosine, place, "" if place is None else _group(colours, place))
        for named, (_, cosine), place in zip(shown[1:], found, places, strict=True)
    ]
    way = dict(ways(sample))[view.colour]
    return visit.fragment(
        "embeddings/nearest.html", view=view, vertex=shown[0], group=group, way=way, near=near
    )


def _group(colours: Colouring, point: int) -> str:
    return colours.groups[int(colours.codes[point])].name


async def _names(visit: Visit, ids: list[Any]) -> dict[str, Named]:
    """Return names by address; without a database there are none."""
    try:
        return await display_names(visit, ids)
    except StudioError:
        return {}


ROUTES = (
    Route("GET", "/studio/embeddings", show),
    Route("GET", "/studio/embeddings/points", points),
    Route("GET", "/studio/embeddings/legend", legend),
    Route("GET", "/studio/embeddings/nearest", nearest),
)
