"""Short names for IRIs in the reports of RDF graphs: `ontology:Movie`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from gremlink.proxy.learning.trained.stored_graph import StoredGraph

KNOWN = {
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#": "rdf",
    "http://www.w3.org/2000/01/rdf-schema#": "rdfs",
    "http://www.w3.org/2001/XMLSchema#": "xsd",
    "http://www.w3.org/2002/07/owl#": "owl",
    "http://xmlns.com/foaf/0.1/": "foaf",
    "http://www.w3.org/2004/02/skos/core#": "skos",
    "http://purl.org/dc/terms/": "dcterms",
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://schema.org/": "schema",
    "https://schema.org/": "schema",
}
"""Namespaces with a prefix that everybody uses."""

_SAMPLED = 8
"""Vertices of a type whose names are looked at."""
_NAMESPACE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s<>\"]*[/#]")
_PREFIX = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,19}")


def namespaces_of(stored: StoredGraph) -> dict[str, str]:
    """Return the namespaces in the names of an RDF graph with a prefix for each; none for a
    property graph."""
    if not stored.rdf:
        return {}
    names: list[str] = []
    for name, ids in stored.ids.items():
        names += name.split()
        names += [str(each.value) for each in ids[:_SAMPLED]]
    names += [relation.label for relation in stored.relations]
    names += [each.name for encodings in stored.encodings.values() for each in encodings]
    return _prefixed(names)


def shortened(text: str, namespaces: Mapping[str, str]) -> str:
    """Return a text with prefixes in the place of namespaces."""
    for namespace in sorted(namespaces, key=len, reverse=True):
        text = text.replace(namespace, f"{namespaces[namespace]}:")
    return text


def with_short_names(lines: Iterable[str], namespaces: Mapping[str, str]) -> list[str]:
    """Return lines with prefixes, and one that explains those at the end."""
    found = [shortened(line, namespaces) for line in lines]
    if namespaces:
        listed = ", ".join(f"{prefix}: is {name}" for name, prefix in namespaces.items())
        found.append(f"Names are shortened: {listed}")
    return found


def _prefixed(names: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in names:
        match = _NAMESPACE.match(name.removeprefix("_:"))
        if match is None or match[0] in found:
            continue
        own = KNOWN.get(match[0]) or match[0].rstrip("/#").rpartition("/")[2]
        if not _PREFIX.fullmatch(own) or own in found.values():
            own = f"ns{len(found) + 1}"
        found[match[0]] = own
    return found
