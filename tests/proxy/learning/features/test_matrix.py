from __future__ import annotations

import numpy as np
import pytest

from gremlink.proxy.learning.features.encoding import MissingValue, fit
from gremlink.proxy.learning.features.matrix import Matrix, encode
from gremlink.proxy.learning.features.scaling import unit_blocks
from gremlink.proxy.learning.features.specs import FeatureSpec, Shared, fitter_for

COLUMNS = {
    "kind": ["a", "b", "a", "b"],
    "age": ["1", "2", "", "9"],
}
SPECS = [FeatureSpec("kind", "category"), FeatureSpec("age", "numerical", {"imputer": "median"})]
ENCODINGS = [fit(fitter_for(spec, Shared()), COLUMNS[spec.column]) for spec in SPECS]


def test_blocks_follow_the_properties() -> None:
    features = encode(COLUMNS, ENCODINGS)
    assert [(block.property, block.start, block.stop) for block in features.blocks] == [
        ("kind", 0, 2),
        ("age", 2, 3),
    ]
    assert features.values.shape == (4, 3)
    assert features.blocks[1].centre == pytest.approx(features.values[:, 2].mean())


def test_rows_go_where_they_belong() -> None:
    matrix = Matrix(ENCODINGS, 4)
    places = np.array([2, 0, 3, 1])
    for start in (0, 2):
        piece = {name: cells[start : start + 2] for name, cells in COLUMNS.items()}
        matrix.fill(piece, places[start : start + 2])
    whole = encode(COLUMNS, ENCODINGS).values
    assert np.array_equal(matrix.features().values[places], whole)


def test_unit_blocks_give_every_property_the_same_length() -> None:
    vectors = unit_blocks(encode(COLUMNS, ENCODINGS))
    assert vectors.shape == (4, 4), "a number becomes a point on a circle"
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(4), abs=1e-6)
    products = vectors @ vectors.T
    assert products[0, 2] > products[0, 3]


def test_rare_categories_have_nothing_in_common() -> None:
    cells = {"c": [f"c{number}" for number in range(98) for _ in range(2)] + ["x", "y", "z"]}
    encoding = fit(fitter_for(FeatureSpec("c", "category"), Shared()), cells["c"])
    features = encode(cells, [encoding])
    assert features.blocks[-1].kind == "other"
    vectors = unit_blocks(features)
    assert vectors[-1] @ vectors[-2] == 0.0


def test_cells_that_repeat_are_looked_at_once_and_errors_keep_their_row() -> None:
    cells = ["2020-01-02", "2021-03-04", ""] * 10
    at = fit(fitter_for(FeatureSpec("at", "datetime"), Shared()), cells)
    assert np.array_equal(encode({"at": cells}, [at]).values, at.encode(cells))
    age = fit(fitter_for(FeatureSpec("age", "numerical"), Shared()), ["1", "2"])
    with pytest.raises(MissingValue) as caught:
        encode({"age": ["1"] * 5 + [""] * 5}, [age])
    assert caught.value.row == 5
