"""Distributions then and now: what moves is told, what chance moves is not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from gremlink.grammar.traversal import Literal
from gremlink.proxy.learning.features.category import CategoryFitter
from gremlink.proxy.learning.features.dates import DatetimeFitter
from gremlink.proxy.learning.features.encoding import Encoding, Fitter, fit
from gremlink.proxy.learning.features.matrix import encode
from gremlink.proxy.learning.features.numerical import NumericalFitter
from gremlink.proxy.learning.features.terms import TermFitter, count_terms
from gremlink.proxy.learning.features.tfidf import TfidfFitter, Vocabulary
from gremlink.proxy.learning.workflows.drift.distributions import (
    Known,
    PropertyDrift,
    property_drifts,
    stability_index,
)

RANDOM = np.random.default_rng(5)
TOPICS = (
    ["goal", "team", "match", "league", "coach", "stadium"],
    ["oven", "flour", "sugar", "butter", "cream", "dough"],
)


def known(cells: dict[str, Sequence[str]], fitters: Sequence[Fitter]) -> Known:
    """Properties as a training has them, each by its fitter."""
    encodings: list[Encoding] = [
        fit(fitter, each) for fitter, each in zip(fitters, cells.values(), strict=True)
    ]
    return Known(encodings, encode(cells, encodings))


def drifts(
    known: Known, cells: dict[str, Sequence[str]], notes: list[str] | None = None
) -> dict[str, PropertyDrift]:
    count = len(next(iter(cells.values())))
    sample = {
        Literal.string(str(row)): {key: [each[row]] for key, each in cells.items() if each[row]}
        for row in range(count)
    }
    found = property_drifts("T", known, sample, [] if notes is None else notes)
    return {each.property: each for each in found}


def dates(years: Sequence[int], count: int = 600) -> list[str]:
    return [
        f"{RANDOM.choice(years)}-{RANDOM.integers(1, 13):02}-{RANDOM.integers(1, 29):02}"
        for _ in range(count)
    ]


def test_a_date_is_compared_by_its_parts() -> None:
    then = known({"born": dates([2019, 2020, 2021])}, [DatetimeFitter("born")])
    same = drifts(then, {"born": dates([2019, 2020, 2021])})
    assert list(same) == ["born (year)", "born (month)", "born (weekday)"]
    assert {each.word for each in same.values()} == {"none"}
    later = drifts(then, {"born": dates([2021, 2024])})  # 2024 has no column
    assert later["born (year)"].word == "large"
    assert later["born (month)"].word == "none"
    gone = drifts(then, {"born": [*dates([2019, 2020, 2021], 300), *[""] * 300]})
    assert {each.word for each in gone.values()} == {"large"}


def texts(topic: int, count: int = 400) -> list[str]:
    """Texts of a topic, with words that every text has."""
    return [" ".join(["the", "and", "a", *RANDOM.choice(TOPICS[topic], 6)]) for _ in range(count)]


def of_words(cells: Sequence[str]) -> Known:
    fitter = TermFitter("about", "text")
    fitter.see(cells)
    encoding = fitter.fitted()
    assert encoding is not None
    return Known((), None, (encoding,), count_terms({"about": cells}, [encoding], len(cells)))


def test_texts_are_compared_by_what_they_are_about() -> None:
    then = of_words([*texts(0), *texts(1)])
    assert drifts(then, {"about": [*texts(0), *texts(1)]})["about"].word == "none"
    assert drifts(then, {"about": [*texts(0, 720), *texts(1, 80)]})["about"].word == "large"
    unknown = ["zzz yyy xxx"] * 400
    assert drifts(then, {"about": unknown})["about"].word == "large"


def test_mixtures_of_words_without_terms_are_compared_too() -> None:
    cells = [*texts(0), *texts(1)]
    then = known({"about": cells}, [TfidfFitter("about", Vocabulary())])
    assert drifts(then, {"about": [*texts(0), *texts(1)]})["about"].word == "none"
    assert drifts(then, {"about": texts(0, 800)})["about"].word == "large"


def test_what_chance_moves_is_rarely_told() -> None:
    """One in a hundred by each property; of 60 comparisons hardly more than a few."""
    told = 0
    for _ in range(60):
        half = 15  # so few that indexes are large
        then = of_words([*texts(0, half), *texts(1, half)])
        told += drifts(then, {"about": [*texts(0, half), *texts(1, half)]})["about"].word != "none"
    assert told <= 4


def test_what_comes_after_a_category_with_rare_values_is_compared() -> None:
    """The shared column of rare values is a block of its own."""
    rare = [f"rare {number}" for number in range(200)]
    kinds = [*RANDOM.choice(["a", "b"], 400), *rare]
    ages = [str(each) for each in RANDOM.normal(40, 5, 600)]
    then = known(
        {"kind": kinds, "age": ages},
        [CategoryFitter("kind"), NumericalFitter("age", norm="min-max")],
    )
    older = [str(each) for each in RANDOM.normal(60, 5, 600)]
    found = drifts(then, {"kind": kinds, "age": older})
    assert found["kind"].word == "none"
    assert found["age"].word == "large"


def test_values_of_another_kind_are_a_note() -> None:
    then = known({"born": dates([2019, 2020])}, [DatetimeFitter("born")])
    notes: list[str] = []
    assert not drifts(then, {"born": ["soon"] * 20}, notes)
    assert "born of T has values of another kind" in notes[0]


def test_nothing_is_said_of_no_elements() -> None:
    assert property_drifts("T", Known((), None), {}, []) == []
    assert stability_index(np.zeros(3), np.ones(3)) == (0.0, 0.0)


def test_the_index_by_hand() -> None:
    then, now = np.array([50.0, 50.0]), np.array([75.0, 25.0])
    psi, noise = stability_index(then, now)
    shares = [(each + 0.5) / 101 for each in (then, now)]
    expected = sum((b - a) * np.log(b / a) for a, b in zip(*shares, strict=True))
    assert psi == pytest.approx(expected)
    assert noise == pytest.approx(6.6349 * 2 / 100, rel=1e-3)
