"""Processing again with the encodings of an earlier time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from written_export import Kind, write_export

from gremlink.proxy.graph import read_export
from gremlink.proxy.learning.graph import Relation
from gremlink.proxy.learning.processing.process import process
from gremlink.proxy.learning.processing.processed import ProcessedGraph, UnusableExport

KNOWS = Relation("P", "knows", "P")


def processed(
    directory: Path, ids: str, previous: ProcessedGraph | None = None, **more: Kind
) -> ProcessedGraph:
    people = [{"~id": id_, "age": ord(id_) - ord("a"), "team": "xyz"[ord(id_) % 3]} for id_ in ids]
    ring = [
        {"~id": f"{head}{tail}", "~from": head, "~to": tail, "stars": ord(head)}
        for head, tail in zip(ids, ids[1:] + ids[0], strict=True)
    ]
    export = write_export(
        directory,
        {"P": Kind(people, [("age", "numerical"), ("team", "category")]), **more},
        {("P", "knows", "P"): Kind(ring, [("stars", "numerical")])},
    )
    return process(read_export(export), previous=previous)


def test_old_vertices_keep_their_numbers_and_encodings(tmp_path: Path) -> None:
    before = processed(tmp_path / "1", "bdf")
    after = processed(tmp_path / "2", "abcdef", before)
    assert [vertex.value for vertex in after.ids["P"]] == list("bdface")
    assert after.encodings == before.encodings
    values = after.graph.features["P"].values
    assert np.array_equal(values[:3], before.graph.features["P"].values)
    assert values[3, 0] == pytest.approx(-0.25), "younger than anybody of that time"
    assert after.graph.features["P"].blocks == before.graph.features["P"].blocks
    assert after.rows[KNOWS].encodings == before.rows[KNOWS].encodings
    edges = after.graph.edges[KNOWS]
    assert (3, 0) in set(zip(edges.heads.tolist(), edges.tails.tolist(), strict=True)), "a knows b"


def test_a_category_that_came_later_has_no_column(tmp_path: Path) -> None:
    before = processed(tmp_path / "1", "ad")
    after = processed(tmp_path / "2", "abd", before)
    assert after.graph.features["P"].values[2, 1:].tolist() == [0.0]


def test_deleted_vertices_are_refused(tmp_path: Path) -> None:
    before = processed(tmp_path / "1", "abcd")
    with pytest.raises(UnusableExport, match=r"1 of 4 vertices of type 'P' are no longer.*'b'"):
        processed(tmp_path / "2", "acde", before)


def test_a_type_that_is_gone_is_refused(tmp_path: Path) -> None:
    before = processed(tmp_path / "1", "abc", T=Kind([{"~id": "t"}]))
    with pytest.raises(UnusableExport, match="no vertices of type 'T' any more"):
        processed(tmp_path / "2", "abc", before)


def test_deleted_edges_are_not(tmp_path: Path) -> None:
    before = processed(tmp_path / "1", "abcd")
    directory = tmp_path / "2"
    processed(directory, "abcd")
    path = directory / "training-data-configuration.json"
    document: dict[str, Any] = json.loads(path.read_text())
    document["graph"]["edges"] = []
    document["graph"]["nodes"][0]["labels"] = [{"label": ["team", "classification"]}]
    path.write_text(json.dumps(document))
    after = process(read_export(directory), previous=before)
    assert len(after.graph.edges[KNOWS]) == 0


def test_what_nobody_has_learned_about_is_left_out(tmp_path: Path) -> None:
    before = processed(tmp_path / "1", "abc")
    after = processed(tmp_path / "2", "abcd", before, T=Kind([{"~id": "t"}]))
    assert list(after.graph.counts) == ["P"]
    assert after.warnings == ("T: left out, because the previous processing has no such type",)


def test_the_vocabulary_stays(tmp_path: Path) -> None:
    before = processed(tmp_path / "1", "adbe")
    after = processed(tmp_path / "2", "abcdef", before)
    assert after.term_encodings == before.term_encodings
    (team,) = after.term_encodings["P"]
    assert team.terms == ("y", "z")
    assert after.graph.terms["P"].values.toarray().tolist() == [
        [0.0, 1.0] if ord(vertex.value) % 3 == 2 else [1.0, 0.0] if ord(vertex.value) % 3 == 1
        else [0.0, 0.0]
        for vertex in after.ids["P"]
    ]  # fmt: skip
