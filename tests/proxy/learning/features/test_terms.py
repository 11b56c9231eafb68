"""Terms of properties: all categories and words, whatever columns an encoding has."""

from __future__ import annotations

import numpy as np
import pytest

from gremlink.proxy.learning.features import terms
from gremlink.proxy.learning.features.category import CategoryFitter
from gremlink.proxy.learning.features.dates import DatetimeFitter
from gremlink.proxy.learning.features.encoding import Undecided
from gremlink.proxy.learning.features.numerical import NumericalFitter
from gremlink.proxy.learning.features.terms import (
    TermEncoding,
    TermFitter,
    count_terms,
    term_fitter,
)
from gremlink.proxy.learning.features.tfidf import TfidfFitter, Vocabulary


def learned(fitter: TermFitter, *cells: str) -> TermEncoding | None:
    fitter.see(cells)
    return fitter.fitted()


def test_every_value_that_two_share_is_a_term() -> None:
    cells = [";".join(f"v{number}" for number in range(row, row + 150)) for row in range(3)]
    fitter = CategoryFitter("tags", ";")
    counter = term_fitter(fitter)
    assert counter is not None
    fitter.see(cells)
    counter.see(cells)
    assert len(fitter.fitted().columns) == 100, "the encoding keeps Neptune's limit"
    found = counter.fitted()
    assert found is not None
    assert set(found.terms) == {f"v{number}" for number in range(1, 151)}
    assert found.count(cells).sum(axis=1).tolist() == [149.0, 150.0, 149.0]


def test_an_identifier_has_no_terms() -> None:
    fitter = CategoryFitter("name")
    counter = term_fitter(fitter)
    assert counter is not None
    fitter.see([f"name {number}" for number in range(500)])
    assert counter.fitted() is None


def test_values_too_many_for_an_encoding_are_terms() -> None:
    cells = [f"town {number % 5000}" for number in range(20_000)]
    fitter = CategoryFitter("town", described=0.1)
    counter = term_fitter(fitter)
    assert counter is not None
    fitter.see(cells)
    with pytest.raises(Undecided):
        fitter.fitted()
    found = counter.fitted()
    assert found is not None
    assert len(found.terms) == 5000


def test_words_are_counted() -> None:
    found = learned(TermFitter("text", "text"), "A red hat, a RED coat", "red coats", "a coat")
    assert found == TermEncoding("text", "text", None, ("coat", "red"))
    counted = found.count(["red red coat", "", "unknown"])
    assert counted.toarray().tolist() == [[1.0, 2.0], [0.0, 0.0], [0.0, 0.0]]
    assert term_fitter(TfidfFitter("text", Vocabulary())) is not None


def test_a_value_counts_once() -> None:
    encoding = TermEncoding("tags", "category", ";", ("a", "b"))
    assert encoding.count(["a;a;b", r"a\;b;b"]).toarray().tolist() == [[1.0, 1.0], [0.0, 1.0]]


def test_several_whole_numbers_are_keys() -> None:
    keys = term_fitter(NumericalFitter("keys", separator=";"))
    measures = term_fitter(NumericalFitter("measures", separator=";"))
    assert keys is not None
    assert measures is not None
    found = learned(keys, "12;-3", "12;40;-3")
    assert found is not None
    assert found.terms == ("-3", "12")
    assert learned(measures, "1;2", "1;2.5") is None
    assert term_fitter(NumericalFitter("age")) is None
    assert term_fitter(DatetimeFitter("day")) is None


def test_beyond_the_limit_the_most_frequent_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terms, "MOST_ENTRIES", 5)
    found = learned(TermFitter("tags", "category", ";"), "a;b;c", "a;b;c", "a;b", "a")
    assert found is not None
    assert found.terms == ("b", "c")


def test_terms_of_properties_are_beside_each_other() -> None:
    encodings = [
        TermEncoding("tags", "category", ";", ("a", "b")),
        TermEncoding("text", "text", None, ("hat",)),
    ]
    found = count_terms({"tags": ["b", ""], "text": ["hat hat", "hat"]}, encodings, 2)
    assert found.values.toarray().tolist() == [[0.0, 1.0, 2.0], [0.0, 0.0, 1.0]]
    assert found.values.dtype == np.float32
    assert [(block.property, block.start, block.stop) for block in found.blocks] == [
        ("tags", 0, 2),
        ("text", 2, 3),
    ]
    assert TermEncoding.from_document(encodings[0].to_document()) == encodings[0]
