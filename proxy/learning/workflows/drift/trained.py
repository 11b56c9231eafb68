"""The graph that a model was trained on, as far as drift needs it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gremlink.proxy.learning.graph import Relation
from gremlink.proxy.learning.processing.edge_sample import read_edge_sample
from gremlink.proxy.learning.trained.stored_graph import StoredGraph, stored_graph_of
from gremlink.proxy.learning.workflows.drift.distributions import Known
from gremlink.proxy.store.artifacts import read_artifact
from gremlink.proxy.store.errors import StoreError
from gremlink.proxy.store.reading import making


class NoDriftKnown(StoreError):
    """A model whose graph cannot be compared."""


@dataclass(frozen=True, slots=True)
class Trained:
    """A model's graph. `edges` are the properties of edges that the model reads.

    `owner` is the class whose property is predicted, of an RDF graph: resources that have it have
    no other type. It is empty for links.
    """

    stored: StoredGraph
    edges: Mapping[Relation, Known]
    owner: str = ""

    def known(self, vertex_type: str) -> Known:
        """Return the properties of a type of vertices."""
        graph = self.stored.graph
        return Known(
            self.stored.encodings.get(vertex_type, ()),
            graph.features.get(vertex_type),
            self.stored.term_encodings.get(vertex_type, ()),
            graph.terms.get(vertex_type),
        )


def trained_graph(artifact: Path) -> Trained:
    """Read the graph of a model. Raises `ArtifactError`, `NoDriftKnown`."""
    found = read_artifact(artifact)
    if "vertex_types" not in found.manifest:
        raise NoDriftKnown("this model has no graph of its training with it: train it again")
    with making("a model", artifact):
        stored = stored_graph_of(found)
        owner = (found.manifest.get("target") or {}).get("owner", "")
    edges = {
        relation: Known(encodings, features)
        for relation, (encodings, features) in read_edge_sample(artifact).items()
    }
    return Trained(stored, edges, owner if isinstance(owner, str) else "")
