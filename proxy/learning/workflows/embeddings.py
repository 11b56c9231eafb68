"""The picture of a model's embeddings: a sample of vertices in a plane."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gremlink.proxy.learning.graph import Floats, Indexes
from gremlink.proxy.learning.trained.embeddings import unit_rows
from gremlink.proxy.learning.trained.vertex_embeddings import NoEmbeddings
from gremlink.proxy.learning.workflows.load import Model

Plane = tuple[tuple[float, float], ...]

MOST_SHOWN = 1500
"""Vertices in a picture, about."""


Groups = Mapping[str, tuple[str, Indexes]]
"""Vertices of a type, by the name of their group."""


def picture(model: Model, groups: Groups | None = None) -> dict[str, Plane]:
    """Sample the vertices in a plane, by type or in `groups`; nothing without a network."""
    try:
        found = model.vertex_embeddings()
    except NoEmbeddings:
        return {}
    if groups is None:
        groups = {name: (name, np.arange(len(table))) for name, table in found.tables.items()}
    random = np.random.default_rng(0)
    total = sum(len(rows) for _, rows in groups.values())
    share = min(1.0, MOST_SHOWN / max(total, 1))
    kept = {
        name: (kind, np.sort(random.permutation(rows)[: int(np.ceil(share * len(rows)))]))
        for name, (kind, rows) in groups.items()
        if len(rows)
    }
    if not kept:
        return {}
    points = plane(np.concatenate([found.tables[kind][rows] for kind, rows in kept.values()]))
    placed = {}
    for name, (_, rows) in kept.items():
        placed[name], points = points[: len(rows)], points[len(rows) :]
    return placed


def plane(table: Floats) -> Plane:
    """Project rows on the two axes along which they differ most (principal components).

    They are normalised before, because models compare directions. Signs are such that the
    largest weight of an axis is positive.
    """
    points = unit_rows(table).astype(np.float64)
    points = points - points.mean(axis=0)
    _, _, axes = np.linalg.svd(points, full_matrices=False)
    axes = axes[:2]
    axes = axes * np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)])[:, None]
    flat = points @ axes.T
    flat = np.pad(flat, ((0, 0), (0, 2 - flat.shape[1])))
    return tuple((round(float(x), 4), round(float(y), 4)) for x, y in flat)
