"""A trained link predictor in memory, and its form in an artifact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np

from grammar.traversal import Kind, Literal
from proxy.learning.calibration import Calibration
from proxy.learning.features.encodings import Encoding, from_document, to_document
from proxy.learning.graph import (
    DIRECTIONS,
    Direction,
    Edges,
    FeatureBlock,
    Features,
    Relation,
    TypedGraph,
)
from proxy.learning.known import KnownLinks
from proxy.learning.scorers import STRUCTURAL, Scorer
from proxy.learning.scorers.embedding import Embeddings, RelationVectors
from proxy.learning.scorers.mixture import MemberWeights, Mixture
from proxy.learning.settings import NETWORK
from proxy.store.artifacts import Artifact

TASK = "link_prediction"
VERTICES = "vertices"
GRAPH = "graph"
NETWORK_TENSORS = "network"


@dataclass(frozen=True, slots=True)
class RelationModel:
    """How one relation is scored: members with their weights, and the scale of the sum."""

    relation: Relation
    members: tuple[str, ...]
    weights: Mapping[Direction, MemberWeights]
    calibrations: Mapping[Direction, Calibration]


@dataclass(frozen=True, slots=True)
class LinkModel:
    """All that prediction needs: the whole graph, the network's embeddings, the blend."""

    graph: TypedGraph
    ids: Mapping[str, Sequence[Literal]]
    encodings: Mapping[str, Sequence[Encoding]]
    relations: tuple[RelationModel, ...]
    embeddings: Embeddings | None

    def scorer(self, model: RelationModel) -> Mixture:
        """The mixture of one relation, its members fitted on the whole graph."""
        members: list[Scorer] = []
        for name in model.members:
            if name != NETWORK:
                members.append(STRUCTURAL[name].fit(self.graph, model.relation))
            elif self.embeddings is not None:
                members.append(self.embeddings.scorer(model.relation))
            else:
                raise ValueError(f"{model.relation} needs a network, and there is none")
        return Mixture(members, model.weights, KnownLinks(self.graph, model.relation))


def to_artifact(model: LinkModel, about: Mapping[str, Any]) -> Artifact:
    """The model as manifest, documents and tensors; `about` goes into the manifest."""
    types = list(model.graph.counts)
    relations = list(model.graph.edges)
    graph: dict[str, Any] = {}
    for index, edges in enumerate(model.graph.edges.values()):
        graph[f"edges.{index}.heads"] = edges.heads.astype(np.int32)
        graph[f"edges.{index}.tails"] = edges.tails.astype(np.int32)
    for name, features in model.graph.features.items():
        graph[f"features.{types.index(name)}"] = features.values
    tensors = {GRAPH: graph}
    if model.embeddings is not None:
        network: dict[str, Any] = {}
        for name, values in model.embeddings.vertices.items():
            network[f"vertices.{types.index(name)}"] = values
        for relation, vectors in model.embeddings.relations.items():
            place = relations.index(relation)
            network[f"relations.{place}.diagonal"] = vectors.diagonal
            network[f"relations.{place}.tail_bias"] = vectors.tail_bias
            network[f"relations.{place}.head_bias"] = vectors.head_bias
        tensors[NETWORK_TENSORS] = network
    manifest = {
        "task": TASK,
        **about,
        "vertex_types": [
            {
                "type": name,
                "count": model.graph.counts[name],
                "encodings": [to_document(encoding) for encoding in model.encodings[name]],
                "blocks": [
                    [block.property, block.kind, block.start, block.stop]
                    for block in _blocks(model.graph, name)
                ],
            }
            for name in types
        ],
        "relations": [list(relation) for relation in relations],
        "targets": [
            {
                "relation": relations.index(target.relation),
                "members": list(target.members),
                "weights": {end: list(target.weights[end]) for end in DIRECTIONS},
                "calibrations": {
                    end: [target.calibrations[end].slope, target.calibrations[end].intercept]
                    for end in DIRECTIONS
                },
            }
            for target in model.relations
        ],
    }
    ids = {str(index): ids_document(model.ids[name]) for index, name in enumerate(types)}
    return Artifact(manifest, {VERTICES: ids}, tensors)


def from_artifact(artifact: Artifact) -> LinkModel:
    """The model that `to_artifact` wrote.

    Raises KeyError, ValueError, TypeError or IndexError for a manifest that it did not write.
    """
    manifest = artifact.manifest
    if manifest["task"] != TASK:
        raise ValueError(f"the artifact is for {manifest['task']!r}, not for {TASK}")
    types = [entry["type"] for entry in manifest["vertex_types"]]
    relations = [Relation(*names) for names in manifest["relations"]]
    tensors = artifact.tensors[GRAPH]
    features = {}
    for index, entry in enumerate(manifest["vertex_types"]):
        if f"features.{index}" in tensors:
            blocks = tuple(FeatureBlock(*block) for block in entry["blocks"])
            features[entry["type"]] = Features(tensors[f"features.{index}"], blocks)
    graph = TypedGraph(
        {entry["type"]: entry["count"] for entry in manifest["vertex_types"]},
        {
            relation: Edges(
                tensors[f"edges.{index}.heads"].astype(np.int64),
                tensors[f"edges.{index}.tails"].astype(np.int64),
            )
            for index, relation in enumerate(relations)
        },
        features,
    )
    targets = tuple(
        RelationModel(
            relations[entry["relation"]],
            tuple(entry["members"]),
            {end: np.array(entry["weights"][end], np.float64) for end in DIRECTIONS},
            {end: Calibration(*entry["calibrations"][end]) for end in DIRECTIONS},
        )
        for entry in manifest["targets"]
    )
    return LinkModel(
        graph,
        {
            name: ids_of(artifact.documents[VERTICES][str(index)])
            for index, name in enumerate(types)
        },
        {
            entry["type"]: [from_document(encoding) for encoding in entry["encodings"]]
            for entry in manifest["vertex_types"]
        },
        targets,
        _embeddings(artifact, types, relations, [target.relation for target in targets]),
    )


def _embeddings(
    artifact: Artifact,
    types: Sequence[str],
    relations: Sequence[Relation],
    targets: Sequence[Relation],
) -> Embeddings | None:
    tensors = artifact.tensors.get(NETWORK_TENSORS)
    if tensors is None:
        return None
    vectors = {}
    for relation in targets:
        place = f"relations.{relations.index(relation)}"
        vectors[relation] = RelationVectors(
            tensors[f"{place}.diagonal"],
            tensors[f"{place}.tail_bias"],
            tensors[f"{place}.head_bias"],
        )
    vertices = {name: tensors[f"vertices.{index}"] for index, name in enumerate(types)}
    return Embeddings(vertices, vectors)


def _blocks(graph: TypedGraph, vertex_type: str) -> tuple[FeatureBlock, ...]:
    features = graph.features.get(vertex_type)
    return features.blocks if features is not None else ()


def ids_document(literals: Sequence[Literal]) -> dict[str, Any]:
    """Ids with their kinds: `kinds` is one for all, or one for each."""
    kinds = [literal.kind.value for literal in literals]
    same = len(set(kinds)) == 1
    return {
        "kinds": kinds[0] if same else kinds,
        "values": [
            literal.value if isinstance(literal.value, str | int) else str(literal.value)
            for literal in literals
        ],
    }


def ids_of(document: Mapping[str, Any]) -> list[Literal]:
    """The ids that `ids_document` wrote."""
    values = document["values"]
    kinds = document["kinds"]
    if isinstance(kinds, str):
        kinds = [kinds] * len(values)
    return [_literal(Kind(kind), value) for kind, value in zip(kinds, values, strict=True)]


def _literal(kind: Kind, value: Any) -> Literal:
    if kind is Kind.UUID:
        return Literal(kind, UUID(value))
    return Literal(kind, value)
