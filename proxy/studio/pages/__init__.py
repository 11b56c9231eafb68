"""The pages, one a module, in the order of the navigation."""

from __future__ import annotations

from dataclasses import dataclass

from gremlink.proxy.studio.pages import (
    ask,
    console,
    embeddings,
    graph,
    home,
    jobs,
    models,
    train,
)
from gremlink.proxy.studio.visit import Route


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the navigation."""

    address: str
    title: str
    routes: tuple[Route, ...]


PAGES = (
    Page("/", "Home", home.ROUTES),
    Page("/studio/ask", "Ask", ask.ROUTES),
    Page("/studio/graph", "Graph", graph.ROUTES),
    Page("/studio/train", "Train", (*train.ROUTES, *jobs.ROUTES)),
    Page("/studio/models", "Models", models.ROUTES),
    Page("/studio/console", "Console", console.ROUTES),
    Page("/studio/embeddings", "Embeddings", embeddings.ROUTES),
)
