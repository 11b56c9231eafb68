"""The labels of a vertex, of which there may be several.

An export writes them joined by `;` and sorted, for every database; that is the name of the vertex's
type for models. A query has the spelling of the database, or one of the labels: which of these
finds a vertex depends on the database.
"""

from __future__ import annotations

import re
from functools import lru_cache

Labels = tuple[str, ...]
"""The labels of a vertex, sorted; Gremlin writes several as `Admin::Person`, files as
`Admin;Person`."""

IRIS_BETWEEN = " "
"""Between the classes of an RDF resource in the name of its type: an IRI may have a `;`, and no
blank."""

_BETWEEN = re.compile("::|;")


def split_classes(vertex_type: str) -> Labels:
    """Return the classes in the name of a type of RDF resources.

    >>> split_classes("http://a/b;c urn:x::y")
    ('http://a/b;c', 'urn:x::y')
    """
    return tuple(vertex_type.split(IRIS_BETWEEN))


@lru_cache(1000)
def split_labels(label: str) -> Labels:
    """Return the labels in Gremlin's `label()`, or in a file.

    A `;` in a label of Gremlin's is read like one between two: a file knows no other.

    >>> split_labels("Person::Admin"), split_labels("Admin;Person"), split_labels("::")
    (('Admin', 'Person'), ('Admin', 'Person'), ('::',))
    """
    found = {part for part in _BETWEEN.split(label) if part}
    return tuple(sorted(found)) or (label,)


def spellings(label: str) -> Labels:
    """Return the possible spellings in a database of the labels in a request: as they are written,
    and as Gremlin joins them.

    >>> spellings("Admin;Person")
    ('Admin;Person', 'Admin::Person')
    """
    return tuple(dict.fromkeys((label, label.replace(";", "::"))))


def surely_has(label: str, vertex_type: str) -> bool:
    """Return `True` if a type of vertices has this label, in every database."""
    return label == vertex_type and split_labels(label) == (label,)


def may_have(label: str, vertex_type: str) -> bool:
    """Return `True` if a database may find vertices of a type by this label.

    >>> may_have("Admin::Person", "Admin;Person"), may_have("Person", "Admin;Person")
    (True, True)
    """
    return label == vertex_type or set(split_labels(label)) <= set(split_labels(vertex_type))
