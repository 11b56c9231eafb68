"""The segments of several types, and the values that are written of them."""

from __future__ import annotations

import numpy as np
import pytest

from gremlink.grammar.traversal import Literal
from gremlink.proxy.learning.graph import TypedGraph
from gremlink.proxy.learning.segments import segmented as module
from gremlink.proxy.learning.segments.clustering import NONE, Segmentation
from gremlink.proxy.learning.segments.segmented import UnknownCount, count_of, segmented
from gremlink.proxy.learning.trained.stored_graph import StoredGraph
from gremlink.proxy.learning.trained.vertex_embeddings import UnknownVertex, VertexEmbeddings


def found() -> VertexEmbeddings:
    ids = {
        "P": [Literal.of(n) for n in range(4)],
        "Q;R": [Literal.string("<b>"), Literal.string("x")],
        "S": [],
    }
    counts = {name: len(each) for name, each in ids.items()}
    stored = StoredGraph(TypedGraph(counts, {}), ids, {name: [] for name in ids})
    tables = {
        "P": np.array([[1, 0], [0, 1], [1, 0.1], [0.9, 0]], np.float32),
        "Q;R": np.eye(2, dtype=np.float32),
        "S": np.zeros((0, 2), np.float32),
    }
    return VertexEmbeddings("rgcn", stored, tables)


def test_each_type_has_segments_of_its_own() -> None:
    every = segmented(found(), 2)
    assert [(each.label, each.segmentation.count) for each in every.types] == [
        *[("P", 2), ("Q;R", 2), ("S", 0)],
    ]
    assert [(id.value, label, segment) for id, label, segment in every.rows()] == [
        *[(0, "P", 0), (1, "P", 1), (2, "P", 0), (3, "P", 0)],
        *[("<b>", "Q;R", 0), ("x", "Q;R", 1)],
    ]
    assert [each.label for each in segmented(found(), 2, label="Q;R").types] == ["Q;R"]
    with pytest.raises(UnknownVertex, match="no embeddings of type 'Q': use P, Q;R, S"):
        segmented(found(), 2, label="Q")


def test_a_vertex_in_none_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    of = np.array([0, NONE, 0, 0])
    made = Segmentation(of, 1, "HDBSCAN", None, "")
    monkeypatch.setattr(module, "segments", lambda *given, **options: made)
    every = segmented(found(), label="P")
    assert [segment for *_, segment in every.rows()] == [0, None, 0, 0]
    assert [(each.vertex, each.value, each.score) for each in every.values()] == [
        *[(0, 0, None), (2, 0, None), (3, 0, None)],
    ]


def test_numbers_of_segments() -> None:
    assert (count_of("auto"), count_of("12")) == (None, 12)
    for text in ("", "-1", "0", "1.5", "٣", "1e3", "9" * 10):
        with pytest.raises(UnknownCount, match="write auto, or a whole number"):
            count_of(text)
