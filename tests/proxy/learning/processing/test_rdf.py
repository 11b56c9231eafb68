"""RDF exports processed: again with what an earlier one taught, and blank nodes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rdf_export import EX, classify, iri, line, link, literal, write_rdf_export

from gremlink.proxy.graph import read_export
from gremlink.proxy.learning.processing.load import asks_for_property
from gremlink.proxy.learning.processing.process import process
from gremlink.proxy.learning.processing.processed import ProcessedGraph
from gremlink.proxy.learning.processing.stored import read_processed, write_processed

LINKS = link(subject="User", predicate="likes", object="Movie")
GRAPH = [
    line("u1", "a", iri("User")),
    line("u2", "a", iri("User")),
    line("u1", "age", literal("30", "integer")),
    line("u2", "age", literal("20", "integer")),
    line("u1", "job", literal("cook")),
    line("u2", "job", literal("cook")),
    line("m1", "a", iri("Movie")),
    line("u1", "likes", iri("m1")),
]


def blank(label: str, city: str) -> list[str]:
    """Somebody's address."""
    return [
        line(f"_:{label}", "a", iri("Address")),
        line(f"_:{label}", "city", literal(city)),
        line("u1", "at", f"_:{label}"),
    ]


def processed(
    directory: Path,
    lines: Sequence[str],
    before: ProcessedGraph | None = None,
    label: Any = LINKS,
) -> ProcessedGraph:
    return process(read_export(write_rdf_export(directory, lines, label)), previous=before)


def test_a_processed_graph_knows_that_it_was_rdf(tmp_path: Path) -> None:
    movies = [line(f"m{number}", "a", iri("Movie")) for number in range(8)]
    movies += [line(f"m{number}", "score", literal(f"{number}", "short")) for number in range(8)]
    found = processed(tmp_path / "1", movies, label=classify("Movie", "score", "regression"))
    write_processed(tmp_path / "p", found, {})
    again = read_processed(tmp_path / "p")
    assert again.stored.rdf
    assert again.target is not None
    assert again.target.datatype == "http://www.w3.org/2001/XMLSchema#short"
    assert asks_for_property(tmp_path / "1")
    write_rdf_export(tmp_path / "2", GRAPH, LINKS)
    assert not asks_for_property(tmp_path / "2")


def test_a_property_that_nobody_has_any_more(tmp_path: Path) -> None:
    before = processed(tmp_path / "1", GRAPH)
    lines = [each for each in GRAPH if "age" not in each] + [line("u3", "a", iri("User"))]
    after = processed(tmp_path / "2", lines, before)
    assert after.graph.counts[EX + "User"] == 3
    assert after.encodings == before.encodings


def test_blank_nodes_have_other_labels_next_time(tmp_path: Path) -> None:
    first = [*GRAPH, *blank("b1", "Rome"), *blank("b2", "Oslo"), *blank("b3", "Rome")]
    before = processed(tmp_path / "1", [*first, *blank("b4", "Oslo")])
    type_ = f"_:{EX}Address"
    assert before.graph.counts[type_] == 4
    lines = [*GRAPH, *blank("x", "Oslo"), *blank("b3", "Rome"), *blank("a", "Rome")]
    after = processed(tmp_path / "2", lines, before)
    assert [each.value for each in after.ids[type_]] == [
        *("_:b1", "_:b2", "_:b3", "_:b4"),
        *("_:a", "_:x"),
    ]
    features = after.graph.features[type_].values
    assert not features[[0, 1, 3]].any(), "those that are gone have nothing"
    assert np.array_equal(features[2], before.graph.features[type_].values[2])
    assert np.array_equal(features[4], features[2])
    assert features[5].any()
    terms = after.graph.terms[type_].values.toarray()
    assert not terms[[0, 1, 3]].any()
    assert np.array_equal(terms[4], terms[2])
    assert terms[5].any()
    at = next(edges for relation, edges in after.graph.edges.items() if relation.tail == type_)
    assert sorted(at.tails.tolist()) == [2, 4, 5]
