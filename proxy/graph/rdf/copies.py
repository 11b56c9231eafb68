"""Copies of a target among the properties of its resources.

A property is a copy if each of both tells the other: the same text, or a name for each class. Where
only the property tells the target, it may be what the target depends on, and stays.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from gremlink.grammar.sparql.terms import RdfLiteral, from_ntriples

NEARLY_ALL = 0.98
"""Share of the resources with both values from which on one tells the other."""

BEYOND_CHANCE = 0.9
"""Least part of what the most frequent value leaves open that it has to tell: where 98 of 100 have
the same class, everything tells 98."""

LEAST = 8
"""Resources with both values, at least."""

MOST_PAIRS = 2**20
"""Pairs of values that are counted for a property, at most: one with more tells elements apart."""


class Copies:
    """Counts how values of properties come together with those of the target."""

    def __init__(self, columns: int, *, is_number: bool) -> None:
        """Begin with nothing seen."""
        self._is_number = is_number
        self._pairs: list[Counter[tuple[str, str]] | None] = [Counter() for _ in range(columns)]
        self._both = [0] * columns
        self._equal = [0] * columns

    def see(self, terms: Sequence[str], cells: Sequence[str], separator: str) -> None:
        """Read a resource: values of its target, as terms or numbers, and its cells."""
        plain = sorted(term if self._is_number else _plain(term) for term in terms)
        target = "\n".join(plain)
        for place, cell in enumerate(cells):
            if not cell:
                continue
            own = sorted(cell.split(separator))
            self._both[place] += 1
            self._equal[place] += own == plain or _same_numbers(own, plain)
            pairs = self._pairs[place]
            if pairs is not None:
                pairs["\n".join(own), target] += 1
                if len(pairs) > MOST_PAIRS:
                    self._pairs[place] = None

    def share(self, place: int) -> float | None:
        """Return the share of resources for which a property tells the target, if it is a copy."""
        both = self._both[place]
        if both < LEAST:
            return None
        equal = self._equal[place] / both
        pairs = self._pairs[place]
        if pairs is None or equal >= NEARLY_ALL:
            return equal if equal >= NEARLY_ALL else None
        there = _told(pairs, both)
        back = _told(Counter({(b, a): count for (a, b), count in pairs.items()}), both)
        return min(there, back) if there and back else None


def _told(pairs: Counter[tuple[str, str]], total: int) -> float:
    """Return the share of rows whose second value the other rows with the same first one tell; 0
    for less than nearly all.

    A value that comes once tells nothing, so what identifies is no copy.
    """
    best: dict[str, int] = defaultdict(int)
    seconds: Counter[str] = Counter()
    for (first, second), count in pairs.items():
        seconds[second] += count
        if count > 1:
            best[first] = max(best[first], count)
    told = sum(best.values()) / total
    chance = max(seconds.values()) / total
    enough = told >= NEARLY_ALL and told - chance >= BEYOND_CHANCE * (1 - chance) > 0
    return told if enough else 0.0


def _plain(term: str) -> str:
    found = from_ntriples(term)
    return found.lexical if isinstance(found, RdfLiteral) else term


def _same_numbers(own: Sequence[str], plain: Sequence[str]) -> bool:
    if len(own) != 1 or len(plain) != 1:
        return False
    try:
        return float(own[0]) == float(plain[0])
    except ValueError:
        return False
