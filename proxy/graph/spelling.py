"""Misspelt names: typing errors, found before they cost an export or a training.

Clients send fields of their own, so a name that is like no other is no error.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable

LIKENESS = 0.8
"""Least similarity, up to 1, of an unknown name and a known one for a typing error."""


def misspelt(names: Iterable[str], known: Collection[str]) -> tuple[str, str] | None:
    """Return the first name that is nearly a known one, and the known one.

    `split_Rate` and `splitrate` are `split_rate`, too.
    """
    plain = {_plain(name): name for name in known}
    for name in names:
        if name in known:
            continue
        near = difflib.get_close_matches(_plain(name), plain, n=1, cutoff=LIKENESS)
        if near:
            return name, plain[near[0]]
    return None


MEANT = 0.6
"""Least similarity of an unknown name and a known one for a suggestion."""

MOST_LISTED = 12
"""Names that a message lists."""


def suggestion(name: str, there: Iterable[str]) -> str:
    """Return the end of a message about an unknown name: the likeliest known one, and all."""
    names = sorted(set(there))
    plain = {_plain(each): each for each in names}
    near = difflib.get_close_matches(_plain(name), plain, n=1, cutoff=MEANT)
    meant = f"; did you mean {plain[near[0]]!r}?" if near else ";"
    if not names:
        return ": there is none"
    listed = ", ".join(map(repr, names[:MOST_LISTED]))
    more = f" and {len(names) - MOST_LISTED} more" if len(names) > MOST_LISTED else ""
    return f"{meant} there {'is' if len(names) == 1 else 'are'} {listed}{more}"


def _plain(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")
