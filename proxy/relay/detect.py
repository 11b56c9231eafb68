"""Detection of the marker `Neptune#ml.`, and of its like in SPARQL: the one look that every
message gets."""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

from gremlink.proxy.inference.analysis.options import MARKER

HASH = ord("#")
BACKSLASH = ord("\\")
PERCENT = ord("%")
_ESCAPED_ASCII = re.compile(rb"\\?\\u+00([2-7][0-9a-fA-F])")
"""A printable ASCII character as an escape of JSON or of Groovy, or of Groovy inside JSON. Hardly
an encoder writes one; escapes of other characters, which are common, are not worth a look."""

_ASCII = b"u00"
"""Part of every one of these escapes."""

_WIDE = (b"#\0m\0l", b"#\0\0\0m\0\0\0l", b"\\\0u\0", b"\\\0\0\0u\0\0\0")
"""One of these is in every JSON text in UTF-16 or UTF-32 with the marker, as it is or behind an
escape. Servers detect such text by themselves; other messages have none but by chance, and they
must not leave the fast path for bytes that only look wide."""

_CHARACTERS = {b"%02x" % code: bytes((code,)) for code in range(0x20, 0x80)}

_SPARQL_MARKERS = (b"services/ml", b"ml#", b"\\#")
"""One of these is in every query with a name of the namespace `…/services/ml#`: as it is, resolved
from a shorter base, or put together from a prefix and a local name with an escaped `#`."""
_ESCAPED_IN_SPARQL = re.compile(rb"\\u00([2-7][0-9a-fA-F])|\\U000000([2-7][0-9a-fA-F])")
"""A printable ASCII character as an escape of SPARQL (SPARQL 1.1 section 19.2)."""

_LAYERS = 3
"""How often escapes are undone: those of JSON, of Groovy inside it, of an escaped backslash."""


def may_hold_marker(payload: bytes | bytearray) -> bool:
    """Tell whether `holds_marker` is worth asking; a no is certain, and takes a millisecond at
    most.
    """
    # Hardly a request holds one of these two bytes, and one byte is found far faster than several.
    if HASH in payload and MARKER in payload:
        return True
    if BACKSLASH in payload and _ASCII in payload:
        return True
    return (HASH in payload or BACKSLASH in payload) and _is_wide(payload)


def holds_marker(payload: bytes | bytearray) -> bool:
    """Tell whether the bytes `Neptune#ml.` are in a message, as they are or with `\\u` escapes.

    JSON and Groovy both know the escapes, so the marker may hide behind one or behind both, and all
    that in characters of two or four bytes.
    """
    if not may_hold_marker(payload):
        return False
    return _is_found(payload) or (_is_wide(payload) and _is_found(payload.replace(b"\0", b"")))


def _is_wide(payload: bytes | bytearray) -> bool:
    return any(piece in payload for piece in _WIDE)


def _is_found(payload: bytes | bytearray) -> bool:
    for _ in range(_LAYERS):
        if MARKER in payload:
            return True
        undone = _undone(payload)
        if undone is None:
            return False
        payload = undone
    return MARKER in payload


def holds_sparql_marker(payload: bytes | bytearray) -> bool:
    """Tell whether a request in SPARQL may name what is in the namespace `…/services/ml#`.

    The bytes may be a query, a form or an address, percent-encoded, with escapes, in wide
    characters. A no is certain. After a yes only a scanner can tell.
    """
    if HASH not in payload and BACKSLASH not in payload and PERCENT not in payload:
        return False
    if _is_in_sparql(payload):
        return True
    return PERCENT in payload and _is_in_sparql(unquote_to_bytes(bytes(payload)))


def _is_in_sparql(payload: bytes | bytearray) -> bool:
    if b"\0" in payload:
        payload = payload.replace(b"\0", b"")
    for _ in range(_LAYERS):
        if any(marker in payload for marker in _SPARQL_MARKERS):
            return True
        undone = _undone(payload, _ESCAPED_IN_SPARQL)
        if undone is None:
            return False
        payload = undone
    return any(marker in payload for marker in _SPARQL_MARKERS)


def _undone(
    payload: bytes | bytearray, escapes: re.Pattern[bytes] = _ESCAPED_ASCII
) -> bytes | None:
    """Undo one layer of escapes; return `None` if there is none.

    In steps of the interpreter: in one call of `re` ten megabytes of backslashes would keep its
    lock for half a second.
    """
    parts: list[bytes | bytearray] = []
    kept, place = 0, payload.find(BACKSLASH)
    while place >= 0:
        escape = escapes.match(payload, place)
        if escape is None:
            place += 1
        else:
            parts += payload[kept:place], _CHARACTERS[escape[escape.lastindex or 1].lower()]
            kept = place = escape.end()
        place = payload.find(BACKSLASH, place)
    if not parts:
        return None
    parts.append(payload[kept:])
    return b"".join(parts)
