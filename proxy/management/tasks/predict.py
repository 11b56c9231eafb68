"""Predictions for many elements at once: into a file, or into the graph."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gremlink.proxy.graph.load.write_back import write_edges, write_values
from gremlink.proxy.graph.server.connection import GraphConnection
from gremlink.proxy.management.jobs.events import Tell
from gremlink.proxy.management.tasks.description import graph_of, locations_of, publish


def run(description: Mapping[str, Any], work: Path, tell: Tell) -> dict[str, Any]:
    """Predict as the description says; return the numbers of inputs and predictions.

    Raises `NothingToPredict`, `UnknownRelation`, ArtifactError, GraphError, StoreError.
    """
    locations = locations_of(description)
    tell("fetching the model", 0, None, "")
    if description["artifact"] is not None:  # an endpoint's, in the store
        artifact = Path(description["artifact"])
    else:
        artifact = locations.fetch(locations.at(description["input"]), work / "model")
    from gremlink.proxy.learning.predictions.files import writing
    from gremlink.proxy.learning.workflows.predict import open_predictions

    found = open_predictions(artifact, **description["asked"])
    inputs = found.inputs(description["label"])

    def done(count: int, total: int) -> None:
        tell("predictions", count, total, "")

    batches = found.batches(inputs, done)
    name = description["write_back"]
    if name is None:
        count = 0
        path = work / "predictions" / f"predictions.{description['format']}"
        with writing(path, found.names, found.kinds(inputs), ends=found.has_ends) as writer:
            for rows in batches:
                writer.write(rows)
                count += len(rows)
        publish(description, path.parent, tell)
        return {"inputs": len(inputs), "predictions": count}
    found.require_writable()
    provenance = found.provenance(description["name"], inputs)
    with GraphConnection(graph_of(description)) as connection:
        if found.is_links:
            written = write_edges(connection, name, found.edges(batches), provenance)
        else:
            written = write_values(connection, name, found.values(batches), provenance)
    return {
        "inputs": len(inputs),
        "predictions": written.written,
        "removed": written.removed,
        "leftOut": written.left_out,
    }
