"""The embeddings and predictions of a model in files of Neptune's layout.

`embeddings/entity.npy` has a row for each vertex: of the type whose property is predicted, or of
all types, one after the other. `predictions/result.npz` has the predictions for the vertices of
the type, by row and class, under `infer_scores`. Neptune keeps the indexes of the vertices in a
pickle; here they are JSON. Serving needs none of them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gremlink.proxy.learning.graph import Floats
from gremlink.proxy.learning.properties.prediction.model import PropertyModel
from gremlink.proxy.learning.trained.stored_graph import StoredGraph
from gremlink.proxy.learning.trained.vertex_embeddings import NoEmbeddings
from gremlink.proxy.learning.workflows.load import model_in
from gremlink.proxy.store.artifacts import read_artifact

EMBEDDINGS = Path("embeddings", "entity.npy")
PREDICTIONS = Path("predictions", "result.npz")
MAPPING = "mapping.json"


def write_results(directory: Path, output: Path | None = None) -> None:
    """Write the files into `output`, or beside the artifact in `directory`.

    A model without a network has no embeddings. Raises `ArtifactError`, OSError.
    """
    model = model_in(read_artifact(directory), directory)
    directory = output or directory
    try:
        tables = model.vertex_embeddings().tables
    except NoEmbeddings:
        tables = {}
    if tables:
        (directory / EMBEDDINGS).parent.mkdir(exist_ok=True)
        np.save(directory / EMBEDDINGS, np.concatenate(list(tables.values())))
    about: dict[str, Any] = {"rows": _first_rows(tables)}
    types: Sequence[str] = model.stored.types
    if isinstance(model, PropertyModel):
        types = tuple(dict.fromkeys(model.target.ends))
        about["classes"] = [str(value.value) for value in model.target.classes]
        if model.answers is not None:
            (directory / PREDICTIONS).parent.mkdir(exist_ok=True)
            origin = model.target.origin
            scores = model.answers.astype(np.float64) + origin if origin else model.answers
            np.savez(directory / PREDICTIONS, infer_scores=scores)
    write_mapping(directory, model.stored, types, about)


def write_mapping(
    directory: Path, stored: StoredGraph, types: Sequence[str], about: Mapping[str, Any]
) -> None:
    """Write the index of each vertex of some types, by its id as text."""
    numbers = {
        name: {str(id.value): place for place, id in enumerate(stored.ids[name])} for name in types
    }
    text = json.dumps({"node2id": numbers, **about})
    (directory / MAPPING).write_text(text + "\n", encoding="utf-8")


def _first_rows(tables: Mapping[str, Floats]) -> dict[str, int]:
    """Return the first row of each type."""
    rows: dict[str, int] = {}
    total = 0
    for name, table in tables.items():
        rows[name] = total
        total += len(table)
    return rows
