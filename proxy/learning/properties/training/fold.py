"""What all methods say of rows that are held out, and at which stage the network says it best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gremlink.proxy.learning.graph import Indexes
from gremlink.proxy.learning.methods import NETWORK
from gremlink.proxy.learning.properties.training.network import Course, Stage
from gremlink.proxy.learning.trained.target import Outputs


@dataclass(frozen=True, slots=True)
class Fold:
    """Rows that are held out, and what the methods say of them, fitted without them.

    `said` is float64 `[held, outputs]` by method, `course` has the same of the network.
    """

    held: Indexes
    said: Mapping[str, Outputs]
    course: Course

    def at(self, names: Sequence[str], stage: Stage, rows: slice) -> dict[str, Outputs]:
        """What all methods say of some of the rows, the network at a stage.

        If it has stopped before, it is the network as it was then.
        """
        passed = (
            each
            for each in self.course.said
            if each.remembers == stage.remembers and each.epoch <= stage.epoch
        )
        reached = max(passed, default=stage)
        return {
            name: (self.course.said[reached] if name == NETWORK else self.said[name])[rows]
            for name in names
        }


def best_stage(courses: Sequence[Course]) -> Stage:
    """The stage with the least mean loss of those that all folds reached; epoch 0 for none."""
    common = set.intersection(*(set(course.losses) for course in courses))
    if not common:
        return Stage(remembers=False, epoch=0)
    return min(
        sorted(common),
        key=lambda stage: float(np.mean([course.losses[stage] for course in courses])),
    )
