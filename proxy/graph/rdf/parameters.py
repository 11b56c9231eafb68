"""Parameters of an export of RDF: what `export-rdf` takes of Neptune-Export's request."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gremlink.proxy.graph.errors import BadParameters
from gremlink.proxy.graph.export.parameters import (
    DEFAULT_NAME,
    DEFAULT_SPLIT,
    PARAMS,
    REQUEST,
    check_names,
    job_entries,
    job_name,
    list_of,
    read_document,
    spelt,
    split_of,
)
from gremlink.proxy.graph.rdf.configuration import (
    LINKS,
    PROPERTY_TASKS,
    LinkTarget,
    PropertyTarget,
    SplitRate,
)
from gremlink.proxy.graph.rdf.formats import checked_iri
from gremlink.proxy.graph.spelling import suggestion

COMMAND = "export-rdf"
GRAPH, EDGES, QUERY = "graph", "edges", "query"
SCOPES = (GRAPH, EDGES, QUERY)
_EVERYTHING = "all"
"""The default scope of an export of a property graph, which clients may send."""
TASKS = (*PROPERTY_TASKS, LINKS)
_LISTED = ", ".join(f"'{task}'" for task in TASKS)
_OWN = {
    "scope": ("rdfExportScope", "rdf-export-scope", "rdf_export_scope", "scope"),
    "query": ("sparql",),
    "graph": ("namedGraph", "named-graph", "named_graph"),
}
"""Parameters by what they mean here, in the spellings of requests and of the command line."""
_OF_PROPERTY_GRAPHS = (
    *("nodeLabels", "nodeLabel", "edgeLabels", "edgeLabel"),
    *("gremlinFilter", "gremlinNodeFilter", "gremlinEdgeFilter", "filter", "filterConfigFile"),
)
_TARGET = ("node", "predicate", "subject", "object", "property", "type", "split_rate")
_FORM = re.compile(
    r"(?:\s+|#[^\n\r]*(?:[\n\r]|$)|BASE\s*<[^>]*>|PREFIX\s*[^\s:]*:\s*<[^>]*>)*([A-Za-z]+)",
    re.IGNORECASE,
)


class IllegalTarget(BadParameters):
    """A target that Neptune's exporter refuses; the message is its own."""

    def __init__(self, reason: str) -> None:
        super().__init__("targets", reason)
        self.args = (reason,)


@dataclass(frozen=True, slots=True)
class RdfJob:
    """One training data configuration to write; without targets all links are learned."""

    name: str = DEFAULT_NAME
    properties: tuple[PropertyTarget, ...] = ()
    links: tuple[LinkTarget, ...] = ()
    split_rate: SplitRate = DEFAULT_SPLIT
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RdfExportParameters:
    """The statements to export, and the configurations to write.

    `scope` is the whole `graph`, its `edges` (all but literals), or what a `query` gives; of a
    `graph` alone that is named, the whole graph.
    """

    jobs: tuple[RdfJob, ...] = (RdfJob(),)
    scope: str = GRAPH
    query: str = ""
    graph: str = ""
    warnings: tuple[str, ...] = ()

    @property
    def is_select(self) -> bool:
        """`True` where the query gives solutions, and no statements."""
        return query_form(self.query) == "SELECT"

    @classmethod
    def read(cls, path: Path) -> RdfExportParameters:
        """Read a file with an export request, or with its `neptune_ml` object alone."""
        return cls.parse(read_document(path))

    @classmethod
    def parse(cls, document: Any) -> RdfExportParameters:
        """Read the parameters in a decoded export request. Raises `BadParameters`."""
        request = spelt(document, "request", REQUEST) if not isinstance(document, list) else {}
        command = request.get("command", COMMAND)
        if command != COMMAND:
            raise BadParameters("command", f"{command!r} is not {COMMAND}")
        # Of spellings that are alike, a message names the last.
        own = tuple(name for names in _OWN.values() for name in reversed(names))
        params = spelt(request.get("params", {}), "params", (*PARAMS, *own))
        for name in _OF_PROPERTY_GRAPHS:
            if params.get(name):
                raise BadParameters(
                    name,
                    f"it is for property graphs; {COMMAND} has rdfExportScope, sparql and "
                    "namedGraph",
                )
        scope, query, graph = (_text(params, names) for names in _OWN.values())
        _check(scope, query, graph)
        entries = job_entries(document, request)
        jobs = tuple(_job(entry, number) for number, entry in enumerate(entries, start=1))
        check_names([job.name for job in jobs])
        warnings = []
        if any(entry.get("features") for entry in entries):
            warnings.append(
                "features are left out: in an RDF graph the datatype of the values tells them"
            )
        chosen = scope if scope in SCOPES else QUERY if query else GRAPH
        return cls(jobs, chosen, query, graph, tuple(warnings))


def query_form(query: str) -> str:
    """Return the keyword that a query begins with, behind its prologue, in capitals."""
    match = _FORM.match(query)
    return match[1].upper() if match else ""


def is_rdf_request(document: Any) -> bool:
    """Return `True` if the command of a decoded export request is that for RDF."""
    return isinstance(document, Mapping) and document.get("command") == COMMAND


def _check(scope: str, query: str, graph: str) -> None:
    if scope and scope not in (*SCOPES, _EVERYTHING):
        raise BadParameters(
            "rdfExportScope", f"{scope!r} is no scope of an export{suggestion(scope, SCOPES)}"
        )
    if scope == QUERY and not query:
        raise BadParameters("sparql", "You must supply a SPARQL query if exporting from a query")
    if query:
        if scope not in ("", QUERY, _EVERYTHING):
            raise BadParameters("sparql", f"a query is exported with the scope {QUERY!r} only")
        form = query_form(query)
        if form not in ("SELECT", "CONSTRUCT", "DESCRIBE"):
            raise BadParameters(
                "sparql",
                f"the query begins with {form or 'nothing'!r}: an export needs CONSTRUCT, DESCRIBE,"
                " or SELECT with the variables s, p and o",
            )
    if graph:
        if scope not in ("", GRAPH, _EVERYTHING) or query:
            raise BadParameters(
                "namedGraph",
                f"a graph is named with the scope {GRAPH!r} only: a query names its own",
            )
        try:
            checked_iri(graph)
        except ValueError as error:
            raise BadParameters("namedGraph", str(error)) from None


def _job(entry: Mapping[str, Any], number: int) -> RdfJob:
    split: SplitRate = DEFAULT_SPLIT
    if "split_rate" in entry:
        split = split_of(entry["split_rate"], "split_rate")
    properties: list[PropertyTarget] = []
    links: list[LinkTarget] = []
    warnings: list[str] = []
    for target in list_of(entry.get("targets", []), "targets"):
        found = _target(spelt(target, "targets", _TARGET), split, warnings)
        if isinstance(found, PropertyTarget):
            properties.append(found)
        else:
            links.append(found)
    return RdfJob(
        job_name(entry, number),
        tuple(dict.fromkeys(properties)),
        tuple(dict.fromkeys(links)),
        split,
        tuple(warnings),
    )


def _target(
    target: Mapping[str, Any], default: SplitRate, warnings: list[str]
) -> PropertyTarget | LinkTarget:
    task = target.get("type")
    if not isinstance(task, str):
        raise IllegalTarget(
            "Error parsing 'type' field for RDF target. Expected one of the following values: "
            f"{_LISTED}."
        )
    if task not in TASKS:
        raise IllegalTarget(
            f"Invalid 'type' value for RDF target: '{task}'. Valid values are: {_LISTED}."
        )
    split = default
    if "split_rate" in target:
        split = split_of(target["split_rate"], "targets")
    predicate = target.get("predicate")
    predicate = _plain(predicate) if isinstance(predicate, str) else ""
    if task == LINKS:
        ends = [_end(target, key) for key in ("subject", "object")]
        for key, name in (("subject", ends[0]), ("predicate", predicate), ("object", ends[1])):
            if not name:
                warnings.append(
                    f"'{key}' field is missing for link_prediction task, so all edges will be "
                    "treated as the training target."
                )
        return LinkTarget(ends[0], predicate, ends[1], split)
    node = target.get("node")
    if not isinstance(node, str) or not node:
        raise IllegalTarget("Illegal target element. Expected 'node' field.")
    if not predicate:
        warnings.append(
            f"'predicate' field is missing for {task} task. If the target nodes have more than one "
            "predicate defining the target node feature, the training task will fail with an error."
        )
    return PropertyTarget(_plain(node), predicate, task, split)


def _end(target: Mapping[str, Any], key: str) -> str:
    found = target.get(key, "")
    if not isinstance(found, str):
        raise IllegalTarget(f"Error parsing '{key}' field for edge. Expected a text value.")
    return _plain(found)


def _plain(iri: str) -> str:
    iri = iri.strip()
    return iri[1:-1] if iri.startswith("<") and iri.endswith(">") else iri


def _text(params: Mapping[str, Any], names: tuple[str, ...]) -> str:
    found = next((params[name] for name in names if params.get(name) not in (None, "")), "")
    if not isinstance(found, str):
        raise BadParameters(names[0], f"Expected a text: {found!r}")
    return _plain(found) if names[0] == "namedGraph" else found
