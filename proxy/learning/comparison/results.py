"""Results of each held-out element, from those of a training."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from gremlink.grammar.traversal import Literal
from gremlink.proxy.learning.comparison.held_out import (
    Answers,
    HeldOut,
    Keys,
    hash_of,
    hashes_of,
    mixed,
    numbered,
)
from gremlink.proxy.learning.graph import Indexes
from gremlink.proxy.learning.links.training.experiment import LinkResults
from gremlink.proxy.learning.properties.dataset import PropertyDataset
from gremlink.proxy.learning.properties.thresholds import HALF, predicted_classes
from gremlink.proxy.learning.properties.training.experiment import PropertyResults
from gremlink.proxy.learning.trained.target import Form

Ids = Mapping[str, Sequence[Literal]]


def held_out_links(results: LinkResults, ids: Ids) -> HeldOut:
    """Return the ranks of held-out links: each is asked about from both ends."""
    keys: list[Keys] = []
    units: list[Keys] = []
    ranks: dict[str, list[Answers]] = {name: [] for name in results.ranks}
    for (relation, direction), queries in results.queries.items():
        asked = np.array([hash_of(*relation, direction)], np.uint64)
        source, target = relation.source_type(direction), relation.target_type(direction)
        sources = _hashed(source, ids[source], queries.sources)
        unit = mixed(asked, sources)
        units.append(unit)
        keys.append(mixed(unit, _hashed(target, ids[target], queries.targets)))
        for name, found in ranks.items():
            found.append(results.ranks[name][relation, direction].astype(np.float32))
    nothing = [np.zeros(0, np.uint64)]
    return HeldOut.of(
        None,
        numbered(np.concatenate(keys or nothing)),
        np.concatenate(units or nothing),
        {name: np.concatenate(found or nothing) for name, found in ranks.items()},
        np.zeros(0, np.float32),
    )


def held_out_rows(
    results: PropertyResults, dataset: PropertyDataset, methods: Collection[str]
) -> HeldOut:
    """Return the predictions of some methods for the held-out elements, and the truth."""
    target, rows = dataset.target, results.tested
    ends = [
        _hashed(name, dataset.ids[name], places[rows])
        for name, places in zip(target.ends, dataset.subjects.ends, strict=True)
    ]
    if target.element == "edge":
        own = [dataset.edge_ids[row] if len(dataset.edge_ids) else "" for row in rows.tolist()]
        ends.append(np.fromiter((hash_of(each) for each in own), np.uint64))
    keys = numbered(mixed(*ends))
    truth, _ = next(iter(results.metrics.values())).rows()
    answers = {name: results.metrics[name].rows()[1] for name in methods}
    if target.form is Form.NUMBER:
        plain = {name: each.ravel() + target.origin for name, each in answers.items()}
        exact = truth.ravel().astype(np.float64) + target.origin
        return HeldOut.of(target.form, keys, keys, plain, exact)
    return HeldOut.of(
        target.form,
        keys,
        keys,
        {
            name: _classes(target.form, predicted_classes(target.form, each))
            for name, each in answers.items()
        },
        _classes(target.form, truth > HALF),
        tuple(str(value.value) for value in target.classes),
    )


def _hashed(vertex_type: str, ids: Sequence[Literal], places: Indexes) -> Keys:
    """Return the hashes of vertices at some places, each made once."""
    distinct, inverse = np.unique(places, return_inverse=True)
    hashes = hashes_of(vertex_type, (ids[place] for place in distinct.tolist()))
    return np.asarray(hashes[inverse.reshape(-1)], np.uint64)


def _classes(form: Form, has: NDArray[np.bool_]) -> Answers:
    """Return the classes of rows, bool `[rows, classes]`, as `HeldOut` keeps them."""
    if form is Form.SEVERAL_CLASSES:
        return np.packbits(has, axis=1)
    return np.asarray(has.argmax(axis=1), np.int32)
