"""Predictions for many elements at once: into a file, or into the graph."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gremlink.proxy.graph import Server
from gremlink.proxy.graph.rdf.client import RdfStore
from gremlink.proxy.learning.predictions.rows import NothingToPredict
from gremlink.proxy.management.jobs.events import Tell
from gremlink.proxy.management.tasks.description import (
    graph_of,
    locations_of,
    publish,
    rdf_store_of,
)


def run(description: Mapping[str, Any], work: Path, tell: Tell) -> dict[str, Any]:
    """Predict as the description says; return the numbers of inputs and predictions.

    Raises `NothingToPredict`, `UnknownRelation`, ArtifactError, GraphError, StoreError.
    """
    from gremlink.proxy.learning.workflows.predict import open_predictions, remove_predictions

    dry_run = bool(description["dry_run"])
    if description["remove"] is not None:
        database = _database_of(description, is_rdf="graph" not in description)
        edges, values = remove_predictions(database, description["remove"], dry_run=dry_run)
        return {"edges": edges, "values": values, "dryRun": dry_run}
    locations = locations_of(description)
    tell("fetching the model", 0, None, "")
    if description["artifact"] is not None:  # an endpoint's, in the store
        artifact = Path(description["artifact"])
    else:
        artifact = locations.fetch(locations.at(description["input"]), work / "model")
    found = open_predictions(artifact, **description["asked"])
    inputs = found.inputs(description["label"], description["ids"])

    def done(count: int, total: int) -> None:
        tell("predictions", count, total, "")

    name = description["write_back"]
    if name is None:
        path = work / "predictions" / f"predictions.{description['format']}"
        count = found.write_file(path, inputs, done)
        publish(description, path.parent, tell)
        return {"inputs": len(inputs), "predictions": count}
    if dry_run:
        count = found.count_written(inputs, done)
        return {"inputs": len(inputs), "predictions": count, "dryRun": True}
    database = _database_of(description, is_rdf=found.predictor.is_rdf)
    written = found.write_back(database, name, inputs, description["name"], done)
    return {
        "inputs": len(inputs),
        "predictions": written.written,
        "removed": written.removed,
        "leftOut": written.left_out,
    }


def _database_of(description: Mapping[str, Any], *, is_rdf: bool) -> Server | RdfStore:
    """Return where predictions go: of a model of RDF the RDF store. Raises `NothingToPredict`."""
    name, setting = ("rdf_store", "sparql.url") if is_rdf else ("graph", "upstream.url")
    if name not in description:
        raise NothingToPredict(f"there is no database for this model's predictions: {setting} is"
                               " not set")  # fmt: skip
    return rdf_store_of(description) if is_rdf else graph_of(description)
