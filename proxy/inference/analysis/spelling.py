"""Keys that are ours but for their spelling: `neptune#ml.prediction`, `Neptune.ml.limit`.

A database takes each of them for an option that means nothing to it, and answers with plain
neighbours.
"""

from __future__ import annotations

import re

from gremlink.proxy.inference.analysis.options import MARKER, OPTIONS, PREFIX, SCORE_KEYS, TASKS

_KEYS = {key.removeprefix(PREFIX).lower(): key for key in (*TASKS, *OPTIONS, *SCORE_KEYS)}
_NAMES = "|".join(sorted(_KEYS, key=len, reverse=True))
_ESCAPED = (rb"\u0023", b"%23")
"""The sign as JSON and Groovy may write it, and as addresses do."""

_NEAR = re.compile(
    rf"""
      neptune[\W_]{{0,8}}ml[\W_]{{0,8}}({_NAMES})      # another sign between them, a blank, or none
    | neptune[\W_]{{0,4}}\#[^'"]{{0,6}}?({_NAMES})     # something else than ml
    | \#[\W_]{{0,4}}ml[\W_]{{1,4}}({_NAMES})           # something else than Neptune
    | neptune[\W_]{{0,4}}\#[\W_]{{0,4}}ml(?![^\W_])    # and no name that there is
    """.encode(),
    re.VERBOSE,
)


def nearly_ours(text: bytes | bytearray) -> str | None:
    """Return the key of ours that a text has in another spelling, or just `PREFIX` where no more of
    it is recognised; `None` if there is none."""
    text = text.replace(MARKER, b"")
    for escaped in _ESCAPED:
        text = text.replace(escaped, b"#")
    found = _NEAR.search(text.lower())
    if found is None:
        return None
    name = next(filter(None, found.groups()), b"").decode()
    return _KEYS.get(name, PREFIX)


def is_ours(key: str) -> bool:
    """Return whether a key begins like ours, or is nearly one of them."""
    return PREFIX in key or nearly_ours(key.encode(errors="replace")) is not None
