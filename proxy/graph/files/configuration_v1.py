"""Training data configurations of version 1, as Neptune's exporter wrote them first.

Their `graph` is a list of files, and each feature and label says what elements its file holds. Here
they become those of version 2.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import unquote_plus

from gremlink.proxy.graph.files.export_rows import FROM, ID, TO

IMPUTER = "median"
"""Imputation of missing numbers: undocumented for version 1; version 2 writes this."""

_PART = re.compile(r"(?:\.consolidated|-\d+)?\.csv(?:\.gz|\.bz2)?$", re.IGNORECASE)
_TRIPLE = re.compile(r"\((.*)\)-(.*)-\((.*)\)")
_OPTIONS = ("norm", "separator", "range", "bucket_cnt", "slide_window_size", "language", "imputer")


def is_version_1(graph: Any) -> bool:
    """Return `True` if a `graph` is a list of files."""
    return (
        isinstance(graph, list)
        and bool(graph)
        and all(isinstance(entry, dict) and "file_name" in entry for entry in graph)
    )


def version_2(graph: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Convert a `graph` to version 2. Raises KeyError, TypeError, ValueError if it is malformed."""
    nodes: list[dict[str, Any]] = []
    edges: list[dict[str, Any]] = []
    for entry in graph:
        file = {key: entry[key] for key in ("file_name", "separator") if key in entry}
        triple = _edge_type(entry)
        if triple is None:
            nodes.append({**file, "node": [ID, _node_type(entry)], **_columns(entry, 1)})
        else:
            source, label, dest = triple
            ends = {"source": [FROM, source], "relation": ["", label], "dest": [TO, dest]}
            edges.append({**file, **ends, **_columns(entry, 2)})
    return {"nodes": nodes, "edges": edges}


def _columns(entry: Mapping[str, Any], ids: int) -> dict[str, Any]:
    """Return features and labels; the first `ids` columns of each are those of ids."""
    features = []
    for feature in entry.get("features", ()):
        options = {key: feature[key] for key in _OPTIONS if key in feature}
        kind = feature["sub_feat_type"]
        if kind in ("numerical", "bucket_numerical"):
            options.setdefault("imputer", IMPUTER)
        for column in feature["cols"][ids:]:
            features.append({"feature": [column, column, kind], **options})
    labels = []
    for label in entry.get("labels", ()):
        options = {key: label[key] for key in ("split_rate", "separator") if key in label}
        columns = label["cols"][ids:] or [""]
        labels += [{"label": [column, _task(label)], **options} for column in columns]
    return {"features": features, "labels": labels}


def _task(label: Mapping[str, Any]) -> str:
    named = str(label.get("sub_label_type", ""))
    for part, task in (("regression", "regression"), ("link", "link_prediction")):
        if part in named:
            return task
    return "classification" if "class" in named else named


def _parts(entry: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for key in ("edges", "features", "labels"):
        yield from entry.get(key, ())


def _edge_type(entry: Mapping[str, Any]) -> tuple[str, str, str] | None:
    for part in _parts(entry):
        if "edge_type" in part:
            source, label, dest = part["edge_type"]
            return str(source), str(label), str(dest)
    folder, _, name = str(entry["file_name"]).rpartition("/")
    found = _TRIPLE.fullmatch(_stem(name))
    if folder.rpartition("/")[2] != "edges" or found is None:
        return None
    return found[1], found[2], found[3]


def _node_type(entry: Mapping[str, Any]) -> str:
    for part in _parts(entry):
        if "node_type" in part:
            return str(part["node_type"])
    return _stem(str(entry["file_name"]).rpartition("/")[2])


def _stem(name: str) -> str:
    """Return the label in the name of a file."""
    return unquote_plus(_PART.sub("", name))
