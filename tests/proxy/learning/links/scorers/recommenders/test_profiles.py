from __future__ import annotations

import numpy as np
import pytest

from gremlink.proxy.learning.graph import DIRECTIONS, Edges, Relation, TypedGraph
from gremlink.proxy.learning.links.scorers.recommenders.profiles import (
    VIEWS,
    Profiles,
    View,
    all_columns,
    learned,
    restored,
    stored,
    views,
)

KNOWS = Relation("P", "knows", "P")
TRUSTS = Relation("P", "trusts", "P")
LIKES = Relation("P", "likes", "T")


def made(people: int = 4) -> TypedGraph:
    return TypedGraph(
        {"P": people, "T": 3},
        {
            KNOWS: Edges(np.array([0, 1, 2, 1]), np.array([1, 0, 0, 3])),
            TRUSTS: Edges(np.array([3]), np.array([2])),
            LIKES: Edges(np.array([0, 3]), np.array([2, 1])),
        },
    )


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_without_direction_a_relation_inside_one_type_is_one_block(direction: str) -> None:
    profiles = Profiles.build(made(), KNOWS, direction, "undirected")
    assert profiles.sizes == (4, 4, 3)
    assert profiles.matrix[:, :4].toarray().tolist() == [
        [0, 1, 1, 0],
        [1, 0, 0, 1],
        [1, 0, 0, 0],
        [0, 1, 0, 0],
    ]
    assert profiles.matrix[[3], 4:].toarray().tolist() == [[0, 0, 1, 0, 0, 1, 0]]


def test_the_source_of_a_relation_between_types_sees_its_own_type_without_direction() -> None:
    assert Profiles.build(made(), LIKES, "out", "undirected").sizes == (3, 4, 4)
    assert Profiles.build(made(), LIKES, "out", "directed").sizes == (3, 4, 4, 4, 4)
    assert Profiles.build(made(), LIKES, "in", "undirected").sizes == (4,)


def test_views_that_show_the_same_are_one() -> None:
    assert views(made(), LIKES) == ("directed", "undirected")
    alone = TypedGraph({"P": 4, "T": 3}, {LIKES: made().edges[LIKES]})
    assert views(alone, LIKES) == ("directed",)
    both = Profiles.of_both(made(), KNOWS, "undirected")
    assert both["in"] is both["out"]
    assert len({id(each) for each in Profiles.of_both(made(), LIKES, "undirected").values()}) == 2


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("relation", [KNOWS, LIKES], ids=["inside", "between"])
def test_columns_are_counted_without_building_them(view: View, relation: Relation) -> None:
    for direction in DIRECTIONS:
        width = Profiles.build(made(), relation, direction, view).width
        assert all_columns(made(), relation, direction, view) == width


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("relation", [KNOWS, LIKES], ids=["inside", "between"])
def test_a_view_is_restored_on_a_graph_that_has_grown(view: View, relation: Relation) -> None:
    before = Profiles.of_both(made(), relation, view)
    numbers = {end: np.ones((each.width, 2), np.float32) for end, each in before.items()}
    if before["in"] is before["out"]:
        numbers["in"] = numbers["out"]
    tensors = stored(numbers, before)
    later = restored(made(people=6), relation, tensors)
    again = learned(tensors)
    for end in DIRECTIONS:
        assert later[end].view == view
        assert later[end].sizes == before[end].sizes
        assert len(again[end]) == later[end].width
        known = before[end].matrix.shape[0]
        assert (later[end].matrix[:known] != before[end].matrix).nnz == 0


def test_artifacts_without_a_view_are_directed() -> None:
    before = {end: Profiles.all_links(made(), KNOWS, end) for end in DIRECTIONS}
    sizes = {f"{end}.sizes": np.array(each.sizes) for end, each in before.items()}
    assert restored(made(), KNOWS, sizes)["in"].sizes == (4, 4, 4, 4, 3)
    sizes["out.sizes"] = np.array([4])
    assert restored(made(), KNOWS, sizes)["out"].view == "own-directed"
