from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reading import Links, Read, Vertex, everything, links, name

from gremlink.grammar.traversal import Literal
from gremlink.proxy.learning.features.category import CategoryFitter
from gremlink.proxy.learning.features.encoding import fit
from gremlink.proxy.learning.features.matrix import encode
from gremlink.proxy.learning.features.numerical import NumericalFitter
from gremlink.proxy.learning.features.terms import TermEncoding, count_terms
from gremlink.proxy.learning.graph import Edges, Relation, TypedGraph
from gremlink.proxy.learning.inductive.extension import Extension, extend, places_of
from gremlink.proxy.learning.inductive.neighbourhood import Neighbourhood
from gremlink.proxy.learning.trained.stored_graph import StoredGraph

KNOWS = Relation("P", "knows", "P")
LIKES = Relation("P", "likes", "T;U")


def edges(*pairs: tuple[int, int]) -> Edges:
    array = np.array(pairs, np.int64).reshape(-1, 2)
    return Edges(array[:, 0], array[:, 1])


def stored() -> StoredGraph:
    """p0 knows p1 and p2, p1 knows p2; p0 likes t0, p2 likes t1."""
    cells = {"age": ["10", "20", "30"], "tags": ["a;b", "b", ""]}
    encodings = [
        fit(NumericalFitter("age"), cells["age"]),
        fit(CategoryFitter("tags", ";"), cells["tags"]),
    ]
    graph = TypedGraph(
        {"P": 3, "T;U": 2},
        {KNOWS: edges((0, 1), (0, 2), (1, 2)), LIKES: edges((0, 0), (2, 1))},
        {"P": encode(cells, encodings)},
    )
    ids = {"P": [name(f"p{n}") for n in range(3)], "T;U": [name("t0"), name("t1")]}
    return StoredGraph(graph, ids, {"P": encodings, "T;U": []})


def extended(read: Neighbourhood, graph: StoredGraph | None = None) -> Extension:
    graph = graph or stored()
    return extend(graph, places_of(graph), read)


def pairs(extension: Extension, relation: Relation) -> set[tuple[str, str]]:
    found = extension.stored.graph.edges[relation]
    heads, tails = extension.stored.ids[relation.head], extension.stored.ids[relation.tail]
    listed = [
        (heads[head].value, tails[tail].value)
        for head, tail in zip(found.heads, found.tails, strict=True)
    ]
    assert len(set(listed)) == len(listed)
    return set(listed)


def person(number: int, **values: list[str]) -> Vertex:
    return Vertex(name(f"p{number}"), "P", {"age": ["20"], **values})


def test_new_vertices_come_behind_the_others() -> None:
    new = Vertex(name("t2"), "U::T")
    extension = extended(Read([person(9), person(1), new], [links("p9", "knows", "out", "p1")]))
    assert extension.stored.graph.counts == {"P": 4, "T;U": 3}
    assert extension.stored.ids["P"][3] == name("p9")
    assert extension.places[name("p9")] == ("P", 3)
    assert extension.places[name("p0")] == ("P", 0)
    assert pairs(extension, KNOWS) == {("p0", "p1"), ("p0", "p2"), ("p1", "p2"), ("p9", "p1")}
    rows = extension.rows([name("p0"), name("nobody")])
    assert {key: value.tolist() for key, value in rows.items()} == {"P": [0, 3], "T;U": [2]}


def test_all_links_of_a_vertex_take_the_place_of_the_stored_ones() -> None:
    read = [person(n) for n in range(3)]
    gone = extended(Read(read, [links("p0", "knows", "out", "p2")]))
    assert pairs(gone, KNOWS) == {("p0", "p2"), ("p1", "p2")}
    none = extended(Read(read, [links("p2", "knows", "in")]))
    assert pairs(none, KNOWS) == {("p0", "p1")}
    assert pairs(none, LIKES) == {("p0", "t0"), ("p2", "t1")}


def test_a_sample_of_links_is_added() -> None:
    read = [person(n) for n in (0, 2, 9)]
    sampled = Links(name("p0"), "knows", "out", [name("p9"), name("p2")], complete=False)
    assert pairs(extended(Read(read, [sampled])), KNOWS) == {
        *(("p0", "p1"), ("p0", "p2"), ("p1", "p2"), ("p0", "p9")),
    }


def test_one_edge_read_from_both_ends_is_one() -> None:
    read = [person(0), person(9)]
    both = [links("p0", "knows", "out", "p9"), links("p9", "knows", "in", "p0", "p9")]
    assert pairs(extended(Read(read, both)), KNOWS) == {("p0", "p9"), ("p1", "p2")}


def test_what_training_has_not_seen_is_left_out() -> None:
    read = [person(0), Vertex(name("x"), "X"), Vertex(name("t0"), "T::U")]
    strange = [
        links("p0", "knows", "out", "x", "never read"),
        links("p0", "hates", "out", "t0"),
        links("x", "knows", "out", "p0"),
    ]
    extension = extended(Read(read, strange))
    assert extension.stored.graph.counts == {"P": 3, "T;U": 2}
    assert pairs(extension, KNOWS) == {("p1", "p2")}
    assert name("x") not in extension.places


def test_properties_are_encoded_as_in_training() -> None:
    read = [person(1, age=["30"], tags=["a", "c"]), person(9, age=["60"], tags=["b"]), person(2)]
    values = extended(Read(read)).stored.graph.features["P"].values
    before = stored().graph.features["P"].values
    assert values.shape == (4, before.shape[1])
    assert values[0].tolist() == before[0].tolist()
    age, *tags = values[1].tolist()
    assert (age, tags) == (1.0, [1.0 if name == "a" else 0.0 for name in ("b", "a")])
    assert values[3, 0] == 2.5


def test_a_missing_number_is_named() -> None:
    with pytest.raises(ValueError, match="'p9': property 'age' has no value"):
        extended(Read([Vertex(name("p9"), "P")]))


@given(st.data())
def test_reading_what_did_not_change_changes_nothing(data: st.DataObject) -> None:
    count = data.draw(st.integers(2, 8))
    numbers = st.integers(0, count - 1)
    links_ = data.draw(st.sets(st.tuples(numbers, numbers).filter(lambda pair: pair[0] != pair[1])))
    likes = data.draw(st.sets(st.tuples(numbers, st.integers(0, 2))))
    ids = {"P": [Literal.of(n) for n in range(count)], "T;U": [name(f"t{n}") for n in range(3)]}
    graph = TypedGraph(
        {"P": count, "T;U": 3}, {KNOWS: edges(*sorted(links_)), LIKES: edges(*sorted(likes))}
    )
    whole = StoredGraph(graph, ids, {"P": [], "T;U": []})
    read = everything(whole, {})
    some = data.draw(st.lists(st.sampled_from(read.links)))
    extension = extend(whole, places_of(whole), Read(read.vertices, some))
    assert extension.stored.ids == ids
    assert pairs(extension, LIKES) == {(a, f"t{b}") for a, b in likes}
    assert pairs(extension, KNOWS) == links_


def test_what_was_read_has_terms() -> None:
    plain = stored()
    encodings = [TermEncoding("tags", "category", ";", ("a", "b", "c"))]
    cells = {"tags": ["a;b", "b", "c"]}
    graph = replace(plain.graph, terms={"P": count_terms(cells, encodings, 3)})
    whole = replace(plain, graph=graph, term_encodings={"P": encodings})
    read = Read([person(1, tags=["c", "a"]), person(9, tags=["b", "new"]), person(8)], [])
    found = extended(read, whole).stored
    assert found.graph.terms["P"].values.toarray().tolist() == [
        [1, 1, 0], [1, 0, 1], [0, 0, 1], [0, 1, 0], [0, 0, 0],
    ]  # fmt: skip
    assert found.term_encodings == whole.term_encodings
