"""Training of encoder and decoder for links, on the whole graph or by mini-batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from gremlink.proxy.learning.features.scaling import unit_blocks
from gremlink.proxy.learning.graph import Relation, TypedGraph
from gremlink.proxy.learning.models.decoder import DistMultDecoder
from gremlink.proxy.learning.models.fit_settings import FitSettings
from gremlink.proxy.learning.models.gnn.messages import message_types
from gremlink.proxy.learning.models.gnn.mini_batches import device_for, samples
from gremlink.proxy.learning.models.gnn.rgcn import RelationalEncoder
from gremlink.proxy.learning.models.link_network import LinkNetwork
from gremlink.proxy.learning.models.ranking_task import ranking_tasks
from gremlink.proxy.learning.models.warm_start import NetworkStart
from gremlink.proxy.learning.trained.encoder import Encoder
from gremlink.proxy.learning.trained.network import Trained


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state after an epoch (from 1); `embeddings` and `encoder` give its present state.

    Networks that are nothing but embeddings have no encoder.
    """

    epoch: int
    loss: float
    embeddings: Callable[[], Trained]
    encoder: Callable[[], Encoder] | None = None


def fit(
    graph: TypedGraph,
    targets: Sequence[Relation],
    settings: FitSettings,
    seed: int,
    start: NetworkStart | None = None,
) -> Iterator[Checkpoint]:
    """Train, yielding after every epoch; the caller decides when to stop.

    Every epoch hides a random share of the target edges from the message graph and learns to rank
    them, from both ends, among all candidates that are not linked (SpotTarget, Zhu et al., WSDM
    2024, says why they have to be hidden). The loss is a soft-max over all candidates where that
    fits into memory, else over a sample. With `start` it begins as an earlier network ended. Where
    the whole graph does not fit, or a GPU computes, an epoch is up to `BATCHES` mini-batches.

    Raises ValueError where a GPU was asked for and there is none.
    """
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    features = {
        name: torch.from_numpy(unit_blocks(block)) for name, block in graph.features.items()
    }
    widths = {name: values.shape[1] for name, values in features.items()}
    encoder = RelationalEncoder(graph.counts, widths, message_types(graph), settings.encoder)
    decoder = DistMultDecoder(targets, settings.encoder.width)
    if start is not None:
        encoder.begin(start.encoder)
        decoder.begin(start.relations)
    tasks = ranking_tasks(graph, targets, settings.hard_negatives)
    network = LinkNetwork(graph, features, encoder, decoder, tasks, settings)
    device = device_for(graph, settings.sampling)
    sampled = samples(
        graph, settings.encoder.width, settings.encoder.layers, settings.sampling, device
    )
    steps = network.mini_batches(random, device) if sampled else network.whole_graph(random)
    for epoch, loss in enumerate(steps, 1):
        yield Checkpoint(epoch, loss, network.embeddings, network.stored)
