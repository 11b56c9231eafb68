"""Many typed ids in little memory: the plain values, and their kinds only where these differ.

A million `Literal` objects take several times the memory of their values. Here a literal is made on
each access.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, overload

from gremlink.grammar.traversal import Kind, Literal


class Ids(Sequence[Literal]):
    """A sequence of literals. `kinds` is one kind for all, or a list with one for each."""

    __slots__ = ("kinds", "values")

    def __init__(self, kinds: Kind | Sequence[Kind], values: Sequence[Any]) -> None:
        self.kinds = kinds
        self.values = values

    @classmethod
    def of(cls, literals: Iterable[Literal]) -> Ids:
        """Pack ids."""
        listed = list(literals)
        kinds = [literal.kind for literal in listed]
        same = len(set(kinds)) == 1
        return cls(kinds[0] if same else kinds, [literal.value for literal in listed])

    @classmethod
    def joined(cls, parts: Sequence[Ids]) -> Ids:
        """Join packed ids, one after the other."""
        values = [value for part in parts for value in part.values]
        kinds = {part.kinds for part in parts if isinstance(part.kinds, Kind)}
        if len(kinds) == 1 and all(isinstance(part.kinds, Kind) for part in parts):
            return cls(kinds.pop(), values)
        return cls([kind for part in parts for kind, _ in part.pairs()], values)

    def pairs(self) -> Iterator[tuple[Kind, Any]]:
        """Return kinds and values."""
        if isinstance(self.kinds, Kind):
            kind = self.kinds
            return ((kind, value) for value in self.values)
        return zip(self.kinds, self.values, strict=True)

    def take(self, places: Sequence[int]) -> Ids:
        """Return the ids at `places`, in that order."""
        values = [self.values[place] for place in places]
        if isinstance(self.kinds, Kind):
            return Ids(self.kinds, values)
        return Ids([self.kinds[place] for place in places], values)

    def order(self) -> list[int]:
        """Positions in the order of kinds and values; what is learned must not depend on the
        order in which a database hands out its elements.
        """
        if isinstance(self.kinds, Kind):
            return sorted(range(len(self.values)), key=self.values.__getitem__)
        keys = [(kind.value, value) for kind, value in self.pairs()]
        return sorted(range(len(keys)), key=keys.__getitem__)

    def __len__(self) -> int:
        return len(self.values)

    def __iter__(self) -> Iterator[Literal]:
        return (Literal(kind, value) for kind, value in self.pairs())

    @overload
    def __getitem__(self, place: int) -> Literal: ...

    @overload
    def __getitem__(self, place: slice) -> Ids: ...

    def __getitem__(self, place: int | slice) -> Literal | Ids:
        if isinstance(place, slice):
            kinds = self.kinds if isinstance(self.kinds, Kind) else self.kinds[place]
            return Ids(kinds, self.values[place])
        kind = self.kinds if isinstance(self.kinds, Kind) else self.kinds[place]
        return Literal(kind, self.values[place])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence):
            return NotImplemented
        return len(self) == len(other) and all(
            mine == theirs for mine, theirs in zip(self, other, strict=True)
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Ids({list(self)!r})"
