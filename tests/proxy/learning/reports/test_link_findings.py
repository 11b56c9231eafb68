"""What a training found, in sentences: one test for each situation."""

from __future__ import annotations

import numpy as np
import pytest

from gremlink.proxy.learning.graph import (
    DIRECTIONS,
    Edges,
    FeatureBlock,
    Features,
    Relation,
    TypedGraph,
    distinct_edges,
)
from gremlink.proxy.learning.links.training.blend import Blend
from gremlink.proxy.learning.reports.link_findings import (
    MOST,
    about_chance,
    about_methods,
    about_opposites,
)
from gremlink.proxy.learning.reports.report import MethodRow

KNOWS = Relation("P", "knows", "P")
LIKES = Relation("P", "likes", "T")


def links(mutual: float, relations: tuple[Relation, ...] = (KNOWS,)) -> TypedGraph:
    """A thousand links, of which a share has its opposite."""
    random = np.random.default_rng(0)
    pairs = np.unique(np.sort(random.integers(0, 100, (2000, 2)), axis=1), axis=0)
    pairs = random.permutation(pairs[pairs[:, 0] != pairs[:, 1]])[:1000]
    both = pairs[random.random(len(pairs)) < mutual][:, ::-1]
    edges = distinct_edges(*np.concatenate([pairs, both]).T, same_type=True)
    return TypedGraph({"P": 100}, dict.fromkeys(relations, edges))


def blend_of(weight: float, relations: tuple[Relation, ...] = (KNOWS,)) -> Blend:
    weights = {(each, end): np.array([1.0, weight]) for each in relations for end in DIRECTIONS}
    return Blend(("katz", "reciprocity"), weights)


def test_links_that_are_never_mutual() -> None:
    assert list(about_opposites(links(0.0), blend_of(1.5))) == [
        "(P)-knows->(P): links are never mutual here (none of 1,000), so nobody who is linked "
        "already is proposed."
    ]


def test_links_that_are_seldom_mutual() -> None:
    (said,) = about_opposites(links(0.02), blend_of(2.0))
    assert "% of the links are mutual, so a vertex that is linked the other way comes late" in said
    assert said.startswith("(P)-knows->(P): only ")


def test_links_that_are_mostly_mutual() -> None:
    (said,) = about_opposites(links(0.8), blend_of(1.0))
    assert "89 % of the links are mutual" in said
    assert said.endswith("comes early.")


def test_opposites_that_change_nothing_are_not_mentioned() -> None:
    assert not list(about_opposites(links(0.0), blend_of(0.1)))
    assert not list(about_opposites(links(0.0), Blend(("katz",), {(KNOWS, "out"): np.ones(1)})))
    likes = TypedGraph({"P": 2, "T": 2}, {LIKES: Edges(np.array([0]), np.array([1]))})
    assert not list(about_opposites(likes, blend_of(1.0, (LIKES,))))


def test_many_relations_are_counted() -> None:
    several = tuple(Relation("P", f"r{number}", "P") for number in range(MOST + 2))
    said = list(about_opposites(links(0.0, several), blend_of(1.5, several)))
    assert len(said) == MOST + 1
    assert said[-1] == "The same holds, more or less, for 2 more relations."


@pytest.mark.parametrize(
    ("auto", "expected"),
    [
        (0.52, "complex ranks best alone, the blend adds 4 %."),
        (0.5005, "complex ranks best alone, the blend ranks as well."),
        (0.504, "complex ranks best alone, the blend adds a little."),
        (0.45, "complex ranks best alone, the blend, chosen on other links, has 10 % less."),
    ],
)
def test_the_best_method_and_what_the_blend_adds(auto: float, expected: str) -> None:
    rows = [
        MethodRow(method=name, metrics={"mrr": mrr}, seconds=0.0)
        for name, mrr in (("auto", auto), ("complex", 0.5), ("katz", 0.3))
    ]
    assert list(about_methods(rows, "auto", ["complex", "katz"])) == [expected]
    assert not list(about_methods(rows, "auto", ["complex"]))
    assert not list(about_methods(rows, "complex", ["complex"]))


def test_nothing_beats_a_random_order() -> None:
    graph = links(0.0)
    few = graph.replacing({KNOWS: graph.edges[KNOWS].select(np.arange(141))})
    assert list(about_chance({"auto": 0.05, "katz": 0.08}, 0.1, few, [KNOWS])) == [
        "Nothing beats a random order: no method found a rule in these links. What may help: more "
        "edges (there are 141), properties of the vertices (P have none), another relation of "
        "these vertices."
    ]
    described = TypedGraph(
        graph.counts,
        {**graph.edges, Relation("P", "x", "P"): graph.edges[KNOWS]},
        {"P": Features(np.ones((100, 1), np.float32), (FeatureBlock("age", "numerical", 0, 1),))},
    )
    (said,) = about_chance({"auto": 0.05}, 0.1, described, [KNOWS])
    assert said.endswith("What may help: another relation to predict.")
    assert not list(about_chance({"auto": 0.05, "katz": 0.12}, 0.1, few, [KNOWS]))
