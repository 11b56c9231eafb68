"""Log-odds of a mark of pairs: how much likelier a link is where a pair has it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.float64]

PRIOR = 0.5
"""Marked links, and links without the mark, that are added to those found and to those expected:
Jeffreys's prior for a count."""


def log_odds_ratio(marked: Counts, expected: Counts, links: float) -> Counts:
    r"""Estimate the log-odds ratio of a mark, links against pairs that are none, shrunk to 0.

    .. math:: \ln \frac{k + a}{E + a} - \ln \frac{N - k + a}{N - E + a}

    Of :math:`N` `links` :math:`k` are `marked`; as often as other candidates of the same
    sources it would be :math:`E`, the `expected` ones. With :math:`a` added to both a mark that
    is hardly ever expected says nothing when it is not found: Norén, Bate, Orre & Edwards,
    "Extending the methods used to screen the WHO drug safety database", Stat. Med. 25 (2006).
    """
    rest = np.maximum(links - expected, 0.0)
    with_it = np.log((marked + PRIOR) / (expected + PRIOR))
    without = np.log((links - marked + PRIOR) / (rest + PRIOR))
    return np.asarray(with_it - without, dtype=np.float64)
