"""All encodings by name, and their form in JSON."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

from gremlink.proxy.learning.features.category import CategoryEncoding
from gremlink.proxy.learning.features.dates import DatetimeEncoding
from gremlink.proxy.learning.features.encoding import Encoding
from gremlink.proxy.learning.features.numerical import BucketEncoding, NumericalEncoding
from gremlink.proxy.learning.features.text_vectors import TextEncoding
from gremlink.proxy.learning.features.tfidf import TfidfEncoding

__all__ = ["Encoding", "from_document", "to_document"]

_KINDS: dict[str, Any] = {
    encoding.kind: encoding
    for encoding in (
        CategoryEncoding,
        NumericalEncoding,
        BucketEncoding,
        DatetimeEncoding,
        TfidfEncoding,
        TextEncoding,
    )
}


def to_document(encoding: Encoding) -> dict[str, Any]:
    """Return the encoding as JSON."""
    return {"kind": encoding.kind, **asdict(encoding)}  # type: ignore[call-overload]


def from_document(document: dict[str, Any]) -> Encoding:
    """Restore the encoding that `to_document` wrote. Raises ValueError for anything else."""
    made = _KINDS.get(document.get("kind", ""))
    if made is None:
        raise ValueError(f"unknown feature encoding {document.get('kind')!r}")
    names = {field.name for field in fields(made)}
    read: Encoding = made(
        **{key: _tuples(value) for key, value in document.items() if key in names}
    )
    return read


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value
