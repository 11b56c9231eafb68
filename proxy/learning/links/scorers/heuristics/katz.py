"""Katz: walks of any length, the long ones counting less."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from scipy import sparse

from gremlink.proxy.learning.graph import TypedGraph
from gremlink.proxy.learning.links.scorers.heuristics.walks import (
    ChosenWalks,
    Coefficients,
    WalkSetting,
)

LONGEST = 5
"""Steps of the longest walk; longer ones add less than the decay to this power of the first."""

ROUNDS = 30


class Katz(ChosenWalks):
    r"""The number of walks, attenuated by their length, over all relations without directions.

    .. math::
        s(u, v) = \frac{1}{\deg(v)^\gamma} \sum_{l=1}^{L} \beta^l (A^l)_{uv}, \qquad
        \beta = c / \lambda_{\max}(A)

    Katz, "A new status index derived from sociometric analysis", Psychometrika 18 (1953);
    as a link predictor: Liben-Nowell & Kleinberg, CIKM 2003. :math:`c`, a share of the largest
    attenuation for which the sum over all walks is finite, and :math:`\gamma` are chosen on links
    that are held back.
    """

    name: ClassVar[str] = "katz"
    settings: ClassVar[tuple[WalkSetting, ...]] = tuple(
        WalkSetting(share, damping) for damping in (0.0, 0.25) for share in (0.5, 0.9, 0.2, 0.05)
    )
    earlier: ClassVar[WalkSetting] = WalkSetting(0.5, 0.0)

    @classmethod
    def step(cls, graph: TypedGraph) -> sparse.csr_array:
        """Return the adjacency, divided by its largest eigenvalue."""
        whole = graph.whole
        vector = np.ones(whole.shape[0], np.float32)
        for _ in range(ROUNDS):  # power iteration
            # Of the matrix plus the identity, because a bipartite graph has two of one size.
            following = whole @ vector + vector
            vector = following / max(float(np.linalg.norm(following)), 1e-12)
        largest = float(vector @ (whole @ vector))
        return sparse.csr_array(whole * np.float32(1.0 / max(largest, 1.0)))

    @classmethod
    def coefficients(cls, decay: float) -> Coefficients:
        """Return the attenuation by length; `decay` is that of one step."""
        found = decay ** np.arange(LONGEST + 1)
        found[0] = 0.0
        return found.astype(np.float32)
