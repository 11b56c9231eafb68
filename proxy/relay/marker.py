"""Whether a message may concern us: the one look that every request gets."""

from __future__ import annotations

import re

from proxy.inference.predicates import MARKER

_HASH = ord("#")
_BACKSLASH = ord("\\")
_ESCAPED_ASCII = re.compile(rb"\\?\\u+00([2-7][0-9a-fA-F])")
"""A printable ASCII character as an escape of JSON or of Groovy, or of Groovy inside JSON. Hardly
an encoder writes one; escapes of other characters, which are common, are not worth a look."""

_LAYERS = 3
"""How often escapes are undone: those of JSON, of Groovy inside it, of an escaped backslash."""


def holds_marker(payload: bytes | bytearray) -> bool:
    """Whether the bytes `Neptune#ml.` stand in a message, as they are or with `\\u` escapes.

    JSON and Groovy both know the escapes, so the marker may hide behind one or behind both.
    """
    # Hardly a request holds one of these two bytes, and one byte is found far faster than several.
    if _HASH in payload and MARKER in payload:
        return True
    if _BACKSLASH not in payload:
        return False
    for _ in range(_LAYERS):
        payload, found = _ESCAPED_ASCII.subn(_character, payload)
        if not found:
            return False
        if MARKER in payload:
            return True
    return False


def _character(escape: re.Match[bytes]) -> bytes:
    return bytes.fromhex(escape[1].decode())
