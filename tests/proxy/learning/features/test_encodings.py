from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from gremlink.proxy.learning.features.category import CategoryEncoding, CategoryFitter
from gremlink.proxy.learning.features.dates import DatetimeFitter, parse_datetime
from gremlink.proxy.learning.features.encoding import (
    OTHER,
    Encoding,
    Fitter,
    MissingValue,
    NotADate,
    NotANumber,
    Undecided,
    fit,
    parts_of,
)
from gremlink.proxy.learning.features.encodings import from_document, to_document
from gremlink.proxy.learning.features.numerical import BucketFitter, NumericalFitter
from gremlink.proxy.learning.features.tfidf import TfidfFitter, Vocabulary


def test_categories_are_one_hot_and_missing_cells_are_zero() -> None:
    encoding = fit(CategoryFitter("colour"), ["red", "blue", "red", ""])
    assert encoding.columns == ("red", "blue")
    assert encoding.encode(["blue", "", "green"]).tolist() == [[0, 1], [0, 0], [0, 0]]


def test_a_separator_makes_categories_multi_hot() -> None:
    encoding = fit(CategoryFitter("likes", ";"), ["a;b", "b; c", ""])
    assert encoding.columns == ("b", "a", "c")
    assert encoding.encode(["c;b;b"]).tolist() == [[1, 0, 1]]


def test_an_escaped_separator_is_part_of_a_value() -> None:
    assert parts_of(r"a\;b; c", ";") == ["a;b", "c"]
    assert parts_of(r"a\;b", None) == [r"a\;b"]


def test_beyond_a_hundred_categories_99_keep_a_column() -> None:
    cells = [f"c{number:03}" for number in range(150) for _ in range(150 - number)]
    encoding = fit(CategoryFitter("many"), cells)
    assert len(encoding.columns) == 100
    assert encoding.columns[0] == "c000"
    assert encoding.columns[-1] == OTHER
    assert encoding.encode(["c149"])[0, -1] == 1.0
    exactly = fit(CategoryFitter("many"), [f"c{number}" for number in range(100)])
    assert len(exactly.columns) == 100
    assert isinstance(exactly, CategoryEncoding)
    assert not exactly.has_other


@pytest.mark.parametrize(
    ("norm", "expected"),
    [("min-max", [0.0, 0.25, 1.0]), ("standard", [0.0, 0.2, 0.8]), ("none", [0.0, 1.0, 4.0])],
)
def test_norms(norm: str, expected: list[float]) -> None:
    encoding = fit(NumericalFitter("x", norm), ["0", "1", "4"])
    assert encoding.encode(["0", "1", "4"])[:, 0] == pytest.approx(expected)


@pytest.mark.parametrize("norm", ["min-max", "standard", "none"])
def test_the_scale_of_what_comes_out_is_known(norm: str) -> None:
    cells = ["-3", "1", "", "4", "4"]
    encoding = fit(NumericalFitter("x", norm, "median"), cells)
    values = encoding.encode(cells)
    document = to_document(encoding)
    assert document["centre"] == pytest.approx(values.mean(), rel=1e-6)
    assert document["spread"] == pytest.approx(values.std(), rel=1e-6)


@pytest.mark.parametrize(
    ("imputer", "value"), [("mean", 4.0), ("median", 3.0), ("most-frequent", 1.0)]
)
def test_imputers(imputer: str, value: float) -> None:
    cells = ["1", "1", "3", "5", "10", ""]
    encoding = fit(NumericalFitter("x", "none", imputer), cells)
    assert encoding.encode(cells)[-1, 0] == value


def test_a_missing_number_without_imputer_names_property_and_row() -> None:
    with pytest.raises(MissingValue, match="'age' has no value here") as caught:
        fit(NumericalFitter("age"), ["1", ""])
    assert caught.value.row == 1
    with pytest.raises(MissingValue):
        fit(BucketFitter("age", 0, 10, 2), ["1", ""])


def test_text_in_a_numerical_property_is_refused() -> None:
    with pytest.raises(NotANumber, match="'age' is 'old' here"):
        fit(NumericalFitter("age", imputer="mean"), ["old"])


def test_digits_with_low_lines_are_no_number() -> None:
    with pytest.raises(NotANumber, match="'id' is '20_24' here"):
        fit(NumericalFitter("id", imputer="mean"), ["1", "20_24"])


def test_what_is_not_finite_as_a_feature_is_missing() -> None:
    cells = ["1", "3", "inf", "nan", "1e39", "-1e308", "1e308"]
    encoding = fit(NumericalFitter("x", imputer="mean"), cells)
    assert encoding.encode(cells)[:, 0].tolist() == [0.0, 1.0, 0.5, 0.5, 0.5, 0.5, 0.5]
    with pytest.raises(MissingValue):
        fit(NumericalFitter("x"), ["1", "1e39"])


def test_several_numbers_count_as_their_mean() -> None:
    assert fit(NumericalFitter("x", "none", None, ";"), ["1;3"]).encode(["1;3"])[0, 0] == 2.0


def test_buckets() -> None:
    encoding = fit(BucketFitter("age", 0, 100, 10), ["5"])
    assert len(encoding.columns) == 10
    assert encoding.columns[:2] == ("0..10", "10..20")
    hot = encoding.encode(["-7", "0", "9.9", "10", "99", "100", "1000"]).argmax(axis=1)
    assert hot.tolist() == [0, 0, 0, 1, 9, 9, 9]


def test_a_sliding_window_touches_several_buckets() -> None:
    encoding = fit(BucketFitter("age", 0, 100, 10, 10.0), ["5"])
    # 23 covers 18 to 28, 20 covers 15 to 25, 2 covers -3 to 7.
    rows = encoding.encode(["23", "2", "99"])
    assert [np.flatnonzero(row).tolist() for row in rows] == [[1, 2], [0], [9]]
    wide = fit(BucketFitter("age", 0, 100, 10, 25.0), ["5"])
    assert np.flatnonzero(wide.encode(["50"])[0]).tolist() == [3, 4, 5, 6]


def test_buckets_impute() -> None:
    encoding = fit(BucketFitter("age", 0, 10, 2, imputer="mean"), ["2", "10", ""])
    assert encoding.encode([""]).tolist() == [[0, 1]]


def test_dates_keep_the_parts_that_vary() -> None:
    cells = ["2020-01-06T10:00:00Z", "2022-02-07T10:00:00Z", ""]
    encoding = fit(DatetimeFitter("at"), cells)
    assert [part for part, _ in to_document(encoding)["parts"]] == ["year", "month"]
    assert len(encoding.columns) == 3 + 12, "both are Mondays, at 10"
    assert encoding.encode(cells).sum(axis=1).tolist() == [2.0, 2.0, 0.0]
    assert encoding.encode(["1999-01-01"]).sum() == 1.0, "no year of the data, but a month"


def test_dates_without_anything_that_varies_are_left_out() -> None:
    with pytest.raises(Undecided, match="the same year"):
        fit(DatetimeFitter("at"), ["2020-01-01", "2020-01-01"])


def test_dates_impute() -> None:
    cells = ["2020-01-01", "2020-03-01", "2020-03-05", ""]
    encoding = fit(DatetimeFitter("at", ["month"], "median"), cells)
    assert encoding.encode([""]).tolist() == encoding.encode(["2020-03-01"]).tolist()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2020-01-02", "2020-01-02T00:00:00"),
        ("2020-01-02T03:04Z", "2020-01-02T03:04:00"),
        ("2020-01-02 03:04:05.1+02:00", "2020-01-02T03:04:05.100000"),
        ("2020-01-02T03:04:05 UTC", "2020-01-02T03:04:05"),
        ("2020-01-01T00:00+02:00[Europe/Paris]", "2020-01-01T00:00:00"),
        ("20200102", None),
        ("2020", None),
        ("2020-13-02", None),
        ("yesterday", None),
    ],
)
def test_what_a_date_is(text: str, expected: str | None) -> None:
    found = parse_datetime(text)
    clock = None if found is None else replace(found, offset=None).utc().isoformat()
    assert clock == expected


def test_dates_of_all_ages_have_no_column_for_every_year_between() -> None:
    cells = ["2020-01-02", "2021-01-02", "+292278994-08-17T07:12:55.807Z", "-292275055-05-16"]
    encoding = fit(DatetimeFitter("at", ["year"], "median"), cells)
    assert encoding.columns == ("year=-292275055", "year=2020", "year=2021", "year=292278994")
    assert encoding.encode(cells).sum() == 4.0
    assert encoding.encode([""]).shape == (1, 4)


def test_text_in_a_date_is_refused() -> None:
    with pytest.raises(NotADate, match="'at' is 'soon' here") as caught:
        fit(DatetimeFitter("at"), ["2020-01-02", "soon"])
    assert caught.value.row == 1


def fitters() -> dict[str, Fitter]:
    return {
        "category": CategoryFitter("a", ";"),
        "numerical": NumericalFitter("b", "min-max", "median"),
        "standard": NumericalFitter("b", "standard", "mean"),
        "buckets": BucketFitter("c", 0, 10, 4, 3, "most-frequent"),
        "dates": DatetimeFitter("d", imputer="mean"),
        "terms": TfidfFitter("e", Vocabulary(), (1, 2), 1),
    }


CELLS = {
    "category": ["x;y", "y", "", "z;y"],
    "numerical": ["1", "2.5", "", "9"],
    "standard": ["0.1", "0.2", "0.3", ""],
    "buckets": ["1", "1", "", "8"],
    "dates": ["2020-01-01", "2021-03-05T10:00:00", "", "2020-01-02"],
    "terms": ["the red fox", "the blue fox", "", "a red hen"],
}


@pytest.mark.parametrize("kind", CELLS)
def test_encodings_survive_json(kind: str) -> None:
    encoding = fit(fitters()[kind], CELLS[kind])
    again: Encoding = from_document(json.loads(json.dumps(to_document(encoding))))
    assert again == encoding
    assert np.array_equal(again.encode(CELLS[kind]), encoding.encode(CELLS[kind]))


@pytest.mark.parametrize("kind", CELLS)
def test_pieces_and_their_order_make_no_difference(kind: str) -> None:
    whole = fit(fitters()[kind], CELLS[kind])
    fitter = fitters()[kind]
    for start in (3, 1, 0, 2):
        fitter.see(CELLS[kind][start : start + 1])
    assert fitter.fitted() == whole
    rows = [whole.encode([cell]) for cell in CELLS[kind]]
    assert np.array_equal(np.concatenate(rows), whole.encode(CELLS[kind]))


def test_an_unknown_encoding_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown feature encoding"):
        from_document({"kind": "magic"})
