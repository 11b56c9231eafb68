"""A trained link predictor in memory, and its form in an artifact."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gremlink.grammar.traversal import Literal
from gremlink.proxy.learning.graph import DIRECTIONS, Direction, Floats, Indexes, Relation
from gremlink.proxy.learning.inductive.extension import Extension
from gremlink.proxy.learning.inductive.scope import ENTITIES, INDUCTIVE, STRUCTURE, Scope
from gremlink.proxy.learning.links.calibration import Calibration
from gremlink.proxy.learning.links.known import KnownLinks
from gremlink.proxy.learning.links.mixture import MemberWeights, Mixture
from gremlink.proxy.learning.links.scorer import Tensors
from gremlink.proxy.learning.links.scorers import FITTED, SIGNED, SIMPLE, STRUCTURAL, Scorer
from gremlink.proxy.learning.links.scorers.recommenders.candidate_factors import (
    candidate_factors,
)
from gremlink.proxy.learning.links.scorers.recommenders.linear import LinearScorer
from gremlink.proxy.learning.links.scorers.recommenders.profiles import learned
from gremlink.proxy.learning.methods import HEURISTICS, NETWORK
from gremlink.proxy.learning.trained.embeddings import Embeddings, RelationVectors, unit_rows
from gremlink.proxy.learning.trained.encoder import (
    Encoder,
    embedded,
    encoder_tensors,
    encoders_of,
)
from gremlink.proxy.learning.trained.knowledge import KnowledgeEmbeddings
from gremlink.proxy.learning.trained.network import Trained
from gremlink.proxy.learning.trained.stored_graph import StoredGraph, stored_graph_of
from gremlink.proxy.learning.trained.vertex_embeddings import (
    NoEmbeddings,
    VertexEmbeddings,
    no_embeddings_of,
)
from gremlink.proxy.store.artifacts import Artifact

TASK = "link_prediction"
NETWORK_TENSORS = "network"
ENCODERS = "encoders"


@dataclass(frozen=True, slots=True)
class RelationModel:
    """The scoring of one relation: members with their weights, and the scale of the sum.

    The weights of the members that are `signed` are for log-odds: see `links.scorer.is_signed`.
    """

    relation: Relation
    members: tuple[str, ...]
    weights: Mapping[Direction, MemberWeights]
    calibrations: Mapping[Direction, Calibration]
    signed: frozenset[str] = frozenset()


def _padded(factors: Floats, count: int) -> Floats:
    """Return float32 `[count, width]`: vertices that came after the factorisation have zeros."""
    table = np.zeros((count, factors.shape[1]), np.float32)
    table[: len(factors)] = factors
    return table


class _Mark:
    """A scorer of log-odds as older artifacts have weights for it: 1 for each pair with the mark
    that it reads."""

    def __init__(self, scorer: Scorer) -> None:
        self._scorer = scorer

    def scores(self, sources: Indexes, direction: Direction) -> Floats:
        """See `Scorer.scores`."""
        marked = self._scorer.scores(sources, direction) != 0.0
        return np.asarray(marked, dtype=np.float32)


FACTORISATIONS = ("ials", "pure-svd")
"""Methods whose arrays have a vector for each vertex of an end."""

LINEAR = tuple(name for name, scorer in FITTED.items() if issubclass(scorer, LinearScorer))
"""Methods whose weights imply such vectors: see `candidate_factors`."""

PLACING = (*FACTORISATIONS, *LINEAR)
"""Methods without a network that place vertices, in the order in which they are asked."""


@dataclass(frozen=True, slots=True)
class LinkModel:
    """All that prediction needs: the whole graph, what was learned on it, the blend.

    `encoders` made the embeddings of the graph neural network, and make those of vertices that came
    later; `fitted` has the arrays of factor models by relation and name.
    """

    stored: StoredGraph
    relations: tuple[RelationModel, ...]
    networks: Mapping[str, Trained]
    encoders: tuple[Encoder, ...] = ()
    fitted: Mapping[Relation, Mapping[str, Tensors]] = field(default_factory=dict)

    @property
    def embeddings(self) -> Embeddings | None:
        """Those of the graph neural network, if it is a member."""
        found = self.networks.get(NETWORK)
        return found if isinstance(found, Embeddings) else None

    @property
    def embedding_methods(self) -> tuple[str, ...]:
        """The methods of the model that have embeddings, the default first: the graph neural
        network, other networks, factorisations, linear models."""
        networks = sorted(self.networks, key=lambda name: name != NETWORK)
        fitted = {name for by_name in self.fitted.values() for name in by_name}
        return (*networks, *(name for name in PLACING if name in fitted))

    def vertex_embeddings(self, method: str | None = None) -> VertexEmbeddings:
        """Return those of a method, or of the first of `embedding_methods`.

        Raises `NoEmbeddings`.
        """
        if method is not None and method not in self.embedding_methods:
            raise no_embeddings_of(method, self.embedding_methods)
        chosen = method or next(iter(self.embedding_methods), None)
        if chosen is None or chosen not in self.networks:
            return self._factors((chosen,) if chosen else ())
        vertices = self.networks[chosen].vertices
        tables = {name: vertices[name] for name in self.stored.types}
        return VertexEmbeddings(chosen, self.stored, tables)

    def _factors(self, names: Sequence[str]) -> VertexEmbeddings:
        """Return the factors of the ends of the relations that a method has learned.

        Those of one relation's two ends lie in spaces of their own. Raises `NoEmbeddings`.
        """
        for name in names:
            tables: dict[str, Floats] = {}
            for relation, by_name in self.fitted.items():
                if name not in by_name:
                    continue
                for direction in DIRECTIONS:
                    end = relation.target_type(direction)
                    if end not in tables:
                        factors = self._factors_of(name, relation, direction)
                        tables[end] = _padded(factors, self.stored.graph.counts[end])
            if tables:  # of one width: columns of zeros change no cosine
                widest = max(table.shape[1] for table in tables.values())
                for end, table in tables.items():
                    tables[end] = np.pad(table, ((0, 0), (0, widest - table.shape[1])))
                return VertexEmbeddings(name, self.stored, tables)
        members = dict.fromkeys(member for each in self.relations for member in each.members)
        raise NoEmbeddings(
            "the model has no network and no factorisation, so it places vertices nowhere: it is "
            f"{', '.join(members)}; {', '.join((NETWORK, *PLACING))} do"
        )

    def _factors_of(self, name: str, relation: Relation, direction: Direction) -> Floats:
        """Return the factors of one end, of the vertices that the training knew."""
        tensors = self.fitted[relation][name]
        if name in LINEAR:
            scorer = FITTED[name].restore(self.stored.graph, relation, tensors)
            assert isinstance(scorer, LinearScorer)
            return candidate_factors(scorer, direction)
        last = int(tensors[f"{direction}.sizes"][0])
        # Singular vectors alone are all of the same length along every axis.
        axes = tensors.get(f"{direction}.spectrum", 1.0)
        return np.asarray(learned(tensors)[direction][:last] * axes, np.float32)

    @property
    def reads_terms(self) -> bool:
        """`True` where a member needs the terms of the graph."""
        names = {name for each in self.relations for name in each.members}
        return any(SIMPLE[name].reads_terms for name in names & SIMPLE.keys())

    @property
    def scope(self) -> Scope:
        """The part of a live graph to read for a prediction on it."""
        if self.encoders:
            return Scope.around(self.stored, NETWORK, max(1, len(self.encoders[0].layers)))
        learned = set(self.networks)
        if NETWORK in learned or all(learned.issuperset(each.members) for each in self.relations):
            return Scope.around(self.stored, ENTITIES, 0)
        return Scope.around(self.stored, STRUCTURE, 2)

    def scorer(self, model: RelationModel) -> Mixture:
        """Return the mixture of one relation, its members fitted on the whole graph."""
        graph = self.stored.graph
        members: list[Scorer] = []
        for name in model.members:
            if name in STRUCTURAL:
                member = STRUCTURAL[name].fit(graph, model.relation)
                older = name in SIGNED and name not in model.signed
                members.append(_Mark(member) if older else member)
            elif name in FITTED:
                tensors = self.fitted[model.relation][name]
                members.append(FITTED[name].restore(graph, model.relation, tensors))
            else:
                members.append(self.networks[name].scorer(model.relation))
        return Mixture(members, model.weights, KnownLinks(graph, model.relation))

    def on(self, extension: Extension, asked: Collection[Literal]) -> LinkModel:
        """Return the same model on a graph that was brought up to date.

        Of the network's embeddings those of the asked and of the new vertices are made anew.
        Embeddings that were learned one by one stay; new vertices have the mean of their type.
        """
        networks: dict[str, Trained] = {
            name: each.enlarged(extension.enlarged)
            for name, each in self.networks.items()
            if isinstance(each, KnowledgeEmbeddings)
        }
        embeddings = self.embeddings
        if embeddings is not None:
            rows = extension.rows(asked)
            encoded = embedded(self.encoders, extension.stored.graph, rows)
            vertices = {}
            for name, table in embeddings.vertices.items():
                vertices[name] = extension.enlarged(name, table)
                vertices[name][rows[name]] = np.concatenate(
                    [unit_rows(each[name]) for each in encoded], axis=1
                )
            networks[NETWORK] = replace(embeddings, vertices=vertices)
        return replace(self, stored=extension.stored, networks=networks)


def to_artifact(model: LinkModel, about: Mapping[str, Any]) -> Artifact:
    """Return the model as manifest, documents and tensors; `about` goes into the manifest."""
    if not model.reads_terms:
        model = replace(model, stored=model.stored.without_terms())
    stored = model.stored
    types, relations = stored.types, stored.relations
    tensors: dict[str, Mapping[str, NDArray[Any]]] = dict(stored.tensors())
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
    forms = {}
    for name, trained in model.networks.items():
        if isinstance(trained, KnowledgeEmbeddings):
            forms[name] = trained.form
            tensors[name] = trained.tensors(types, relations)
    for target, by_name in model.fitted.items():
        for name, arrays in by_name.items():
            tensors[f"{name}.{relations.index(target)}"] = arrays
    if model.encoders:
        tensors[ENCODERS] = encoder_tensors(model.encoders, types, relations)
    manifest = {
        "task": TASK,
        **about,
        **stored.manifest(),
        "forms": forms,
        "targets": [
            {
                "relation": relations.index(target.relation),
                "members": list(target.members),
                "signed": [name for name in target.members if name in target.signed],
                "weights": {end: target.weights[end].tolist() for end in DIRECTIONS},
                "calibrations": {
                    end: [target.calibrations[end].slope, target.calibrations[end].intercept]
                    for end in DIRECTIONS
                },
            }
            for target in model.relations
        ],
    }
    documents = {**stored.documents(), INDUCTIVE: model.scope.to_document()}
    return Artifact(manifest, documents, tensors)


def from_artifact(artifact: Artifact) -> LinkModel:
    """Restore the model that `to_artifact` wrote.

    Raises KeyError, ValueError, TypeError or IndexError for a manifest that it did not write.
    """
    manifest = artifact.manifest
    if manifest["task"] != TASK:
        raise ValueError(f"the artifact is for {manifest['task']!r}, not for {TASK}")
    stored = stored_graph_of(artifact)
    relations = stored.relations
    targets = tuple(
        RelationModel(
            relations[entry["relation"]],
            tuple(entry["members"]),
            {end: np.array(entry["weights"][end], np.float64) for end in DIRECTIONS},
            {end: Calibration(*entry["calibrations"][end]) for end in DIRECTIONS},
            frozenset(entry.get("signed", ())),
        )
        for entry in manifest["targets"]
    )
    wanted = [target.relation for target in targets]
    networks: dict[str, Trained] = {
        name: KnowledgeEmbeddings.of(form, artifact.tensors[name], stored.types, relations)
        for name, form in manifest["forms"].items()
    }
    embeddings = _embeddings(artifact, stored, wanted)
    if embeddings is not None:
        networks[NETWORK] = embeddings
    fitted = {
        target.relation: {
            name: _tensors(artifact, name, relations.index(target.relation))
            for name in target.members
            if name in FITTED
        }
        for target in targets
    }
    encoders = encoders_of(artifact.tensors.get(ENCODERS, {}), stored.types, relations)
    return LinkModel(stored, targets, networks, encoders, fitted)


def _tensors(artifact: Artifact, name: str, relation: int) -> Tensors:
    """Return what a method has learned; nothing for one that chose nothing in earlier versions."""
    own = f"{name}.{relation}"
    return artifact.tensors.get(own, {}) if name in HEURISTICS else artifact.tensors[own]


def _embeddings(
    artifact: Artifact, stored: StoredGraph, targets: Sequence[Relation]
) -> Embeddings | None:
    tensors = artifact.tensors.get(NETWORK_TENSORS)
    if tensors is None:
        return None
    vectors = {}
    for relation in targets:
        place = f"relations.{stored.relations.index(relation)}"
        vectors[relation] = RelationVectors(
            tensors[f"{place}.diagonal"],
            tensors[f"{place}.tail_bias"],
            tensors[f"{place}.head_bias"],
        )
    vertices = {name: tensors[f"vertices.{index}"] for index, name in enumerate(stored.types)}
    return Embeddings(vertices, vectors)
