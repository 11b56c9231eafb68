"""From the columns of one vertex type and its configured features to a feature matrix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from proxy.learning.features.encodings import (
    OTHER,
    CategoryEncoding,
    DatetimeEncoding,
    Encoding,
    NumericalEncoding,
)
from proxy.learning.features.geometry import standard_of
from proxy.learning.features.inference import Undecided, infer
from proxy.learning.graph import FeatureBlock, Features

NOT_YET = (
    "bucket_numerical",
    "text_fasttext",
    "text_sbert",
    "text_sbert128",
    "text_sbert512",
    "text_tfidf",
    "text_word2vec",
    "word2vec",
)


@dataclass(frozen=True, slots=True)
class FeatureSpec:
    """A feature as `training-data-configuration.json` describes it."""

    column: str
    type: str
    norm: str = "min-max"
    imputer: str | None = None
    separator: str | None = None
    datetime_parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FittedFeatures:
    """The encodings of one vertex type, and a sentence for each property that was left out."""

    encodings: tuple[Encoding, ...]
    warnings: tuple[str, ...]


def fit_features(
    owner: str, columns: Mapping[str, Sequence[str]], specs: Sequence[FeatureSpec]
) -> FittedFeatures:
    """Fit an encoding for each feature. `owner` is the label, for messages.

    Raises ValueError (`MissingValue`, `NotANumber`) when a configured feature does not fit its
    column, and for an unknown type.
    """
    encodings: list[Encoding] = []
    warnings: list[str] = []
    for spec in specs:
        try:
            encoding = _fit(columns, spec)
        except Undecided as reason:
            warnings.append(f"{owner}: property {spec.column!r} is left out: {reason}")
            continue
        except ValueError as error:
            error.args = (f"{owner}: {error}",)
            raise
        if encoding.columns:
            encodings.append(encoding)
    return FittedFeatures(tuple(encodings), tuple(warnings))


def _fit(columns: Mapping[str, Sequence[str]], spec: FeatureSpec) -> Encoding:
    if spec.column not in columns:
        raise ValueError(
            f"there is no column {spec.column!r}, only {', '.join(map(repr, columns)) or 'none'}: "
            "export again or correct the configuration"
        )
    cells = columns[spec.column]
    match spec.type:
        case "auto":
            return infer(spec.column, cells, spec.separator)
        case "category":
            return CategoryEncoding.fit(spec.column, cells, spec.separator)
        case "numerical":
            return NumericalEncoding.fit(
                spec.column, cells, spec.norm, spec.imputer, spec.separator
            )
        case "datetime":
            return DatetimeEncoding.fit(spec.column, cells, spec.datetime_parts)
        case "none":
            raise Undecided('its type is "none"')
        case kind if kind in NOT_YET:
            raise Undecided(f"features of type {kind!r} are not encoded yet")
    raise ValueError(
        f"property {spec.column!r} has the unknown feature type {spec.type!r}: "
        "use auto, category, numerical, datetime or none"
    )


def encode(columns: Mapping[str, Sequence[str]], encodings: Sequence[Encoding]) -> Features:
    """Apply fitted encodings to columns: the matrix with a block for each property.

    A category's shared column for rare values is a block of its own, of kind `other`: two rare
    values have nothing in common.
    """
    parts = []
    blocks: list[FeatureBlock] = []
    start = 0
    for encoding in encodings:
        part = encoding.encode(columns[encoding.name])
        width = part.shape[1]
        proper = width - (encoding.columns[-1] == OTHER and encoding.kind == "category")
        scale = standard_of(part) if encoding.kind == "numerical" and len(part) else (None, 1.0)
        blocks.append(FeatureBlock(encoding.name, encoding.kind, start, start + proper, *scale))
        if proper < width:
            blocks.append(FeatureBlock(encoding.name, "other", start + proper, start + width))
        parts.append(part)
        start += width
    return Features(np.concatenate(parts, axis=1), tuple(blocks))
