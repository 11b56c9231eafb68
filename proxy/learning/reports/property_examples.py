"""Elements of a property's report in words: their names, their properties, their links."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gremlink.proxy.learning.features.category import CategoryEncoding
from gremlink.proxy.learning.features.numerical import BucketEncoding, NumericalEncoding
from gremlink.proxy.learning.graph import DIRECTIONS
from gremlink.proxy.learning.properties.dataset import PropertyDataset
from gremlink.proxy.learning.reports.report import with_name

PROPERTIES = 6
"""Properties that are shown of a vertex."""

VALUES = 4
"""Values or words that are shown of a property."""

NEIGHBOURS = 3
"""Neighbours that are shown of a relation."""


def called(dataset: PropertyDataset, name: str, place: int) -> str:
    """Return a vertex with its name, where it has one."""
    id = str(dataset.ids[name][place].value)
    names = dataset.names.get(name)
    return with_name(id, {id: names[place]} if names else {})


def described(dataset: PropertyDataset, row: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the properties and the links of a vertex in words; nothing of an edge's."""
    if len(dataset.target.ends) > 1:
        return (), ()
    name, place = dataset.target.ends[0], int(dataset.subjects.ends[0][row])
    found: dict[str, str] = {}
    for key, said in (*_terms(dataset, name, place), *_columns(dataset, name, place)):
        found.setdefault(key, said)
    has = tuple(f"{key} {said}" for key, said in found.items())[:PROPERTIES]
    return has, tuple(_links(dataset, name, place))


def _terms(dataset: PropertyDataset, name: str, place: int) -> Iterator[tuple[str, str]]:
    """Yield properties with the categories or words that a vertex has."""
    terms = dataset.graph.terms.get(name)
    if terms is None:
        return
    here = slice(int(terms.values.indptr[place]), int(terms.values.indptr[place + 1]))
    columns = terms.values.indices[here]
    encodings = dataset.stored.term_encodings.get(name, ())
    for block, encoding in zip(terms.blocks, encodings, strict=True):
        own = columns[(columns >= block.start) & (columns < block.stop)] - block.start
        if len(own):
            words = [encoding.terms[each] for each in own[:VALUES].tolist()]
            more = ", …" if len(own) > VALUES else ""
            yield block.property, ", ".join(words) + more


def _columns(dataset: PropertyDataset, name: str, place: int) -> Iterator[tuple[str, str]]:
    """Yield numbers and categories as their encodings have them."""
    features = dataset.graph.features.get(name)
    start = 0
    for encoding in dataset.stored.encodings.get(name, ()) if features is not None else ():
        own = features.values[place, start : start + len(encoding.columns)]  # type: ignore[union-attr]
        start += len(encoding.columns)
        if isinstance(encoding, NumericalEncoding):
            value = float(own[0]) * encoding.scale + encoding.shift
            # A missing value has been replaced, and is not the vertex's.
            if encoding.imputed is None or not np.isclose(value, encoding.imputed, 1e-5):
                yield encoding.name, f"{value:.5g}"
        elif isinstance(encoding, (CategoryEncoding, BucketEncoding)) and own.any():
            there = np.flatnonzero(own)[:VALUES].tolist()
            yield encoding.name, ", ".join(encoding.columns[each] for each in there)


def _links(dataset: PropertyDataset, name: str, place: int) -> Iterator[str]:
    """Yield each relation with the number of links and the neighbours that have the fewest links
    themselves: they tell most."""
    for relation, edges in dataset.graph.edges.items():
        for direction in DIRECTIONS:
            if relation.source_type(direction) != name:
                continue
            sources, targets = edges.ends(direction)
            near = targets[sources == place]
            if not len(near):
                continue
            other = relation.target_type(direction)
            counts = np.bincount(targets, minlength=dataset.graph.counts[other])
            shown = near[np.argsort(counts[near], kind="stable")][:NEIGHBOURS]
            names = ", ".join(called(dataset, other, each) for each in shown.tolist())
            more = f" and {len(near) - len(shown):,} more" if len(near) > len(shown) else ""
            yield f"{relation.label} {direction}: {names}{more}"
