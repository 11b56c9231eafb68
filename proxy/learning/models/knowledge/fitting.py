"""Training of knowledge-graph embeddings: TransE, DistMult, ComplEx, RotatE."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from gremlink.proxy.learning.graph import DIRECTIONS, Direction, Floats, Relation, TypedGraph
from gremlink.proxy.learning.models.fitting import Checkpoint
from gremlink.proxy.learning.models.knowledge.complex import ComplEx
from gremlink.proxy.learning.models.knowledge.distmult import DistMult
from gremlink.proxy.learning.models.knowledge.ranking_loss import Batch, Grouped, ranking_loss
from gremlink.proxy.learning.models.knowledge.recipe import recipe_for
from gremlink.proxy.learning.models.knowledge.rotate import RotatE
from gremlink.proxy.learning.models.knowledge.tables import DenseTables, SparseTables, Tables
from gremlink.proxy.learning.models.knowledge.transe import TransE
from gremlink.proxy.learning.trained.knowledge import DISTANCES, Form, KnowledgeEmbeddings


class KnowledgeModel(Protocol):
    """The query that a vertex and a relation make; the form says what a candidate's score is."""

    form: Form

    def start(self, relations: int, width: int) -> Tensor:
        """Initialise the relations' parameters."""
        ...

    def queries(self, vertices: Tensor, relations: Tensor) -> Tensor:
        """Return queries, float32 `[questions, width]`, from vertices and the parameters of
        relations."""
        ...

    def vectors(self, relations: Tensor) -> Tensor:
        """Return what serving needs of the relations: float32 `[relations, width]`."""
        ...

    def parameters(self, vectors: Tensor) -> Tensor:
        """Return the relations' parameters, of which `vectors` makes these."""
        ...


KNOWLEDGE: Mapping[str, type[KnowledgeModel]] = {
    "transe": TransE,
    "distmult": DistMult,
    "complex": ComplEx,
    "rotate": RotatE,
}


@dataclass(frozen=True, slots=True)
class KnowledgeSettings:
    """Sizes and rates; `penalty` is the weight of the cubed lengths (N3).

    `Recipe` has factors of the last two.
    """

    width: int = 128
    epochs: int = 100
    dropout: float = 0.2
    learning_rate: float = 0.01
    penalty: float = 0.01


VERTICES, RELATIONS = 0, 1
"""The tables of parameters."""


def fit_knowledge(
    name: str,
    graph: TypedGraph,
    targets: Sequence[Relation],
    settings: KnowledgeSettings,
    seed: int,
    begin: KnowledgeEmbeddings | None = None,
) -> Iterator[Checkpoint]:
    """Train on the links of all relations, yielding after every epoch.

    Every link is asked from both ends, each direction of a relation with parameters of its own
    (reciprocal relations), by a soft-max over all vertices of the type, or over a sample where
    these are many (`Recipe`): Lacroix, Usunier & Obozinski, "Canonical tensor decomposition for
    knowledge base completion", ICML 2018, whose N3 penalty is used too; that this suits all four is
    found by Ruffinelli, Broscheit & Gemulla, "You can teach an old dog new tricks!", ICLR 2020. It
    may `begin` with what another one has learned.
    """
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    model = KNOWLEDGE[name]()
    kinds = [(relation, end) for relation in graph.edges for end in DIRECTIONS]
    groups = _grouped(graph, kinds)
    vertices = torch.randn(graph.vertex_count, settings.width) * 0.1
    relations = model.start(len(kinds), settings.width)
    if begin is not None:
        _begin(vertices, relations, graph, kinds, model, begin.first(settings.width))
    recipe = recipe_for(graph)
    distances = model.form in DISTANCES
    rate = settings.learning_rate * (recipe.distance_rate if distances else recipe.rate)
    if begin is not None:
        rate *= recipe.warm_rate
    kind_of = DenseTables if recipe.negatives is None else SparseTables
    tables: Tables = kind_of([vertices, relations], rate)

    @torch.no_grad()
    def embeddings() -> KnowledgeEmbeddings:
        vectors = model.vectors(relations)
        asked = {(r, end): index for index, (r, end) in enumerate(kinds) if r in targets}
        return KnowledgeEmbeddings(
            model.form,
            {
                each: _copied(vertices[start : start + graph.counts[each]])
                for each, start in graph.offsets.items()
            },
            {kind: _copied(vectors[index]) for kind, index in asked.items()},
        )

    for epoch in range(1, settings.epochs + 1):
        losses = []
        for target, batch in _batches(groups, recipe.batch, random):
            start, count = graph.offsets[target], graph.counts[target]
            asked, kind = np.divmod(batch.queries, len(kinds))
            competing = start + recipe.pool(count, random)
            sources, ends, pool = tables.rows(VERTICES, (asked, start + batch.targets, competing))
            (turned,) = tables.rows(RELATIONS, (kind,))
            dropped = functional.dropout(sources, settings.dropout)
            loss = ranking_loss(
                model.queries(dropped, turned),
                pool,
                torch.from_numpy(batch.places),
                ends,
                count,
                distances=distances,
            )
            losses.append(float(loss.detach()))
            if not distances:
                parts = (sources, model.vectors(turned), ends)
                cubes = torch.stack([part.abs().pow(3).sum(dim=1).mean() for part in parts])
                loss = loss + recipe.penalty * settings.penalty * cubes.mean()
            tables.step(loss, epoch)
        yield Checkpoint(epoch, float(np.mean(losses)), embeddings)


def _begin(
    vertices: Tensor,
    relations: Tensor,
    graph: TypedGraph,
    kinds: Sequence[tuple[Relation, Direction]],
    model: KnowledgeModel,
    begin: KnowledgeEmbeddings,
) -> None:
    """Take the parameters of another model, wherever lengths are the same."""
    for name, start in graph.offsets.items():
        table = begin.vertices.get(name)
        own = vertices[start : start + graph.counts[name]]
        if table is not None and table.shape == tuple(own.shape):
            own.copy_(torch.from_numpy(table.copy()))
    for index, kind in enumerate(kinds):
        vector = begin.relations.get(kind)
        if vector is not None and len(vector) == vertices.shape[1]:
            relations[index] = model.parameters(torch.from_numpy(vector.copy()))


def _grouped(graph: TypedGraph, kinds: Sequence[tuple[Relation, Direction]]) -> dict[str, Grouped]:
    """Group all links by the type of their candidates, and by source (of all types) and kind."""
    groups = {}
    for target in graph.counts:
        keys, targets = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
        for index, (relation, direction) in enumerate(kinds):
            if relation.target_type(direction) == target:
                sources, ends = graph.edges[relation].ends(direction)
                start = graph.offsets[relation.source_type(direction)]
                keys.append((sources + start) * len(kinds) + index)
                targets.append(ends)
        if any(len(each) for each in keys):
            groups[target] = Grouped(np.concatenate(keys), np.concatenate(targets))
    return groups


def _batches(
    groups: Mapping[str, Grouped], size: int, random: np.random.Generator
) -> Iterator[tuple[str, Batch]]:
    found = [
        (target, batch)
        for target, grouped in groups.items()
        for batch in grouped.batches(size, random)
    ]
    for place in random.permutation(len(found)):
        yield found[place]


def _copied(tensor: Tensor) -> Floats:
    return np.array(tensor.detach().numpy(), dtype=np.float32)
