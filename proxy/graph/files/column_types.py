"""Types of the columns of an export's own CSV files, so that they can be loaded again.

Neptune's exporter, and ours, leave types out of the headers where the files are for training, and
put them into `config.json`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

from gremlink.grammar.traversal import Kind
from gremlink.proxy.graph.files.compressed import plain_name

SCHEMA = "config.json"
_NO_EXPORT = (ValueError, LookupError, TypeError, AttributeError)
"""Errors in reading a file of this name that is not an export's."""
_PART = re.compile(r"(?:\.consolidated|-\d+)?\.csv$", re.IGNORECASE)
"""The end of a file's name, behind the label."""


@dataclass(frozen=True, slots=True)
class Described:
    """Types of the ids of a file, and of its properties; with those, whether there are several
    values.
    """

    id_type: str = Kind.STRING.value
    source_type: str = Kind.STRING.value
    dest_type: str = Kind.STRING.value
    properties: Mapping[str, tuple[str, bool]] = field(default_factory=dict)


PLAIN = Described()
"""A file that no export describes."""


def description_of(path: Path) -> Described:
    """Return the description of a file in the `config.json` beside it, or in the folder above."""
    path = path.absolute()
    for folder in path.parents[:2]:
        schema = folder / SCHEMA
        try:
            changed = schema.stat().st_mtime_ns
        except OSError:
            continue
        name = path.relative_to(folder).with_name(plain_name(path)).as_posix()
        entry = entry_of(_entries(schema, changed), name)
        if entry is not None:
            with suppress(*_NO_EXPORT):
                return _of(entry)
    return PLAIN


def entries_by_file(document: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return the entries of a `config.json` by the files that they describe.

    Ours name them below its folder, Neptune's name them alone or not at all: then the label does.
    Raises ValueError, LookupError, TypeError, AttributeError for a document that is none.
    """
    found: dict[str, Mapping[str, Any]] = {}
    for folder in ("nodes", "edges"):
        for entry in document.get(folder, ()):
            if not isinstance(entry, dict):
                continue
            for label in _labels(entry.get("label")):
                found.setdefault(f"{folder}/{label}", entry)
            for name in entry.get("files", ()):
                found[str(name)] = found[f"{folder}/{Path(str(name)).name}"] = entry
    return found


def entry_of(entries: Mapping[str, Mapping[str, Any]], name: str) -> Mapping[str, Any] | None:
    """Return the entry of a file, named from the folder of the `config.json`."""
    folder, _, file = name.rpartition("/")
    label = unquote_plus(_PART.sub("", file))
    return entries.get(name) or entries.get(f"{folder.rpartition('/')[2]}/{label}")


def _labels(label: Any) -> Iterator[str]:
    """Yield the labels in the possible names of a file of these elements."""
    if isinstance(label, str):
        yield label
    elif isinstance(label, list):
        yield ";".join(sorted(map(str, label)))
    elif isinstance(label, dict):
        own = label.get("~label", "")
        own = ";".join(own) if isinstance(own, list) else str(own)
        ends = [";".join(label.get(key, ())) for key in ("~fromLabels", "~toLabels")]
        yield f"({ends[0]})-{own}-({ends[1]})"
        yield own


@lru_cache(maxsize=16)
def _entries(schema: Path, changed: int) -> Mapping[str, Mapping[str, Any]]:
    """Return the entries of a `config.json`; none if it is not an export's."""
    try:
        return entries_by_file(json.loads(schema.read_text(encoding="utf-8")))
    except (OSError, RecursionError, *_NO_EXPORT):
        return {}


def _of(entry: Mapping[str, Any]) -> Described:
    keys = ("idType", "fromIdType", "toIdType")
    own, source, dest = (str(entry.get(key, Kind.STRING.value)) for key in keys)
    properties = {
        str(found["property"]): (str(found["dataType"]), bool(found.get("isMultiValue")))
        for found in entry.get("properties", ())
        if isinstance(found, dict) and "property" in found and "dataType" in found
    }
    return Described(own, source, dest, properties)
