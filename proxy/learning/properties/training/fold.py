"""The outputs of all methods on rows that are held out, and the network's best checkpoint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gremlink.proxy.learning.graph import Indexes
from gremlink.proxy.learning.methods import NETWORK
from gremlink.proxy.learning.properties.methods.method import BaseModel
from gremlink.proxy.learning.properties.training.network import Checkpoint, PropertyHistory
from gremlink.proxy.learning.trained.target import Outputs


@dataclass(frozen=True, slots=True)
class Fold:
    """Rows that are held out, and the outputs of methods that were fitted without them.

    `outputs` are float64 `[held, outputs]` by method, `history` has those of the network.
    """

    held: Indexes
    outputs: Mapping[str, Outputs]
    history: PropertyHistory

    def outputs_at(
        self, names: Sequence[str], checkpoint: Checkpoint, rows: slice
    ) -> dict[str, Outputs]:
        """Return the outputs of all methods on some rows, the network's at a checkpoint.

        If its training has stopped before, they are those of the last checkpoint.
        """
        passed = (
            each
            for each in self.history.outputs
            if each.remembers == checkpoint.remembers and each.epoch <= checkpoint.epoch
        )
        reached = max(passed, default=checkpoint)
        return {
            name: (self.history.outputs[reached] if name == NETWORK else self.outputs[name])[rows]
            for name in names
        }


@dataclass(frozen=True, slots=True)
class Fitted:
    """Methods by name as they were fitted on the rows `train`, without the rows `held`."""

    train: Indexes
    held: Indexes
    members: Mapping[str, BaseModel]


def best_checkpoint(histories: Sequence[PropertyHistory]) -> Checkpoint:
    """Return the one with the least mean loss of those in all folds; epoch 0 for none."""
    common = set.intersection(*(set(history.losses) for history in histories))
    if not common:
        return Checkpoint(remembers=False, epoch=0)
    return min(
        sorted(common),
        key=lambda each: float(np.mean([history.losses[each] for history in histories])),
    )
