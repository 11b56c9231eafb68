"""What an export says of its own CSV files, so that they can be loaded again.

Neptune's exporter, and ours, leave types out of the headers where the files are for training, and
put them into `config.json`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from grammar.traversal import Kind
from proxy.graph.export_files import SCHEMA
from proxy.graph.packed import plain_name


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
    """What the `config.json` beside a file, or in the folder above, says of it."""
    path = path.absolute()
    for folder in path.parents[:2]:
        schema = folder / SCHEMA
        try:
            changed = schema.stat().st_mtime_ns
        except OSError:
            continue
        name = path.relative_to(folder).with_name(plain_name(path)).as_posix()
        found = _described(schema, changed).get(name)
        if found is not None:
            return found
    return PLAIN


@lru_cache(maxsize=16)
def _described(schema: Path, changed: int) -> Mapping[str, Described]:
    """The files that a `config.json` describes; nothing where it is no export's."""
    try:
        document = json.loads(schema.read_text(encoding="utf-8"))
        entries = [*document.get("nodes", ()), *document.get("edges", ())]
        return {str(name): _of(entry) for entry in entries for name in entry.get("files", ())}
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return {}


def _of(entry: Mapping[str, Any]) -> Described:
    keys = ("idType", "fromIdType", "toIdType")
    own, source, dest = (str(entry.get(key, Kind.STRING.value)) for key in keys)
    properties = {
        str(found["property"]): (str(found["dataType"]), bool(found.get("isMultiValue")))
        for found in entry.get("properties", ())
    }
    return Described(own, source, dest, properties)
