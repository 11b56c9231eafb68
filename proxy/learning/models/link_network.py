"""Encoder and decoder that learn links from the whole graph, or from mini-batches."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from gremlink.proxy.learning.graph import DIRECTIONS, Indexes, TypedGraph
from gremlink.proxy.learning.models.decoder import DistMultDecoder
from gremlink.proxy.learning.models.fit_settings import FitSettings
from gremlink.proxy.learning.models.gnn.messages import MessageGraph, Weights
from gremlink.proxy.learning.models.gnn.mini_batches import BATCHES, POOL, on_cpu, rows_of
from gremlink.proxy.learning.models.gnn.rgcn import RelationalEncoder
from gremlink.proxy.learning.models.gnn.rounds import WholeRound
from gremlink.proxy.learning.models.gnn.sampling import Sampler
from gremlink.proxy.learning.models.optimizers import SparseAndDense, for_whole_graph
from gremlink.proxy.learning.models.ranking_task import Questions, RankingTask
from gremlink.proxy.learning.trained.embeddings import Embeddings
from gremlink.proxy.learning.trained.encoder import Encoder


@dataclass
class LinkNetwork:
    """Encoder and decoder with what they learn from; both ways of learning yield losses."""

    graph: TypedGraph
    features: Mapping[str, Tensor]
    encoder: RelationalEncoder
    decoder: DistMultDecoder
    tasks: Sequence[RankingTask]
    settings: FitSettings

    @property
    def mean(self) -> bool:
        """`True` where messages are averaged over all relations."""
        return self.settings.encoder.global_norm

    @cached_property
    def messages(self) -> MessageGraph:
        """The graph as all vertices see it."""
        return MessageGraph(self.graph)

    @cached_property
    def everything(self) -> Weights:
        """The weights of its messages when nothing is hidden."""
        return self.messages.weights(mean=self.mean)

    def whole_graph(self, random: np.random.Generator) -> Iterator[float]:
        """Train one step an epoch, on all vertices."""
        optimizer = for_whole_graph(self.encoder, self.decoder, self.settings)
        for _ in range(self.settings.epochs):
            self.encoder.train()
            hidden = {
                task.relation: task.hide(random, self.settings.hidden_share) for task in self.tasks
            }
            masks = {relation: torch.from_numpy(mask) for relation, mask in hidden.items()}
            weights = self.messages.weights(masks, mean=self.mean)
            state = self.encoder(self.features, self._rounds(weights))
            losses = [
                task.loss(self.decoder, state, hidden[task.relation], direction, random)
                for task in self.tasks
                for direction in DIRECTIONS
            ]
            loss = torch.stack(losses).mean()
            optimizer.step(loss)
            yield float(loss.detach())

    def mini_batches(self, random: np.random.Generator, device: torch.device) -> Iterator[float]:
        """Train a number of steps an epoch, each on some edges of each target."""
        sampling = self.settings.sampling
        sampler = Sampler(
            self.graph,
            sampling.fan_outs,
            mean=self.mean,
            device=device,
        )
        self.encoder.to(device)
        self.decoder.to(device)
        optimizer = SparseAndDense(self.encoder, self.decoder, self.settings)
        total = sum(len(task) for task in self.tasks)
        share = min(self.settings.hidden_share, sampling.batch_size / total)
        steps = min(BATCHES, math.ceil(self.settings.hidden_share / share))
        for _ in range(self.settings.epochs):
            self.encoder.train()
            losses = []
            for _ in range(steps):
                loss = self._batch(sampler, share, random, device)
                optimizer.step(loss)
                losses.append(float(loss.detach()))
            yield float(np.mean(losses))

    def _batch(
        self, sampler: Sampler, share: float, random: np.random.Generator, device: torch.device
    ) -> Tensor:
        """Return the loss of a mini-batch, a scalar."""
        hidden = {task.relation: task.hide(random, share) for task in self.tasks}
        asked = [
            (task, task.questions(hidden[task.relation], direction, random, most_candidates=POOL))
            for task in self.tasks
            for direction in DIRECTIONS
        ]
        wanted: dict[str, list[Indexes]] = {}
        for task, each in asked:
            source, target = _types(task, each)
            wanted.setdefault(source, []).append(each.sources)
            wanted.setdefault(target, []).extend((each.pool, each.targets))
        sample = sampler.sample(
            {name: np.unique(np.concatenate(parts)) for name, parts in wanted.items()},
            self.settings.encoder.layers,
            random,
            {task.relation: task.ends(hidden[task.relation]) for task in self.tasks},
        )
        rows = {name: torch.from_numpy(each).to(device) for name, each in sample.rows.items()}
        state = self.encoder(rows_of(self.features, rows), sample.rounds, rows)
        losses = []
        for task, each in asked:
            queries, candidates = self.decoder.ends(state, task.relation, each.direction)
            source, target = _types(task, each)
            losses.append(
                task.answered(
                    queries[sample.places(source, each.sources).to(device)],
                    candidates[sample.places(target, each.pool).to(device)],
                    candidates[sample.places(target, each.targets).to(device)],
                    each,
                )
            )
        return torch.stack(losses).mean()

    @torch.no_grad()
    def embeddings(self) -> Embeddings:
        """Return the embeddings of all vertices, in their present state."""
        encoder, decoder = on_cpu(self.encoder), on_cpu(self.decoder)
        encoder.eval()
        return decoder.embeddings(encoder(self.features, self._rounds(self.everything)))

    def stored(self) -> Encoder:
        """Return the encoder for NumPy, in its present state."""
        return on_cpu(self.encoder).stored()

    def _rounds(self, weights: Weights) -> list[WholeRound]:
        return [WholeRound(self.messages, weights)] * self.settings.encoder.layers


def _types(task: RankingTask, asked: Questions) -> tuple[str, str]:
    """Return the vertex types of the questions and of their answers."""
    relation = task.relation
    return relation.source_type(asked.direction), relation.target_type(asked.direction)
