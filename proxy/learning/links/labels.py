"""Labels in queries beside those of training, where a vertex has several.

An export writes the labels of a vertex joined by `;` and sorted, whatever the database joins them
by; a query has the spelling of the database, or one of the labels. Which of these finds a vertex is
the database's affair.
"""

from __future__ import annotations

from proxy.graph.labels import split_labels


def surely_has(label: str, vertex_type: str) -> bool:
    """Whether a type of vertices has this label, in every database."""
    return label == vertex_type and _parts(label) == frozenset((label,))


def may_have(label: str, vertex_type: str) -> bool:
    """Whether a database may find vertices of a type by this label.

    >>> may_have("Admin::Person", "Admin;Person"), may_have("Person", "Admin;Person")
    (True, True)
    """
    return label == vertex_type or _parts(label) <= _parts(vertex_type)


def _parts(labels: str) -> frozenset[str]:
    return frozenset(split_labels(labels))
