from __future__ import annotations

import math
from typing import Any

import pytest

from gremlink.proxy.learning.features.encoding import Undecided, fit
from gremlink.proxy.learning.features.specs import (
    TYPES,
    BadFeature,
    FeatureSpec,
    Shared,
    fitter_for,
)

BUCKETS: dict[str, Any] = {"range": [0, 10], "bucket_cnt": 5}


@pytest.mark.parametrize(
    ("type_", "options", "cells", "kind"),
    [
        ("auto", {}, [str(number) for number in range(30)], "numerical"),
        ("category", {}, ["a", "b"], "category"),
        ("numerical", {"norm": "standard", "imputer": "most_frequent"}, ["1", ""], "numerical"),
        ("numerical", {"imputation": "median"}, ["1", ""], "numerical"),
        ("bucket_numerical", BUCKETS, ["1", "9"], "bucket_numerical"),
        ("bucket_numerical", {"range": [0, 1], "num_buckets": 2}, ["1"], "bucket_numerical"),
        ("datetime", {"datetime_parts": []}, ["2020-01-01", "2021-01-01"], "datetime"),
        ("text_tfidf", {}, ["red fox", "red hen"], "text_tfidf"),
        ("text_fasttext", {"language": "en"}, ["red fox"], "text"),
        ("text_sbert", {}, ["red fox"], "text"),
        ("text_sbert128", {}, ["red fox"], "text"),
        ("text_sbert512", {}, ["red fox"], "text"),
        ("text_word2vec", {"language": ["en_core_web_lg"]}, ["red fox"], "text"),
        ("word2vec", {"language": ["en_core_web_lg"]}, ["red fox"], "text"),
    ],
)
def test_every_type_is_encoded(
    type_: str, options: dict[str, Any], cells: list[str], kind: str
) -> None:
    assert fit(fitter_for(FeatureSpec("x", type_, options), Shared()), cells).kind == kind


def test_none_is_no_feature() -> None:
    with pytest.raises(Undecided, match='its type is "none"'):
        fitter_for(FeatureSpec("x", "none"), Shared())


@pytest.mark.parametrize(
    ("type_", "options", "expected"),
    [
        ("magic", {}, "the unknown feature type 'magic': use one of auto"),
        ("numerical", {"norm": "max"}, "the norm 'max': use one of min-max, standard, none"),
        ("numerical", {"imputer": "mode"}, "the imputer 'mode': use one of mean, median"),
        ("bucket_numerical", {"bucket_cnt": 5}, r"the range None.*\[low, high\]"),
        ("bucket_numerical", {"range": [5, 5], "bucket_cnt": 5}, "the range"),
        ("bucket_numerical", {**BUCKETS, "range": [0, math.inf]}, r"the range \[0, inf\]"),
        ("bucket_numerical", {**BUCKETS, "range": [False, True]}, "the range"),
        ("bucket_numerical", {"range": [0, 5]}, "the bucket_cnt None"),
        ("bucket_numerical", {**BUCKETS, "slide_window_size": -1}, "the slide_window_size -1"),
        ("datetime", {"datetime_parts": ["minute"]}, "the datetime part 'minute'"),
        ("datetime", {"datetime_parts": 5}, "the datetime_parts 5: use a list"),
        ("datetime", {"datetime_parts": "year"}, "the datetime_parts 'year': use a list"),
        ("category", {"separator": 5}, "the separator 5: it has to be a string"),
        ("text_fasttext", {"language": "de"}, "the language 'de': use one of en, zh, hi, es, fr"),
        ("text_fasttext", {"language": "en", "max_length": -1}, "the max_length -1"),
        ("text_tfidf", {"ngram_range": [2, 1]}, "the ngram_range"),
        ("text_tfidf", {"ngram_range": [True, 2]}, "the ngram_range"),
        ("text_tfidf", {"min_df": math.nan}, "the min_df nan"),
        ("text_tfidf", {"min_df": 0}, "the min_df 0"),
        ("text_tfidf", {"max_features": "many"}, "the max_features 'many'"),
    ],
)
def test_what_makes_no_sense(type_: str, options: dict[str, Any], expected: str) -> None:
    with pytest.raises(BadFeature, match=f"property 'x' has {expected}"):
        fitter_for(FeatureSpec("x", type_, options), Shared())


def test_the_list_of_types_is_complete() -> None:
    for type_ in TYPES:
        options = BUCKETS if type_ == "bucket_numerical" else {}
        try:
            fitter_for(FeatureSpec("x", type_, options), Shared())
        except Undecided:
            assert type_ == "none"
