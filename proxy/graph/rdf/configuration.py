"""Configurations of RDF exports: `graph.rdfs` names the files and what to predict of the graph.

A target names classes and a predicate: it has no columns, for there are no tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gremlink.proxy.graph.errors import BadExport
from gremlink.proxy.graph.files.export_files import (
    Mistake,
    check_spelling,
    file_name_of,
    list_of,
    path_inside,
    split_rate_of,
)
from gremlink.proxy.graph.spelling import suggestion

ENGINE = "sparql"
"""The `query_engine` of such a configuration."""

LINKS = "link_prediction"
PROPERTY_TASKS = ("classification", "regression")
_LINK_NAMES = (LINKS, "link_predict")
_ENTRY = ("file_name", "label")
_LABEL = ("task_type", "targets")
_TARGET = ("node", "predicate", "subject", "object", "split_rate", "type")

SplitRate = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class PropertyTarget:
    """The values of a predicate of the resources of a class. An empty `predicate` is the only one
    that the class has."""

    node: str
    predicate: str
    task: str
    split_rate: SplitRate | None = None


@dataclass(frozen=True, slots=True)
class LinkTarget:
    """Links of a predicate between two classes; each is any where it is empty."""

    subject: str = ""
    predicate: str = ""
    object: str = ""
    split_rate: SplitRate | None = None


@dataclass(frozen=True, slots=True)
class RdfConfiguration:
    """The files of an RDF export, the targets, and the warnings of its exporter. `path` is that of
    the configuration."""

    path: Path
    files: tuple[Path, ...]
    properties: tuple[PropertyTarget, ...] = ()
    links: tuple[LinkTarget, ...] = ()
    warnings: tuple[str, ...] = ()


def read_rdf_configuration(path: Path, document: Mapping[str, Any]) -> RdfConfiguration:
    """Read the document of a configuration. Raises `BadExport`."""
    files: dict[Path, None] = {}
    properties: dict[PropertyTarget, None] = {}
    links: dict[LinkTarget, None] = {}
    try:
        warnings = list_of(document, "warnings")
        graphs = document.get("graph", {})
        for graph in graphs if isinstance(graphs, list) else [graphs]:
            if not isinstance(graph, dict):
                raise Mistake(f'"graph" is {graph!r}: it has to be an object, or a list of them')
            check_spelling(graph, ("rdfs", "warnings"), '"graph"')
            warnings += list_of(graph, "warnings")
            for entry in list_of(graph, "rdfs"):
                name = file_name_of(entry)
                check_spelling(entry, _ENTRY, name)
                files[path_inside(path.parent, name)] = None
                labels = entry.get("label", {})
                for label in labels if isinstance(labels, list) else [labels]:
                    # Every file repeats what is asked of the graph as a whole.
                    for target in _targets(label, name):
                        if isinstance(target, PropertyTarget):
                            properties[target] = None
                        else:
                            links[target] = None
        if not files:
            raise Mistake(f'"graph" names no file under "rdfs", and query_engine is {ENGINE!r}')
    except Mistake as mistake:
        raise BadExport(path, str(mistake)) from None
    except KeyError as error:
        raise BadExport(path, f"an entry has no {error.args[0]!r}") from None
    except (TypeError, ValueError, AttributeError) as error:
        raise BadExport(path, f"an entry is not as documented: {error}") from None
    return RdfConfiguration(
        path, tuple(files), tuple(properties), tuple(links), tuple(map(str, warnings))
    )


def _targets(label: Any, where: str) -> list[PropertyTarget | LinkTarget]:
    if not isinstance(label, dict):
        raise Mistake(f"{where} has the label {label!r}: it has to be an object")
    if not label:
        return []
    check_spelling(label, _LABEL, f"the label of {where}")
    task = label.get("task_type", LINKS)
    if task not in (*PROPERTY_TASKS, *_LINK_NAMES):
        known = (*PROPERTY_TASKS, LINKS)
        raise Mistake(f"{where} has the unknown task_type {task!r}{suggestion(str(task), known)}")
    return [_target(entry, task, where) for entry in list_of(label, "targets")]


def _target(entry: Any, task: str, where: str) -> PropertyTarget | LinkTarget:
    if not isinstance(entry, dict):
        raise Mistake(f"{where} has the target {entry!r}: it has to be an object")
    check_spelling(entry, _TARGET, f"a target of {where}")
    rate = entry.get("split_rate")
    split = None if rate is None else split_rate_of(rate, f"a target of {where}")
    if task in _LINK_NAMES:
        subject, predicate, object_ = (
            _iri(entry, key, where) for key in ("subject", "predicate", "object")
        )
        return LinkTarget(subject, predicate, object_, split)
    node = _iri(entry, "node", where)
    if not node:
        raise Mistake(f'{where}: a target of a {task} has no "node", the class of its resources')
    return PropertyTarget(node, _iri(entry, "predicate", where), task, split)


def _iri(entry: Mapping[str, Any], key: str, where: str) -> str:
    found = entry.get(key, "")
    if not isinstance(found, str):
        raise Mistake(f"a target of {where} has the {key} {found!r}: it has to be an IRI")
    found = found.strip()
    return found[1:-1] if found.startswith("<") and found.endswith(">") else found
