from __future__ import annotations

import json

import numpy as np
import pytest

from proxy.learning.features.encodings import (
    OTHER,
    CategoryEncoding,
    DatetimeEncoding,
    Encoding,
    MissingValue,
    NotANumber,
    NumericalEncoding,
    from_document,
    to_document,
)


def test_categories_are_one_hot_and_missing_cells_are_zero() -> None:
    encoding = CategoryEncoding.fit("colour", ["red", "blue", "red", ""])
    assert encoding.columns == ("red", "blue")
    assert encoding.encode(["blue", "", "green"]).tolist() == [[0, 1], [0, 0], [0, 0]]


def test_a_separator_makes_categories_multi_hot() -> None:
    encoding = CategoryEncoding.fit("likes", ["a;b", "b; c", ""], ";")
    assert encoding.columns == ("b", "a", "c")
    assert encoding.encode(["c;b;b"]).tolist() == [[1, 0, 1]]


def test_beyond_a_hundred_categories_99_keep_a_column() -> None:
    cells = [f"c{number:03}" for number in range(150) for _ in range(150 - number)]
    encoding = CategoryEncoding.fit("many", cells)
    assert len(encoding.columns) == 100
    assert encoding.columns[0] == "c000"
    assert encoding.columns[-1] == OTHER
    assert encoding.encode(["c149"])[0, -1] == 1.0
    exactly = CategoryEncoding.fit("many", [f"c{number}" for number in range(100)])
    assert len(exactly.columns) == 100
    assert not exactly.has_other


@pytest.mark.parametrize(
    ("norm", "expected"),
    [("min-max", [0.0, 0.25, 1.0]), ("standard", [0.0, 0.2, 0.8]), ("none", [0.0, 1.0, 4.0])],
)
def test_norms(norm: str, expected: list[float]) -> None:
    encoding = NumericalEncoding.fit("x", ["0", "1", "4"], norm)
    assert encoding.encode(["0", "1", "4"])[:, 0] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("imputer", "value"), [("mean", 4.0), ("median", 3.0), ("most-frequent", 1.0)]
)
def test_imputers(imputer: str, value: float) -> None:
    cells = ["1", "1", "3", "5", "10", ""]
    encoding = NumericalEncoding.fit("x", cells, "none", imputer)
    assert encoding.encode(cells)[-1, 0] == value


def test_a_missing_number_without_imputer_names_property_and_row() -> None:
    with pytest.raises(MissingValue, match="'age' has no value in row 2") as caught:
        NumericalEncoding.fit("age", ["1", ""], "min-max")
    assert caught.value.row == 1


def test_text_in_a_numerical_property_is_refused() -> None:
    with pytest.raises(NotANumber, match="'age' has 'old' in row 1"):
        NumericalEncoding.fit("age", ["old"], "min-max", "mean")


def test_several_numbers_count_as_their_mean() -> None:
    assert NumericalEncoding.fit("x", ["1;3"], "none", None, ";").encode(["1;3"])[0, 0] == 2.0


def test_dates_keep_the_parts_that_vary() -> None:
    cells = ["2020-01-06T10:00:00Z", "2022-02-07T10:00:00Z", ""]
    encoding = DatetimeEncoding.fit("at", cells)
    assert [part for part, _ in encoding.parts] == ["year", "month"], "both are Mondays, at 10"
    assert len(encoding.columns) == 3 + 12
    assert encoding.encode(cells).sum(axis=1).tolist() == [2.0, 2.0, 0.0]


@pytest.mark.parametrize(
    "encoding",
    [
        CategoryEncoding.fit("a", ["x;y", "y"], ";"),
        NumericalEncoding.fit("b", ["1", "2", ""], "min-max", "median"),
        DatetimeEncoding.fit("c", ["2020-01-01", "2021-03-05"]),
    ],
)
def test_encodings_survive_json(encoding: Encoding) -> None:
    again = from_document(json.loads(json.dumps(to_document(encoding))))
    assert again == encoding
    cells = ["x", "1", "2020-01-01"]
    if encoding.kind != "numerical":
        assert np.array_equal(again.encode(cells), encoding.encode(cells))


def test_an_unknown_encoding_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown feature encoding"):
        from_document({"kind": "magic"})
