from __future__ import annotations

import numpy as np
import pytest

from proxy.learning.features.geometry import unit_blocks
from proxy.learning.features.processing import FeatureSpec, encode, fit_features

COLUMNS = {
    "kind": ["a", "b", "a", "b"],
    "age": ["1", "2", "", "9"],
    "bio": ["one two three", "four five six", "seven eight nine", "ten eleven twelve"],
}


def test_blocks_follow_the_properties() -> None:
    specs = [
        FeatureSpec("kind", "category"),
        FeatureSpec("age", "numerical", imputer="median"),
        FeatureSpec("bio", "auto"),
    ]
    fitted = fit_features("User", COLUMNS, specs)
    assert [encoding.name for encoding in fitted.encodings] == ["kind", "age"]
    assert fitted.warnings == (
        "User: property 'bio' is left out: it is free text, which is not encoded yet",
    )
    features = encode(COLUMNS, fitted.encodings)
    assert [(block.property, block.start, block.stop) for block in features.blocks] == [
        ("kind", 0, 2),
        ("age", 2, 3),
    ]
    assert features.values.shape == (4, 3)


def test_a_missing_imputer_names_the_label() -> None:
    with pytest.raises(ValueError, match="User: property 'age' has no value in row 3"):
        fit_features("User", COLUMNS, [FeatureSpec("age", "numerical")])


def test_unknown_columns_and_types_are_refused() -> None:
    with pytest.raises(ValueError, match="there is no column 'height'"):
        fit_features("User", COLUMNS, [FeatureSpec("height", "auto")])
    with pytest.raises(ValueError, match="unknown feature type 'magic'"):
        fit_features("User", COLUMNS, [FeatureSpec("kind", "magic")])


@pytest.mark.parametrize("kind", ["text_fasttext", "bucket_numerical"])
def test_types_to_come_are_left_out_with_a_warning(kind: str) -> None:
    fitted = fit_features("User", COLUMNS, [FeatureSpec("bio", kind)])
    assert fitted.encodings == ()
    assert "not encoded yet" in fitted.warnings[0]


def test_unit_blocks_give_every_property_the_same_length() -> None:
    specs = [FeatureSpec("kind", "category"), FeatureSpec("age", "numerical", imputer="median")]
    features = encode(COLUMNS, fit_features("User", COLUMNS, specs).encodings)
    vectors = unit_blocks(features)
    assert vectors.shape == (4, 4), "a number becomes a point on a circle"
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(4), abs=1e-6)
    products = vectors @ vectors.T
    assert products[0, 2] > products[0, 3]


def test_rare_categories_have_nothing_in_common() -> None:
    cells = {"c": [f"c{number}" for number in range(98) for _ in range(2)] + ["x", "y", "z"]}
    features = encode(cells, fit_features("U", cells, [FeatureSpec("c", "category")]).encodings)
    assert features.blocks[-1].kind == "other"
    vectors = unit_blocks(features)
    assert vectors[-1] @ vectors[-2] == 0.0
