"""A predictor of a property on its graph with what was read in it, by methods really trained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from reading import Links, Read, Vertex, name
from teams import PEOPLE, TEAMS
from trained_teams import Edge, everything, rows_of, trained

from gremlink.grammar.traversal import Literal
from gremlink.proxy.learning.properties.prediction.predictor import PredictedValue

PERSON_METHODS = (
    "rgcn",
    "majority",
    "neighbours",
    "linear",
    "hops",
    "collective",
    "boosting",
    "boosting+neighbours",
)


def differences(
    before: list[list[PredictedValue]], after: list[list[PredictedValue]]
) -> list[float]:
    """How much scores, or numbers, have changed, input by input."""
    found = []
    for one, other in zip(before, after, strict=True):
        scores = {answer.value.value: answer.score for answer in one}
        if len(one) == 1:
            found.append(abs(one[0].value.value - other[0].value.value))
        else:
            found.append(max(abs(scores[a.value.value] - a.score) for a in other))
    return found


@pytest.mark.parametrize("model", PERSON_METHODS)
def test_unchanged_vertices_are_answered_as_before(tmp_path: Path, model: str) -> None:
    label = {"label": ["team", "classification"]}
    predictor, export = trained(tmp_path, model, of_people=label)
    people = [name(f"p{n}") for n in range(PEOPLE)]
    inductive = predictor.extended(everything(export), people)
    changed = differences(predictor.predict(people, 3), inductive.predict(people, 3))
    assert max(changed) < 1e-5


@pytest.mark.parametrize("model", PERSON_METHODS)
@pytest.mark.parametrize("key", ["sum", "trusted"])
def test_unchanged_edges_are_answered_as_before(tmp_path: Path, model: str, key: str) -> None:
    task = "regression" if key == "sum" else "classification"
    model = "mean" if model == "majority" and key == "sum" else model
    predictor, export = trained(tmp_path, model, of_lending={"label": [key, task]})
    edges = [
        Edge(name(row["~id"]), "lends", name(row["~from"]), name(row["~to"]), {"day": [row["day"]]})
        for row in rows_of(export, "Person-lends-Person.csv")
    ]
    inductive = predictor.extended(everything(export, valued=key), edges)
    before, after = predictor.predict(edges, 3), inductive.predict(edges, 3)
    assert max(differences(before, after)) < (1e-3 if key == "sum" else 1e-5)


def newcomer(export: Path, *friends: int) -> Read:
    """A person that came after training and knows these people, who know the person."""
    cells = {row["~id"]: row for row in rows_of(export, "Person.csv")}
    people = [Vertex(name("new"), "Person", {"age": ["45"]})]
    for friend in friends:
        row = cells[f"p{friend}"]
        values = {key: [row[key]] for key in ("age", "team") if row[key]}
        people.append(Vertex(name(f"p{friend}"), "Person", values))
    others = [name(f"p{friend}") for friend in friends]
    both = [Links(name("new"), "knows", direction, others) for direction in ("out", "in")]  # type: ignore[arg-type]
    return Read(people, both)


@pytest.mark.parametrize("model", ["rgcn", "neighbours", "boosting+neighbours"])
def test_a_new_vertex_is_judged_by_its_neighbours(tmp_path: Path, model: str) -> None:
    label = {"label": ["team", "classification"]}
    predictor, export = trained(tmp_path, model, of_people=label)
    assert predictor.predict([name("new")], 3) == [[]]
    for number in range(3):
        friends = range(number + 3, number + 30, 3)
        inductive = predictor.extended(newcomer(export, *friends), [name("new")])
        ((best, *_),) = inductive.predict([name("new")], 3)
        assert best.value.value == TEAMS[number]


def test_a_new_edge_is_judged_by_its_properties(tmp_path: Path) -> None:
    label = {"label": ["trusted", "classification"]}
    predictor, export = trained(tmp_path, "boosting", of_lending=label)
    read = newcomer(export, 0, 3)
    edges = [
        Edge(name(day), "lends", name("p0"), name("new"), {"day": [day]})
        for day in ("late", "early")
    ]
    assert predictor.predict(edges, 1) == [[], []]
    late, early = predictor.extended(read, edges).predict(edges, 1)
    assert (late[0].value.value, early[0].value.value) == (True, False)


def test_what_neighbours_say_now_counts_and_what_the_input_says_does_not(tmp_path: Path) -> None:
    label = {"label": ["team", "classification"]}
    predictor, export = trained(tmp_path, "neighbours", of_people=label)
    read = everything(export)
    asked = name("p1")
    friends = {
        other for links in read.links if links.vertex == asked and links.label == "knows"
        for other in links.others
    }  # fmt: skip

    def best(vertices: Sequence[Vertex]) -> str:
        inductive = predictor.extended(Read(vertices, read.links), [asked])
        ((answer,),) = inductive.predict([asked], 1)
        text: str = answer.value.value
        return text

    def saying(who: set[Literal], what: str) -> list[Vertex]:
        return [
            replace(vertex, values={**vertex.values, "team": [what]})
            if vertex.id in who
            else vertex
            for vertex in read.vertices
        ]

    assert best(read.vertices) == "green"
    assert best(saying({asked}, "blue")) == "green"
    assert best(saying(friends, "blue")) == "blue"
    assert best(saying(friends, "a team of another world")) in TEAMS


def test_what_edges_say_now_counts_but_for_the_asked_one(tmp_path: Path) -> None:
    label = {"label": ["trusted", "classification"]}
    predictor, export = trained(tmp_path, "neighbours", of_lending=label)
    asked = Edge(name("e"), "lends", name("new"), name("p0"))

    def trust(own: str, others: str) -> float:
        links = Links(
            name("new"),
            "lends",
            "out",
            [name("p0"), name("p3"), name("p6"), name("p9")],
            values=[[own], *[[others]] * 3],
        )
        read = newcomer(export, 0, 3, 6, 9)
        inductive = predictor.extended(Read(read.vertices, [*read.links, links]), [asked])
        (answers,) = inductive.predict([asked], 2)
        return {answer.value.value: answer.score for answer in answers}[True]

    assert trust("true", "true") == trust("false", "true")
    assert trust("false", "true") > trust("true", "false") + 0.1


@pytest.mark.parametrize(
    ("model", "hops"), [("majority", 0), ("linear", 0), ("neighbours", 2), ("rgcn", 2)]
)
def test_what_there_is_to_read_of_vertices(tmp_path: Path, model: str, hops: int) -> None:
    predictor, _ = trained(tmp_path, model, of_people={"label": ["team", "classification"]})
    scope = predictor.scope
    assert (scope.hops, len(scope.fan_outs)) == (hops, hops)
    assert (scope.keys, scope.edge_keys, scope.valued) == (("age", "team"), (), None)


def test_what_there_is_to_read_of_edges(tmp_path: Path) -> None:
    label = {"label": ["sum", "regression"]}
    predictor, _ = trained(tmp_path, "neighbours", of_lending=label)
    scope = predictor.scope
    assert (scope.hops, scope.keys, scope.edge_keys) == (1, ("age",), ("day",))
    assert scope.valued == ("lends", "sum")
    assert np.all(np.array(scope.fan_outs) > 0)
