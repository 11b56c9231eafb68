"""Protocols of methods that rank all candidates for a source, trained or not.

Scorers need NumPy and SciPy only, because the same code ranks during training and while serving.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from gremlink.proxy.learning.budget import Work
from gremlink.proxy.learning.graph import Direction, Floats, Indexes, Relation, TypedGraph

if TYPE_CHECKING:
    from typing_extensions import Self

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
        that only counts: it is always there. For a fitted one it is that of `fit`.
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
    """A method with arrays of its own, and perhaps with a setting."""

    @classmethod
    def fit(cls, graph: TypedGraph, relation: Relation) -> Self:
        """Choose the setting and learn, from a graph without the held-out edges."""
        return cls.learn(graph, relation, cls.choose(graph, relation))

    @classmethod
    def choose(cls, graph: TypedGraph, relation: Relation) -> Any:
        """Choose the setting on links that are held back from the graph; None where the method has
        none."""
        return None

    @classmethod
    @abstractmethod
    def learn(cls, graph: TypedGraph, relation: Relation, setting: Any) -> Self:
        """Learn from a graph under a setting that `choose` has returned for it, or for a part of
        it: hashable, and without arrays."""
        ...

    @classmethod
    @abstractmethod
    def learning_cost(cls, graph: TypedGraph, relation: Relation) -> Work:
        """Count the work of `learn`."""
        ...

    @classmethod
    @abstractmethod
    def restore(cls, graph: TypedGraph, relation: Relation, tensors: Tensors) -> Self:
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
