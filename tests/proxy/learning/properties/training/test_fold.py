"""The outputs on a part that was held out."""

from __future__ import annotations

import numpy as np

from gremlink.proxy.learning.methods import NETWORK
from gremlink.proxy.learning.properties.training.fold import Fold
from gremlink.proxy.learning.properties.training.network import Checkpoint, PropertyHistory


def test_a_network_that_stopped_early_stays_as_it_was() -> None:
    held = np.arange(2)
    outputs = {"mean": np.full((2, 1), 5.0)}
    network = {Checkpoint(True, epoch): np.full((2, 1), float(epoch)) for epoch in (1, 2, 10)}
    network |= {Checkpoint(False, 150): np.full((2, 1), -1.0)}
    fold = Fold(held, outputs, PropertyHistory(outputs=network))

    def after(epoch: int) -> float:
        found = fold.outputs_at((NETWORK, "mean"), Checkpoint(True, epoch), slice(0, 1))
        assert found["mean"].tolist() == [[5.0]]
        return float(found[NETWORK].item())

    assert [after(epoch) for epoch in (1, 5, 10, 190)] == [1.0, 2.0, 10.0, 10.0]
