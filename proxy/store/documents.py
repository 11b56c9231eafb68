"""JSON documents that every reader accepts."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any


def json_bytes(document: Any) -> bytes:
    """Return a document as indented UTF-8 that ends with a new line.

    JSON has no infinity and no NaN: such numbers become `null`. Names of files that are not UTF-8
    hold surrogates, which no encoding can write: then everything but ASCII is escaped.
    """
    finite = _finite(document)
    try:
        written = json.dumps(finite, indent=1, ensure_ascii=False, allow_nan=False).encode()
    except UnicodeEncodeError:
        written = json.dumps(finite, indent=1, allow_nan=False).encode()
    return written + b"\n"


def _finite(value: Any) -> Any:
    match value:
        case float():
            return value if math.isfinite(value) else None
        case Mapping():
            return {key: _finite(each) for key, each in value.items()}
        case list() | tuple():
            return [_finite(each) for each in value]
    return value
