"""What marks segments, counted by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from gremlink.grammar.traversal import Literal
from gremlink.proxy.learning.features.category import CategoryFitter
from gremlink.proxy.learning.features.dates import DatetimeFitter
from gremlink.proxy.learning.features.encoding import fit
from gremlink.proxy.learning.features.matrix import encode
from gremlink.proxy.learning.features.numerical import NumericalFitter
from gremlink.proxy.learning.features.terms import TermEncoding, count_terms
from gremlink.proxy.learning.graph import Edges, Relation, TypedGraph
from gremlink.proxy.learning.segments.marks import Mark, Marks, marks
from gremlink.proxy.learning.trained.stored_graph import StoredGraph

PEOPLE = 40
LIKES = Relation("Person", "likes", "Thing")
KNOWS = Relation("Person", "knows", "Person")
HALVES = np.arange(PEOPLE) % 2


@pytest.fixture(scope="module")
def stored() -> StoredGraph:
    """Even people live in the north, are young, and like the first thing; odd ones are not."""
    people = range(PEOPLE)
    columns = {
        "region": ["<b>north</b>" if n % 2 == 0 else "south" for n in people],
        "age": [str(20 + n // 2 if n % 2 == 0 else 60 + n // 2) for n in people],
        "born": ["1990-05-01" if n % 2 == 0 else "1950-05-01" for n in people],
        "noise": [f"kind {n % 3}" for n in people],
    }
    cells = columns["born"], columns["region"], columns["noise"], columns["age"]
    encodings = [
        fit(DatetimeFitter("born"), cells[0]),
        fit(CategoryFitter("region"), cells[1]),
        fit(CategoryFitter("noise"), cells[2]),
        fit(NumericalFitter("age"), cells[3]),
    ]
    columns["motto"] = ["the early bird" if n % 2 == 0 else "the second mouse" for n in people]
    words = [TermEncoding("motto", "text", None, ("bird", "early", "mouse", "second", "the"))]
    likes = np.array([(n, n % 2) for n in people] + [(n, 2) for n in people])
    knows = np.array([(n, (n + 2) % PEOPLE) for n in people])
    graph = TypedGraph(
        {"Person": PEOPLE, "Thing": 3},
        {LIKES: Edges(*likes.T.copy()), KNOWS: Edges(*knows.T.copy())},
        {"Person": encode(columns, encodings)},
        {"Person": count_terms(columns, words, PEOPLE)},
    )
    ids = {
        "Person": [Literal.string(f"p{n}") for n in people],
        "Thing": [Literal.string(name) for name in ("kite", "tent", "rope")],
    }
    return StoredGraph(graph, ids, {"Person": encodings, "Thing": []}, {"Person": words})


def told(found: Marks) -> dict[str, Mark]:
    return {each.describe(): each for each in found}


def test_properties_and_links_that_differ_are_named(stored: StoredGraph) -> None:
    north, south = marks(stored, "Person", HALVES, limit=9)
    assert set(told(north)) == {
        "born is weekday=1",
        "born is year=1990",
        "region is <b>north</b>",
        "age from 20 to 29",
        "age from 30 to 39",
        "motto has “bird”",
        "motto has “early”",
        "likes → kite",
    }
    assert {"region is south", "likes → tent", "motto has “mouse”"} <= set(told(south))
    kite = told(north)["likes → kite"]
    assert (kite.count, kite.of, kite.all_count, kite.all_of) == (20, 20, 20, 40)
    assert kite.lift == 2.0
    table = stats.chi2_contingency([[20, 0], [0, 20]], correction=False, lambda_="log-likelihood")
    ratio = table.statistic
    assert kite.evidence == pytest.approx(ratio, abs=0.01)
    assert [each.kind for each in north][-1] == "link"


def test_segments_of_chance_have_no_marks(stored: StoredGraph) -> None:
    chance = np.random.default_rng(1).integers(0, 2, PEOPLE)
    assert marks(stored, "Person", chance) == ((), ())


def test_what_two_vertices_have_in_common_proves_nothing() -> None:
    graph = TypedGraph(
        {"Person": 60, "Thing": 2},
        {LIKES: Edges(np.arange(60), np.arange(60) % 2)},
    )
    ids = {
        "Person": [Literal.of(n) for n in range(60)],
        "Thing": [Literal.string("a"), Literal.string("b")],
    }
    plain = StoredGraph(graph, ids, {"Person": [], "Thing": []})
    even, odd = marks(plain, "Person", np.arange(60) % 2)
    assert (list(told(even)), list(told(odd))) == (["likes → a"], ["likes → b"])
    assert marks(plain, "Thing", np.array([0, 1])) == ((), ())


def test_vertices_in_no_segment_count_in_the_whole_alone(stored: StoredGraph) -> None:
    of = np.where(HALVES == 0, 0, -1)
    (north,) = marks(stored, "Person", of, limit=1)
    assert [(each.count, each.of, each.all_of) for each in north] == [(20, 20, 40)] * 2


def test_few_values_and_no_vertices() -> None:
    columns = {"stars": ["5"] * 30 + ["1"] * 10}
    encodings = [fit(NumericalFitter("stars"), columns["stars"])]
    ids = {"Film": [Literal.of(n) for n in range(40)]}
    graph = TypedGraph({"Film": 40}, {}, {"Film": encode(columns, encodings)})
    stored = StoredGraph(graph, ids, {"Film": encodings})
    good, bad = marks(stored, "Film", (np.arange(40) >= 30).astype(np.int64))
    assert (list(told(good)), list(told(bad))) == (["stars from 5 to 5"], ["stars from 1 to 1"])
    empty = StoredGraph(TypedGraph({"Film": 0}, {}), {"Film": []}, {"Film": []})
    assert marks(empty, "Film", np.zeros(0, np.int64)) == ()
