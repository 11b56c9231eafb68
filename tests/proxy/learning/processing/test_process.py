"""From an export to a processed graph."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from written_export import Kind, write_export

from gremlink.proxy.graph import read_export
from gremlink.proxy.graph.files import export_rows
from gremlink.proxy.learning.graph import Relation
from gremlink.proxy.learning.processing.process import process
from gremlink.proxy.learning.processing.processed import ProcessedGraph
from gremlink.proxy.learning.processing.stored import read_processed, write_processed

LIKES = Relation("P", "likes", "T")
PEOPLE = [
    {"~id": "b", "age": 30, "bio": "likes red things and more"},
    {"~id": "a", "age": 20, "bio": "likes blue things and more"},
    {"~id": "d", "age": "", "bio": ""},
    {"~id": "c", "age": 40, "bio": "wants red shoes and hats"},
]
THINGS = [{"~id": "y", "kind": "shoe"}, {"~id": "x", "kind": "hat"}]
LIKED = [
    {"~id": "3", "~from": "b", "~to": "x", "stars": 5, "at": "2020-01-01"},
    {"~id": "2", "~from": "a", "~to": "y", "stars": 1, "at": "2020-02-01"},
    {"~id": "1", "~from": "b", "~to": "x", "stars": 1, "at": "2020-01-01"},
]
FEATURES: list[Any] = [
    ("age", "numerical"),
    {"feature": ["bio", "bio", "text_tfidf"], "min_df": 1},
]


def write(directory: Path, **changes: Any) -> Path:
    people = changes.get("people", PEOPLE)
    liked = changes.get("liked", LIKED)
    return write_export(
        directory,
        {
            "P": Kind(people, changes.get("features", FEATURES), changes.get("of_people", ())),
            "T": Kind(changes.get("things", THINGS), [("kind", "category")]),
        },
        {("P", "likes", "T"): Kind(
            liked, [("stars", "numerical"), ("at", "datetime")], changes.get("of_likes", ())
        )},
    )  # fmt: skip


def processed(directory: Path, **changes: Any) -> ProcessedGraph:
    return process(read_export(write(directory, **changes)))


def test_vertices_are_numbered_in_the_order_of_their_ids(tmp_path: Path) -> None:
    found = processed(tmp_path)
    assert [vertex.value for vertex in found.ids["P"]] == ["a", "b", "c", "d"]
    assert found.graph.counts == {"P": 4, "T": 2}
    ages = found.graph.features["P"].values[:, 0]
    assert ages == pytest.approx([0.0, 0.5, 1.0, 0.5]), "the median for who has none"
    assert found.graph.features["T"].values.tolist() == [[1.0, 0.0], [0.0, 1.0]]


def test_edges_are_distinct_pairs_and_rows(tmp_path: Path) -> None:
    found = processed(tmp_path)
    edges = found.graph.edges[LIKES]
    assert list(zip(edges.heads, edges.tails, strict=True)) == [(0, 1), (1, 0)]
    rows = found.rows[LIKES]
    assert list(rows.ids) == ["2", "1", "3"], "by ends, then by id"
    assert rows.features is not None
    assert rows.features.values[:, 0].tolist() == [0.0, 0.0, 1.0]
    pairs = found.edge_features(LIKES)
    assert pairs is not None
    assert pairs[:, 0].tolist() == [0.0, 0.5], "the mean of those who join the same"


def test_the_order_of_the_rows_makes_no_difference(tmp_path: Path) -> None:
    one = processed(tmp_path / "1")
    turned = {"people": PEOPLE[::-1], "things": THINGS[::-1], "liked": LIKED[::-1]}
    other = processed(tmp_path / "2", **turned)
    write_processed(tmp_path / "a", one, {})
    write_processed(tmp_path / "b", other, {})
    assert (tmp_path / "a/artifact.json").read_bytes() == (
        tmp_path / "b/artifact.json"
    ).read_bytes()


def test_pieces_make_no_difference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = processed(tmp_path / "1")
    chunks = export_rows.read_chunks
    monkeypatch.setattr(
        "gremlink.proxy.graph.files.export_files.read_chunks",
        lambda path, separator, columns, rows: chunks(path, separator, columns, 1),
    )
    pieces = processed(tmp_path / "1")
    write_processed(tmp_path / "a", whole, {})
    write_processed(tmp_path / "b", pieces, {})
    assert (tmp_path / "a/artifact.json").read_bytes() == (
        tmp_path / "b/artifact.json"
    ).read_bytes()


def test_properties_share_their_vocabulary(tmp_path: Path) -> None:
    features = [{"feature": ["bio", "bio", "text_tfidf"], "min_df": 2}]
    liked = [{**LIKED[0], "note": "blue"}, {**LIKED[1], "note": "blue shoes"}]
    export = write_export(
        tmp_path,
        {"P": Kind(PEOPLE, features), "T": Kind(THINGS)},
        {("P", "likes", "T"): Kind(liked, [{"feature": ["note", "note", "text_tfidf"]}])},
    )
    found = process(read_export(export))
    (encoding,) = found.encodings["P"]
    assert {"blue", "shoes"} <= set(encoding.columns), "each comes in one text of people"


def test_without_targets_all_links_are_asked_for(tmp_path: Path) -> None:
    found = processed(tmp_path)
    assert found.target is None
    assert found.links == {LIKES: (0.9, 0.05, 0.05)}
    found = processed(
        tmp_path, of_likes=[{"label": ["", "link_predict"], "split_rate": [0.8, 0.1, 0.1]}]
    )
    assert found.links == {LIKES: (0.8, 0.1, 0.1)}


def test_a_property_is_asked_for_and_no_feature(tmp_path: Path) -> None:
    found = processed(tmp_path, of_people=[{"label": ["age", "regression"]}])
    assert found.target is not None
    assert (found.target.owner, found.target.key, found.target.task) == ("P", "age", "regression")
    assert list(found.target.cells) == ["20", "30", "40", ""]
    assert [encoding.name for encoding in found.encodings["P"]] == ["bio"]
    assert "P: the target 'age' is left out of the features" in found.warnings
    found = processed(tmp_path, of_likes=[{"label": ["stars", "classification"]}])
    assert found.target is not None
    assert found.target.owner == LIKES
    assert list(found.target.cells) == ["1", "1", "5"]


def test_a_column_may_tell_the_relation(tmp_path: Path) -> None:
    export = write(tmp_path, liked=[{**row, "how": str(row["stars"])} for row in LIKED])
    path = export / "training-data-configuration.json"
    document = json.loads(path.read_text())
    document["graph"]["edges"][0]["relation"] = ["how", "likes"]
    path.write_text(json.dumps(document))
    found = process(read_export(export))
    one, five = Relation("P", "likes-1", "T"), Relation("P", "likes-5", "T")
    assert {relation: len(edges) for relation, edges in found.graph.edges.items()} == {
        one: 2, five: 1,
    }  # fmt: skip
    assert list(found.rows[one].ids) == ["2", "1"]
    assert list(found.rows[five].ids) == ["3"]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"of_people": [{"label": ["age", "regression"], "split_rate": [0.8, 0.1, 0.1]}]},
        {"of_likes": [{"label": ["stars", "classification"], "separator": "|"}]},
        {"features": []},
    ],
)
def test_what_is_written_is_read(tmp_path: Path, changes: dict[str, Any]) -> None:
    found = processed(tmp_path / "export", **changes)
    write_processed(tmp_path / "processed", found, {"seed": 0})
    again = read_processed(tmp_path / "processed")
    write_processed(tmp_path / "again", again, {"seed": 0})
    first, second = (tmp_path / name / "artifact.json" for name in ("processed", "again"))
    assert first.read_bytes() == second.read_bytes()
    assert again.links == found.links
    assert again.warnings == found.warnings
    assert again.graph.counts == found.graph.counts
    assert (again.target is None) == (found.target is None)
    if again.target is not None and found.target is not None:
        assert list(again.target.cells) == list(found.target.cells)
        assert again.target.split == found.target.split
    for relation, rows in found.rows.items():
        assert again.rows[relation].encodings == rows.encodings
        assert np.array_equal(again.rows[relation].heads, rows.heads)


def test_terms_are_kept_beside_the_features(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_rows, "ROWS", 2)
    found = processed(tmp_path)
    (encoding,) = found.term_encodings["P"]
    assert encoding.terms == ("and", "likes", "more", "red", "things")
    rows = found.graph.terms["P"].values.toarray().tolist()
    assert rows == [[1, 1, 1, 0, 1], [1, 1, 1, 1, 1], [1, 0, 0, 1, 0], [0, 0, 0, 0, 0]]
    assert "T" not in found.graph.terms, "no two things share a kind"
    write_processed(tmp_path / "stored", found, {})
    read = read_processed(tmp_path / "stored")
    assert read.term_encodings["P"] == (encoding,)
    assert read.graph.terms["P"].values.toarray().tolist() == rows
    assert read.graph.terms["P"].blocks == found.graph.terms["P"].blocks
    assert read.graph.terms["P"].values.dtype == np.float32
    without = read.stored.without_terms()
    assert not without.graph.terms
    assert not any("terms" in name for name in without.tensors()["graph"])
    assert "terms" not in without.documents()
