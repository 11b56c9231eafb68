"""Methods that rank candidates without a network, each in its file, all with one interface.

`gremlink.proxy.learning.methods` names them and their classes.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from gremlink.proxy.learning.links.scorer import Scorer, StructuralScorer
from gremlink.proxy.learning.links.scorers.recommenders.fitted import FittedScorer
from gremlink.proxy.learning.methods import HEURISTICS, RECOMMENDERS


def _class(place: str) -> Any:
    """Load a class of this package."""
    module, _, name = place.rpartition(".")
    return getattr(import_module(f"{__name__}.{module}"), name)


STRUCTURAL: dict[str, type[StructuralScorer]] = {
    name: _class(f"heuristics.{place}") for name, place in HEURISTICS.items()
}
"""Methods computed from the graph alone, by the name that reports and artifacts use."""

FITTED: dict[str, type[FittedScorer]] = {
    name: _class(f"recommenders.{place}") for name, place in RECOMMENDERS.items()
}
"""Methods with arrays of their own, by name."""

SIMPLE: dict[str, type[StructuralScorer] | type[FittedScorer]] = {**STRUCTURAL, **FITTED}
"""All methods without a network."""

__all__ = ["FITTED", "SIMPLE", "STRUCTURAL", "FittedScorer", "Scorer", "StructuralScorer"]
