"""The labels of a vertex, of which there may be several."""

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
