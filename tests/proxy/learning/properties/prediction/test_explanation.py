"""Explanations of properties, held against the same model on a graph that lacks what is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from reading import Links, Read, name
from teams import PEOPLE, team
from trained_teams import Edge, everything, rows_of, trained

from gremlink.grammar.traversal import Entries, Literal
from gremlink.proxy.learning.methods import PROPERTY_METHODS
from gremlink.proxy.learning.properties.methods import STORED
from gremlink.proxy.learning.properties.prediction import explanation
from gremlink.proxy.learning.properties.prediction.predictor import PropertyPredictor
from gremlink.proxy.learning.trained.target import Form

TEAM = {"label": ["team", "classification"]}


def plain(found: Any) -> Any:
    """What a client reads of a map."""
    if isinstance(found, Entries):
        return {plain(key): plain(value) for key, value in found.entries}
    return found.value if isinstance(found, Literal) else [plain(each) for each in found.items]


def why(predictor: PropertyPredictor, asked: Any) -> tuple[Any, dict[str, Any]]:
    """The best answer and its reasons."""
    (answers,) = predictor.predict([asked], 1)
    ((reasons,),) = predictor.explain([asked], [[each.value for each in answers]])
    return answers[0], plain(reasons.as_map(answers[0].score))


def confidence(predictor: PropertyPredictor, asked: Any, value: Any) -> float:
    (answers,) = predictor.predict([asked], 3)
    if len(answers) == 1:
        number: float = answers[0].value.value
        return number
    return {each.value.value: each.score for each in answers}[value]


def without_links(read: Read, asked: str, label: str, direction: str, other: str | None) -> Read:
    """What was read without a link of a vertex, or without all of a kind, at both ends."""
    back = {"out": "in", "in": "out"}[direction]

    def kept(links: Links) -> Sequence[Literal]:
        if links.label != label:
            return links.others
        if links.vertex == name(asked) and links.direction == direction:
            return [each for each in links.others if other not in (None, each.value)]
        if links.direction == back and other in (None, links.vertex.value):
            return [each for each in links.others if each != name(asked)]
        return links.others

    return Read(read.vertices, [replace(each, others=kept(each)) for each in read.links])


@pytest.mark.parametrize("methods", [("linear", "collective"), ("rgcn", "hops")])
def test_parts_are_what_the_model_says_less_without_them(
    tmp_path: Path, methods: tuple[str, ...]
) -> None:
    predictor, export = trained(tmp_path, *methods, of_people=TEAM)
    asked, read = name("p1"), everything(export)
    best, found = why(predictor, asked)
    assert best.value.value == team(1)
    assert found["score"] == pytest.approx(best.score)
    assert set(found["methods"]) == set(methods)
    links, near = found["links"], found["neighbours"]
    assert {each["link"] for each in links} >= {"-knows->", "<-knows-"}
    assert near[0]["values"] == [team(1)]
    assert [abs(each["part"]) for each in near] == sorted(
        (abs(each["part"]) for each in near), reverse=True
    )
    for each in [*links[:2], *near[:2]]:
        direction = "out" if each["link"].endswith(">") else "in"
        label = each["link"].strip("<->")
        less = without_links(read, "p1", label, direction, each.get("vertex"))
        there = confidence(predictor.extended(less, [asked]), asked, best.value.value)
        assert best.score - there == pytest.approx(each["part"], abs=1e-5)
    ageless = [
        replace(each, values={key: value for key, value in each.values.items() if key != "age"})
        if each.id == asked
        else each
        for each in read.vertices
    ]
    there = confidence(
        predictor.extended(Read(ageless, read.links), [asked]), asked, best.value.value
    )
    parts = {each["property"]: each["part"] for each in found["features"]}
    assert best.score - there == pytest.approx(parts.get("age", 0.0), abs=1e-5)


def test_methods_add_up_and_examples_have_known_values(tmp_path: Path) -> None:
    predictor, _ = trained(tmp_path, "mean", "linear", of_people={
        "label": ["score", "regression"]})  # fmt: skip
    best, found = why(predictor, name("p4"))
    said = sum(each["weight"] * each["says"] for each in found["methods"].values())
    assert said == pytest.approx(best.value.value, abs=1e-3)
    assert found["alike"] == "features"
    assert len(found["examples"]) == explanation.EXAMPLES
    for each in found["examples"]:
        assert each["id"] != "p4"
        assert int(each["id"][1:]) % 5 > 0
        assert 0 < each["similarity"] <= 1


def test_examples_by_embeddings_are_of_the_team(tmp_path: Path) -> None:
    predictor, _ = trained(tmp_path, "rgcn", of_people=TEAM)
    _, found = why(predictor, name("p5"))
    assert found["alike"] == "embeddings"
    assert [each["values"] for each in found["examples"]] == [[team(5)]] * explanation.EXAMPLES


def test_an_edge_is_explained_by_its_own_feature_and_by_both_ends(tmp_path: Path) -> None:
    label = {"label": ["trusted", "classification"]}
    predictor, export = trained(tmp_path, "boosting", "neighbours", of_lending=label)
    row = next(row for row in rows_of(export, "Person-lends-Person.csv") if row["day"] == "late")
    edge = Edge(name(row["~id"]), "lends", name(row["~from"]), name(row["~to"]))
    best, found = why(predictor, edge)
    first = found["features"][0]
    assert (first["property"], first["of"]) == ("day", "edge")
    never = replace(edge, values={"day": []})
    there = confidence(predictor, never, best.value.value)
    assert best.score - there == pytest.approx(first["part"], abs=1e-6)
    assert {each["of"] for each in found["links"]} <= {"source", "target"}
    assert all(set(each) >= {"source", "target", "values"} for each in found["examples"])


def test_the_asked_edge_is_none_of_the_links_of_its_ends(tmp_path: Path) -> None:
    label = {"label": ["trusted", "classification"]}
    predictor, export = trained(tmp_path, "neighbours", of_lending=label)
    row = rows_of(export, "Person-lends-Person.csv")[0]
    edge = Edge(name(row["~id"]), "lends", name(row["~from"]), name(row["~to"]))
    _, found = why(predictor, edge)
    told = [(each["of"], each["link"], each["vertex"]) for each in found["neighbours"]]
    assert ("source", "-lends->", row["~to"]) not in told
    assert ("target", "<-lends-", row["~from"]) not in told
    assert told


def test_looks_are_bounded_and_the_same_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(explanation, "MOST_CELLS", 1)
    predictor, _ = trained(tmp_path, "neighbours", "linear", of_people=TEAM)
    counted = []
    looking = explanation.PropertyEvidence._looking

    def counting(self: Any, seen: Any) -> Any:
        counted.append(seen)
        return looking(self, seen)

    monkeypatch.setattr(explanation.PropertyEvidence, "_looking", counting)
    (first, again) = (why(predictor, name("p7"))[1] for _ in range(2))
    assert first == again
    assert len(counted) == 2 * (1 + explanation.LEAST_TRIALS)
    assert any("neighbours were left out one by one" in each for each in first["notes"])


def test_unknown_elements_have_no_reasons(tmp_path: Path) -> None:
    predictor, _ = trained(tmp_path, "majority", of_people=TEAM)
    assert predictor.explain([name("nobody")], [[]]) == [[]]
    _, found = why(predictor, name(f"p{PEOPLE - 1}"))
    assert (found["features"], found["links"], found["neighbours"]) == ([], [], [])


def test_what_is_already_unknown_is_not_tried(tmp_path: Path) -> None:
    predictor, export = trained(tmp_path, "linear", of_people=TEAM)
    read = everything(export)
    asked = name("p2")
    bare: list[Any] = [replace(each, values={}) if each.id == asked else each
                       for each in read.vertices]  # fmt: skip
    live = predictor.extended(Read(bare, read.links), [asked])
    _, found = why(live, asked)
    assert found["features"] == []


def test_two_methods_of_one_kind_are_told_apart(tmp_path: Path) -> None:
    predictor, _ = trained(tmp_path, "majority", "majority", of_people=TEAM)
    _, found = why(predictor, name("p2"))
    methods: Mapping[str, Any] = found["methods"]
    assert list(methods) == ["majority", "majority 2"]


def test_methods_are_named_as_in_reports() -> None:
    for form in (Form.NUMBER, Form.ONE_CLASS):
        assert {explanation.name_of(kind, form) for kind in STORED} <= set(PROPERTY_METHODS)
