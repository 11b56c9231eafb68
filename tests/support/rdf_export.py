"""RDF exports made by hand: N-Triples and the configuration beside them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

EX = "http://example.org/"
XSD = "http://www.w3.org/2001/XMLSchema#"
TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"


def iri(name: str) -> str:
    """A name below `EX`, or a whole IRI, as N-Triples have it."""
    return f"<{name if ':' in name else EX + name}>"


def literal(text: str, datatype: str = "", language: str = "") -> str:
    """A literal as N-Triples have it; the datatype is one of XML Schema's."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    suffix = f"@{language}" if language else f"^^<{XSD}{datatype}>" if datatype else ""
    return f'"{escaped}"{suffix}'


def line(subject: str, predicate: str, value: str) -> str:
    """A statement: `a` is `rdf:type`; names are short, values terms."""
    subject = subject if subject.startswith("_:") else iri(subject)
    return f"{subject} {iri(TYPE if predicate == 'a' else predicate)} {value} ."


def write_rdf_export(
    directory: Path,
    lines: Iterable[str],
    label: Mapping[str, Any] | None = None,
    *,
    name: str = "statements/statements.nt",
    named: str | None = None,
) -> Path:
    """Write a file and its configuration, which calls it `name`, or as it is `named`."""
    path = directory / name
    path.parent.mkdir(parents=True, exist_ok=True)
    data = "".join(f"{each}\n" for each in lines).encode()
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    entry: dict[str, Any] = {"file_name": named or name}
    if label is not None:
        entry["label"] = label
    configuration = {
        "version": "v2.0",
        "query_engine": "sparql",
        "graph": {"rdfs": [entry]},
        "warnings": [],
    }
    (directory / "training-data-configuration.json").write_text(json.dumps(configuration))
    return directory


def classify(node: str, predicate: str, task: str = "classification") -> dict[str, Any]:
    """The label of a property target."""
    rate = [0.8, 0.1, 0.1]
    target = {"node": EX + node, "predicate": EX + predicate, "split_rate": rate}
    return {"task_type": task, "targets": [target]}


def link(**ends: str) -> dict[str, Any]:
    """The label of a link target, of what is named."""
    target = {key: EX + name for key, name in ends.items()}
    return {"task_type": "link_prediction", "targets": [{**target, "split_rate": [0.8, 0.1, 0.1]}]}
