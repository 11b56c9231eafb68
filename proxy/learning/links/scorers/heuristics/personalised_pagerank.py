"""Personalised PageRank: where a random walk that returns to the source spends its time."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
from scipy import sparse

from gremlink.proxy.learning.graph import TypedGraph
from gremlink.proxy.learning.links.scorers.heuristics.walks import (
    ChosenWalks,
    Coefficients,
    WalkSetting,
)

LEFT = 0.15
"""Share of a walk that is still to come after its last step, and lies where that step leads; from
there on it is nearly the same for all sources."""

FEWEST_STEPS = 3
"""Between two types candidates that are not linked are three steps away."""


class PersonalisedPageRank(ChosenWalks):
    r"""Random walk with restart over all relations, directions ignored.

    .. math::
        p_u = \alpha\, e_u + (1 - \alpha)\, P^\top p_u, \qquad
        s(u, v) = p_u(v) / \deg(v)^\gamma

    by power iteration. Page, Brin, Motwani & Winograd, "The PageRank citation ranking" (1999);
    Haveliwala, "Topic-sensitive PageRank", WWW 2002. :math:`\alpha` and :math:`\gamma` are chosen
    on links that are held back.
    """

    name: ClassVar[str] = "personalised-pagerank"
    settings: ClassVar[tuple[WalkSetting, ...]] = tuple(
        WalkSetting(restart, damping)
        for damping in (0.0, 0.1, 0.25, 0.4)
        for restart in (0.5, 0.3, 0.7, 0.9, 0.15)
    )
    earlier: ClassVar[WalkSetting] = WalkSetting(0.15, 0.0)

    @classmethod
    def step(cls, graph: TypedGraph) -> sparse.csr_array:
        """Return the column-stochastic matrix of a step."""
        whole = graph.whole
        degrees = np.maximum(np.diff(whole.indptr), 1).astype(np.float32)
        step = whole.copy()
        step.data = (step.data / degrees[step.indices]).astype(np.float32)
        return step

    @classmethod
    def coefficients(cls, decay: float) -> Coefficients:
        """Return the share of the time that a walk spends at each length; `decay` is the restart,
        the probability of a return before each step."""
        steps = max(FEWEST_STEPS, round(math.log(LEFT) / math.log(1.0 - decay)))
        found = decay * (1.0 - decay) ** np.arange(steps + 1)
        found[-1] /= decay
        return found.astype(np.float32)
