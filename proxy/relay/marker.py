"""Whether a message may concern us: the one look that every request gets."""

from __future__ import annotations

from proxy.inference.predicates import MARKER

_ESCAPE = b"\\u"


def holds_marker(payload: bytes) -> bool:
    """Whether the bytes `Neptune#ml.` stand in a message, as they are or with `\\u` escapes.

    JSON and Groovy both know the escapes, so a marker may hide behind them.
    """
    if MARKER in payload:
        return True
    return _ESCAPE in payload and MARKER in _unescaped(payload)


def _unescaped(payload: bytes) -> bytes:
    first, *rest = payload.split(_ESCAPE)
    parts = [first]
    for part in rest:
        part = part.lstrip(b"u")  # Groovy, as Java, takes any number of u
        try:
            code = int(part[:4], 16)
        except ValueError:
            parts.append(_ESCAPE + part)
            continue
        parts.append((chr(code).encode("utf-8", "surrogatepass")) + part[4:])
    return b"".join(parts)
