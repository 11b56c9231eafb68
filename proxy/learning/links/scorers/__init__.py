"""Methods that rank candidates without a network, each in its file, all with one interface.

`gremlink.proxy.learning.methods` names them and their classes.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, cast

from gremlink.proxy.learning.links.scorer import (
    FittedScorer,
    Scorer,
    StructuralScorer,
    is_signed,
)
from gremlink.proxy.learning.methods import HEURISTICS, RECOMMENDERS


def _class(place: str) -> Any:
    """Load a class of this package."""
    module, _, name = place.rpartition(".")
    return getattr(import_module(f"{__name__}.{module}"), name)


SIMPLE: dict[str, type[StructuralScorer] | type[FittedScorer]] = {
    **{name: _class(f"heuristics.{place}") for name, place in HEURISTICS.items()},
    **{name: _class(f"recommenders.{place}") for name, place in RECOMMENDERS.items()},
}
"""All methods without a network, by the name that reports and artifacts use."""

FITTED: dict[str, type[FittedScorer]] = {
    name: cast(type[FittedScorer], scorer)
    for name, scorer in SIMPLE.items()
    if hasattr(scorer, "restore")
}
"""Methods with arrays of their own, by name: factors, or the setting that was chosen."""

STRUCTURAL: dict[str, type[StructuralScorer]] = {
    name: scorer for name, scorer in SIMPLE.items() if name not in FITTED
}
"""Methods computed from the graph alone, by name."""

SIGNED = frozenset(name for name, scorer in SIMPLE.items() if is_signed(scorer))
"""Those that give log-odds: see `links.scorer.is_signed`."""

__all__ = ["FITTED", "SIGNED", "SIMPLE", "STRUCTURAL", "FittedScorer", "Scorer", "StructuralScorer"]
