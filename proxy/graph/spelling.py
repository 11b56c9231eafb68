"""Names that are nearly known ones: typing errors, told before they cost an export or a training.

Clients send fields of their own, so a name that is like no other is no error.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable

LIKENESS = 0.85
"""How much alike an unknown name and a known one are to be taken for a typing error, up to 1."""


def misspelt(names: Iterable[str], known: Collection[str]) -> tuple[str, str] | None:
    """The first name that is not known but nearly, and the one that is meant.

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


def _plain(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")
