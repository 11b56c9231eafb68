"""Features as a configuration describes them, checked, and what learns their encodings."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gremlink.errors import Error
from gremlink.proxy.learning.features.category import CategoryFitter
from gremlink.proxy.learning.features.dates import DATETIME_PARTS, DatetimeFitter
from gremlink.proxy.learning.features.encoding import Fitter, Undecided
from gremlink.proxy.learning.features.inference import AutoFitter
from gremlink.proxy.learning.features.language import LANGUAGES
from gremlink.proxy.learning.features.numerical import (
    IMPUTERS,
    NORMS,
    BucketFitter,
    NumericalFitter,
)
from gremlink.proxy.learning.features.text_vectors import TextFitter
from gremlink.proxy.learning.features.tfidf import TfidfFitter, Vocabulary

TEXT_TYPES = ("text_fasttext", "text_sbert", "text_sbert128", "text_sbert512", "text_word2vec")
TYPES = (
    "auto",
    "bucket_numerical",
    "category",
    "datetime",
    "none",
    "numerical",
    "text_tfidf",
    *TEXT_TYPES,
)
_ALIASES = {"word2vec": "text_word2vec"}


class BadFeature(Error, ValueError):
    """A configured feature that means nothing; `column` is its property."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(f"property {column!r} {reason}")
        self.column = column


@dataclass(frozen=True, slots=True)
class FeatureSpec:
    """A feature: the column, the type, and the entry's further keys as they are there."""

    column: str
    type: str
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Shared:
    """State that the features of one graph share; `notes` are sentences for the user."""

    vocabulary: Vocabulary = field(default_factory=Vocabulary)
    notes: list[str] = field(default_factory=list)


def fitter_for(spec: FeatureSpec, shared: Shared) -> Fitter:
    """Return the fitter of a feature's encoding.

    Raises `BadFeature`, `NoTextModel`, and `Undecided` for the type `none`.
    """
    column, options = spec.column, spec.options
    separator = options.get("separator") or None
    if separator is not None and not isinstance(separator, str):
        raise BadFeature(column, f"has the separator {separator!r}: it has to be a string")
    # Older configurations say "imputation".
    imputer = _chosen(spec, "imputer", IMPUTERS) or _chosen(spec, "imputation", IMPUTERS)
    match _ALIASES.get(spec.type, spec.type):
        case "auto":
            return AutoFitter(column, shared.vocabulary, shared.notes, separator, imputer)
        case "category":
            return CategoryFitter(column, separator)
        case "numerical":
            norm = _chosen(spec, "norm", NORMS) or "min-max"
            return NumericalFitter(column, norm, imputer, separator)
        case "bucket_numerical":
            return _buckets(spec, imputer)
        case "datetime":
            return DatetimeFitter(column, _parts(spec), imputer)
        case "text_tfidf":
            return _tfidf(spec, shared.vocabulary)
        case type_ if type_ in TEXT_TYPES:
            _check_text(spec, type_)
            return TextFitter(column, type_, options, shared.notes)
        case "none":
            raise Undecided('its type is "none"')
    raise BadFeature(
        column, f"has the unknown feature type {spec.type!r}: use one of {', '.join(TYPES)}"
    )


def _chosen(spec: FeatureSpec, key: str, allowed: Sequence[str]) -> str | None:
    value = spec.options.get(key)
    if value is None:
        return None
    # A page of the user guide spells one of the imputers with a low line.
    value = str(value).replace("_", "-")
    if value not in allowed:
        raise BadFeature(
            spec.column,
            f"has the {key} {spec.options[key]!r}: use one of {', '.join(allowed)}",
        )
    return value


def _parts(spec: FeatureSpec) -> Sequence[str]:
    parts: Sequence[str] = spec.options.get("datetime_parts") or DATETIME_PARTS
    if not isinstance(parts, list | tuple):
        raise BadFeature(
            spec.column,
            f"has the datetime_parts {parts!r}: use a list of some of {', '.join(DATETIME_PARTS)}",
        )
    for part in parts:
        if part not in DATETIME_PARTS:
            raise BadFeature(
                spec.column,
                f"has the datetime part {part!r}: use some of {', '.join(DATETIME_PARTS)}",
            )
    return parts


def _buckets(spec: FeatureSpec, imputer: str | None) -> BucketFitter:
    options = spec.options
    match options.get("range"):
        case [low, high] if _is_number(low) and _is_number(high) and low < high:
            pass
        case other:
            raise BadFeature(
                spec.column, f'has the range {other!r}: bucket_numerical needs "range": [low, high]'
            )
    count = options.get("bucket_cnt", options.get("num_buckets"))
    if not _is_count(count):
        raise BadFeature(
            spec.column,
            f'has the bucket_cnt {count!r}: bucket_numerical needs a "bucket_cnt" of 1 or more',
        )
    window = options.get("slide_window_size", 0)
    if not _is_number(window) or window < 0:
        raise BadFeature(
            spec.column, f"has the slide_window_size {window!r}: it has to be a number, 0 or more"
        )
    return BucketFitter(spec.column, float(low), float(high), count, float(window), imputer)


def _check_text(spec: FeatureSpec, type_: str) -> None:
    """Check language and length of a text feature. Raises `BadFeature`."""
    if type_ != "text_fasttext":
        return
    language, longest = spec.options.get("language"), spec.options.get("max_length")
    if language is not None and language not in LANGUAGES and not spec.options.get("model"):
        raise BadFeature(
            spec.column,
            f"has the language {language!r}: use one of {', '.join(LANGUAGES)}, or name a fastText "
            'file of your own as "model"',
        )
    if longest is not None and not _is_count(longest):
        raise BadFeature(spec.column, f"has the max_length {longest!r}: it has to be 1 or more")


def _is_number(found: Any) -> bool:
    return isinstance(found, int | float) and not isinstance(found, bool) and math.isfinite(found)


def _is_count(found: Any, least: int = 1) -> bool:
    return isinstance(found, int) and not isinstance(found, bool) and found >= least


def _tfidf(spec: FeatureSpec, vocabulary: Vocabulary) -> TfidfFitter:
    options = spec.options
    match options.get("ngram_range", [1, 1]):
        case [shortest, longest] if _is_count(shortest) and _is_count(longest, shortest):
            pass
        case other:
            raise BadFeature(
                spec.column,
                f"has the ngram_range {other!r}: use [shortest, longest], such as [1, 2]",
            )
    least = options.get("min_df", 2)
    most = options.get("max_features", 5000)
    for key, value in (("min_df", least), ("max_features", most)):
        if not _is_number(value) or value <= 0:
            raise BadFeature(spec.column, f"has the {key} {value!r}: it has to be more than 0")
    return TfidfFitter(spec.column, vocabulary, (shortest, longest), least, int(most))
