"""Mini-batches or the whole graph, and the device: what a network trains on.

On a processor an epoch over the whole graph is far cheaper than its mini-batches, which read the
same neighbours again and again: so samples are for graphs that do not fit, and for a GPU.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor, nn

from gremlink.proxy.learning.graph import TypedGraph
from gremlink.proxy.learning.settings import TrainingSettings, UnusableSettings


@dataclass(frozen=True, slots=True)
class Sampling:
    """The user's settings of mini-batches; see `TrainingSettings`."""

    device: str = "auto"
    mini_batches: str = "auto"
    batch_size: int = 1024
    fan_outs: tuple[int, ...] = (10, 15)

    @classmethod
    def of(cls, settings: TrainingSettings) -> Sampling:
        """Return that part of the settings."""
        return cls(settings.device, settings.mini_batches, settings.batch_size, settings.fan_outs)


WHOLE_GRAPH = 4 * 2**30
"""Bytes that training on the whole graph may take, by estimate."""

COPIES = 8
"""Tensors of all vertices that a layer and its gradients hold at a time, about."""

WORTH_A_GPU = 200_000
"""Edges below which the way to a GPU costs more than it brings."""

POOL = 4096
"""Candidates that compete in a mini-batch of links."""

BATCHES = 100
"""Most mini-batches of an epoch: each is a new sample of the edges or rows to learn from."""


def whole_graph_bytes(graph: TypedGraph, width: int, layers: int) -> int:
    """Estimate the bytes that training on the whole graph takes."""
    return 4 * COPIES * (layers + 1) * width * graph.vertex_count


def check_device(device: str) -> None:
    """Raise `UnusableSettings` where a GPU was asked for and there is none."""
    if device == "cuda" and not torch.cuda.is_available():
        raise UnusableSettings("device is 'cuda', but torch finds no GPU here: use 'auto' or 'cpu'")


def device_for(graph: TypedGraph, sampling: Sampling) -> torch.device:
    """Return the device. Raises `UnusableSettings` where a GPU was asked for and there is none."""
    check_device(sampling.device)
    there = torch.cuda.is_available()
    wanted = sampling.device == "cuda" or (
        sampling.device == "auto" and there and graph.edge_count >= WORTH_A_GPU
    )
    return torch.device("cuda" if wanted else "cpu")


def samples(
    graph: TypedGraph, width: int, layers: int, sampling: Sampling, device: torch.device
) -> bool:
    """Return whether to train by mini-batches. DGL's own packages compute on the CPU alone."""
    if device.type != "cpu":
        return True
    if sampling.mini_batches != "auto":
        return sampling.mini_batches == "always"
    return whole_graph_bytes(graph, width, layers) > WHOLE_GRAPH


def learns_from_samples(graph: TypedGraph, settings: TrainingSettings) -> bool:
    """Return whether the network is trained by mini-batches. Raises ValueError."""
    sampling = Sampling.of(settings)
    device = device_for(graph, sampling)
    return samples(graph, settings.width, settings.layers, sampling, device)


def read_by_a_step(graph: TypedGraph, settings: TrainingSettings, asked: float) -> float:
    """Estimate the vertices that a mini-batch which asks about so many reads over all rounds."""
    read = asked
    for number in reversed(range(settings.layers)):
        asked *= 1 + settings.fan_outs[min(number, len(settings.fan_outs) - 1)]
        read += min(asked, graph.vertex_count)
    return read


def place(graph: TypedGraph, settings: TrainingSettings) -> str:
    """Describe for the report where the network learns, and from what. Raises ValueError."""
    device = device_for(graph, Sampling.of(settings))
    return f"{device}, by mini-batches" if learns_from_samples(graph, settings) else str(device)


Module = TypeVar("Module", bound=nn.Module)


def on_cpu(module: Module) -> Module:
    """Return the module, or a copy of it where it computes elsewhere."""
    if all(each.device.type == "cpu" for each in module.parameters()):
        return module
    return copy.deepcopy(module).cpu()


def rows_of(features: Mapping[str, Tensor], rows: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the features of some vertices on their device: float32 `[rows, features]` by type."""
    return {
        name: values[rows[name].cpu()].to(rows[name].device) for name, values in features.items()
    }
