"""EASE of links that weigh more or less, by what the edges say of themselves."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import numpy as np
from scipy import sparse

from gremlink.proxy.learning.budget import Work
from gremlink.proxy.learning.graph import (
    Direction,
    Edges,
    Floats,
    Relation,
    TypedGraph,
    find_pairs,
)
from gremlink.proxy.learning.links.scorers.recommenders.ease import (
    DISCOUNTS,
    RIDGES,
    Ease,
    EaseSetting,
    regression,
)
from gremlink.proxy.learning.links.scorers.recommenders.fitted import (
    Choice,
    Tensors,
    choosing_cost,
)
from gremlink.proxy.learning.links.scorers.recommenders.linear import Weights, restored_weights
from gremlink.proxy.learning.links.scorers.recommenders.profiles import Profiles

SHARE = 0.25
"""Change of a link's weight by a standard deviation."""

FURTHEST = 3.0
"""Standard deviations, at most, that a feature counts: no weight becomes negative."""

MOST_TRIED = 8
"""Columns of features that are tried, those that vary most evenly first."""


class WeightedEaseSetting(NamedTuple):
    """Those of `Ease`, which column of the edges' features weighs, and whether more of it weighs
    more."""

    ease: EaseSetting
    column: int
    sign: float


class WeightedEase(Ease):
    r"""EASE with a weight for each link of the relation.

    .. math::
        X_{uv} = 1 + 0.25\, \sigma\, \frac{f_{uv} - \bar f}{\operatorname{std} f}

    in place of 1, where :math:`f` is a feature of the edges and :math:`\sigma = \pm 1`: a rating, a
    number of visits. That links count by how sure they are is the idea of Hu, Koren & Volinsky,
    "Collaborative filtering for implicit feedback datasets", ICDM 2008. Feature, sign and ridge are
    chosen on links that are held back. Links that the training has not seen weigh 1, the mean.
    """

    name: ClassVar[str] = "weighted-ease"

    def __init__(
        self, profiles: dict[Direction, Profiles], weights: dict[Direction, Weights], links: Edges
    ) -> None:
        """Take `weights` as in `Ease`; `links` with their weights, float32 `[edges, 1]`, as
        features."""
        super().__init__(profiles, weights)
        self._links = links

    @classmethod
    def applies(cls, graph: TypedGraph, relation: Relation) -> bool:
        """Return whether `Ease` applies, and edges have a feature that is not the same for all."""
        return bool(_columns(graph.edges[relation])) and super().applies(graph, relation)

    @classmethod
    def cost(cls, graph: TypedGraph, relation: Relation) -> Work:
        """See `FittedScorer.cost`."""
        features = graph.edges[relation].features
        columns = 0 if features is None else min(features.shape[1], MOST_TRIED)
        once = cls.learning_cost(graph, relation)
        tried = len(RIDGES) + len(DISCOUNTS) - 1 + 2 * columns - 1
        return once + choosing_cost(graph, relation, [once] * tried)

    @classmethod
    def choose(cls, graph: TypedGraph, relation: Relation) -> Any:
        """Choose the ridge, the discount, then feature and sign."""
        choice: Choice[WeightedEaseSetting] = Choice(graph, relation, cls.learn)
        columns = _columns(graph.edges[relation])[:MOST_TRIED]
        ridges = [EaseSetting(ridge, DISCOUNTS[0]) for ridge in RIDGES]
        ease = choice.best(*(WeightedEaseSetting(each, columns[0], 1.0) for each in ridges)).ease
        discounts = [ease._replace(discount=discount) for discount in DISCOUNTS]
        ease = choice.best(*(WeightedEaseSetting(each, columns[0], 1.0) for each in discounts)).ease
        signs = [(column, sign) for column in columns for sign in (1.0, -1.0)]
        return choice.best(*(WeightedEaseSetting(ease, *each) for each in signs))

    @classmethod
    def learn(cls, graph: TypedGraph, relation: Relation, setting: Any) -> WeightedEase:
        """Solve for both directions. Raises ValueError where the method does not apply."""
        edges = graph.edges[relation]
        links = Edges(edges.heads, edges.tails, _weights(edges, setting)[:, None])
        profiles = {
            end: _weighing(each, graph, relation, end, links)
            for end, each in cls.profiles(graph, relation).items()
        }
        return cls(profiles, regression(profiles, setting.ease, same_columns=False), links)

    @classmethod
    def restore(cls, graph: TypedGraph, relation: Relation, tensors: Tensors) -> WeightedEase:
        """See `FittedScorer.restore`."""
        before = Edges(
            tensors["heads"].astype(np.int64), tensors["tails"].astype(np.int64), tensors["links"]
        )
        links = _known(graph.edges[relation], before)
        plain, weights = restored_weights(graph, relation, tensors)
        profiles = {
            end: _weighing(each, graph, relation, end, links) for end, each in plain.items()
        }
        return cls(profiles, weights, links)

    def tensors(self) -> dict[str, Any]:
        """See `FittedScorer.tensors`."""
        return {
            **super().tensors(),
            "heads": self._links.heads.astype(np.int32),
            "tails": self._links.tails.astype(np.int32),
            "links": self._links.features,
        }


def _columns(edges: Edges) -> list[int]:
    """Return the columns that vary, those first in which most edges differ from the rest."""
    if edges.features is None or not len(edges):
        return []
    spread = edges.features.std(axis=0)
    largest = np.abs(edges.features - edges.features.mean(axis=0)).max(axis=0)
    evenness = spread / np.where(largest > 0.0, largest, 1.0)
    return [int(each) for each in np.argsort(-evenness, kind="stable") if spread[each] > 0.0]


def _weights(edges: Edges, setting: WeightedEaseSetting) -> Floats:
    """Return the weights of the links: float32 `[edges]`."""
    assert edges.features is not None
    values = edges.features[:, setting.column].astype(np.float64)
    away = (values - values.mean()) / max(float(values.std()), 1e-12)
    away = np.clip(away, -FURTHEST, FURTHEST)
    weights: Floats = (1.0 + SHARE * setting.sign * away).astype(np.float32)
    return weights


def _weighing(
    profiles: Profiles, graph: TypedGraph, relation: Relation, direction: Direction, links: Edges
) -> Profiles:
    sources, targets = links.ends(direction)
    shape = (
        graph.counts[relation.source_type(direction)],
        graph.counts[relation.target_type(direction)],
    )
    assert links.features is not None
    return profiles.weighing(
        sparse.csr_array((links.features[:, 0], (sources, targets)), shape=shape)
    )


def _known(edges: Edges, before: Edges) -> Edges:
    """Return edges with the weights that they had before, or 1."""
    weights = np.ones(len(edges), np.float32)
    assert before.features is not None
    places = find_pairs(before, edges.heads, edges.tails)
    weights[places >= 0] = before.features[places[places >= 0], 0]
    return Edges(edges.heads, edges.tails, weights[:, None])
