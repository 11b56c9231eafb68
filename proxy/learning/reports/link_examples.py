"""A few predictions of a trained model, for its report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from gremlink.grammar.traversal import Literal
from gremlink.proxy.learning.graph import DIRECTIONS
from gremlink.proxy.learning.links.known import KnownLinks
from gremlink.proxy.learning.links.prediction.model import LinkModel
from gremlink.proxy.learning.links.prediction.predictor import LinkPredictor
from gremlink.proxy.learning.reports.link_report import Example

MOST = 10
ANSWERS = 3


def examples(
    model: LinkModel, seed: int, names: Mapping[str, Sequence[str]]
) -> tuple[Example, ...]:
    """Draw ten inputs with links, from each relation and direction in turn; predict new links.

    `names` are those of vertices by type.
    """
    random = np.random.default_rng(seed)
    predictor = LinkPredictor(model)
    graph, ids = model.stored.graph, model.stored.ids
    asked = [(each.relation, end) for each in model.relations for end in DIRECTIONS]
    found: list[Example] = []
    ends: list[tuple[str, str]] = []
    shown: dict[str, set[Literal]] = {}
    for number in range(MOST):
        relation, direction = asked[number % len(asked)]
        source = int(random.choice(graph.edges[relation].ends(direction)[0]))
        target = relation.target_type(direction)
        mask = KnownLinks(graph, relation).mask(np.array([source]), direction)[0]
        if target == relation.source_type(direction):
            mask[source] = False  # it is no candidate, but no link either
        known: list[Literal] = [ids[target][place] for place in np.flatnonzero(mask).tolist()]
        vertex = ids[relation.source_type(direction)][source]
        (answers,) = predictor.predict(
            edge_label=relation.label,
            direction=direction,
            target_label=target,
            inputs=[vertex],
            known=[known],
            limit=ANSWERS,
        )
        scored = tuple((str(each.id.value), round(each.score, 4)) for each in answers)
        has = tuple(str(each.value) for each in known[:ANSWERS])
        shown.setdefault(relation.source_type(direction), set()).add(vertex)
        shown.setdefault(target, set()).update([*known[:ANSWERS], *(each.id for each in answers)])
        ends.append((relation.source_type(direction), target))
        name = str(vertex.value)
        found.append(Example(name, relation.label, direction, scored, has, len(known)))
    called = {
        name: {
            str(each.value): own
            for each, own in zip(ids[name], names[name], strict=True)
            if own and each in wanted
        }
        for name, wanted in shown.items()
        if names.get(name)
    }
    return tuple(
        replace(
            each,
            names={
                "source": _of(called.get(source, {}), [each.source]),
                "target": _of(
                    called.get(target, {}), [*each.known, *(id for id, _ in each.answers)]
                ),
            },
        )
        for each, (source, target) in zip(found, ends, strict=True)
    )


def _of(names: Mapping[str, str], ids: Iterable[str]) -> dict[str, str]:
    """Return the names of some ids."""
    return {id: names[id] for id in ids if id in names}
