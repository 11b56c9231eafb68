"""The networks among the candidates: epochs, cost and training of each."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from gremlink.proxy.learning.budget import Work, messages_cost
from gremlink.proxy.learning.graph import DIRECTIONS, Direction, Relation, TypedGraph
from gremlink.proxy.learning.links.training.warm_start import Warm
from gremlink.proxy.learning.methods import KNOWLEDGE_NAMES, LIGHTGCN, NETWORK
from gremlink.proxy.learning.models.fit_settings import fit_settings
from gremlink.proxy.learning.models.fitting import Checkpoint, fit
from gremlink.proxy.learning.models.gnn.mini_batches import (
    BATCHES,
    POOL,
    learns_from_samples,
    read_by_a_step,
)
from gremlink.proxy.learning.models.knowledge.fitting import KnowledgeSettings, fit_knowledge
from gremlink.proxy.learning.models.knowledge.recipe import recipe_for
from gremlink.proxy.learning.models.lightgcn import LAYERS, LightGcnSettings, fit_lightgcn
from gremlink.proxy.learning.models.ranking_task import LOGITS
from gremlink.proxy.learning.settings import TrainingSettings

SMALL_EPOCHS = 40
"""Epochs of the graph neural network on a small graph, which it overfits soon."""

SMALL_STEP = 0.3
"""Share of its learning rate there: a few, small steps for few edges."""

SHARE_OF_EPOCHS = 0.3
"""Share of the epochs for a knowledge-graph embedding, whose epoch is many steps instead of one."""

Side = tuple[Relation, Direction]


@dataclass(frozen=True, slots=True)
class Run:
    """One training of a network: on the edges of `graph`, to predict those of `relations`.

    `small` graphs are judged by cross-validation; `warm` is an earlier training to begin with.
    """

    graph: TypedGraph
    relations: Sequence[Relation]
    settings: TrainingSettings
    epochs: int
    seed: int
    small: bool
    warm: Warm | None = None


class Network(Protocol):
    """A network for links, as training plans and runs it."""

    def most_epochs(self, settings: TrainingSettings, *, small: bool) -> int:
        """Return the largest number of epochs; `small` graphs are judged by cross-validation."""
        ...

    def epoch_cost(
        self, graph: TypedGraph, relations: Sequence[Relation], settings: TrainingSettings
    ) -> Work:
        """Count the work of an epoch."""
        ...

    def checkpoints(self, run: Run) -> Iterator[Checkpoint]:
        """Train, beginning with what `run.warm` has for this network."""
        ...


class GraphNetwork:
    """The relational graph neural network, with features and messages along all relations."""

    def most_epochs(self, settings: TrainingSettings, *, small: bool) -> int:
        """See `Network.most_epochs`."""
        return min(settings.epochs, SMALL_EPOCHS) if small else settings.epochs

    def epoch_cost(
        self, graph: TypedGraph, relations: Sequence[Relation], settings: TrainingSettings
    ) -> Work:
        """See `Network.epoch_cost`."""
        width, layers = settings.width, settings.layers
        if learns_from_samples(graph, settings):
            read = read_by_a_step(graph, settings, 2 * (settings.batch_size + POOL))
            steps = 8.0 + 9.0 * (len(graph.edges) + len(relations))
            return BATCHES * Work(steps=steps, updates=read * 40.0 * width)
        messages = messages_cost(graph, len(relations), width, layers)
        return messages + _ranking(graph, relations, settings)

    def checkpoints(self, run: Run) -> Iterator[Checkpoint]:
        """See `Network.checkpoints`."""
        fitting = fit_settings(run.settings, run.epochs)
        start = None if run.warm is None else run.warm.network
        rate = fitting.learning_rate * (SMALL_STEP if run.small else 1.0)
        fitting = replace(fitting, learning_rate=rate)
        return fit(run.graph, run.relations, fitting, run.seed, start)


class LightGcn:
    """LightGCN, over the relations to predict."""

    def most_epochs(self, settings: TrainingSettings, *, small: bool) -> int:
        """See `Network.most_epochs`."""
        return settings.epochs

    def epoch_cost(
        self, graph: TypedGraph, relations: Sequence[Relation], settings: TrainingSettings
    ) -> Work:
        """See `Network.epoch_cost`."""
        numbers = float(settings.width * LAYERS)
        messages = Work(
            gathers=34.0 * sum(len(graph.edges[each]) for each in relations) * numbers,
            updates=11.0 * graph.vertex_count * numbers,
            steps=4.0 + 18.0 * len(relations),
        )
        return messages + _ranking(graph, relations, settings)

    def checkpoints(self, run: Run) -> Iterator[Checkpoint]:
        """See `Network.checkpoints`."""
        light = LightGcnSettings(
            run.settings.width,
            run.epochs,
            2.0 * run.settings.learning_rate,
            hidden_share=run.settings.hidden_share,
        )
        return fit_lightgcn(run.graph, run.relations, light, run.seed)


@dataclass(frozen=True, slots=True)
class KnowledgeGraph:
    """A knowledge-graph embedding, trained on all relations from both ends."""

    name: str

    def most_epochs(self, settings: TrainingSettings, *, small: bool) -> int:
        """See `Network.most_epochs`."""
        return max(1, round(SHARE_OF_EPOCHS * settings.epochs))

    def epoch_cost(
        self, graph: TypedGraph, relations: Sequence[Relation], settings: TrainingSettings
    ) -> Work:
        """See `Network.epoch_cost`."""
        return recipe_for(graph).cost(graph, 2 * settings.width)

    def checkpoints(self, run: Run) -> Iterator[Checkpoint]:
        """See `Network.checkpoints`."""
        knowledge = replace(
            KnowledgeSettings(),
            width=2 * run.settings.width,
            epochs=run.epochs,
            learning_rate=run.settings.learning_rate,
            dropout=run.settings.dropout,
            penalty=run.settings.penalty,
        )
        begin = None if run.warm is None else run.warm.knowledge.get(self.name)
        return fit_knowledge(self.name, run.graph, run.relations, knowledge, run.seed, begin)


NETWORK_METHODS: Mapping[str, Network] = {
    NETWORK: GraphNetwork(),
    LIGHTGCN: LightGcn(),
    **{name: KnowledgeGraph(name) for name in KNOWLEDGE_NAMES},
}
"""Networks by the name that settings and reports use."""


def _ranking(graph: TypedGraph, relations: Sequence[Relation], settings: TrainingSettings) -> Work:
    """Count an epoch's soft-max over all candidates, or a sample, of the edges that it hides."""
    logits = 0.0
    for relation, direction in _sides(relations):
        hidden = settings.hidden_share * len(graph.edges[relation])
        sources = graph.counts[relation.source_type(direction)]
        asked = sources * (1.0 - math.exp(-hidden / max(sources, 1)))
        logits += min(asked * graph.counts[relation.target_type(direction)], LOGITS)
    return logits * Work(products=3.0 * settings.width, updates=9.0)


def _sides(relations: Iterable[Relation]) -> list[Side]:
    return [(each, end) for each in relations for end in DIRECTIONS]
