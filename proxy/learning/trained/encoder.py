"""A trained encoder in NumPy: embeddings of vertices on a graph that may have changed since.

`models.gnn.rgcn.RelationalEncoder`, which trains it, has the formula.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gremlink.proxy.learning.features.scaling import unit_blocks
from gremlink.proxy.learning.graph import DIRECTIONS, Features, Floats, Relation, TypedGraph
from gremlink.proxy.learning.trained.receptive_field import (
    MessageMatrices,
    MessageType,
    ReceptiveField,
)

NORM_EPSILON = 1e-5

_MEAN, _NO_RESIDUAL, _NO_JUMPING = "mean", "no_residual", "no_jumping"


@dataclass(frozen=True, slots=True)
class Layer:
    """One round of messages: `loop` and each of `transforms` are float32 `[width, width]`.

    Message types that had no edges in training have no transform, and say nothing. `gain` and
    `shift` are those of the layer's normalisation, float32 `[width]`, if it has one.
    """

    loop: Floats
    transforms: Mapping[MessageType, Floats]
    gain: Floats | None = None
    shift: Floats | None = None

    def bounded(self, values: Floats) -> Floats:
        """Return what the round adds, from what was received: `[vertices, width]` both."""
        if self.gain is not None and self.shift is not None:
            values = values - values.mean(axis=1, keepdims=True)
            deviation = np.sqrt(np.square(values).mean(axis=1, keepdims=True) + NORM_EPSILON)
            values = values / deviation * self.gain + self.shift
        return np.tanh(values)


@dataclass(frozen=True, slots=True)
class Encoder:
    """A trained encoder.

    `embeddings` are those that it learned beside the features, float32 `[vertices, width]` by type,
    `projections` its way from features to the same width, float32 `[features, width]`. `mean` tells
    how messages are normalised, see `MessageMatrices.of`; `residual`, whether a layer adds to the
    state or takes its place; `jumping`, whether the output is the mean over the layers or the last.
    """

    embeddings: Mapping[str, Floats]
    projections: Mapping[str, Floats]
    layers: tuple[Layer, ...]
    mean: bool = False
    residual: bool = True
    jumping: bool = True

    def encode(self, field: ReceptiveField, features: Mapping[str, Features]) -> dict[str, Floats]:
        """Embed the vertices that `field` was made for: float32 `[asked, width]` by type.

        `features` are those of the graph of `field`. A vertex that came after training has the mean
        of its type's learned embeddings, as Neptune's model transform has it.
        """
        state = {
            name: self._initial(name, rows, features.get(name)) for name, rows in field.rows.items()
        }
        states = [state]
        for layer, round_ in zip(self.layers, field.rounds, strict=True):
            states = [
                {name: values[round_.kept[name]] for name, values in each.items()}
                for each in states
            ]
            received = {name: values @ layer.loop for name, values in states[-1].items()}
            for kind, transform in layer.transforms.items():
                relation, direction = kind
                sent = round_.messages[kind] @ state[relation.source_type(direction)]
                received[relation.target_type(direction)] += sent @ transform
            before = states[-1]
            state = {name: layer.bounded(values) for name, values in received.items()}
            if self.residual:
                state = {name: before[name] + values for name, values in state.items()}
            states.append(state)
        if not self.jumping:
            return state
        return {
            name: np.mean([each[name] for each in states], axis=0, dtype=np.float32)
            for name in state
        }

    def _initial(self, name: str, rows: NDArray[np.int64], features: Features | None) -> Floats:
        learned = self.embeddings[name]
        known = rows < len(learned)
        state = np.empty((len(rows), learned.shape[1]), np.float32)
        state[known] = learned[rows[known]]
        if not known.all():
            mean = learned.mean(axis=0) if len(learned) else np.zeros(learned.shape[1])
            state[~known] = mean
        if features is not None and name in self.projections:
            own = Features(features.values[rows], features.blocks)
            state += unit_blocks(own) @ self.projections[name]
        return state

    def tensors(self, types: Sequence[str], relations: Sequence[Relation]) -> dict[str, Floats]:
        """Return the arrays by name; types and relations are named by their places."""
        named: dict[str, Floats] = {}
        for name, values in self.embeddings.items():
            named[f"embeddings.{types.index(name)}"] = values
        for name, values in self.projections.items():
            named[f"projections.{types.index(name)}"] = values
        # What differs from the default is marked: so those of earlier versions mean the same.
        for mark, is_set in (
            (_MEAN, self.mean),
            (_NO_RESIDUAL, not self.residual),
            (_NO_JUMPING, not self.jumping),
        ):
            if is_set:
                named[mark] = np.ones(1, np.float32)
        for number, layer in enumerate(self.layers):
            named[f"layers.{number}.loop"] = layer.loop
            if layer.gain is not None and layer.shift is not None:
                named[f"layers.{number}.gain"] = layer.gain
                named[f"layers.{number}.shift"] = layer.shift
            for (relation, direction), values in layer.transforms.items():
                named[f"layers.{number}.{direction}.{relations.index(relation)}"] = values
        return named

    @classmethod
    def from_tensors(
        cls,
        tensors: Mapping[str, NDArray[Any]],
        types: Sequence[str],
        relations: Sequence[Relation],
    ) -> Encoder:
        """Restore what `tensors` gave. Raises KeyError."""
        layers: list[Layer] = []
        while f"layers.{len(layers)}.loop" in tensors:
            prefix = f"layers.{len(layers)}"
            transforms = {
                (relation, direction): tensors[f"{prefix}.{direction}.{place}"]
                for place, relation in enumerate(relations)
                for direction in DIRECTIONS
                if f"{prefix}.{direction}.{place}" in tensors
            }
            norm = tensors.get(f"{prefix}.gain"), tensors.get(f"{prefix}.shift")
            layers.append(Layer(tensors[f"{prefix}.loop"], transforms, *norm))
        return cls(
            {name: tensors[f"embeddings.{place}"] for place, name in enumerate(types)},
            {
                name: tensors[f"projections.{place}"]
                for place, name in enumerate(types)
                if f"projections.{place}" in tensors
            },
            tuple(layers),
            _MEAN in tensors,
            _NO_RESIDUAL not in tensors,
            _NO_JUMPING not in tensors,
        )


def encoder_tensors(
    encoders: Sequence[Encoder], types: Sequence[str], relations: Sequence[Relation]
) -> dict[str, Floats]:
    """Return the tensors of several encoders, those whose embeddings are averaged."""
    return {
        f"{number}.{name}": values
        for number, encoder in enumerate(encoders)
        for name, values in encoder.tensors(types, relations).items()
    }


def encoders_of(
    tensors: Mapping[str, NDArray[Any]], types: Sequence[str], relations: Sequence[Relation]
) -> tuple[Encoder, ...]:
    """Restore what `encoder_tensors` gave. Raises KeyError."""
    parts: dict[int, dict[str, NDArray[Any]]] = {}
    for name, values in tensors.items():
        number, _, rest = name.partition(".")
        parts.setdefault(int(number), {})[rest] = values
    return tuple(Encoder.from_tensors(parts[number], types, relations) for number in sorted(parts))


def embedded(
    encoders: Sequence[Encoder], graph: TypedGraph, asked: Mapping[str, NDArray[np.int64]]
) -> list[dict[str, Floats]]:
    """Embed the vertices `asked`, sorted int64 by type, with each encoder."""
    messages = MessageMatrices.of(graph, mean=encoders[0].mean)
    field = messages.field(asked, len(encoders[0].layers))
    return [encoder.encode(field, graph.features) for encoder in encoders]
