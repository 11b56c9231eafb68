from __future__ import annotations

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer

from gremlink.proxy.learning.features.encoding import Undecided, fit
from gremlink.proxy.learning.features.tfidf import DIMENSIONS, TfidfFitter, Vocabulary, terms_of

TEXTS = ["The red fox, the FOX!", "a blue hen's egg", "x y zz", "der Öltanker fährt über 12 Meere"]


@pytest.mark.parametrize("ngrams", [(1, 1), (1, 2), (2, 3)])
def test_terms_are_those_of_scikit_learn(ngrams: tuple[int, int]) -> None:
    analyse = CountVectorizer(ngram_range=ngrams).build_analyzer()
    for text in TEXTS:
        assert sorted(terms_of(text, ngrams)) == sorted(analyse(text))


def test_weights_are_frequencies_by_texts_with_the_term() -> None:
    cells = ["red red fox", "red hen"]
    encoding = fit(TfidfFitter("bio", Vocabulary(), min_df=1), cells)
    assert encoding.columns == ("fox", "hen", "red")
    first, second = encoding.encode(cells)
    # fox: 1 / 1; red: 2 / 2. hen: 1 / 1; red: 1 / 2.
    assert first == pytest.approx(np.array([1, 0, 1]) / np.sqrt(2))
    assert second == pytest.approx(np.array([0, 1, 0.5]) / np.sqrt(1.25))
    assert encoding.encode(["", "cat"]).tolist() == [[0, 0, 0], [0, 0, 0]]


def test_rare_terms_and_terms_beyond_the_most_frequent_are_left_out() -> None:
    cells = ["aa bb cc", "aa bb dd", "aa"]
    assert fit(TfidfFitter("t", Vocabulary(), min_df=2), cells).columns == ("aa", "bb")
    assert fit(TfidfFitter("t", Vocabulary(), min_df=0.9), cells).columns == ("aa",)
    most = TfidfFitter("t", Vocabulary(), min_df=1, max_features=1)
    assert fit(most, cells).columns == ("aa",)
    with pytest.raises(Undecided, match="no term comes in at least 4 texts"):
        fit(TfidfFitter("t", Vocabulary(), min_df=4), cells)


def test_properties_share_a_vocabulary() -> None:
    shared = Vocabulary()
    fitters = [TfidfFitter("a", shared), TfidfFitter("b", shared)]
    fitters[0].see(["red fox"])
    fitters[1].see(["red hen"])
    assert [fitter.fitted().columns for fitter in fitters] == [("red",), ("red",)]


def test_many_terms_are_projected_and_keep_their_angles() -> None:
    random = np.random.default_rng(0)
    words = [f"word{number}" for number in range(1500)]
    cells = [" ".join(random.choice(words, 30)) for _ in range(300)]
    encoding = fit(TfidfFitter("t", Vocabulary(), min_df=1), cells)
    assert len(encoding.columns) == DIMENSIONS
    values = encoding.encode(cells)
    assert np.linalg.norm(values, axis=1) == pytest.approx(np.ones(300), abs=0.5)
    # A text and one that shares most of its words stay closer than two strangers.
    alike = encoding.encode([cells[0], cells[0] + " word1", cells[1]])
    assert alike[0] @ alike[1] > 0.8
    strangers = (values @ values.T)[~np.eye(300, dtype=bool)]
    assert abs(strangers.mean()) < 0.05
    assert strangers.std() < 0.2
