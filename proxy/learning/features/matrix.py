"""Encoded columns side by side: the feature matrix of vertices or edges, piece by piece."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gremlink.proxy.learning.features.encoding import OTHER, Encoding, UnfitCell
from gremlink.proxy.learning.features.numerical import NumericalEncoding
from gremlink.proxy.learning.graph import FeatureBlock, Features, Floats


def blocks_of(encodings: Sequence[Encoding]) -> tuple[FeatureBlock, ...]:
    """Return the columns that each property takes.

    A category's shared column for rare values is a block of its own, of kind `other`: two rare
    values have nothing in common.
    """
    blocks: list[FeatureBlock] = []
    start = 0
    for encoding in encodings:
        width = len(encoding.columns)
        proper = width - (encoding.kind == "category" and encoding.columns[-1] == OTHER)
        block = FeatureBlock(encoding.name, encoding.kind, start, start + proper)
        if isinstance(encoding, NumericalEncoding):
            block = replace(block, centre=encoding.centre, spread=encoding.spread)
        blocks.append(block)
        if proper < width:
            blocks.append(FeatureBlock(encoding.name, "other", start + proper, start + width))
        start += width
    return tuple(blocks)


class Matrix:
    """Features that are filled in as rows come, at the places where they belong."""

    def __init__(self, encodings: Sequence[Encoding], rows: int) -> None:
        self._encodings = encodings
        width = sum(len(encoding.columns) for encoding in encodings)
        self._values = np.zeros((rows, width), np.float32)

    def fill(self, columns: Mapping[str, Sequence[str]], places: NDArray[Any] | slice) -> None:
        """Encode some rows. Raises `UnfitCell`, `NoTextModel`."""
        start = 0
        for encoding in self._encodings:
            part = _encoded(encoding, columns[encoding.name])
            self._values[places, start : start + part.shape[1]] = part
            start += part.shape[1]

    def features(self) -> Features:
        """Return the features, all rows filled in."""
        return Features(self._values, blocks_of(self._encodings))


def _encoded(encoding: Encoding, cells: Sequence[str]) -> Floats:
    """Encode cells, equal ones once."""
    places: dict[str, int] = {}
    codes = [places.setdefault(cell, len(places)) for cell in cells]
    if 2 * len(places) > len(cells):
        return encoding.encode(cells)
    try:
        return encoding.encode(list(places))[codes]
    except UnfitCell as error:
        # Of the cells alike, the first is the one to tell of.
        error.row = codes.index(error.row)
        raise


def encode(columns: Mapping[str, Sequence[str]], encodings: Sequence[Encoding]) -> Features:
    """Encode whole columns into a matrix. Raises `UnfitCell`, `NoTextModel`."""
    rows = len(columns[encodings[0].name]) if encodings else 0
    matrix = Matrix(encodings, rows)
    matrix.fill(columns, slice(0, rows))
    return matrix.features()
