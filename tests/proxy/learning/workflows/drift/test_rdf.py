"""Drift of RDF graphs, on a store in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
from rdf_export import classify, iri, line, link, literal, write_rdf_export

from gremlink.grammar.sparql.terms import Term
from gremlink.proxy.graph.rdf.client import term_of
from gremlink.proxy.learning.settings import TrainingSettings
from gremlink.proxy.learning.workflows.drift import (
    NOTHING,
    TRAIN,
    TRANSFORM,
    GraphDrift,
    rdf_drift,
    trained_graph,
)
from gremlink.proxy.learning.workflows.train import train

QUICK = TrainingSettings(threads=1, budget=1.0)
LIKES = link(subject="User", predicate="likes", object="Movie")


class Memory:
    """The part of a client that drift uses, over a store in this process."""

    def __init__(self, lines: Sequence[str], graph: str = "") -> None:
        self.store = ox.Store()
        self.graph = ox.NamedNode(graph) if graph else ox.DefaultGraph()
        self.load(lines)

    def load(self, lines: Sequence[str]) -> None:
        text = "\n".join(lines).encode()
        self.store.load(text, format=ox.RdfFormat.N_TRIPLES, to_graph=self.graph)

    def ask(self, query: str) -> bool:
        return bool(self.store.query(query))

    def select(self, query: str) -> Iterator[tuple[Term | None, ...]]:
        found: Any = self.store.query(query)
        for row in found:
            yield tuple(term_of(row[number]) for number in range(len(found.variables)))

    def select_with_names(self, query: str) -> Iterator[dict[str, Term]]:
        found: Any = self.store.query(query)
        for row in found:
            terms = {each.value: term_of(row[each]) for each in found.variables}
            yield {name: term for name, term in terms.items() if term is not None}


def statements(users: range = range(40), year: int = 2001) -> list[str]:
    """People who like films; films have a year, and some of them two classes."""
    found = []
    for film in range(30):
        found += [
            line(f"m{film}", "a", iri("Movie")),
            line(f"m{film}", "made", literal(str(year + film % 7), "gYear")),
            line(f"m{film}", "title", literal(f"The film {film % 3}", language="en")),
        ]
        if film % 5 == 0:
            found.append(line(f"m{film}", "a", iri("Classic")))
    for user in users:
        found += [
            line(f"u{user}", "a", iri("User")),
            line(f"u{user}", "at", f"_:b{user}"),
            line(f"_:b{user}", "city", literal("Rome")),
        ]
        found += [line(f"u{user}", "likes", iri(f"m{(user * 7 + each) % 30}")) for each in range(4)]
    return found


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    here = tmp_path_factory.mktemp("rdf")
    export = write_rdf_export(here / "export", statements(), LIKES)
    train(export, here / "model", model="popularity", settings=QUICK)
    return here / "model"


def drift(model: Path, store: Memory) -> GraphDrift:
    return rdf_drift(trained_graph(model), 0.0, store)  # type: ignore[arg-type]


@pytest.mark.parametrize("graph", ["", "http://example.org/graph"])
def test_the_graph_of_the_training_has_none(model: Path, graph: str) -> None:
    found = drift(model, Memory(statements(), graph))
    assert found.advice == NOTHING, found.sentence
    assert found.share == 0.0
    assert {each.name: (each.then, each.now) for each in found.vertices} == {
        "http://example.org/Movie": (24, 24),
        "http://example.org/Classic http://example.org/Movie": (6, 6),
        "http://example.org/User": (40, 40),
        "_:http://www.w3.org/2000/01/rdf-schema#Resource": (40, 40),
    }
    assert set(found.unknown.values()) == {0.0}
    assert {(each.word, each.psi) for each in found.properties} == {("none", 0.0)}
    compared = {each.property for each in found.properties}
    assert "http://example.org/made (year)" in compared
    assert "http://example.org/title@en" in compared


def test_new_resources_and_other_values(model: Path) -> None:
    grown = drift(model, Memory(statements(range(41))))
    assert grown.advice == TRANSFORM, grown.sentence
    assert grown.unknown["http://example.org/User"] == pytest.approx(1 / 41, abs=1e-3)
    assert "inductive" not in grown.sentence
    exchanged = drift(model, Memory(statements(range(20, 60))))
    assert exchanged.unknown["http://example.org/User"] == 0.5
    assert exchanged.advice == TRAIN
    later = drift(model, Memory(statements(year=2015)))
    assert later.advice == TRAIN
    assert "made (year)" in later.sentence
    other = Memory(statements())
    other.load([line("x", "a", iri("Festival")), line("x", "shows", iri("m1"))])
    notes = " ".join(drift(model, other).notes)
    assert "http://example.org/Festival" in notes
    assert "http://example.org/shows" in notes


def test_a_class_whose_property_is_predicted_is_the_type(tmp_path: Path) -> None:
    export = write_rdf_export(tmp_path / "export", statements(), classify("Movie", "title"))
    train(export, tmp_path / "model", model="majority", settings=QUICK)
    found = drift(tmp_path / "model", Memory(statements()))
    counts = {each.name: (each.then, each.now) for each in found.vertices}
    assert counts["http://example.org/Movie"] == (30, 30)
    assert "http://example.org/Classic http://example.org/Movie" not in counts
    assert found.advice == NOTHING, found.sentence
