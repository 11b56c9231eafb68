"""Curves of a blend on held-out links, against the candidates that are none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from gremlink.proxy.learning.curves import Curve, curve
from gremlink.proxy.learning.links.evaluation.queries import Task
from gremlink.proxy.learning.links.evaluation.ranking import Ranking
from gremlink.proxy.learning.links.mixture import MemberWeights

MOST_TASKS = 8
"""Relations and directions with a curve: those with the most held-out links."""

MOST_PAIRS = 2**19
"""Pairs of input and candidate that a curve is made of; of more, every so many inputs' are taken.
It took half a second on a busy core."""


def link_curves(
    rankings: Mapping[Task, Sequence[Ranking]], weights: Mapping[Task, MemberWeights]
) -> dict[str, Curve]:
    """Return curves by relation and direction: each held-out link against the candidates
    that competed with it."""
    counts = {task: sum(len(each.targets) for each in parts) for task, parts in rankings.items()}
    found = {}
    for task in sorted(counts, key=lambda each: -counts[each])[:MOST_TASKS]:
        drawn = _curve(rankings[task], weights[task])
        if drawn is not None:
            found[" ".join(map(str, task))] = drawn
    return found


def _curve(rankings: Sequence[Ranking], weights: MemberWeights) -> Curve | None:
    pairs = sum(each.offsets.size for each in rankings)
    step = max(1, -(-pairs // MOST_PAIRS))
    scores, true, false = [], [], []
    for ranking in rankings:
        part = ranking.queries(slice(None, None, step)) if step > 1 else ranking
        own = np.zeros(part.offsets.shape)
        own[np.arange(len(part.targets)), part.targets] = 1.0
        mass = np.exp(part.offsets.astype(np.float64))
        mass[own > 0] = 0.0
        competes = (own > 0) | (mass > 0)
        scores.append(part.blended(weights)[competes])
        true.append(own[competes])
        false.append(mass[competes])
    if not scores:
        return None
    return curve(np.concatenate(scores), np.concatenate(true), np.concatenate(false))
