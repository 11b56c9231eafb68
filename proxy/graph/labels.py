"""The labels of a vertex, of which there may be several.

An export writes them joined by `;` and sorted, whatever the database joins them by; that names the
type of the vertex to models. A query has the spelling of the database, or one of the labels: which
of these finds a vertex is the database's affair.
"""

from __future__ import annotations

import re

Labels = tuple[str, ...]
"""The labels of a vertex, sorted; Gremlin writes several as `Admin::Person`, files as
`Admin;Person`."""

_BETWEEN = re.compile("::|;")


def split_labels(label: str) -> Labels:
    """The labels in Gremlin's `label()`, or in a file.

    A `;` in a label of Gremlin's is read like one between two: a file knows no other.

    >>> split_labels("Person::Admin"), split_labels("Admin;Person"), split_labels("::")
    (('Admin', 'Person'), ('Admin', 'Person'), ('::',))
    """
    found = {part for part in _BETWEEN.split(label) if part}
    return tuple(sorted(found)) or (label,)


def spellings(label: str) -> Labels:
    """What a database may know the labels in a request by: as they are written, and as Gremlin
    joins them.

    >>> spellings("Admin;Person")
    ('Admin;Person', 'Admin::Person')
    """
    return tuple(dict.fromkeys((label, label.replace(";", "::"))))


def surely_has(label: str, vertex_type: str) -> bool:
    """Whether a type of vertices has this label, in every database."""
    return label == vertex_type and split_labels(label) == (label,)


def may_have(label: str, vertex_type: str) -> bool:
    """Whether a database may find vertices of a type by this label.

    >>> may_have("Admin::Person", "Admin;Person"), may_have("Person", "Admin;Person")
    (True, True)
    """
    return label == vertex_type or set(split_labels(label)) <= set(split_labels(vertex_type))
