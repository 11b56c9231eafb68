"""The beginning of a script in a request that was cut off, for people who ask what is running."""

from __future__ import annotations

import json
import re

_GRAPHBINARY = re.compile(rb"\x00\x00\x00\x07gremlin\x03\x00....", re.DOTALL)
"""The key, then the head of a string: its type, and its length in bytes."""

_JSON = re.compile(rb'"gremlin"\s*:\s*"((?:[^"\\]|\\.)*)', re.DOTALL)


def script_excerpt(payload: bytes | bytearray) -> str:
    """Return the available beginning of the script; empty for bytecode, and if it has not begun."""
    found = _GRAPHBINARY.search(payload)
    if found is not None:
        length = int.from_bytes(found[0][-4:], "big")
        return bytes(payload[found.end() : found.end() + length]).decode(errors="ignore")
    found = _JSON.search(payload)
    if found is None:
        return ""
    text = re.sub(r"\\(u[0-9a-fA-F]{0,3})?$", "", found[1].decode(errors="ignore"))
    try:
        return str(json.loads(f'"{text}"', strict=False))
    except ValueError:
        return ""
