"""Properties of vertices that read like names: a rule that holds on any graph.

A name is a short text in words that nearly every vertex of a label has, and nearly every one for
itself. What the property is called decides only between several of that kind.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from statistics import median

PREFERRED = ("name", "title", "label", "caption", "heading")
"""Keys, or ends of keys, that people give to names."""

LONGEST = 80
"""Characters of a name, at the median of a property's values; longer ones are descriptions."""

_KEPT = 4
_ONE = 0.35
_OTHER_TEXTS = re.compile(
    r"\s*(?:[a-z][a-z0-9+.-]*://.*|www\..*"  # addresses
    r"|[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}|[0-9a-f]{16,}"  # identifiers, hashes
    r"|[\d\s.,:;/+TZ-]+"  # numbers, dates, moments, telephones
    r"|true|false|yes|no|[{\[<].*)\s*",
    re.IGNORECASE | re.DOTALL,
)


def name_keys(sample: Sequence[Mapping[str, object]]) -> tuple[str, ...]:
    """Return the keys whose values read like names, the best first; `sample` has the vertices of
    one label."""
    values: dict[str, list[str]] = {}
    for vertex in sample:
        for key, value in vertex.items():
            if isinstance(value, str) and value.strip():
                values.setdefault(key, []).append(value)
    graded = [(_grade(key, found, len(sample)), key) for key, found in values.items()]
    good = sorted((-grade, key) for grade, key in graded if grade >= _ONE)
    return tuple(key for _, key in good[:_KEPT])


def _grade(key: str, values: Sequence[str], vertices: int) -> float:
    """Return how much a property reads like a name, from 0."""
    length = median(map(len, values))
    words = sum(not _OTHER_TEXTS.fullmatch(value[:400]) for value in values) / len(values)
    if length > LONGEST or words < 0.5:
        return 0.0
    distinct = _distinct(values)
    lower = sum(any(letter.islower() for letter in value) for value in values) / len(values)
    cased = sum(any(c.isupper() or c.islower() for c in value) for value in values) / len(values)
    prose = lower if cased else 1.0  # most scripts of the world have no capitals: no codes either
    short = 1.0 if length <= 40 else 0.8
    bonus = 0.5 * _preference(key)
    return words * (len(values) / vertices) * distinct**2 * short * (0.5 + 0.5 * prose) + (
        bonus if distinct > 0.3 or len(values) < 5 else 0.0
    )


def _distinct(values: Sequence[str]) -> float:
    """Return the share of values that no other vertex has; people may share a name."""
    seen = Counter(values)
    return len(seen) / len(values)


def _preference(key: str) -> float:
    """Return 1 for a key that is called like a name, less for one that ends so."""
    words = re.findall(r"[a-z]+", re.sub(r"([a-z])([A-Z])", r"\1 \2", key).lower())
    for rank, word in enumerate(PREFERRED):
        if words == [word]:
            return 1.0 - rank / 10
    return 0.5 if words and (words[-1] in PREFERRED or words[-1].endswith("name")) else 0.0


def first_name(properties: Iterable[tuple[str, object]], keys: Sequence[str]) -> str:
    """Return the first text under the best of the keys, empty if there is none."""
    found: dict[str, str] = {}
    for key, value in properties:
        if isinstance(value, str) and value.strip():
            found.setdefault(key, " ".join(value.split()))
    return next((found[key] for key in keys if key in found), "")
