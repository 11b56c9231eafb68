"""Models of RDF graphs: trained, asked, and moved to a newer export."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from rdf_export import EX, XSD, classify, iri, line, link, literal, write_rdf_export

from gremlink.grammar.traversal import Kind, Literal
from gremlink.proxy.learning.links.prediction.predictor import LinkPredictor, UnknownRelation
from gremlink.proxy.learning.properties.prediction.predictor import PropertyPredictor
from gremlink.proxy.learning.settings import SearchSettings, TrainingSettings
from gremlink.proxy.learning.workflows.train import train
from gremlink.proxy.learning.workflows.transform import transform

pytestmark = pytest.mark.slow

QUICK = TrainingSettings(epochs=2, networks=1, folds=2, width=8, threads=1)
LIKES = link(subject="User", predicate="likes", object="Movie")


def statements(movies: int, blank: str = "b") -> list[str]:
    """Films of two genres, and people who like one of them; the inverse and an address each."""
    found = []
    for number in range(movies):
        genre = "Drama" if number % 2 else "Comedy"
        found += [
            line(f"m{number}", "a", iri("Movie")),
            line(f"m{number}", "genre", literal(genre, language="en")),
            line(f"m{number}", "score", literal(str(number % 2 * 4 + number % 3), "short")),
        ]
        if number % 4 == 0:
            found.append(line(f"m{number}", "a", iri("http://example.org/Film;old")))
    for user in range(30):
        found += [
            line(f"u{user}", "a", iri("User")),
            line(f"u{user}", "at", f"_:{blank}{user}"),
            line(f"_:{blank}{user}", "a", iri("Address")),
        ]
        for place in range(6):
            film = (user % 2 + 2 * (place * 5 + user)) % movies
            found.append(line(f"u{user}", "likes", iri(f"m{film}")))
            found.append(line(f"m{film}", "likedBy", iri(f"u{user}")))
    return found


def trained(directory: Path, lines: Sequence[str], label: Any, **options: Any) -> Path:
    export = write_rdf_export(directory / "export", lines, label)
    settings = options.pop("settings", QUICK)
    output = directory / "model"
    train(export, output, settings=settings, speed="reference", **options)
    return output


def ids(*names: str) -> list[Literal]:
    return [Literal.string(EX + name) for name in names]


def test_links(tmp_path: Path) -> None:
    model = trained(tmp_path / "1", statements(20), LIKES, model="item-knn")
    predictor = LinkPredictor.load(model)
    assert predictor.is_rdf
    asked: dict[str, Any] = {
        "edge_label": EX + "likes",
        "direction": "out",
        "inputs": ids("u1", "nobody"),
        "known": [frozenset(), frozenset()],
        "limit": 30,
    }
    answers, none = predictor.predict(target_label=EX + "Movie", **asked)
    assert {each.id for each in answers} == set(ids(*(f"m{n}" for n in range(20)))), "both types"
    assert not none
    old, _ = predictor.predict(target_label="http://example.org/Film;old", **asked)
    assert {each.id for each in old} == set(ids(*(f"m{n}" for n in range(0, 20, 4))))
    assert predictor.bearers(EX + "likes", "out", EX + "Movie") == ({}, True), (
        "a store is not asked"
    )
    with pytest.raises(UnknownRelation):
        predictor.predict(target_label="http://example.org/Film", **asked)
    newer = write_rdf_export(tmp_path / "2", statements(22, "other"), LIKES)
    moved = transform(model, newer, tmp_path / "moved")
    assert any("likedBy" in text for text in moved.warnings)
    predictor = LinkPredictor.load(tmp_path / "moved")
    answers, _ = predictor.predict(target_label=EX + "Movie", **asked)
    assert set(ids("m20", "m21")) <= {each.id for each in answers}


def test_classes_are_terms(tmp_path: Path) -> None:
    label = classify("Movie", "genre")
    model = trained(tmp_path / "1", statements(40), label, model="collective")
    newer = write_rdf_export(tmp_path / "2", statements(44, "other"), label)
    transform(model, newer, tmp_path / "moved")
    for directory, known in ((model, True), (tmp_path / "moved", False)):
        predictor = PropertyPredictor.load(directory)
        assert (predictor.is_rdf, predictor.datatype) == (True, None), "texts have languages"
        assert predictor.key == EX + "genre"
        first, new = predictor.predict(ids("m1", "m43"), 2)
        assert {each.value for each in first} == {
            Literal.string('"Drama"@en'),
            Literal.string('"Comedy"@en'),
        }
        assert bool(new) != known


def test_numbers_have_their_datatype(tmp_path: Path) -> None:
    model = trained(
        tmp_path, statements(40), classify("Movie", "score", "regression"), model="mean"
    )
    predictor = PropertyPredictor.load(model)
    assert predictor.datatype == f"{XSD}short"
    (((value, _),),) = predictor.predict(ids("m1"), 1)
    assert value.kind is Kind.DOUBLE


def test_a_warm_start(tmp_path: Path) -> None:
    settings = TrainingSettings(epochs=2, networks=1, width=8, threads=1, cross_validate_up_to=0)
    first = trained(tmp_path / "1", statements(40), LIKES, model="distmult", settings=settings)
    export = write_rdf_export(tmp_path / "2", statements(60, "other"), LIKES)
    search = SearchSettings(previous=first)
    report = train(export, tmp_path / "warm", model="distmult", settings=settings, search=search,
                   speed="reference")  # fmt: skip
    assert not any("no warm start" in text for text in report.warnings), report.warnings
    assert f"{EX}" in next(iter(report.namespaces))
