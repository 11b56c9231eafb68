"""PyKEEN's own DistMult and ComplEx, as long as ours, trained and asked on the same links.

Not a method of the project: it is in `quality.py` to check ours against.
Both train by soft-max with Adam, from both ends (inverse triples). PyKEEN's constraints and
regularisation are kept or left out, and its epochs counted, by the links that ours are judged by.
"""

from __future__ import annotations

import gc
import logging
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from gremlink.proxy.learning.graph import Direction, Floats, Indexes, Relation, TypedGraph
from gremlink.proxy.learning.links.training.base_models import Validation
from gremlink.proxy.learning.models.knowledge.fitting import KnowledgeSettings
from gremlink.proxy.learning.models.knowledge.recipe import ALL

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from pykeen.losses import CrossEntropyLoss
    from pykeen.models import ComplEx, DistMult, Model
    from pykeen.training import LCWATrainingLoop
    from pykeen.triples import CoreTriplesFactory

warnings.filterwarnings("ignore", "'pin_memory'")
logging.getLogger("pykeen").setLevel(logging.ERROR)

VARIANTS: Mapping[str, tuple[Mapping[str, Any], ...]] = {
    "distmult": ({}, {"regularizer": None, "entity_constrainer": None}),
    "complex": ({}, {"regularizer": None}),
}
"""Each as it comes, and without what holds it back."""

LOOKS = range(10, 101, 10)
PATIENCE = 4


@dataclass(frozen=True)
class Pykeen:
    """A model of PyKEEN on a graph of one vertex type; relations go by their place in it."""

    model: Model
    relations: tuple[Relation, ...]

    def scorer(self, relation: Relation) -> PykeenScorer:
        return PykeenScorer(self.model, self.relations.index(relation))


@dataclass(frozen=True)
class PykeenScorer:
    model: Model
    relation: int

    @torch.no_grad()
    def scores(self, sources: Indexes, direction: Direction) -> Floats:
        own = torch.from_numpy(np.asarray(sources, np.int64))
        relation = torch.full_like(own, self.relation)
        if direction == "out":
            found = self.model.predict_t(torch.stack([own, relation], dim=1))
        else:
            found = self.model.predict_h(torch.stack([relation, own], dim=1))
        return np.asarray(found.numpy(), np.float32)


def best_pykeen(
    name: str, graph: TypedGraph, train: TypedGraph, validation: Validation, seed: int
) -> Pykeen:
    """The better variant for the best number of epochs on `train`, trained anew on `graph`."""
    gc.freeze()  # PyKEEN collects garbage after each epoch, which takes longer than the epoch
    found: dict[tuple[int, int], float] = {}
    for variant in range(len(VARIANTS[name])):
        training = _Training(name, train, variant, seed)
        for epoch in LOOKS:
            found[variant, epoch] = validation.judge(training.until(epoch))  # type: ignore[arg-type]
            own = [gain for (other, _), gain in found.items() if other == variant]
            if len(own) - 1 - int(np.argmax(own)) >= PATIENCE:
                break
    variant, epoch = max(found, key=found.__getitem__)
    return _Training(name, graph, variant, seed).until(epoch)


class _Training:
    def __init__(self, name: str, graph: TypedGraph, variant: int, seed: int) -> None:
        self._factory = _triples(graph)
        ours = KnowledgeSettings()
        settings = VARIANTS[name][variant]
        shared = {
            "triples_factory": self._factory,
            "loss": CrossEntropyLoss(),
            "random_seed": seed,
        }
        if name == "distmult":
            model: Model = DistMult(embedding_dim=ours.width, **shared, **settings)
        else:  # as many numbers: half of them are imaginary parts
            model = ComplEx(embedding_dim=ours.width // 2, **shared, **settings)
        self._trained = Pykeen(model, tuple(graph.edges))
        self._loop = LCWATrainingLoop(
            model=model,
            triples_factory=self._factory,
            optimizer=torch.optim.Adam(model.get_grad_params(), lr=ours.learning_rate),
        )
        self._epoch = 0
        self._batch = ALL.batch

    def until(self, epoch: int) -> Pykeen:
        """The model after so many epochs in all."""
        self._loop.train(
            self._factory,
            num_epochs=epoch,
            batch_size=self._batch,
            continue_training=self._epoch > 0,
            use_tqdm=False,
            pin_memory=False,
        )
        self._epoch = epoch
        return self._trained


def _triples(graph: TypedGraph) -> CoreTriplesFactory:
    (kind,) = graph.counts
    rows = [
        np.stack([edges.heads, np.full(len(edges), place), edges.tails], axis=1)
        for place, edges in enumerate(graph.edges.values())
    ]
    return CoreTriplesFactory(
        np.concatenate(rows).astype(np.int64),
        num_entities=graph.counts[kind],
        num_relations=len(graph.edges),
        create_inverse_triples=True,
    )
