"""The network's last part for serving: a small perceptron over embeddings, in NumPy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gremlink.proxy.learning.graph import Floats
from gremlink.proxy.learning.trained.target import Outputs, Subjects

BLOCK = 65_536
"""Elements that are computed at a time: bounds the memory."""

PARTS = ("hidden", "hidden_bias", "last", "last_bias")


@dataclass(frozen=True, slots=True)
class Head:
    r""":math:`\mathrm{relu}(x W_1 + b_1) W_2 + b_2` over the embeddings of the ends.

    `states` are those of each end's type, float32 `[vertices, width]`. `x` is a vertex's
    embedding, or for an edge head, tail, their product and the edge's own features. `hidden` is
    float32 `[columns, units]`, `last` `[units, outputs]`.
    """

    states: tuple[Floats, ...]
    hidden: Floats
    hidden_bias: Floats
    last: Floats
    last_bias: Floats

    def raw(self, subjects: Subjects) -> Outputs:
        """Return logits, or numbers: float64 `[elements, outputs]`."""
        blocks = [
            self._raw(subjects.select(np.arange(start, min(start + BLOCK, len(subjects)))))
            for start in range(0, len(subjects), BLOCK)
        ]
        return np.concatenate([np.zeros((0, self.last.shape[1])), *blocks])

    def _raw(self, subjects: Subjects) -> Outputs:
        ends = [table[places] for table, places in zip(self.states, subjects.ends, strict=True)]
        if len(ends) == 2:
            ends.append(ends[0] * ends[1])
        columns = np.concatenate([*ends, subjects.features], axis=1)
        units = np.maximum(columns @ self.hidden + self.hidden_bias, 0.0)
        return np.asarray(units @ self.last + self.last_bias, dtype=np.float64)

    def tensors(self) -> dict[str, NDArray[Any]]:
        """Return the arrays by name, without the states."""
        return {part: getattr(self, part) for part in PARTS}

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, NDArray[Any]], states: tuple[Floats, ...]) -> Head:
        """Restore what `tensors` gave. Raises KeyError."""
        return cls(states, *(tensors[part] for part in PARTS))
