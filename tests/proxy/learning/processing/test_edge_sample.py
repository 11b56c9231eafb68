"""Properties of some edges beside a model: written, read, and damaged."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gremlink.proxy.learning.features.encoding import fit
from gremlink.proxy.learning.features.numerical import NumericalFitter
from gremlink.proxy.learning.graph import Relation
from gremlink.proxy.learning.processing.edge_sample import (
    FILE,
    SAMPLE,
    edge_sample,
    read_edge_sample,
)
from gremlink.proxy.store.artifacts import DamagedArtifact

KNOWS = Relation("Person\udcff", "knows <b>", "Person;Admin")


def test_some_edges_of_each_relation(tmp_path: Path) -> None:
    assert read_edge_sample(tmp_path) == {}
    cells = [str(number) for number in range(3000)]
    encoding = fit(NumericalFitter("years", norm="none"), cells)
    values = encoding.encode(cells)
    (tmp_path / FILE).write_bytes(edge_sample({KNOWS: ([encoding], values)}, seed=1))
    ((relation, (encodings, features)),) = read_edge_sample(tmp_path).items()
    assert (relation, encodings) == (KNOWS, [encoding])
    assert features.values.shape == (SAMPLE, 1)
    assert set(features.values[:, 0]) <= set(values[:, 0])
    assert features.blocks[0].property == "years"


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    encoding = fit(NumericalFitter("years", norm="none"), ["1", "2"])
    whole = edge_sample({KNOWS: ([encoding], encoding.encode(["1", "2"]))}, seed=0)
    wide = edge_sample({KNOWS: ([encoding], np.zeros((2, 3), np.float32))}, seed=0)
    for content in (b"", b"none", whole[:-1], wide):
        (tmp_path / FILE).write_bytes(content)
        with pytest.raises(DamagedArtifact, match=FILE):
            read_edge_sample(tmp_path)
