"""A few predictions of a trained model, for its report."""

from __future__ import annotations

import numpy as np

from gremlink.grammar.traversal import Literal
from gremlink.proxy.learning.graph import DIRECTIONS
from gremlink.proxy.learning.links.known import KnownLinks
from gremlink.proxy.learning.links.prediction.model import LinkModel
from gremlink.proxy.learning.links.prediction.predictor import LinkPredictor
from gremlink.proxy.learning.reports.link_report import Example

MOST = 10
ANSWERS = 3


def examples(model: LinkModel, seed: int) -> tuple[Example, ...]:
    """Draw ten inputs with links, from each relation and direction in turn; predict new links."""
    random = np.random.default_rng(seed)
    predictor = LinkPredictor(model)
    graph, ids = model.stored.graph, model.stored.ids
    asked = [(each.relation, end) for each in model.relations for end in DIRECTIONS]
    found = []
    for number in range(MOST):
        relation, direction = asked[number % len(asked)]
        source = int(random.choice(graph.edges[relation].ends(direction)[0]))
        target = relation.target_type(direction)
        mask = KnownLinks(graph, relation).mask(np.array([source]), direction)[0]
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
        name = str(vertex.value)
        found.append(Example(name, relation.label, direction, scored, has, len(known)))
    return tuple(found)
