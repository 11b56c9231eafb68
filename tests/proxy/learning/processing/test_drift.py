from __future__ import annotations

import numpy as np
import pytest

from gremlink.proxy.learning.graph import Edges, FeatureBlock, Features, Relation, TypedGraph
from gremlink.proxy.learning.processing.drift import drift_between

KNOWS = Relation("P", "knows", "P")


def graph(count: int, *pairs: tuple[int, int], ages: str = "") -> TypedGraph:
    array = np.array(pairs, np.int64).reshape(-1, 2)
    features = {}
    if ages:
        values = np.array([[float(age)] for age in ages], np.float32)
        features["P"] = Features(values, (FeatureBlock("age", "numerical", 0, 1),))
    return TypedGraph({"P": count}, {KNOWS: Edges(array[:, 0], array[:, 1])}, features)


def test_everything_that_changed_counts() -> None:
    before = graph(4, (0, 1), (1, 2), (2, 3), (3, 0), ages="1234")
    after = graph(5, (0, 1), (1, 2), (2, 3), (4, 0), (4, 1), ages="12945")
    found = drift_between(before, after)
    assert (found.new_vertices, found.changed_vertices) == (1, 1)
    assert (found.new_edges, found.deleted_edges) == (2, 1)
    assert found.share == pytest.approx(5 / 8)
    assert found.limit == 0.2
    assert found.advises_training


def test_vertices_without_features_need_training_sooner() -> None:
    before = graph(10, (0, 1))
    assert drift_between(before, before).limit == 0.1
    assert not drift_between(before, before).advises_training
    assert drift_between(before, graph(12, (0, 1))).advises_training
