"""Protocols of methods that rank all candidates for a source, trained or not.

Scorers need NumPy and SciPy only, because the same code ranks during training and while serving.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Protocol

from gremlink.proxy.learning.budget import Work
from gremlink.proxy.learning.graph import Direction, Floats, Indexes, Relation, TypedGraph

Tensors = Mapping[str, Any]
"""Arrays by name, as an artifact has them."""


class Scorer(Protocol):
    """Ranks the candidates of one relation, in both directions.

    One with an attribute `signed` that is true gives log-odds, see `is_signed`.
    """

    @abstractmethod
    def scores(self, sources: Indexes, direction: Direction) -> Floats:
        """Score all candidates: float32 `[sources, candidates]`, higher is likelier.

        `sources` are int64 positions in the type that `direction` starts from. Scores of
        different sources need not be comparable.
        """
        ...


class Method(Scorer, Protocol):
    """A method without a network, as it is chosen and planned."""

    name: ClassVar[str]

    reads_terms: ClassVar[bool] = False
    """`True` for a method that needs `TypedGraph.terms`: an artifact keeps them for it alone."""

    signed: ClassVar[bool] = False
    """`True` for log-odds: see `is_signed`."""

    @classmethod
    def applies(cls, graph: TypedGraph, relation: Relation) -> bool:
        """Return whether the method says anything about this relation, in bounded memory."""
        return True

    @classmethod
    @abstractmethod
    def cost(cls, graph: TypedGraph, relation: Relation) -> Work:
        """Count the work.

        For a structural scorer it is that of ranking a relation's held-out links, none for one
        that only counts: it is always there. For a fitted one it is that of `fit`, the choice of
        settings included.
        """
        ...


class StructuralScorer(Method, Protocol):
    """A method that is computed from the graph alone and so needs no tensors of its own."""

    @classmethod
    @abstractmethod
    def fit(cls, graph: TypedGraph, relation: Relation) -> StructuralScorer:
        """Prepare the method on a graph, from which held-out edges have been removed."""
        ...


class FittedScorer(Method, Protocol):
    """A method with arrays of its own."""

    @classmethod
    @abstractmethod
    def fit(cls, graph: TypedGraph, relation: Relation) -> FittedScorer:
        """Learn from a graph, from which held-out edges have been removed."""
        ...

    @classmethod
    @abstractmethod
    def restore(cls, graph: TypedGraph, relation: Relation, tensors: Tensors) -> FittedScorer:
        """Restore the scorer that had these `tensors`, on the same graph or a later state of it.

        Vertices that came since are scored as far as their links, and as candidates their columns,
        allow.
        """
        ...

    @abstractmethod
    def tensors(self) -> dict[str, Any]:
        """Return what was learned: arrays by name."""
        ...


def is_signed(scorer: Scorer | type[Scorer]) -> bool:
    """Return whether scores are log-odds.

    They are 0 where the scorer knows nothing about a pair, below 0 where it speaks against a link.
    In a blend they are added as they are, with a weight of either sign that is expected to be
    1; the scores of others are normalised, and their weight is not negative.
    """
    return bool(getattr(scorer, "signed", False))
