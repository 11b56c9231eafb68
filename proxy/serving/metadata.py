"""Data that models have to read for inductive inferences, cached by endpoint."""

from __future__ import annotations

from dataclasses import fields

from gremlink.proxy.inference import live_graph
from gremlink.proxy.inference.errors import (
    INDUCTIVE_METADATA_MISSING,
    INDUCTIVE_METADATA_UNREADABLE,
    InternalFailure,
    UnsupportedOperation,
)
from gremlink.proxy.learning.inductive.scope import ENTITIES, INDUCTIVE, Scope
from gremlink.proxy.store.artifacts import ArtifactError, read_document
from gremlink.proxy.store.records import Endpoint


class InductiveMetadata:
    """The documents `inductive.json` of the endpoints' artifacts.

    A document is read on its first use, when the endpoint has got another artifact, and on each
    `fresh` request.
    """

    def __init__(self) -> None:
        self._known: dict[str, tuple[Endpoint, Scope]] = {}

    def scope(self, endpoint: Endpoint, *, fresh: bool) -> live_graph.Scope:
        """Return what the endpoint's model has to read. Raises `InferenceError`."""
        known = self._known.get(endpoint.name)
        if fresh or known is None or known[0] != endpoint:
            known = endpoint, _read(endpoint)
            self._known[endpoint.name] = known
        _, scope = known
        if scope.encoder == ENTITIES:
            raise UnsupportedOperation(
                "Neptune ML - Real-Time Inductive Inference is not supported for knowledge-graph"
                f" embedding (KGE) models, and the model of endpoint {endpoint.name} is one: it"
                " has learned each vertex by heart and knows no others. Ask without"
                " Neptune#ml.inductiveInference, or train with the model auto or rgcn."
            )
        names = [field.name for field in fields(live_graph.Scope)]
        return live_graph.Scope(**{name: getattr(scope, name) for name in names})


def _read(endpoint: Endpoint) -> Scope:
    try:
        document = read_document(endpoint.artifact, INDUCTIVE)
        if document is not None:
            return Scope.from_document(document)
    except (ArtifactError, OSError, KeyError, TypeError, ValueError) as error:
        raise InternalFailure(INDUCTIVE_METADATA_UNREADABLE) from error
    raise InternalFailure(INDUCTIVE_METADATA_MISSING)
