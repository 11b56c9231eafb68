"""Exports made by hand: CSV files and configuration as `gremlink export` writes them."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Kind:
    """One file: its rows as dictionaries, and its part of the configuration.

    A feature is a property with its type, or an entry of the configuration as it is.
    """

    rows: Sequence[Mapping[str, Any]]
    features: Sequence[tuple[str, str] | Mapping[str, Any]] = ()
    labels: Sequence[Mapping[str, Any]] = ()
    types: Mapping[str, str] = field(default_factory=dict)


def write_export(
    directory: Path,
    vertices: Mapping[str, Kind],
    edges: Mapping[tuple[str, str, str], Kind] | None = None,
) -> Path:
    """Vertices have the column `~id`, edges `~id`, `~from` and `~to`; all ids are strings."""
    directory.mkdir(parents=True, exist_ok=True)
    nodes, schema = [], []
    for label, kind in vertices.items():
        name = f"{label}.csv"
        _write(directory / name, kind.rows)
        nodes.append({"file_name": name, "node": ["~id", label], **_configured(kind)})
        schema.append(_described(name, label, kind))
    links, link_schema = [], []
    for (head, label, tail), kind in (edges or {}).items():
        name = f"{head}-{label}-{tail}.csv"
        _write(directory / name, kind.rows)
        links.append(
            {
                "file_name": name,
                "source": ["~from", head],
                "relation": ["", label],
                "dest": ["~to", tail],
                **_configured(kind),
            }
        )
        link_schema.append(_described(name, label, kind))
    configuration = {"graph": {"nodes": nodes, "edges": links}, "warnings": []}
    (directory / "training-data-configuration.json").write_text(json.dumps(configuration))
    (directory / "config.json").write_text(json.dumps({"nodes": schema, "edges": link_schema}))
    return directory


def _configured(kind: Kind) -> dict[str, Any]:
    numerical = {"norm": "min-max", "imputer": "median"}
    features = []
    for feature in kind.features:
        if isinstance(feature, tuple):
            name, type_ = feature
            options = numerical if type_ == "numerical" else {}
            feature = {"feature": [name, name, type_], **options}
        features.append(feature)
    return {"features": features, "labels": list(kind.labels)}


def _described(file: str, label: str, kind: Kind) -> dict[str, Any]:
    properties = [{"property": name, "dataType": type_} for name, type_ in kind.types.items()]
    return {"label": label, "files": [file], "properties": properties}


def _write(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    names = list(dict.fromkeys(name for row in rows for name in row)) or ["~id", "~from", "~to"]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names, restval="")
        writer.writeheader()
        writer.writerows(rows)
